// Keys that were retired, offline: what they made is refused as soon as the lists say so, and what other keys made goes on.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pooledRandom } from '../../src/base/clock.js';
import type { RotatingPurpose } from '../../src/keyring/key-states.js';
import { retireNow, rotate, waitUntil } from '../../src/service/keys/key-rotation.js';
import type { KeyWatch } from '../../src/service/keys/key-watch.js';
import { createVerifier, type OfflineVerifier } from '../../src/verify/index.js';
import { accounts, agencies, keys } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { clientAddress, clockOf, hosts, issuer, received, way, type Way } from './support.js';

const life = 60;
const ttl = 10;
const random = pooledRandom();

let service: TestService;
let road: Way;
let verifier: OfflineVerifier;
beforeAll(async () => {
  service = await startService(accounts, { STS_ISSUER: issuer, STS_STATUS_LIST_LIFE: String(life), STS_JWKS_MAX_AGE: '1', STS_RATE_ADDRESS_PER_MINUTE: '1000000' });
});
afterAll(() => service.stop());
beforeEach(() => {
  road = way();
  verifier = createVerifier({ mode: 'offline', issuer, endpoint: service.url, service: 'obs', hosts, fetch: road.fetch, clock: clockOf(service), credentials: keys.service });
});

const watch = (): KeyWatch => service.composition.keyWatch;
const activeOf = (purpose: RotatingPurpose): string => watch().view().states.active[purpose] ?? '';
const assume = (): Promise<Credentials> => service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session1' }, { algorithm: 'SDK-ECDSA-P256-SHA256' });
const authenticate = (credentials: Credentials) => verifier.authenticate(received(service, credentials), clientAddress);
const refused = (reason: string) => expect.objectContaining({ ok: false, reason }) as unknown;
const inUse = (purpose: RotatingPurpose, isNext: (id: string) => boolean): Promise<boolean> => waitUntil(watch(), ({ states }) => isNext(states.active[purpose] ?? ''), 5000);
async function rotated(purpose: RotatingPurpose): Promise<void> {
  const id = await rotate(watch(), { purpose }, random);
  expect(await inUse(purpose, (active) => active === id)).toBe(true);
}

describe('a key that was retired', () => {
  it('for session secrets ends its sessions within two seconds and the time to the next list, and no others', async () => {
    const dead = await assume();
    await rotated('session-secrets');
    const living = await assume();
    for (const each of [dead, living]) expect(await authenticate(each)).toMatchObject({ ok: true });
    const [key = ''] = [...service.composition.keyring['session-secrets'].byId.keys()].filter((id) => id !== activeOf('session-secrets'));
    await retireNow(watch(), key, random);
    expect((await service.identity(dead)).status).toBe(401);
    service.clock.advance(2 + ttl);
    expect(await authenticate(dead)).toEqual(refused('revoked'));
    expect(await authenticate(living)).toMatchObject({ ok: true });
  });

  it('for session secrets, the active one: what its successor made at once is accepted at once', async () => {
    const dead = await assume();
    expect(await authenticate(dead)).toMatchObject({ ok: true });
    const key = activeOf('session-secrets');
    await retireNow(watch(), key, random);
    expect(await inUse('session-secrets', (active) => active !== '' && active !== key)).toBe(true);
    service.clock.advance(1);
    const living = await assume();
    expect(await authenticate(living)).toMatchObject({ ok: true });
    expect(await authenticate(dead)).toEqual(refused('revoked'));
  });

  it('for tokens ends them with the next list, though the verifier keeps its key set for longer', async () => {
    const set = await (await fetch(`${service.url}/.well-known/jwks.json`)).text();
    const dead = await assume();
    const key = activeOf('token-signing');
    await rotated('token-signing');
    const both = await (await fetch(`${service.url}/.well-known/jwks.json`)).text();
    expect(both.length).toBeGreaterThan(set.length);
    road.hold((path) => (path === '/.well-known/jwks.json' ? new Response(both, { headers: { 'cache-control': 'max-age=86400' } }) : undefined));
    expect(await authenticate(dead)).toMatchObject({ ok: true });
    await retireNow(watch(), key, random);
    service.clock.advance(2 + ttl);
    expect(await authenticate(dead)).toEqual(refused('revoked'));
    expect(await authenticate(await assume())).toMatchObject({ ok: true });
  });

  it('for tokens, the active one without another kept ready: offline, sessions of other keys and permissions go on meanwhile', async () => {
    const living = await assume();
    await rotated('token-signing');
    const dead = await assume();
    const key = activeOf('token-signing');
    for (const each of [living, dead]) expect(await authenticate(each)).toMatchObject({ ok: true });
    await retireNow(watch(), key, random);
    expect(activeOf('token-signing')).toBe('');
    service.clock.advance(2 + life);
    expect((await service.assume(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session1' })).status).toBe(503);
    expect(await verifier.authorize(received(service, living), clientAddress, [{ action: 'obs:object:GetObject' }])).toMatchObject({ ok: true });
    expect(await authenticate(dead)).toMatchObject({ ok: false, status: 401 });
    expect(await inUse('token-signing', (active) => active !== '' && active !== key)).toBe(true);
    expect(await authenticate(await assume())).toMatchObject({ ok: true });
  });

  it('for tokens ends them with the age of the key set, though a token is known and the verifier keeps its list for longer', async () => {
    const credentials = await assume();
    expect(await authenticate(credentials)).toMatchObject({ ok: true });
    road.hold((path) => (path === '/.well-known/jwks.json' ? Response.json({ keys: [] }) : undefined));
    service.clock.advance(1);
    expect(await authenticate(credentials)).toEqual(refused('security_token_invalid'));
  });
});
