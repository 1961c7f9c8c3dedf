// A Redis Cluster of three primaries with a replica each, all real processes.
import { durableParameters, freePorts, openProcessRoom, until, type RedisProcess } from './redis-process.js';

export interface RedisCluster {
  /** As the service takes it. */
  readonly url: string;
  readonly servers: readonly RedisProcess[];
  /** The primary that serves the key now, as all that are up agree on. */
  ownerOf(key: string): Promise<RedisProcess>;
  /** Waits until another primary than this serves the key and the cluster is whole again; gives it. */
  failedOver(key: string, from: RedisProcess): Promise<RedisProcess>;
  /** Waits until this server is a replica in step with its primary. */
  replicates(server: RedisProcess): Promise<void>;
  stop(): Promise<void>;
}

const primaryCount = 3;
const slots = 16_384;

export async function startCluster(...parameters: readonly string[]): Promise<RedisCluster> {
  const room = await openProcessRoom();
  try {
    const ports = await freePorts(4 * primaryCount);
    const servers = await Promise.all(ports.slice(0, 2 * primaryCount).map((port, index) => room.add(port, (folder) => Promise.resolve([
      '--port', String(port), '--dir', folder, ...durableParameters, '--cluster-enabled', 'yes', '--cluster-port', String(ports[2 * primaryCount + index]),
      '--cluster-node-timeout', '1000', '--cluster-replica-validity-factor', '0', ...parameters,
    ]))));
    await join(servers);
    return setup(servers, () => room.stop());
  } catch (error) {
    await room.stop();
    throw error;
  }
}

async function join(servers: readonly RedisProcess[]): Promise<void> {
  const [first] = servers;
  if (first === undefined) return;
  const bus = async ({ redis }: RedisProcess): Promise<string> => String((await redis.config('GET', 'cluster-port') as readonly string[])[1]);
  // Different from the start: equal ones would have to be sorted out first.
  await Promise.all(servers.map(({ redis }, index) => redis.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)));
  const firstBus = await bus(first);
  await Promise.all(servers.slice(1).map(({ redis }) => redis.call('CLUSTER', 'MEET', '127.0.0.1', first.port, firstBus)));
  await until('the meeting of the cluster', async () => (await Promise.all(servers.map(knowsAll))).every(Boolean) || undefined);
  const ids = await Promise.all(servers.slice(0, primaryCount).map(async ({ redis }) => String(await redis.call('CLUSTER', 'MYID'))));
  await Promise.all(servers.map(({ redis }, index) => {
    const from = Math.ceil((slots * index) / primaryCount);
    return index < primaryCount
      ? redis.call('CLUSTER', 'ADDSLOTSRANGE', from, Math.ceil((slots * (index + 1)) / primaryCount) - 1)
      : redis.call('CLUSTER', 'REPLICATE', ids[index - primaryCount] ?? '');
  }));
  await Promise.all([...servers.map(isWhole), ...servers.slice(primaryCount).map(replicates)]);
}

async function knowsAll({ redis }: RedisProcess): Promise<boolean> {
  const nodes = String(await redis.call('CLUSTER', 'NODES')).trim().split('\n');
  return nodes.length === 2 * primaryCount && nodes.every((node) => node.includes(' connected') && !/handshake|noaddr/.test(node));
}

async function isWhole({ redis }: RedisProcess): Promise<void> {
  await until('a whole cluster', async () => {
    const [info, nodes] = [String(await redis.call('CLUSTER', 'INFO')), String(await redis.call('CLUSTER', 'NODES'))];
    return (info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${slots}`) && (nodes.match(/\bmaster\b/g) ?? []).length >= primaryCount) || undefined;
  });
}

async function replicates({ redis }: RedisProcess): Promise<void> {
  await until('a replica in step', async () => {
    const info = await redis.info('replication');
    return (/^role:slave/m.test(info) && /^master_link_status:up/m.test(info)) || undefined;
  });
}

function setup(servers: readonly RedisProcess[], stop: () => Promise<void>): RedisCluster {
  const agreed = (key: string, down: RedisProcess | undefined): Promise<RedisProcess> => until('an agreement of the cluster', async () => {
    const up = servers.filter((server) => server !== down);
    const owners = new Set(await Promise.all(up.map(({ redis }) => ownerSeenBy(redis, key))));
    const owner = up.find(({ port }) => owners.size === 1 && owners.has(port));
    if (owner === undefined) return undefined;
    const states = await Promise.all(up.map(({ redis }) => redis.call('CLUSTER', 'INFO')));
    return states.every((state) => String(state).includes('cluster_state:ok')) ? owner : undefined;
  });
  return {
    url: `redis+cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    servers, stop, replicates,
    ownerOf: (key) => agreed(key, undefined),
    failedOver: (key, from) => agreed(key, from),
  };
}

async function ownerSeenBy(redis: RedisProcess['redis'], key: string): Promise<number> {
  const slot = Number(await redis.call('CLUSTER', 'KEYSLOT', key));
  // Ranges, each with its first and last slot and the address of its primary.
  const ranges = await redis.call('CLUSTER', 'SLOTS') as readonly (readonly [number, number, readonly [string, number]])[];
  return ranges.find(([from, to]) => from <= slot && slot <= to)?.[2][1] ?? 0;
}
