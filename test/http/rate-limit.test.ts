// Limits per address and per access key, where the address is that of the socket; and what is kept of calls that nobody can be charged with.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readUnidentifiedCalls } from '../../src/redis/audit-store.js';
import { accountA, accounts, agencies, keys } from '../support/accounts.js';
import { startOfTest, startService, type Answer, type TestService } from '../support/service.js';
import { assumeBody, eventsInOrder, plus, send, signed, without, written, type WireRequest } from './support.js';

const perAddress = 20;
const perKey = 6;
let service: TestService;
beforeAll(async () => {
  service = await startService(accounts, { STS_RATE_ADDRESS_PER_MINUTE: String(perAddress), STS_RATE_ACCESS_KEY_PER_MINUTE: String(perKey) });
});
afterAll(() => service.stop());
const counters = (kind: 'address' | 'access-key'): Promise<string[]> => service.redis.keys(`agency-sts:attempts:rate:${kind}:*`);
beforeEach(async () => {
  // Every test begins in a window of its own.
  const old = [...(await counters('address')), ...(await counters('access-key'))];
  if (old.length > 0) await service.redis.del(...old);
  await service.composition.flushUnidentified();
  await service.redis.del('agency-sts:unidentified-calls');
});

const unsigned = (): WireRequest => without(signed(service, keys.alice), 'authorization');
const statuses = async (count: number, request: () => WireRequest, from = '127.0.0.1'): Promise<readonly number[]> => {
  const answers: Answer[] = [];
  for (let sent = 0; sent < count; sent += 1) answers.push(await send(service, request(), { from }));
  return answers.map(({ status }) => status);
};
const times = (count: number, status: number): readonly number[] => Array<number>(count).fill(status);

describe('per address', () => {
  it('so many requests a minute are served, whoever makes them; the next one gets 429 and is told when to come back', async () => {
    expect(await statuses(perAddress, unsigned)).toEqual(times(perAddress, 401));
    expect(await send(service, signed(service, keys.alice))).toMatchObject({
      status: 429, headers: { 'retry-after': '60', 'cache-control': 'no-store' },
      body: { error_code: 'APIGW.0308', error_msg: `The throttling threshold has been reached: ${perAddress} requests a minute from this address` },
    });
  });

  it('another address is not touched', async () => {
    await statuses(perAddress + 1, unsigned);
    expect((await send(service, signed(service, keys.alice), { from: '127.0.0.2' })).status).toBe(200);
  });

  it('an X-Forwarded-For changes nothing without STS_TRUST_PROXY: neither who is limited nor what is recorded', async () => {
    let last = 0;
    const spoofed = (): WireRequest => plus(unsigned(), ['x-forwarded-for', `10.0.0.${last += 1}`], ['x-real-ip', `10.0.0.${last}`], ['forwarded', `for=10.0.0.${last}`]);
    expect((await statuses(perAddress + 2, spoofed)).slice(-2)).toEqual([429, 429]);
    expect(await counters('address')).toHaveLength(1);
    await send(service, plus(signed(service, keys.alice), ['x-forwarded-for', '10.9.9.9']), { from: '127.0.0.3' });
    expect((await eventsInOrder(service, accountA)).at(-1)?.sourceIp).toBe('127.0.0.3');
  });

  it('the window ends: counters expire by themselves and are not prolonged by further requests', async () => {
    await statuses(2, unsigned);
    const [counter = ''] = await counters('address');
    await service.redis.expire(counter, 30);
    await statuses(perAddress, unsigned);
    expect(await service.redis.ttl(counter)).toBeLessThanOrEqual(30);
    expect((await send(service, unsigned())).status).toBe(429);
    await service.redis.pexpire(counter, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await send(service, unsigned())).status).toBe(401);
    expect(await service.redis.ttl((await counters('address'))[0] ?? '')).toBeLessThanOrEqual(60);
  });

  it('health and readiness are not limited', async () => {
    await statuses(perAddress + 1, unsigned);
    const healthz = (): WireRequest => ({ ...unsigned(), target: '/healthz' });
    expect(await statuses(3, healthz)).toEqual(times(3, 200));
  });
});

