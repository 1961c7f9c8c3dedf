// Reading the log for a caller: one read at a time, within limits, and whatever fails is a 503 with the cause kept for our own log.
import { ApiError } from '../base/api-error.js';
import { oneAtATime } from '../base/one-at-a-time.js';
import { LogDamagedError, PrunedError } from '../audit/log/log.js';

/** Runs one piece of reading; it must not wait for another one. */
export type ReachLog = <T>(work: () => Promise<T>) => Promise<T>;

const longestMilliseconds = 5000;

/**
 * INVARIANT: a process reads from the log with one of its few threads for blocking work. On a disk that hangs callers
 * get their 503 in time, and nothing but reading the log waits.
 */
export function logAccess(limitMilliseconds = longestMilliseconds): ReachLog {
  const inTurn = oneAtATime(limitMilliseconds, () => new LogSlowError());
  return (work) => inTurn(work).catch((error: unknown) => {
    throw isLogError(error) ? unavailable(error) : error;
  });
}

class LogSlowError extends Error {
  constructor() {
    super('the audit log was not read in time');
    this.name = 'LogSlowError';
  }
}

/** For what callers cannot help; also for a log that turned out not to be as it should. */
export const unavailable = (cause: unknown): ApiError => new UnreadableLogError(cause);

/** Of the log, and not of Redis. */
export class UnreadableLogError extends ApiError {
  /** For our own log. */
  readonly reason: string;

  constructor(cause: unknown) {
    super('storeUnavailable', 'the audit log cannot be read at the moment; try again');
    this.cause = cause;
    this.reason = cause instanceof Error ? cause.message : String(cause);
  }
}

/** Of the file system too. A bundle that is pruned while it is to be read is not asked for again. */
const isLogError = (error: unknown): boolean =>
  error instanceof LogDamagedError || error instanceof PrunedError || error instanceof LogSlowError || (error instanceof Error && 'syscall' in error);
