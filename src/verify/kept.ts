// Something that is fetched and kept for a while: asked for anew in good time, once for all who wait, and dropped when it is too old.
import type { VerifierClock } from './remote.js';

export interface Life {
  /** Milliseconds after which a newer one is waited for, unless it could not be had in the last so many milliseconds. */
  readonly fresh: number;
  /** Milliseconds, from when it was asked for, after which it is good for nothing. */
  readonly usable: number;
  /** Wall-clock time, in milliseconds since the epoch, from which on it is good for nothing. */
  readonly until: number;
}

export interface Fetched<Value> {
  readonly value: Value;
  readonly life: Life;
}

export interface Kept<Value> {
  /** One that is usable; rejects with why there is none. */
  get(): Promise<Value>;
  /** Asks for a newer one than is kept, unless it was asked for a moment ago; rejects never. */
  renew(): Promise<void>;
}

/** After a failure, and between two askings for something that is not there yet. */
const pauseMilliseconds = 1000;

/** @param fetch is given what is kept, and rejects rather than give something older */
export function kept<Value>(clock: VerifierClock, fetch: (known: Value | undefined) => Promise<Fetched<Value>>): Kept<Value> {
  let current: (Fetched<Value> & { readonly asked: number }) | undefined;
  let running: Promise<void> | undefined;
  let lastAsked = -Infinity;
  /** When an asking failed, which may be long after it began. */
  let failedAt = -Infinity;
  let failure: unknown;

  function ask(): Promise<void> {
    running ??= (async () => {
      const asked = clock.monotonic();
      lastAsked = asked;
      try {
        current = { ...(await fetch(current?.value)), asked };
        failure = undefined;
      } catch (error) {
        failure = error;
        failedAt = clock.monotonic();
      } finally {
        running = undefined;
      }
    })();
    return running;
  }
  const mayAsk = (): boolean => running !== undefined || failure === undefined || clock.monotonic() - failedAt >= pauseMilliseconds;
  const age = (): number => (current === undefined ? Infinity : clock.monotonic() - current.asked);
  const usable = (): Value | undefined => (current !== undefined && age() < current.life.usable && clock.now() < current.life.until ? current.value : undefined);

  return {
    async get() {
      const fresh = current?.life.fresh ?? 0;
      if (age() >= fresh / 2 && mayAsk()) {
        const asking = ask();
        // Who does not answer must not make everybody wait for what is good meanwhile; and who answers again is waited for soon.
        const isFailing = failure !== undefined && clock.monotonic() - failedAt < fresh;
        if (usable() === undefined || (age() >= fresh && !isFailing)) await asking;
      }
      const value = usable();
      if (value === undefined) throw failure instanceof Error ? failure : new Error('what was fetched is too old');
      return value;
    },
    async renew() {
      if (running === undefined && clock.monotonic() - Math.max(lastAsked, failedAt) < pauseMilliseconds) return;
      await ask();
    },
  };
}
