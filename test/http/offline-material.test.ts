// What registered services are handed: derived keys that sign at no other door, and policy bundles about those alone who present themselves.
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type Answer, type Credentials, type TestService } from '../support/service.js';
import { systemAccountId } from '../../src/directory/entities.js';
import { deriveScopeKey, signRequest, type ReceivedRequest } from '../../src/signing/index.js';
import { createSecretKey } from 'node:crypto';
import { clientAddress, issuer, received, type RequestOptions } from '../verify/support.js';

let service: TestService;
let permissive: TestService;
beforeAll(async () => {
  service = await startService(accounts, { STS_ISSUER: issuer });
  permissive = await startService(accounts, { STS_ISSUER: issuer, STS_DERIVE_PERMANENT_KEYS: '1', STS_ALWAYS_CONFIRM: '1' });
});
afterAll(async () => {
  await service.stop();
  await permissive.stop();
});

const v11 = { algorithm: 'V11-HMAC-SHA256' } as const;
const session = (of = service): Promise<Credentials> => of.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session1' });
const wire = ({ method, target, rawHeaders, body }: ReceivedRequest) => ({
  request: { method, target, source_ip: clientAddress, body: body.toString('base64'), headers: rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? '']] : [])) },
});
interface Handed {
  readonly derived_key?: { readonly access_key_id: string; readonly scope: string; readonly key: string; readonly expires_at: string };
  readonly policy_bundle?: string;
}
async function ask(path: string, credentials: Credentials, options: RequestOptions = {}, { of = service, by = keys.service }: { readonly of?: TestService; readonly by?: Credentials } = {}): Promise<Answer & { readonly handed: Handed }> {
  const answer = await of.call(by, 'POST', path, wire(received(of, credentials, options)));
  return { ...answer, handed: answer.body as unknown as Handed };
}
const derivedKey = (credentials: Credentials, options: RequestOptions = v11, more = {}) => ask('/v1/derived-keys', credentials, options, more);

describe('a derived key', () => {
  it('is that of the session, the day, the region and the asking service, until the session ends', async () => {
    const credentials = await session();
    const { status, headers, handed } = await derivedKey(credentials);
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    const scope = '20260115/globe/obs';
    expect(handed.derived_key).toEqual({
      access_key_id: credentials.accessKeyId, scope, expires_at: new Date(Math.floor(service.clock.now() / 1000) * 1000 + 3_600_000).toISOString(), expires_in: 3600,
      key: deriveScopeKey(credentials.accessKeyId, createSecretKey(credentials.secretAccessKey, 'utf8'), scope),
    });
  });

  it('signs nothing at this service: its scope is none that is accepted here', async () => {
    const credentials = await session();
    expect((await derivedKey(credentials)).handed.derived_key?.scope).not.toContain('/sts');
    for (const name of ['obs', 'iam']) {
      const headers = signRequest({ method: 'GET', url: `${service.url}/v5/caller-identity`, headers: {}, ...credentials, ...v11, region: 'globe', service: name, date: new Date(service.clock.now()) });
      const { host: _, ...sent } = headers;
      expect((await fetch(`${service.url}/v5/caller-identity`, { headers: sent })).status, name).toBe(401);
    }
  });

  it.each<[what: string, credentials: () => Promise<Credentials>, options: RequestOptions]>([
    ['a request for another service', session, { ...v11, service: 'ecs' }], ['a request for this very service', session, { ...v11, service: 'sts' }], ['another region', session, { ...v11, region: 'elsewhere' }],
    ['another kind of signature', session, { algorithm: 'SDK-HMAC-SHA256' }], ['a wrong secret', async () => ({ ...(await session()), secretAccessKey: 'x'.repeat(40) }), v11],
    ['a token of another session', async () => ({ ...(await session()), securityToken: (await session()).securityToken ?? '' }), v11],
    ['no token', async () => {
      const { accessKeyId, secretAccessKey } = await session();
      return { accessKeyId, secretAccessKey };
    }, v11],
    ['an old request', session, { ...v11, date: Date.UTC(2026, 0, 15, 8, 0, 0) }],
    ['a permanent key', () => Promise.resolve(keys.alice), v11], ['the key of a service', () => Promise.resolve(keys.service), v11], ['the operator\'s key', () => Promise.resolve(keys.operator), v11],
    ['a revoked session', async () => {
      const credentials = await session();
      await service.call(keys.rootA, 'POST', `/v1/sessions/${credentials.accessKeyId}/revoke`, {});
      return credentials;
    }, v11],
  ])('is not handed out for %s, and the answer tells no reason', async (_, credentials, options) => {
    const { status, body } = await derivedKey(await credentials(), options);
    expect([status, body]).toEqual([200, { granted: false }]);
  });

  it.each(['alice', 'rootA', 'operator'] as const)('is not for %s to ask for', async (name) => {
    for (const path of ['/v1/derived-keys', '/v1/policy-bundles']) expect(await ask(path, await session(), v11, { by: keys[name] })).toMatchObject({ status: 403 });
  });

  it('of a permanent key is handed out where the setting allows, for as long as a list of revocations would be good', async () => {
    const { handed } = await derivedKey(keys.alice, v11, { of: permissive });
    expect(handed.derived_key).toMatchObject({ access_key_id: keys.alice.accessKeyId, expires_at: new Date(Math.floor(permissive.clock.now() / 1000) * 1000 + 30_000).toISOString(), expires_in: 30 });
  });

  it('has an event in the account of the session and one in that of the services, and stands in neither', async () => {
    const credentials = await session();
    const { handed } = await derivedKey(credentials);
    const mine = (await service.events(accountA)).findLast(({ operation }) => operation === 'GetDerivedKey');
    expect(mine).toMatchObject({ principal: { accessKeyId: credentials.accessKeyId }, sourceIp: clientAddress, request: { service: 'service.OBS', handed: 'derived key' }, decision: 'allowed' });
    const own = (await service.events(systemAccountId)).findLast(({ operation }) => operation === 'GetDerivedKey');
    expect(own).toMatchObject({ principal: { urn: 'service.OBS' }, request: { access_key_id: credentials.accessKeyId }, decision: 'allowed' });
    expect(JSON.stringify([mine, own, service.logged])).not.toContain(handed.derived_key?.key);
  });
});

