// When to try again after failures: later and later, and not all at the same moment.
import { CredentialsError } from './credentials-error.js';

export interface BackOff {
  /** Whether the next try may begin. @param isUrgent nobody can be served before it succeeds */
  isDue(isUrgent: boolean): boolean;
  /** The error of the last try, if it failed. */
  error(): CredentialsError | undefined;
  succeeded(): void;
  failed(error: CredentialsError): void;
}

interface Pace {
  readonly first: number;
  readonly most: number;
  /** The most while nobody can be served: the repair should be noticed soon. */
  readonly urgent: number;
}

const passing: Pace = { first: 1_000, most: 60_000, urgent: 5_000 };
// Somebody has to change something first.
const lasting: Pace = { first: 10_000, most: 300_000, urgent: 10_000 };

/** What an answer may ask for at most: a slip must not silence a client for a day. */
const mostAskedSeconds = 300;

/**
 * @param elapsed milliseconds, by a clock that nobody sets
 * @param random from 0 to 1: a delay is between half and the whole of its size
 */
export function backOff(elapsed: () => number, random: () => number): BackOff {
  let failure: { readonly error: CredentialsError; readonly count: number; readonly at: number; readonly share: number } | undefined;
  return {
    isDue(isUrgent) {
      if (failure === undefined) return true;
      const { error, count, at, share } = failure;
      const { first, most, urgent } = error.isRetryable ? passing : lasting;
      const delay = Math.min(first * 2 ** Math.min(count - 1, 20), isUrgent ? urgent : most) * share;
      const asked = Math.min(error.retryAfterSeconds ?? 0, mostAskedSeconds) * 1000;
      return elapsed() - at >= Math.max(delay, asked);
    },
    error: () => failure?.error,
    succeeded: () => (failure = undefined),
    failed: (error) => (failure = { error, count: (failure?.count ?? 0) + 1, at: elapsed(), share: 0.5 + random() / 2 }),
  };
}
