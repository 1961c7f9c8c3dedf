// Waits until replicas have what was written, so that a failover does not lose it.
import { Redis } from 'ioredis';
import { RedisUnavailableError, type RedisConnection } from './client.js';
import { countReplicas, isWatchedBySentinels, addressOf, primariesOf, serverOf } from './topology-servers.js';

/** A connection to one server, from its start to its end. */
export interface ConnectionMark {
  readonly server: Redis;
  readonly stream: Redis['stream'];
}

/** To be taken before a write that is waited for: shows afterwards whether it went to the server that is asked. */
export async function connectionMark(connection: RedisConnection, key: string): Promise<ConnectionMark> {
  const server = serverOf(connection, key);
  // A server of a cluster is connected to when it is needed first.
  if (server.status !== 'ready') await server.ping();
  return { server, stream: server.stream };
}

/** Whether commands on the key still go over that very connection. Throws when no server is known for it. */
export function isConnectionOf(connection: RedisConnection, key: string, { server, stream }: ConnectionMark): boolean {
  return serverOf(connection, key) === server && server.stream === stream;
}

const longestWaitMilliseconds = 10_000;
const probeMilliseconds = 60_000;

/**
 * Waits until `count` replicas of the primary that owns `key` have acknowledged all that this process wrote there, or
 * `timeoutMilliseconds` are over; gives how many have. Gives 0 when the connection is not the one of `since` any more:
 * what was written may be gone with its server then, whatever the new one says. Rejects when the server cannot be asked.
 */
export async function waitForReplicas(connection: RedisConnection, key: string, count: number, timeoutMilliseconds: number, since?: ConnectionMark): Promise<number> {
  if (count === 0) return 0;
  const mark = since ?? (await connectionMark(connection, key));
  const isSame = (): boolean => isConnectionOf(connection, key, mark);
  if (!isSame()) return 0;
  const { server } = mark;
  const wait = { key: probeKey(key), count, milliseconds: Math.min(timeoutMilliseconds, longestWaitMilliseconds) };
  const [info, acknowledged] = await Promise.all([server.info('server'), waiterOf(server).wait(wait)]);
  return isSame() && acknowledged.runId === runIdIn(info) ? acknowledged.count : 0;
}

/** On the server that owns the key. */
const probeKey = (key: string): string => `agency-sts:wait:{${/\{([^}]+)\}/.exec(key)?.[1] ?? key}}`;

function runIdIn(info: unknown): string {
  const runId = /^run_id:(\S+)/m.exec(String(info))?.[1];
  if (runId === undefined) throw new RedisUnavailableError('the server does not tell its run_id');
  return runId;
}

interface Wait {
  readonly key: string;
  readonly count: number;
  readonly milliseconds: number;
}

interface Acknowledged {
  readonly runId: string;
  readonly count: number;
}

interface Waiter {
  wait(wait: Wait): Promise<Acknowledged>;
}

const waiters = new WeakMap<Redis, Waiter>();

/**
 * [choice] WAIT holds its connection up, and the calls of everybody go over one: it has a connection of its own. There
 * it covers a write of its own, which stands in the server's one stream behind all that was acknowledged before.
 */
function waiterOf(server: Redis): Waiter {
  const known = waiters.get(server);
  if (known !== undefined) return known;
  const patience = longestWaitMilliseconds + 2000;
  const own = server.duplicate({ enableOfflineQueue: true, enableAutoPipelining: false, lazyConnect: false, retryStrategy: null, commandTimeout: patience, socketTimeout: patience });
  // Whoever waits is told.
  own.on('error', () => undefined);
  const end = (): void => {
    waiters.delete(server);
    own.disconnect();
  };
  // Who is still waiting need not wait for a server that is lost.
  server.once('close', end);
  own.once('end', () => {
    server.off('close', end);
    end();
  });
  const waiter = batchedWaiter(own);
  waiters.set(server, waiter);
  return waiter;
}

/** Those who come while others wait form the next group, and wait for the most that one of them wants. */
function batchedWaiter(own: Redis): Waiter {
  let running: Promise<unknown> = Promise.resolve();
  let next: { most: Wait; readonly answer: Promise<Acknowledged> } | undefined;
  return {
    wait(wait) {
      if (next !== undefined) {
        next.most = { key: wait.key, count: Math.max(next.most.count, wait.count), milliseconds: Math.max(next.most.milliseconds, wait.milliseconds) };
        return next.answer;
      }
      const start = async (): Promise<Acknowledged> => {
        const most = next?.most ?? wait;
        next = undefined;
        return waitOn(own, most);
      };
      const answer = running.then(start, start);
      running = answer.catch(() => undefined);
      next = { most: wait, answer };
      return answer;
    },
  };
}

async function waitOn(own: Redis, { key, count, milliseconds }: Wait): Promise<Acknowledged> {
  const answers = await own.pipeline().set(key, '1', 'PX', probeMilliseconds).wait(count, milliseconds).info('server').exec();
  const [written, waited, info] = answers ?? [];
  const error = written?.[0] ?? waited?.[0] ?? info?.[0];
  if (error) throw error;
  return { runId: runIdIn(info?.[1]), count: Number(waited?.[1]) };
}

/** Where fewer replicas are in step than are waited for: what is waited for there fails. Empty when there are enough. */
export async function missingReplicas(connection: RedisConnection, wanted: number): Promise<readonly string[]> {
  if (wanted === 0) return [];
  const missing = await Promise.all(primariesOf(connection).map(async (server) => {
    const replicas = countReplicas(await server.info('replication'));
    const place = connection instanceof Redis ? (isWatchedBySentinels(connection) ? 'the primary' : 'Redis') : addressOf(server.options);
    return replicas < wanted ? [`STS_REDIS_WAIT_REPLICAS is ${wanted}, but ${place} has ${replicas === 1 ? '1 replica' : `${replicas} replicas`}`] : [];
  }));
  return missing.flat();
}
