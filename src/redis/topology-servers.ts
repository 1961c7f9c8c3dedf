// The single servers behind a connection: the one that owns a key, and all that can be reached, each asked by itself.
import { Cluster, Command, Redis } from 'ioredis';
import { RedisUnavailableError, type RedisConnection } from './client.js';

const connectMilliseconds = 1000;

/** The connection to the server that owns the key, as far as this process knows; throws when it knows of none. */
export function serverOf(connection: RedisConnection, key: string): Redis {
  if (!(connection instanceof Cluster)) return connection;
  const owner = connection.slots[new Command('exists', [key]).getSlot()]?.[0];
  const server = connection.nodes('master').find(({ options }) => addressOf(options) === owner);
  if (server === undefined) throw new RedisUnavailableError('no primary is known for a part of the cluster');
  return server;
}

/** Connections to all primaries that the process knows. */
export const primariesOf = (connection: RedisConnection): readonly Redis[] => (connection instanceof Cluster ? connection.nodes('master') : [connection]);

export interface ServerAnswer<T> {
  /** Undefined where there is one server only. */
  readonly address?: string;
  readonly answer: T;
}

/**
 * Asks every primary and every replica that can be reached; one server of no topology alone. What a server answers as
 * an error is thrown; a server that does not answer is left out, but for a primary.
 */
export async function askServers<T>(connection: RedisConnection, ask: (server: Redis) => Promise<T>): Promise<readonly ServerAnswer<T>[]> {
  if (connection instanceof Cluster) {
    refuseUnservedSlots(connection);
    const primaries = new Set(connection.nodes('master'));
    const answers = await Promise.all(connection.nodes('all').map((server) => askServer(server, addressOf(server.options), ask, primaries.has(server))));
    return answers.flat();
  }
  const own = await ask(connection);
  if (!isWatchedBySentinels(connection)) return [{ answer: own }];
  const replicas = replicaAddresses(await connection.info('replication')).map(async ({ host, port }) => {
    const server = directConnection(connection, host, port);
    try {
      return await askServer(server, addressOf({ host, port }), ask, false);
    } finally {
      server.disconnect();
    }
  });
  return [{ address: 'the primary', answer: own }, ...(await Promise.all(replicas)).flat()];
}

async function askServer<T>(server: Redis, address: string, ask: (server: Redis) => Promise<T>, mustAnswer: boolean): Promise<readonly ServerAnswer<T>[]> {
  try {
    return [{ address, answer: await ask(server) }];
  } catch (error) {
    if (mustAnswer || (error instanceof Error && error.name === 'ReplyError')) throw error;
    return [];
  }
}

const slots = 16_384;

/** A cluster that leaves keys without a server would answer some accounts and not others. */
function refuseUnservedSlots(cluster: Cluster): void {
  const served = cluster.slots.filter((owners) => owners.length > 0).length;
  if (served < slots) throw new RedisUnavailableError(`the cluster serves ${served} of its ${slots} hash slots`);
}

export const isWatchedBySentinels = ({ options: { sentinels } }: Redis): boolean => Array.isArray(sentinels) && sentinels.length > 0;

/** Another connection to the place of a server, as its own user. */
function directConnection({ options: { username, password, tls } }: Redis, host: string, port: number): Redis {
  const server = new Redis({
    host, port, retryStrategy: () => null, maxRetriesPerRequest: 0, connectTimeout: connectMilliseconds, commandTimeout: connectMilliseconds,
    ...(username !== undefined && { username }), ...(password !== undefined && { password }), ...(tls !== undefined && { tls }),
  });
  // Whoever asks it is told.
  server.on('error', () => undefined);
  return server;
}

/** The replicas that an INFO of their primary lists. */
const replicaAddresses = (info: string): readonly { readonly host: string; readonly port: number }[] =>
  [...info.matchAll(/^slave\d+:ip=([^,]+),port=(\d+),/gm)].map(([, host = '', port]) => ({ host, port: Number(port) }));

/** Replicas that a primary's INFO says are in step. */
export const countReplicas = (info: string): number => [...info.matchAll(/^slave\d+:.*\bstate=online\b/gm)].length;

export const addressOf = ({ host, port }: { readonly host?: string | undefined; readonly port?: number | undefined }): string => `${host ?? ''}:${port ?? ''}`;
