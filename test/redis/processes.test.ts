// Processes of one installation: their clocks are measured against that of Redis, and what they run with is compared.
import supertest from 'supertest';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clockFloorKey, processesKey } from '../../src/redis/cells.js';
import { accounts, agencies, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { startPeer, startRawRedis, type Peer, type RawRedis } from './support.js';

let raw: RawRedis;
let service: TestService;
let peer: Peer;
beforeAll(async () => {
  raw = await startRawRedis(['appendonly', 'yes'], ['appendfsync', 'always']);
  service = await startService(accounts, { STS_REDIS_URL: raw.url });
  peer = await startPeer({ folder: service.folder, clock: shifted(90) }, raw.url, { STS_MAX_CLOCK_SKEW: '60' });
});
afterAll(async () => {
  await peer.stop();
  await service.stop();
  await raw.stop();
});
beforeEach(() => service.clock.set(Date.now()));
afterEach(() => raw.redis.del(processesKey, clockFloorKey));

/** The machine's clock, and so that of Redis, ahead by some seconds. */
const shifted = (by: number): TestService['clock'] => ({ now: () => Date.now() + by * 1000, set: () => undefined, advance: () => undefined });

describe('a process whose clock is off', () => {
  it('refuses every call with 503 once it knows, is not ready, and says why; the others go on', async () => {
    await peer.composition.processes.look();
    for (const [status, body] of [await peer.identity(keys.alice), await peer.assume(keys.alice, { agency_urn: agencies.first, agency_session_name: 'off' })].map((answer) => [answer.status, answer.body] as const)) {
      expect([status, body.error_code, body.credentials]).toEqual([503, 'STS5.1509', undefined]);
    }
    expect((await supertest(peer.server).get('/readyz')).body).toMatchObject({ reasons: ['the clock of this process is 90 s ahead of that of Redis, and `STS_MAX_CLOCK_SKEW` allows 60 s'] });
    expect(peer.logged.some(({ fields }) => 'alarm' in fields && fields.alarm === true)).toBe(true);

    await service.composition.processes.look();
    expect((await service.identity(keys.alice)).status).toBe(200);
  });

  it('is known to the others as the skew that their boundaries must allow for', async () => {
    await peer.composition.processes.look();
    await service.composition.processes.look();
    expect(service.composition.services.clockSkewSeconds()).toBeGreaterThanOrEqual(90);
    expect(service.composition.services.clockSkewSeconds()).toBeLessThanOrEqual(92);
  });
});

it('a clock of Redis that is put back by more than may be keeps everybody from deciding', async () => {
  await raw.redis.set(clockFloorKey, Date.now() + 3_600_000);
  await service.composition.processes.look();
  const { status, body } = await service.identity(keys.alice);
  expect([status, body.error_code]).toEqual([503, 'STS5.1509']);
  await raw.redis.del(clockFloorKey);
  await service.composition.processes.look();
  expect((await service.identity(keys.alice)).status).toBe(200);
});

it('processes that run with other settings are told apart at /readyz, as a warning', async () => {
  const other = await startPeer({ folder: service.folder, clock: shifted(0) }, raw.url, { STS_MAX_CHAIN_DEPTH: '3' });
  try {
    await service.composition.processes.look();
    await other.composition.processes.look();
    expect((await supertest(other.server).get('/readyz')).body).toMatchObject({ warnings: ['another process of this installation runs with other settings'] });
    expect((await supertest(other.server).get('/readyz')).status).toBe(200);
  } finally {
    await other.stop();
  }
});

it('a process of another release, which tells what cannot be read here, is a warning and keeps nobody from deciding', async () => {
  await raw.redis.hset(processesKey, 'newer', `${Date.now()} {"release":9}`, 'odd', `${Date.now()} no JSON`);
  await service.composition.processes.look();
  expect(service.composition.processes.warnings()).toEqual([expect.stringContaining('it runs another release')]);
  expect((await service.identity(keys.alice)).status).toBe(200);
});

describe('a number of time that no date can hold', () => {
  it.each([[1e15], [2 ** 53], [Number.MAX_VALUE], [4_102_444_800]])('is refused as a duration: %d', async (seconds) => {
    expect((await service.assume(keys.alice, { agency_urn: agencies.first, agency_session_name: 'long', duration_seconds: seconds })).status).toBe(400);
  });

  it.each([['99991231T235959Z'], ['20380119T031408Z'], ['19700101T000000Z'], ['+2757600913T000000Z'], ['10000101T000000Z'.repeat(2)]])('is refused as the date of a signature: %s', async (date) => {
    const response = await supertest(service.server).get('/v5/caller-identity').set({ 'x-sdk-date': date, authorization: `SDK-HMAC-SHA256 Access=${keys.alice.accessKeyId}, SignedHeaders=host;x-sdk-date, Signature=${'0'.repeat(64)}` });
    expect(response.status).toBe(401);
  });
});
