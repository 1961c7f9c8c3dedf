// Watches what the Sentinels say, and ends the connection to a server that is the primary no more, be it alive or not.
import { isIP } from 'node:net';
import { Redis } from 'ioredis';
import type { Address } from './topology-url.js';

const lookMilliseconds = 500;

interface Watched {
  readonly name: string;
  readonly sentinels: readonly Address[];
  readonly password?: string;
  readonly isEncrypted: boolean;
  readonly retryStrategy: (times: number) => number;
  /** Of an attempt to connect, and of an answer. */
  readonly attemptMilliseconds: number;
}

/**
 * Most Sentinels must agree, so that one that is cut off moves nothing. The library's own watch is not used: its
 * message ends a connection for good when it comes while that one is being made.
 */
export function watchPrimary(redis: Redis, { name, sentinels, ...options }: Watched): void {
  const watchers = sentinels.map((address) => connectSentinel(address, options));
  let known: string | undefined;
  const look = async (): Promise<void> => {
    const named = agreed(await Promise.all(watchers.map((watcher) => namedPrimary(watcher, name))));
    if (named === undefined) return;
    // Only a connection that is made may be ended: one that is being made asks the Sentinels anyway.
    if (redis.status === 'ready' && !isConnectedTo(redis, named, known)) redis.disconnect(true);
    known = named;
  };
  let isLooking = false;
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look().finally(() => {
      isLooking = false;
    });
  }, lookMilliseconds);
  redis.once('end', () => {
    clearInterval(timer);
    for (const watcher of watchers) watcher.disconnect();
  });
}

function connectSentinel(address: Address, { password, isEncrypted, retryStrategy, attemptMilliseconds }: Omit<Watched, 'name' | 'sentinels'>): Redis {
  const sentinel = new Redis({
    ...address, retryStrategy, connectTimeout: attemptMilliseconds, commandTimeout: attemptMilliseconds, socketTimeout: attemptMilliseconds, enableReadyCheck: false, enableOfflineQueue: false, maxRetriesPerRequest: 0,
    ...(password !== undefined && { password }), ...(isEncrypted && { tls: {} }),
  });
  // The watched connection itself tells when no Sentinel can be reached.
  sentinel.on('error', () => undefined);
  return sentinel;
}

/** `host port`; undefined from a Sentinel that does not tell. */
async function namedPrimary(watcher: Redis, name: string): Promise<string | undefined> {
  const answer: unknown = await watcher.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name).catch(() => undefined);
  return Array.isArray(answer) ? answer.map(String).join(' ') : undefined;
}

function agreed(names: readonly (string | undefined)[]): string | undefined {
  return names.find((name) => name !== undefined && names.filter((other) => other === name).length > names.length / 2);
}

function isConnectedTo({ stream: { remoteAddress, remotePort } }: Redis, named: string, known: string | undefined): boolean {
  const [host = '', port] = named.split(' ');
  // A name does not show whether it is this address; that it changed does.
  return isIP(host) === 0 ? known === undefined || known === named : host === remoteAddress && port === String(remotePort);
}
