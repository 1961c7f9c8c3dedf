// On a cluster the connection follows every move by itself, sends nothing twice, and asks no replica.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../src/base/api-error.js';
import { pooledRandom, systemClock } from '../../src/base/clock.js';
import { createMissingKeys, loadKeyring } from '../../src/keyring/files.js';
import { connected, createClient, reach, runScript, script, type RedisConnection } from '../../src/redis/client.js';
import { isInstalled, openInstall } from '../../src/redis/install.js';
import { refusesWrites } from '../../src/redis/readiness.js';
import { connectionMark, missingReplicas, waitForReplicas } from '../../src/redis/replicas.js';
import { onReconnected, serverIdentity } from '../../src/redis/topology-identity.js';
import { readSettings } from '../../src/service/settings.js';
import { connectRedis } from '../../src/service/state.js';
import { startCluster, type RedisCluster } from '../support/redis-cluster.js';
import { until } from '../support/redis-process.js';

/** One key per cell: they lie on all three primaries. */
const keys = Array.from({ length: 16 }, (_, cell) => `{c${String(cell).padStart(2, '0')}}:counter`);
const [key = ''] = keys;
const increment = script("return redis.call('INCR', KEYS[1])");

let setup: RedisCluster;
let connection: Cluster;
beforeAll(async () => {
  setup = await startCluster();
});
afterAll(() => setup.stop());
beforeEach(async () => {
  await setup.ownerOf(key);
  connection = asCluster(createClient(setup.url, () => undefined));
  await connected(connection, 5000);
});
afterEach(() => connection.disconnect());

function asCluster(made: RedisConnection): Cluster {
  if (!(made instanceof Cluster)) throw new Error('this is no cluster');
  return made;
}

const count = (of = key) => reach(() => runScript(connection, increment, [of], []));
const counted = (of = key): Promise<number> => until('a write', async () => Number(await count(of)));
const stored = async (of = key): Promise<number> => Number(await (await setup.ownerOf(of)).redis.get(of));

/** No replica answers a read: what it has may be old. */
async function refusedByReplicas(): Promise<void> {
  // A cluster lists a replica once it has something of its primary.
  await counted();
  await expect.poll(() => connection.nodes('slave').length, { timeout: 8000 }).toBe(3);
  for (const replica of connection.nodes('slave')) for (const each of keys) await expect(replica.get(each)).rejects.toThrow(/^MOVED /);
}

describe('a cluster', () => {
  it('takes scripts for every cell, and again after it forgot them', async () => {
    expect(await Promise.all(keys.map((each) => count(each)))).toEqual(keys.map(() => 1));
    await Promise.all(setup.servers.map(({ redis }) => redis.script('FLUSH')));
    expect(await Promise.all(keys.map((each) => count(each)))).toEqual(keys.map(() => 2));
    expect(new Set(await Promise.all(keys.map((each) => setup.ownerOf(each)))).size).toBe(3);
    expect(await refusesWrites(connection)).toBeUndefined();
  });

  it('has no replica that answers', async () => {
    await refusedByReplicas();
  });

  it('is installed once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sts-cluster-keys-'));
    try {
      await createMissingKeys(folder, systemClock, pooledRandom());
      const keyring = await loadKeyring(folder);
      expect(await isInstalled(connection)).toBe(false);
      const install = await openInstall(connection, keyring, 16, pooledRandom());
      expect(await openInstall(connection, keyring, 16, pooledRandom())).toEqual(install);
      expect(await isInstalled(connection)).toBe(true);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('refuses one command over several parts as 503', async () => {
    await expect(reach(() => connection.exists(...keys))).rejects.toMatchObject({ status: 503 });
  });

  it('that moved a slot is followed, and tells that it moved', async () => {
    const from = await setup.ownerOf('moving');
    const target = (await Promise.all(keys.map((each) => setup.ownerOf(each)))).find((server) => server !== from);
    if (target === undefined) throw new Error('one server owns all');
    const slot = Number(await from.redis.call('CLUSTER', 'KEYSLOT', 'moving'));
    const [source, destination] = await Promise.all([from, target].map(async ({ redis }) => String(await redis.call('CLUSTER', 'MYID'))));
    let moves = 0;
    const end = onReconnected(connection, () => {
      moves += 1;
    });
    const identity = await serverIdentity(connection, 'moving');
    await target.redis.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source ?? '');
    await from.redis.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', destination ?? '');
    // While it moves, what is not there yet is looked for at the other end.
    expect(await count('moving')).toBe(1);
    for (const { redis } of [target, from]) await redis.call('CLUSTER', 'SETSLOT', slot, 'NODE', destination ?? '');
    const before = moves;
    expect(await count('moving')).toBe(2);
    await expect.poll(() => moves, { timeout: 5000 }).toBeGreaterThan(before);
    expect(await serverIdentity(connection, 'moving')).not.toBe(identity);
    end();
  });
});

