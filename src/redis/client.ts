// The connection to Redis: fails fast, never sends a command twice, and turns every failure into one clear error.
import { createHash } from 'node:crypto';
import { Redis, type RedisOptions } from 'ioredis';
import { ApiError } from '../base/api-error.js';

const commandTimeoutMilliseconds = 5000;

const options = {
  // A script whose reply was lost may have run: sending it again could make a second session of one request.
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  // Without a connection the caller gets its 503 now, not when Redis is back.
  enableOfflineQueue: false,
  enableAutoPipelining: true,
  commandTimeout: commandTimeoutMilliseconds,
  // A server that is silent for that long loses the connection: calls fail at once then, until it answers again.
  socketTimeout: commandTimeoutMilliseconds,
  retryStrategy: (times: number) => Math.min(50 * times, 1000),
  // A replica answers READONLY after a failover: a new connection finds the new primary.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
} satisfies RedisOptions;

/** `redis://`, `rediss://` or `unix:///path`; connects in the background and for ever. */
export function createClient(url: string, onError: (error: Error) => void): Redis {
  const path = /^unix:\/\/(\/.+)$/.exec(url)?.[1];
  const redis = path === undefined ? new Redis(url, options) : new Redis(path, options);
  redis.on('error', onError);
  return redis;
}

/** Waits until commands can be sent; rejects after `milliseconds` with what went wrong last. */
export async function connected(redis: Redis, milliseconds: number): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    let last = 'no answer';
    const onError = (error: Error): void => {
      last = error.message;
    };
    const settle = (end: () => void) => (): void => {
      clearTimeout(timer);
      redis.off('error', onError);
      redis.off('ready', onReady);
      end();
    };
    const onReady = settle(resolve);
    const timer = setTimeout(settle(() => reject(new Error(`Redis cannot be reached: ${last}`))), milliseconds);
    redis.on('error', onError);
    redis.on('ready', onReady);
  });
}

/** Runs one piece of work on Redis; whatever fails there is a 503 for the caller, with the cause kept for the log. */
export async function reach<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isRedisError(error)) throw error;
    const unavailable = new ApiError('storeUnavailable', 'the state of this service cannot be read or written at the moment; try again');
    unavailable.cause = error;
    throw unavailable;
  }
}

/** Errors of the connection and of the server; anything else is a mistake of ours and must show as one. */
function isRedisError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return error.name === 'ReplyError' || error.name === 'MaxRetriesPerRequestError' || error.name === 'AbortError' || 'syscall' in error ||
    /^(Connection is closed|Stream isn't writeable|Command timed out)/.test(error.message);
}

export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export const script = (lua: string): Script => ({ lua, sha: createHash('sha1').update(lua).digest('hex') });

/** Runs a script by its hash; sends the text when the server does not know it (then nothing ran yet). */
export async function runScript(redis: Redis, { lua, sha }: Script, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
  try {
    return await redis.evalsha(sha, keys.length, ...keys, ...values);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return redis.eval(lua, keys.length, ...keys, ...values);
  }
}
