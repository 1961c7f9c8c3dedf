// Working with the connection to Redis: waits for it, runs scripts on it, and turns every failure into one clear error.
import { createHash } from 'node:crypto';
import { ApiError } from '../base/api-error.js';
import type { RedisConnection } from './topology-connect.js';

export { createClient, type RedisConnection } from './topology-connect.js';

/** Waits until commands can be sent; rejects after `milliseconds` with what went wrong last. */
export async function connected(redis: RedisConnection, milliseconds: number): Promise<void> {
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
export function reach<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work().catch(refuse);
  } catch (error) {
    // Thrown at once or rejected later: it comes out alike.
    return Promise.resolve(error).then(refuse);
  }
}

function refuse(error: unknown): never {
  if (!isRedisError(error)) throw error;
  const unavailable = new ApiError('storeUnavailable', 'the state of this service cannot be read or written at the moment; try again');
  unavailable.cause = error;
  throw unavailable;
}

/** No server can be asked at the moment, as far as this process knows. */
export class RedisUnavailableError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RedisUnavailableError';
  }
}

const errorNames: ReadonlySet<string> = new Set(['ReplyError', 'MaxRetriesPerRequestError', 'AbortError', 'RedisError', 'ClusterAllFailedError', 'RedisUnavailableError']);
/** Errors of the client library that have no name of their own. */
const errorBeginnings = [
  'Connection is closed', "Stream isn't writeable", 'Command timed out', 'Socket timeout', "Cluster isn't ready", 'None of startup nodes is available',
  'Too many Cluster redirections',
  // The slots moved between the collecting and the sending of commands; or, as CROSSSLOT, one command had keys of several.
  'All keys in the pipeline should belong to the same slots allocation group', 'All the keys in a pipeline command should belong to the same slot',
] as const;

/** Errors of the connection and of the server; anything else is a mistake of ours and must show as one. */
function isRedisError(error: unknown): error is Error {
  return error instanceof Error && (errorNames.has(error.name) || 'syscall' in error || errorBeginnings.some((beginning) => error.message.startsWith(beginning)));
}

export interface Script {
  readonly lua: string;
  readonly sha: string;
}

export const script = (lua: string): Script => ({ lua, sha: createHash('sha1').update(lua).digest('hex') });

/** Runs a script by its hash; sends the text when the server does not know it (then nothing ran yet). */
export async function runScript(redis: RedisConnection, { lua, sha }: Script, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
  try {
    return await redis.evalsha(sha, keys.length, ...keys, ...values);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return redis.eval(lua, keys.length, ...keys, ...values);
  }
}