describe('waiting for replicas', () => {
  it('asks the replica of the part that the key is in', async () => {
    await counted();
    const mark = await connectionMark(connection, key);
    await counted();
    expect(await waitForReplicas(connection, key, 1, 1000, mark)).toBe(1);
    const owner = await setup.ownerOf(key);
    const replica = await replicaOf(owner.port);
    replica.signal('SIGSTOP');
    try {
      await counted();
      expect(await waitForReplicas(connection, key, 1, 200)).toBe(0);
    } finally {
      replica.signal('SIGCONT');
    }
    await expect.poll(() => waitForReplicas(connection, key, 1, 1000), { timeout: 5000 }).toBe(1);
  });

  it('for more than are connected is a warning that names each primary', async () => {
    expect(await missingReplicas(connection, 1)).toEqual([]);
    const warnings = await missingReplicas(connection, 2);
    expect(warnings).toHaveLength(3);
    expect(warnings).toContain(`STS_REDIS_WAIT_REPLICAS is 2, but 127.0.0.1:${(await setup.ownerOf(key)).port} has 1 replica`);
  });
});

async function replicaOf(port: number) {
  const roles = await Promise.all(setup.servers.map(async (server) => ({ server, info: await server.redis.info('replication') })));
  const found = roles.find(({ info }) => info.includes('role:slave') && info.includes(`master_port:${port}`));
  if (found === undefined) throw new Error(`no replica of ${port}`);
  return found.server;
}

describe('the settings of every server', () => {
  const connect = async (environment: Readonly<Record<string, string>> = {}): Promise<void> => {
    const redis = await connectRedis(readSettings({ STS_REDIS_URL: setup.url, ...environment }), setup.url, () => undefined);
    redis.disconnect();
  };

  it('are refused when one of the six is weak, naming it', async () => {
    await connect();
    for (const { redis, port } of setup.servers) {
      await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
      await expect(connect()).rejects.toThrow(`\`maxmemory-policy\` is \`allkeys-lru\` and must be \`noeviction\` on 127.0.0.1:${port}.`);
      await redis.config('SET', 'maxmemory-policy', 'noeviction');
    }
  });
});

describe('a failover', () => {
  it.each([
    ['is killed', 'kill'],
    ['hangs and comes back as if nothing had been', 'pause'],
  ] as const)('where a primary %s under load: calls fail as 503, then go on, none twice, and no replica is asked', async (_how, what) => {
    const old = await setup.ownerOf(key);
    const identity = await serverIdentity(connection, key);
    const mark = await connectionMark(connection, key);
    const before = await Promise.all(keys.map((each) => stored(each)));
    const attempts = keys.map(() => 0);
    const refusals: unknown[] = [];
    let isOver = false;
    const load = keys.map(async (each, index) => {
      while (!isOver) {
        attempts[index] = (attempts[index] ?? 0) + 1;
        await count(each).catch((error: unknown) => refusals.push(error));
        await connection.get(each).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    await counted();
    attempts[0] = (attempts[0] ?? 0) + 1;
    if (what === 'kill') await old.kill();
    else old.signal('SIGSTOP');
    await setup.failedOver(key, old);
    const from = refusals.length;
    for (const each of keys) await counted(each);
    expect(from).toBeGreaterThan(0);
    isOver = true;
    await Promise.all(load);
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(ApiError);
      expect(refusal).toMatchObject({ status: 503 });
    }
    expect(await serverIdentity(connection, key)).not.toBe(identity);
    expect(await waitForReplicas(connection, key, 1, 200, mark)).toBe(0);

    if (what === 'kill') await old.start();
    else old.signal('SIGCONT');
    await setup.replicates(old);
    const after = await Promise.all(keys.map((each) => stored(each)));
    after.forEach((value, index) => expect(value).toBeLessThanOrEqual((before[index] ?? 0) + (attempts[index] ?? 0) + 1));
    await refusedByReplicas();
  });

  it('that never comes, as all are gone, fails calls at once, and is over when they are back', async () => {
    await counted();
    const before = await stored();
    await Promise.all(setup.servers.map(({ kill }) => kill()));
    const start = performance.now();
    await expect(count()).rejects.toMatchObject({ status: 503 });
    await expect(reach(() => connection.get(key))).rejects.toMatchObject({ status: 503 });
    expect(performance.now() - start).toBeLessThan(2000);
    await Promise.all(setup.servers.map((server) => server.start()));
    expect(await counted()).toBe(before + 1);
  });
});
