// Behind a trusted proxy the address is the one that the proxy names, and an IPv6 subscriber is a whole /56.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountA, accounts, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { eventsInOrder, plus, send, signed, without } from './support.js';

const limit = 3;
let service: TestService;
beforeAll(async () => {
  service = await startService(accounts, { STS_RATE_ADDRESS_PER_MINUTE: String(limit), STS_TRUST_PROXY: '1' });
});
afterAll(() => service.stop());
beforeEach(async () => {
  const old = await service.redis.keys('agency-sts:attempts:rate:*');
  if (old.length > 0) await service.redis.del(...old);
});

const status = async (forwardedFor: string): Promise<number> => (await send(service, plus(without(signed(service, keys.alice), 'authorization'), ['x-forwarded-for', forwardedFor]))).status;
const useUp = async (forwardedFor: string): Promise<void> => {
  for (let sent = 0; sent < limit; sent += 1) expect(await status(forwardedFor)).toBe(401);
};

describe('with STS_TRUST_PROXY=1', () => {
  it('the limit is of the address that the proxy names', async () => {
    await useUp('203.0.113.1');
    expect(await status('203.0.113.1')).toBe(429);
    expect(await status('203.0.113.2')).toBe(401);
  });

  it('what a client puts before the proxy\'s own entry changes nothing', async () => {
    await useUp('203.0.113.1');
    for (const spoofed of ['10.0.0.1, 203.0.113.1', '203.0.113.9,10.0.0.2, 203.0.113.1', 'junk, 203.0.113.1']) expect(await status(spoofed)).toBe(429);
  });

  it('the audit has that address', async () => {
    expect((await send(service, plus(signed(service, keys.alice), ['x-forwarded-for', '203.0.113.77']))).status).toBe(200);
    expect((await eventsInOrder(service, accountA)).at(-1)?.sourceIp).toBe('203.0.113.77');
  });

  it.each([
    ['2001:db8:1:2300::1', '2001:db8:1:2300::2', 429], ['2001:db8:1:2300::1', '2001:db8:1:23ff:ffff:ffff:ffff:ffff', 429], ['2001:db8:1:2300::1', '2001:DB8:0001:2300:0:0:0:9', 429],
    ['2001:db8:1:2300::1', '2001:db8:1:2400::1', 401], ['2001:db8:1:2300::1', '2001:db8:2:2300::1', 401],
    ['::ffff:203.0.113.1', '203.0.113.1', 429], ['::ffff:203.0.113.1', '::ffff:203.0.113.2', 401],
  ])('after %s, %s gets %d', async (first, second, expected) => {
    await useUp(first);
    expect(await status(second)).toBe(expected);
  });

  it('an IPv4 address has one form, as policies write it', async () => {
    await send(service, plus(signed(service, keys.alice), ['x-forwarded-for', '::ffff:203.0.113.78']));
    expect((await eventsInOrder(service, accountA)).at(-1)?.sourceIp).toBe('203.0.113.78');
  });
});