describe('a policy bundle', () => {
  it('is for one principal and one service, and good for a minute', async () => {
    const credentials = await session();
    const { handed } = await ask('/v1/policy-bundles', credentials, { algorithm: 'SDK-HMAC-SHA256' });
    const claims = decodeJwt(handed.policy_bundle ?? '');
    const now = Math.floor(service.clock.now() / 1000);
    expect(claims).toMatchObject({ iss: issuer, aud: `${issuer}#obs`, sub: `sts::${accountA}:assumed-agency:first/session1`, jti: credentials.accessKeyId, iat: now, exp: now + 60 });
  });

  it('holds no statement about other services', async () => {
    const text = JSON.stringify({ Version: '5.0', Statement: [{ Effect: 'Allow', Action: ['ecs:servers:get'] }, { Effect: 'Allow', Action: ['obs:object:GetObject'] }, { Effect: 'Deny', NotAction: ['obs:*'] }, { Effect: 'Allow', Action: ['o*:bucket:*'] }] });
    const credentials = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session1', policy: text });
    const { handed } = await ask('/v1/policy-bundles', credentials, { algorithm: 'SDK-HMAC-SHA256' });
    const { policy_bundle: bundle } = decodeJwt(handed.policy_bundle ?? '') as { policy_bundle: { session: string[][]; identity: string[][] } };
    expect(bundle.session[0]?.[1]).toBe('{"Version":"5.0","Statement":[{"Effect":"Allow","Action":["obs:object:GetObject"]},{"Effect":"Deny","NotAction":["obs:*"]},{"Effect":"Allow","Action":["o*:bucket:*"]}]}');
    // The agency may do nothing but assume others.
    expect(bundle.identity).toEqual([]);
  });

  it('is not handed out about who does not present himself', async () => {
    expect((await ask('/v1/policy-bundles', { ...(await session()), secretAccessKey: 'x'.repeat(40) })).body).toEqual({ granted: false });
  });
});

it('STS_ALWAYS_CONFIRM puts the key of the session into every token', async () => {
  expect(decodeJwt((await session(permissive)).securityToken ?? '')).toHaveProperty('cnf');
  expect(decodeJwt((await session()).securityToken ?? '')).not.toHaveProperty('cnf');
});
