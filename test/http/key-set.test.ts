// Whoever has the published keys can verify tokens: jose over real HTTP, and nothing of our own.
import { createRemoteJWKSet, decodeProtectedHeader, importJWK, jwtVerify, type JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts, agencies, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';

const issuer = 'https://sts.example.com';
const path = '/.well-known/jwks.json';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts, { STS_ISSUER: issuer, STS_JWKS_MAX_AGE: '17' });
});
afterAll(() => service.stop());

const token = async (): Promise<string> => (await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session1' })).securityToken ?? '';

describe('/.well-known/jwks.json', () => {
  it('lets jose verify a token that the service issued', async () => {
    const text = await token();
    const remote = createRemoteJWKSet(new URL(`${service.url}${path}`));
    const { payload, protectedHeader } = await jwtVerify(text, remote, { typ: 'agency-session+jwt', issuer, audience: issuer, currentDate: new Date(service.clock.now()) });
    expect(payload.iss).toBe(issuer);
    expect(remote.jwks()?.keys.map(({ kid }) => kid)).toContain(protectedHeader.kid);
  });

  it('may be kept for as long as the setting says, by everybody', async () => {
    const response = await fetch(`${service.url}${path}`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=17', 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' });
  });

  it('holds public parts only, each with its algorithm and use, of the keys of tokens and of no other purpose', async () => {
    const { keys: published } = await (await fetch(`${service.url}${path}`)).json() as JSONWebKeySet;
    expect(published).toEqual([{ kty: 'OKP', crv: 'Ed25519', x: expect.stringMatching(/^[\w-]{43}$/) as string, kid: decodeProtectedHeader(await token()).kid, alg: 'EdDSA', use: 'sig' }]);
    for (const jwk of published) expect(await importJWK(jwk)).toMatchObject({ type: 'public', algorithm: { name: 'Ed25519' } });
  });

  it.each(['POST', 'PUT', 'DELETE'])('answers no %s', async (method) => {
    expect((await fetch(`${service.url}${path}`, { method })).status).toBe(404);
  });
});