describe('per access key', () => {
  const fromAnywhere = async (count: number, request: () => WireRequest): Promise<readonly number[]> => {
    const all: number[] = [];
    for (let index = 0; index < count; index += 1) all.push(...await statuses(1, request, `127.0.2.${index + 1}`));
    return all;
  };

  it('so many authenticated requests a minute are served, from whatever addresses; the next one gets 429', async () => {
    expect(await fromAnywhere(perKey + 1, () => signed(service, keys.alice))).toEqual([...times(perKey, 200), 429]);
    expect((await send(service, signed(service, keys.alice), { from: '127.0.3.1' })).body).toMatchObject({
      error_code: 'APIGW.0308', error_msg: `The throttling threshold has been reached: ${perKey} requests a minute from this access key`,
    });
  });

  it('another key of the same account is not touched, nor is a session of the key', async () => {
    const session = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session-1' });
    await fromAnywhere(perKey, () => signed(service, keys.alice));
    expect(await statuses(1, () => signed(service, keys.alice))).toEqual([429]);
    expect(await statuses(1, () => signed(service, keys.bob))).toEqual([200]);
    expect(await statuses(1, () => signed(service, session))).toEqual([200]);
  });

  it('nobody can use up the limit of a key without its secret', async () => {
    const wrong = { ...keys.alice, secretAccessKey: 'wrong' };
    expect(await fromAnywhere(perKey * 2, () => signed(service, wrong))).toEqual(times(perKey * 2, 401));
    expect(await counters('access-key')).toEqual([]);
    expect((await send(service, signed(service, keys.alice))).status).toBe(200);
  });

  it('a limited call decides and writes nothing', async () => {
    await fromAnywhere(perKey, () => signed(service, keys.alice));
    const before = await written(service);
    expect(await fromAnywhere(3, () => signed(service, keys.alice, { body: assumeBody }))).toEqual(times(3, 429));
    expect(await written(service)).toEqual(before);
  });
});

describe('the log of calls that nobody can be charged with', () => {
  const recorded = async (): Promise<readonly object[]> => {
    await service.composition.flushUnidentified();
    return readUnidentifiedCalls(service.redis, 1000);
  };

  it('has unauthenticated calls, counted per address, second, cause and claimed key', async () => {
    service.clock.set(startOfTest + 250);
    await statuses(3, unsigned);
    await statuses(2, unsigned, '127.0.0.2');
    await statuses(2, () => signed(service, { ...keys.alice, secretAccessKey: 'wrong' }));
    service.clock.set(startOfTest + 1999);
    await statuses(1, unsigned);
    service.clock.set(startOfTest);
    const call = { operation: 'GetCallerIdentity', errorCode: 'APIGW.0301', claimedAccessKeyId: '', sourceIp: '127.0.0.1', time: startOfTest };
    expect(await recorded()).toEqual([
      { ...call, count: 3 },
      { ...call, sourceIp: '127.0.0.2', count: 2 },
      { ...call, claimedAccessKeyId: keys.alice.accessKeyId, count: 2 },
      { ...call, time: startOfTest + 1000, count: 1 },
    ]);
  });

  it('has what was limited, by address and by key, and what was no API', async () => {
    await statuses(perKey + 2, () => signed(service, keys.carol), '127.0.0.4');
    await statuses(perAddress + 1, unsigned);
    await statuses(1, () => ({ ...unsigned(), target: '/nowhere' }), '127.0.0.5');
    expect(await recorded()).toMatchObject([
      { errorCode: 'APIGW.0308', operation: 'GetCallerIdentity', sourceIp: '127.0.0.4', claimedAccessKeyId: keys.carol.accessKeyId, count: 2 },
      { errorCode: 'APIGW.0301', count: perAddress },
      { errorCode: 'APIGW.0308', operation: 'none', sourceIp: '127.0.0.1', count: 1 },
      { errorCode: 'APIGW.0101', operation: 'none', sourceIp: '127.0.0.5', count: 1 },
    ]);
  });

  it('has nothing of a call whose caller is known: that one stands in the account\'s own log', async () => {
    const before = (await eventsInOrder(service, accountA)).length;
    await statuses(1, () => signed(service, keys.alice));
    await statuses(1, () => signed(service, keys.carol, { body: assumeBody }));
    await statuses(1, () => signed(service, keys.alice, { body: '{' }));
    expect(await recorded()).toEqual([]);
    expect((await eventsInOrder(service, accountA)).slice(before).map(({ status }) => status)).toEqual([200, 403, 400]);
  });

  it('is written once', async () => {
    await statuses(1, unsigned);
    expect(await recorded()).toHaveLength(1);
    expect(await recorded()).toHaveLength(1);
  });
});
