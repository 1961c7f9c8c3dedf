// With Sentinels the connection finds each new primary by itself, sends nothing twice, and writes nowhere else.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../src/base/api-error.js';
import { connected, createClient, reach, runScript, script, type RedisConnection } from '../../src/redis/client.js';
import { connectionMark, missingReplicas, waitForReplicas } from '../../src/redis/replicas.js';
import { onReconnected, serverIdentity } from '../../src/redis/topology-identity.js';
import { readSettings } from '../../src/service/settings.js';
import { connectRedis } from '../../src/service/state.js';
import { startSentinels, type Sentinels } from '../support/redis-sentinel.js';
import { until, type RedisProcess } from '../support/redis-process.js';

const key = '{c07}:counter';
const increment = script("return redis.call('INCR', KEYS[1])");
const password = 'p@ss:word/1';

let setup: Sentinels;
let connection: RedisConnection;
beforeAll(async () => {
  setup = await startSentinels({ password });
});
afterAll(() => setup.stop());
beforeEach(async () => {
  await setup.primary();
  connection = createClient(setup.url, () => undefined);
  await connected(connection, 5000);
});
afterEach(() => connection.disconnect());

const count = () => reach(() => runScript(connection, increment, [key], []));
const counted = (): Promise<number> => until('a write', async () => Number(await count()));
const stored = async ({ redis }: RedisProcess): Promise<number> => Number(await redis.get(key));
const replicasOf = (primary: RedisProcess): readonly RedisProcess[] => setup.servers.filter((server) => server !== primary);

describe('waiting for replicas', () => {
  it('tells how many have the write, and holds nobody else up where one is missing', async () => {
    const primary = await setup.primary();
    const [slow] = replicasOf(primary);
    const mark = await connectionMark(connection, key);
    const first = await counted();
    expect(await waitForReplicas(connection, key, 2, 2000, mark)).toBe(2);
    expect(await Promise.all(replicasOf(primary).map(stored))).toEqual([first, first]);
    slow?.signal('SIGSTOP');
    try {
      const value = await counted();
      let isOver = false;
      const waits = Array.from({ length: 20 }, async () => waitForReplicas(connection, key, 2, 1000));
      const all = Promise.all(waits).finally(() => {
        isOver = true;
      });
      expect(Number(await count())).toBe(value + 1);
      expect(isOver).toBe(false);
      expect(await all).toEqual(Array.from({ length: 20 }, () => 1));
      expect(await waitForReplicas(connection, key, 1, 1000)).toBeGreaterThanOrEqual(1);
    } finally {
      slow?.signal('SIGCONT');
    }
    await counted();
    await expect.poll(() => waitForReplicas(connection, key, 2, 1000), { timeout: 5000 }).toBe(2);
  });

  it('for more than are connected is a warning', async () => {
    expect(await missingReplicas(connection, 0)).toEqual([]);
    await expect.poll(() => missingReplicas(connection, 2), { timeout: 5000 }).toEqual([]);
    expect(await missingReplicas(connection, 3)).toEqual(['STS_REDIS_WAIT_REPLICAS is 3, but the primary has 2 replicas']);
  });
});

describe('the settings of every server', () => {
  const connect = async (environment: Readonly<Record<string, string>> = {}): Promise<void> => {
    const redis = await connectRedis(readSettings({ STS_REDIS_URL: setup.url, ...environment }), setup.url, () => undefined);
    redis.disconnect();
  };

  it('are taken when all write durably', async () => {
    await connect();
  });

  it.each([0, 1, 2])('are refused when those of server %i are weak, naming it unless it is the primary', async (index) => {
    const server = setup.servers[index];
    const place = server === (await setup.primary()) ? 'the primary' : `127.0.0.1:${server?.port ?? 0}`;
    await server?.redis.config('SET', 'appendfsync', 'everysec');
    try {
      await expect(connect()).rejects.toThrow(`\`appendfsync\` is \`everysec\` and must be \`always\` on ${place}.`);
      await connect({ STS_ALLOW_WEAK_REDIS: '1' });
    } finally {
      await server?.redis.config('SET', 'appendfsync', 'always');
    }
  });

  it('of a replica that is away do not count', async () => {
    const [away] = replicasOf(await setup.primary());
    away?.signal('SIGSTOP');
    try {
      await connect();
    } finally {
      away?.signal('SIGCONT');
    }
  });
});

describe('a failover', () => {
  it.each<readonly [string, (primary: RedisProcess) => unknown, (primary: RedisProcess) => unknown]>([
    ['is killed', ({ kill }) => kill(), ({ start }) => start()],
    ['hangs and comes back as if nothing had been', ({ signal }) => { signal('SIGSTOP'); }, ({ signal }) => { signal('SIGCONT'); }],
    ['is told to hand over', () => setup.sentinels[0]?.redis.call('SENTINEL', 'FAILOVER', 'sts-primary'), () => undefined],
  ])('where the primary %s: calls fail as 503, then go to the new primary, and never to the old one', async (_how, strike, comeBack) => {
    const old = await setup.primary();
    const identity = await serverIdentity(connection, key);
    const mark = await connectionMark(connection, key);
    let reconnections = 0;
    const end = onReconnected(connection, () => {
      reconnections += 1;
    });
    await counted();
    // One that came back a moment ago may still copy.
    await expect.poll(() => waitForReplicas(connection, key, 2, 500), { timeout: 8000 }).toBe(2);
    const before = await stored(old);
    await expect.poll(() => Promise.all(replicasOf(old).map(stored)), { timeout: 8000 }).toEqual([before, before]);
    await strike(old);

    const refusals: unknown[] = [];
    const attempts = [count(), count()].map((attempt) => attempt.catch((error: unknown) => refusals.push(error)));
    await setup.failedOver(old);
    await Promise.all(attempts);
    // A primary that hands over takes writes for a moment longer.
    await expect.poll(() => reconnections, { timeout: 8000 }).toBeGreaterThan(0);
    // Sentinels may change their mind once more while a machine is busy: a write counts where it stands on the one they name then.
    await expect.poll(() => count().then(async (value) => Number(value) === (await stored(await setup.primary())), (error: unknown) => refusals.push(error) === 0), { timeout: 8000 }).toBe(true);
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(ApiError);
      expect(refusal).toMatchObject({ status: 503 });
    }
    expect(await serverIdentity(connection, key)).not.toBe(identity);
    expect(await waitForReplicas(connection, key, 1, 500, mark)).toBe(0);

    await comeBack(old);
    const current = await setup.primary();
    expect(current).not.toBe(old);
    const after = await stored(current);
    expect(after).toBeGreaterThan(before);
    const writes = await Promise.all(Array.from({ length: 50 }, count));
    expect(writes.map(Number).sort((one, other) => one - other)).toEqual(Array.from({ length: 50 }, (_, index) => after + 1 + index));
    expect(await stored(current)).toBe(after + 50);
    await setup.replicates(old);
    await expect.poll(() => stored(old)).toBe(after + 50);
    end();
  });
});
