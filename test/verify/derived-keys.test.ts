// A derived key of a permanent access key stands in no list, so its life ends by each of two clocks: by the stricter one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { createVerifier } from '../../src/verify/index.js';
import { clientAddress, hosts, issuer, received } from './support.js';

const life = 60;
let service: TestService;
let keyPath: string;
beforeAll(async () => {
  service = await startService(accounts, { STS_ISSUER: issuer, STS_DERIVE_PERMANENT_KEYS: '1', STS_STATUS_LIST_LIFE: String(life) });
  const { body } = await service.call(keys.rootA, 'GET', '/v5/users');
  const user = (body as unknown as { users: { user_id: string; user_name: string }[] }).users.find(({ user_name: name }) => name === 'alice');
  keyPath = `/v5/users/${user?.user_id ?? ''}/access-keys/${keys.alice.accessKeyId}`;
});
afterAll(() => service.stop());

describe('a permanent key that was switched off is refused when its derived key is over, by the clock of a verifier that', () => {
  it.each<[what: string, before: number, after: number]>([['goes right', 0, 0], ['is set back meanwhile', 0, -600], ['was behind from the beginning', -600, -600], ['is set forward', 0, 600]])('%s', async (_, before, after) => {
    let off = before;
    const clock = { now: () => service.clock.now() + off * 1000, monotonic: () => service.clock.now() };
    const verifier = createVerifier({ mode: 'offline', issuer, endpoint: service.url, service: 'obs', hosts, permanentKeys: true, clock, credentials: keys.service });
    const authenticate = () => verifier.authenticate(received(service, keys.alice, { algorithm: 'V11-HMAC-SHA256', date: clock.now() }), clientAddress);
    service.clock.set(Math.floor(service.clock.now() / 1000) * 1000);
    expect(await authenticate()).toMatchObject({ ok: true, principal: { accessKeyId: keys.alice.accessKeyId } });
    expect(await service.call(keys.rootA, 'PUT', keyPath, { status: 'inactive' })).toMatchObject({ status: 200 });
    service.clock.advance(life - 1);
    expect(await authenticate()).toMatchObject({ ok: true });
    off = after;
    service.clock.advance(1);
    expect(await authenticate()).toMatchObject({ ok: false, reason: 'signature_mismatch' });
    expect(await service.call(keys.rootA, 'PUT', keyPath, { status: 'active' })).toMatchObject({ status: 200 });
  });
});
