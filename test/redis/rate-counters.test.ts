// Limits that processes share: together they let as many requests pass as the limit says, and hardly fewer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyringOf } from '../../src/keyring/keyring.js';
import { rateCounter } from '../../src/redis/rate-counters.js';
import type { RateCounter } from '../../src/sts/services.js';
import { freshKeys } from '../keyring/support.js';
import { startRawRedis, type RawRedis } from './support.js';

let raw: RawRedis;
beforeAll(async () => {
  raw = await startRawRedis();
});
afterAll(() => raw.stop());

const keyring = keyringOf(freshKeys());
let purposes = 0;
function processes(count: number, limit: number): readonly RateCounter[] {
  purposes += 1;
  return Array.from({ length: count }, () => rateCounter(raw.redis, keyring, { purpose: `rate:${purposes}`, limit, windowSeconds: 60, slots: 1024 }));
}

/** How many of so many requests pass, spread over the processes in turn. */
async function passed(counters: readonly RateCounter[], requests: number): Promise<number> {
  let count = 0;
  for (let number = 0; number < requests; number += 1) if (await counters[number % counters.length]?.take('HPUAALICE00000000000')) count += 1;
  return count;
}

describe('a limit', () => {
  it.each([[1, 1], [1, 5], [1, 3000], [2, 3000], [16, 3000], [256, 3000]])('of %i processes and %i requests: never more pass, and nine of ten do', async (count, limit) => {
    const all = await passed(processes(count, limit), limit + 2 * count);
    expect(all).toBeLessThanOrEqual(limit);
    expect(all).toBeGreaterThanOrEqual(Math.ceil(limit * 0.9));
  });

  it('lets one request of each of many processes pass', async () => {
    expect(await passed(processes(256, 3000), 256)).toBe(256);
  });

  it('is kept by requests that come at the same moment', async () => {
    const counters = processes(4, 200);
    const taken = await Promise.all(Array.from({ length: 400 }, async (_, number) => counters[number % 4]?.take('one')));
    expect(taken.filter((isTaken) => isTaken).length).toBeLessThanOrEqual(200);
    expect(await counters[0]?.take('one') ?? false).toBe(false);
  });

  it('asks Redis seldom while there is plenty, and writes nothing for a request that is refused', async () => {
    const [counter] = processes(1, 6400);
    const commands = async (): Promise<number> => Number(/^total_commands_processed:(\d+)/m.exec(await raw.redis.info('stats'))?.[1]);
    const before = await commands();
    for (let number = 0; number < 640; number += 1) await counter?.take('one');
    expect((await commands()) - before).toBeLessThan(150);
    const [spent] = processes(1, 1);
    await spent?.take('one');
    const keys = await raw.redis.keys('*');
    const values = await raw.redis.mget(keys);
    expect(await spent?.take('one')).toBe(false);
    expect(await raw.redis.mget(keys)).toEqual(values);
  });
});
