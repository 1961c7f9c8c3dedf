// Work on something that may hang: one piece at a time, and nobody waits for it longer than a limit.
import { inTime } from './in-time.js';

/** Runs one piece of work; it must not wait for another one. */
export type OneAtATime = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * INVARIANT: nothing begins before all that began earlier has ended, also what nobody waits for any more: what hangs
 * holds no more than one piece of work. Who has waited for the limit gets the error of `late`; his work is not begun then.
 */
export function oneAtATime(milliseconds: number, late: () => Error): OneAtATime {
  let before: Promise<unknown> = Promise.resolve();
  return async <T>(work: () => Promise<T>): Promise<T> => {
    let isAwaited = true;
    const turn = before.then(() => (isAwaited ? work() : Promise.reject(late())));
    before = turn.catch(() => undefined);
    try {
      return await inTime(turn, milliseconds, late);
    } finally {
      isAwaited = false;
    }
  };
}
