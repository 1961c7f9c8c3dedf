// The pieces of the benchmark at tiny sizes: what they count is what was answered.
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compare, type Comparison } from '../../bench/harness/compare.js';
import { startPool, type Pool } from '../../bench/harness/pool.js';
import { problemsOf } from '../../bench/harness/problems.js';
import { textOf } from '../../bench/harness/report.js';
import { startFloor } from '../../bench/harness/servers.js';
import { startSigningCost, type SigningCost } from '../../bench/harness/signing-cost.js';
import { median, quantile } from '../../bench/harness/statistics.js';
import { startLoad, type Load } from '../../bench/load/load.js';
import { readOptions } from '../../bench/options.js';
import { fillWithSessions } from '../../bench/world/live-sessions.js';
import { alice, callerAccount, deployerUrn, targetAccount, world } from '../../bench/world/world.js';
import { startService } from '../support/service.js';
import { compilePrograms, type Programs } from './programs.js';

let programs: Programs;
let load: Load;
let signing: SigningCost;
let pool: Pool;
beforeAll(async () => {
  programs = await compilePrograms();
  load = startLoad(undefined, programs.generator);
  signing = startSigningCost(undefined, programs.signature);
  const floor = () => startFloor({ bootstrap: world, core: undefined }, programs.floor);
  pool = await startPool(load, { one: floor, other: floor });
});
afterAll(async () => {
  await pool.stop();
  await Promise.all([load.stop(), signing.stop()]);
  await programs.remove();
});

const plan = { rounds: 2, milliseconds: 60, warmUpMilliseconds: 30, connections: 4 };
const assumes = { kind: 'assume', keys: [alice], agencyUrns: [deployerUrn] } as const;
const report = (comparison: Comparison): string => textOf({ suite: 'x', about: 'y', seconds: 1, comparisons: [comparison], figures: [], notes: [] });

describe('a comparison', () => {
  it('tells of each variant its requests, their times and the processor time, and the ratio of both', async () => {
    const variants = [await pool.variant('one', 'one', assumes), await pool.variant('other', 'other', assumes)];
    const comparison = await compare(load, signing, variants, [['one', 'other']], plan);
    for (const { requests, requestsPerSecond, p50, p99, failures } of comparison.variants) {
      expect(failures).toEqual({});
      expect(requests).toBeGreaterThan(10);
      expect(requestsPerSecond).toBeGreaterThan(10);
      expect(p50).toBeGreaterThan(0);
      expect(p99).toBeGreaterThanOrEqual(p50);
    }
    expect(comparison.ratios).toMatchObject([{ of: 'one', to: 'other' }]);
    expect(comparison.ratios[0]?.requestsPerSecond).toBeGreaterThan(0);
    expect(comparison.signatureMicroseconds).toBeGreaterThan(1);
    expect(report(comparison)).toContain('one / other');
  });

  it('says loudly that requests were refused', async () => {
    const wrong = { kind: 'identity', keys: [{ ...alice, secretAccessKey: 'wrong' }] } as const;
    const comparison = await compare(load, signing, [await pool.variant('refused', 'one', wrong)], [], plan);
    const [variant] = comparison.variants;
    expect(Object.keys(variant?.failures ?? {})).toEqual(['401']);
    expect(variant?.failures['401']).toBeGreaterThanOrEqual(variant?.requests ?? 0);
    expect(report(comparison)).toContain('WARNING');
  });

  it('keeps to a given rate', async () => {
    const variant = await pool.variant('paced', 'one', { kind: 'identity', keys: [alice] });
    const { variants } = await compare(load, signing, [variant], [], { ...plan, milliseconds: 200, rates: new Map([['paced', 100]]) });
    expect(variants[0]?.requests).toBe(2 * 20);
  });
});

describe('a checked run', () => {
  const whole = async (server: string, key = alice) => {
    const comparison = await compare(load, signing, [await pool.variant(server, server, { kind: 'identity', keys: [key] })], [], plan);
    return { suite: 'x', about: 'y', seconds: 1, comparisons: [comparison], figures: [{ name: 'f', value: 1, unit: '' }], notes: [] };
  };

  it('is whole when every suite told numbers and every request was answered', async () => {
    expect(problemsOf([await whole('one')])).toEqual([]);
  });

  it('is not when a request was refused, a suite told nothing, or a number is none', async () => {
    const result = await whole('other', { ...alice, secretAccessKey: 'wrong' });
    expect(problemsOf([result])).toEqual([expect.stringMatching(/^x: \d+ requests to other were answered with 401$/)]);
    expect(problemsOf([{ ...result, comparisons: [], figures: [], notes: ['skipped: no server'] }])).toEqual(['x told no number (skipped: no server)']);
    expect(problemsOf([{ ...result, comparisons: [], figures: [{ name: 'f', value: Number.NaN, unit: '' }] }])).toEqual(['x: f is NaN']);
    expect(problemsOf([{ ...result, comparisons: result.comparisons.map((comparison) => ({ ...comparison, variants: comparison.variants.map((variant) => ({ ...variant, requests: 0, failures: {} })) })) }])).toEqual(['x: other answered no request']);
  });
});

it('live sessions that are filled in are those that the service finds again', async () => {
  const service = await startService(world);
  const { sessionIndex } = service.composition.services;
  try {
    service.clock.set(Date.now());
    await fillWithSessions(service.composition, service.redisServer.socketPath, 300);
    for (const accountId of [callerAccount, targetAccount]) {
      const newest = await sessionIndex.ofAccount(accountId, undefined, 128);
      const older = await sessionIndex.ofAccount(accountId, 128, 128);
      expect([newest.length, older.length, newest[0]?.place]).toEqual([300 % 128, 128, 299]);
      const records = await sessionIndex.records([...newest, ...older].map(({ sessionId }) => sessionId));
      expect(records.size).toBe(newest.length + 128);
    }
    const persistence = new Redis({ path: service.redisServer.socketPath });
    expect(await persistence.config('GET', 'appendfsync')).toEqual(['appendfsync', 'always']);
    persistence.disconnect();
  } finally {
    await service.stop();
  }
});

it.each([[[3], 3, 3], [[4, 1], 2.5, 4], [[5, 1, 3], 3, 5], [[], Number.NaN, Number.NaN]])('of %j the median is %d, and %d the 99th percentile', (values, middle, high) => {
  expect([median(values), quantile(values, 0.99)]).toEqual([middle, high]);
});

describe('the options', () => {
  it('choose suites and sizes', () => {
    const { only, sizes, isShort } = readOptions(['--short', '--only', 'assume,chain', '--rounds', '4']);
    expect([only, sizes.rounds, isShort]).toEqual([['assume', 'chain'], 4, true]);
  });

  it.each([[['--rounds', 'many']], [['--nothing']], [['--rounds', '0']]])('refuse %j', (parameters) => {
    expect(() => readOptions(parameters)).toThrow(/rounds|nothing/i);
  });
});
