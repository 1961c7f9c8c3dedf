// Reading the log for a caller: one read at a time, within limits, and whatever fails is a 503 with the cause kept for our own log.
import { ApiError } from '../base/api-error.js';
import { LogDamagedError, PrunedError } from '../audit/log/log.js';

/** Runs one piece of reading; it must not wait for another one. */
export type ReachLog = <T>(work: () => Promise<T>) => Promise<T>;

const longestMilliseconds = 5000;

/**
 * INVARIANT: a process reads from the log with one of its few threads for blocking work. On a disk that hangs callers
 * get their 503 in time, and nothing but reading the log waits.
 */
export function logAccess(limitMilliseconds = longestMilliseconds): ReachLog {
  let before: Promise<unknown> = Promise.resolve();
  return async <T>(work: () => Promise<T>): Promise<T> => {
    let isAwaited = true;
    const turn = before.then(() => (isAwaited ? work() : Promise.reject(new LogSlowError())));
    before = turn.catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new LogSlowError()), limitMilliseconds);
    });
    try {
      return await Promise.race([turn, late]);
    } catch (error) {
      throw isLogError(error) ? unavailable(error) : error;
    } finally {
      isAwaited = false;
      clearTimeout(timer);
    }
  };
}

class LogSlowError extends Error {
  constructor() {
    super('the audit log was not read in time');
    this.name = 'LogSlowError';
  }
}

/** For what callers cannot help; also for a log that turned out not to be as it should. */
export function unavailable(cause: unknown): ApiError {
  const error = new ApiError('storeUnavailable', 'the audit log cannot be read at the moment; try again');
  error.cause = cause;
  return error;
}

/** Of the file system too. A bundle that is pruned while it is to be read is not asked for again. */
const isLogError = (error: unknown): boolean =>
  error instanceof LogDamagedError || error instanceof PrunedError || error instanceof LogSlowError || (error instanceof Error && 'syscall' in error);
