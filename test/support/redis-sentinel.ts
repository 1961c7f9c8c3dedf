// A primary with two replicas and three Sentinels that fail over within a few seconds, all real processes.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { durableParameters, freePorts, openProcessRoom, until, type RedisProcess } from './redis-process.js';

export interface Sentinels {
  /** As the service takes it. */
  readonly url: string;
  readonly servers: readonly RedisProcess[];
  readonly sentinels: readonly RedisProcess[];
  /** The one that the Sentinels name. */
  primary(): Promise<RedisProcess>;
  /** Waits until the Sentinels all name another primary than this, and it takes writes; gives it. */
  failedOver(from: RedisProcess): Promise<RedisProcess>;
  /** Waits until this server is a replica in step with its primary. */
  replicates(server: RedisProcess): Promise<void>;
  stop(): Promise<void>;
}

export interface SentinelOptions {
  /** More settings of the three servers. */
  readonly parameters?: readonly string[];
  /** Of servers and Sentinels alike. */
  readonly password?: string;
}

const name = 'sts-primary';
/** Sentinels look at everything every few seconds by themselves. */
const hurry = [['info-period', '200'], ['publish-period', '200'], ['ask-period', '100']] as const;

export async function startSentinels({ parameters = [], password }: SentinelOptions = {}): Promise<Sentinels> {
  const room = await openProcessRoom();
  try {
    const ports = await freePorts(6);
    const [first = 0] = ports;
    const secret = password === undefined ? [] : ['--requirepass', password, '--masterauth', password];
    const servers = await Promise.all(ports.slice(0, 3).map((port) => room.add(port, (folder) => Promise.resolve([
      '--port', String(port), '--dir', folder, ...durableParameters, ...secret, ...parameters, ...(port === first ? [] : ['--replicaof', '127.0.0.1', String(first)]),
    ]), password)));
    await Promise.all(servers.slice(1).map(replicates));
    const sentinels = await Promise.all(ports.slice(3).map((port) => room.add(port, async (folder) => {
      const file = join(folder, 'sentinel.conf');
      await writeFile(file, configuration(port, first, folder, password));
      return [file, '--sentinel'];
    }, password)));
    await Promise.all(sentinels.map(acquainted));
    return setup(servers, sentinels, password, () => room.stop());
  } catch (error) {
    await room.stop();
    throw error;
  }
}

const configuration = (port: number, primaryPort: number, folder: string, password: string | undefined): string => [
  'bind 127.0.0.1', `port ${port}`, `dir ${folder}`, `sentinel monitor ${name} 127.0.0.1 ${primaryPort} 2`,
  `sentinel down-after-milliseconds ${name} 1000`, `sentinel failover-timeout ${name} 3000`, `sentinel parallel-syncs ${name} 2`,
  ...(password === undefined ? [] : [`requirepass ${password}`, `sentinel sentinel-pass ${password}`, `sentinel auth-pass ${name} ${password}`]), '',
].join('\n');

async function acquainted({ redis }: RedisProcess): Promise<void> {
  for (const setting of hurry) await redis.call('SENTINEL', 'DEBUG', ...setting);
  await until('the acquaintance of the Sentinels', async () => {
    const valueOf = await watched(redis);
    return (valueOf('num-other-sentinels') === '2' && valueOf('num-slaves') === '2') || undefined;
  });
}

/** What a Sentinel knows of the primary: a list of names and values. */
async function watched(sentinel: RedisProcess['redis']): Promise<(field: string) => unknown> {
  const fields = await sentinel.call('SENTINEL', 'MASTER', name);
  return (field) => {
    const value: unknown = Array.isArray(fields) ? fields[fields.indexOf(field) + 1] : undefined;
    return value;
  };
}

async function replicates({ redis }: RedisProcess): Promise<void> {
  await until('a replica in step', async () => {
    const info = await redis.info('replication');
    return (/^role:slave/m.test(info) && /^master_link_status:up/m.test(info)) || undefined;
  });
}

function setup(servers: readonly RedisProcess[], sentinels: readonly RedisProcess[], password: string | undefined, stop: () => Promise<void>): Sentinels {
  const named = async ({ redis }: RedisProcess): Promise<RedisProcess> => {
    const answer = await redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name);
    const server = servers.find(({ port }) => Array.isArray(answer) && String(port) === answer[1]);
    if (server === undefined) throw new Error(`the Sentinels name \`${String(answer)}\``);
    return server;
  };
  const all = async (): Promise<readonly RedisProcess[]> => Promise.all(sentinels.map(named));
  const agreed = async (isWanted: (server: RedisProcess) => boolean): Promise<RedisProcess> => until('an agreement of the Sentinels', async () => {
    const [first, ...others] = await all();
    if (first === undefined || !isWanted(first) || others.some((other) => other !== first)) return undefined;
    // The Sentinel that leads a failover tells of it at its very end, and connections start anew then.
    const flags = await Promise.all(sentinels.map(async ({ redis }) => String((await watched(redis))('flags'))));
    if (flags.some((flag) => flag !== 'master')) return undefined;
    return (await first.redis.info('replication')).includes('role:master') ? first : undefined;
  });
  return {
    url: `redis+sentinel://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${name}`,
    servers, sentinels, stop, replicates,
    primary: () => agreed(() => true),
    failedOver: (from) => agreed((server) => server !== from),
  };
}
