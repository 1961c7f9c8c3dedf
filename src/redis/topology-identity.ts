// Which server serves a key, and when that may have changed: what recovery after a failover starts from.
import { Cluster, type Redis } from 'ioredis';
import { RedisUnavailableError, type RedisConnection } from './client.js';
import { serverOf } from './topology-servers.js';

/**
 * Differs from the last answer whenever another server serves the key, or the same one was restarted or got another
 * history: `run_id` and `master_replid` of its INFO. Throws when the server is a replica.
 */
export async function serverIdentity(connection: RedisConnection, key: string): Promise<string> {
  return identityOf(await serverOf(connection, key).info());
}

function identityOf(info: string): string {
  const field = (name: string): string | undefined => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
  const [runId, history] = [field('run_id'), field('master_replid')];
  if (field('role') !== 'master' || runId === undefined || history === undefined) throw new RedisUnavailableError('the server that should be a primary is none');
  return `${runId}:${history}`;
}

/**
 * Calls back when a connection is ready again, or a new one, and when parts of a cluster have moved: whoever serves a
 * key may be another server then. May call back without need. A command may be sent before the call, so this
 * spares waiting for the next look at {@link serverIdentity} and does not replace it. Gives what ends the calls.
 */
export function onReconnected(connection: RedisConnection, callback: () => void): () => void {
  return connection instanceof Cluster ? watchCluster(connection, callback) : watchServer(connection, callback);
}

function watchServer(redis: Redis, callback: () => void): () => void {
  let wasReady = redis.status === 'ready';
  const onReady = (): void => {
    if (wasReady) callback();
    wasReady = true;
  };
  redis.on('ready', onReady);
  return () => void redis.off('ready', onReady);
}

function watchCluster(cluster: Cluster, callback: () => void): () => void {
  let owners = ownersOf(cluster);
  const watchNode = (node: Redis): void => void node.on('ready', callback);
  const onRefresh = (): void => {
    const now = ownersOf(cluster);
    if (now !== owners) callback();
    owners = now;
  };
  for (const node of cluster.nodes()) watchNode(node);
  cluster.on('+node', watchNode);
  cluster.on('refresh', onRefresh);
  return () => {
    cluster.off('+node', watchNode);
    cluster.off('refresh', onRefresh);
    for (const node of cluster.nodes()) node.off('ready', callback);
  };
}

/** The ranges of slots, each with its first slot and its primary. */
const ownersOf = ({ slots }: Cluster): string =>
  slots.flatMap(([owner = ''], slot) => (slot > 0 && slots[slot - 1]?.[0] === owner ? [] : [`${slot} ${owner}`])).join();
