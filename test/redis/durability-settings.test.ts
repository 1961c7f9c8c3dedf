// A Redis that could lose what was answered is refused at the start, unless the operator takes that on.
import { setTimeout as sleep } from 'node:timers/promises';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis } from '../../src/service/state.js';
import { readSettings } from '../../src/service/settings.js';
import { accounts } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { startPeer, startRawRedis, type RawRedis } from './support.js';

const durable = [['appendonly', 'yes'], ['appendfsync', 'always'], ['maxmemory-policy', 'noeviction']];
const connect = async (url: string, environment: Readonly<Record<string, string>> = {}): Promise<void> => {
  const redis = await connectRedis(readSettings({ STS_REDIS_URL: url, ...environment }), url, () => undefined);
  redis.disconnect();
};

describe('a server whose settings can be read', () => {
  let raw: RawRedis;
  beforeAll(async () => {
    raw = await startRawRedis(...durable);
  });
  afterAll(() => raw.stop());

  it('is taken when it syncs every write and never evicts', async () => {
    await connect(raw.url);
  });

  it.each([
    ['appendonly', 'no', 'yes'],
    ['appendfsync', 'everysec', 'always'],
    ['appendfsync', 'no', 'always'],
    ['no-appendfsync-on-rewrite', 'yes', 'no'],
    ['maxmemory-policy', 'allkeys-lru', 'noeviction'],
    ['maxmemory-policy', 'volatile-ttl', 'noeviction'],
    ['maxmemory-policy', 'volatile-lru', 'noeviction'],
  ])('is refused with `%s %s`, naming the setting, its value and the right one', async (name, value, right) => {
    await raw.redis.config('SET', name, value);
    try {
      const refusal = expect(connect(raw.url)).rejects;
      await refusal.toThrow(`\`${name}\` is \`${value}\` and must be \`${right}\``);
      await refusal.toThrow('STS_ALLOW_WEAK_REDIS=1');
      await connect(raw.url, { STS_ALLOW_WEAK_REDIS: '1' });
      await connect(raw.url, { STS_REDIS_IS_DURABLE: '1' });
    } finally {
      await raw.redis.config('SET', name, right);
    }
  });

  it('is refused with all that is wrong in one message', async () => {
    await raw.redis.config('SET', 'appendfsync', 'everysec');
    await raw.redis.config('SET', 'maxmemory-policy', 'allkeys-lfu');
    await expect(connect(raw.url)).rejects.toThrow(/`appendfsync` is `everysec`.*`maxmemory-policy` is `allkeys-lfu`/);
    await raw.redis.config('SET', 'appendfsync', 'always');
    await raw.redis.config('SET', 'maxmemory-policy', 'noeviction');
  });
});

describe.each([
  ['renamed away', [['rename-command', 'CONFIG', '']]],
  ['forbidden to the user', [['user', 'default', 'on', 'nopass', '~*', '&*', '+@all', '-config']]],
])('a server with CONFIG %s', (_how, settings) => {
  let raw: RawRedis;
  beforeAll(async () => {
    raw = await startRawRedis(...durable, ...settings);
  });
  afterAll(() => raw.stop());

  it('is refused with a message that names the way out, and taken on the word of the operator', async () => {
    const refusal = expect(connect(raw.url)).rejects;
    await refusal.toThrow(/cannot be read \(.*config/i);
    await refusal.toThrow('STS_REDIS_IS_DURABLE=1');
    await connect(raw.url, { STS_REDIS_IS_DURABLE: '1' });
  });
});

describe('/readyz', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService(accounts);
  });
  afterAll(() => service.stop());

  it('shows what is weak for as long as it is, and nothing otherwise', async () => {
    const peer = await startPeer(service, `unix://${service.redisServer.socketPath}`, { STS_ALLOW_WEAK_REDIS: '1' });
    const readyz = async () => (await supertest(peer.server).get('/readyz')).body as unknown;
    try {
      expect(await readyz()).toEqual({ status: 'ready', reasons: [], warnings: [] });
      await service.redis.config('SET', 'appendfsync', 'everysec');
      await expect.poll(readyz, { timeout: 3000 }).toEqual({ status: 'ready', reasons: [], warnings: ['`appendfsync` is `everysec` and must be `always`'] });
      await service.redis.config('SET', 'appendfsync', 'always');
      await expect.poll(readyz, { timeout: 3000 }).toEqual({ status: 'ready', reasons: [], warnings: [] });
    } finally {
      await peer.stop();
    }
  });

  it('asked by many makes one write and reads the settings once, and asks again after a second', async () => {
    const peer = await startPeer(service, `unix://${service.redisServer.socketPath}`, { STS_ALLOW_WEAK_REDIS: '1' });
    const readyz = async () => (await supertest(peer.server).get('/readyz')).status;
    const calls = async (command: string): Promise<number> => Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(await service.redis.info('commandstats'))?.[1] ?? 0);
    try {
      await service.redis.config('RESETSTAT');
      expect(await Promise.all(Array.from({ length: 30 }, readyz))).toEqual(Array.from({ length: 30 }, () => 200));
      // One probe, or two if a second was over in between.
      const [writes, reads] = [await calls('set'), await calls('config\\|get')];
      expect(writes).toBeGreaterThan(0);
      expect(writes).toBeLessThanOrEqual(2);
      // The durability settings are four.
      expect(reads).toBe(4 * writes);
      await sleep(1000);
      await readyz();
      expect(await calls('set')).toBe(writes + 1);
    } finally {
      await peer.stop();
    }
  });
});
