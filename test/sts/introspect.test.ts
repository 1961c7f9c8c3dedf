// POST /oauth2/introspect (RFC 7662): a living session's token is active for registered services; everything else is one answer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemAccountId } from '../../src/directory/entities.js';
import { introspectToken } from '../../src/sts/introspect.js';
import { forgeries, otherTexts } from '../keyring/forgeries.js';
import { accountA, accountB, accounts, agencies, ask, keys, trust } from '../support/accounts.js';
import { decidedAround } from '../support/moving-ground.js';
import { startService, type Answer, type Credentials, type TestService } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts, { STS_RATE_ADDRESS_PER_MINUTE: '1000000' });
  service.clock.set(Math.floor(Date.now() / 1000) * 1000);
});
afterAll(() => service.stop());

const type = { 'content-type': 'application/x-www-form-urlencoded' };
const introspect = (token: string, credentials: Credentials = keys.service, more: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  service.call(credentials, 'POST', '/oauth2/introspect', new URLSearchParams({ token, ...more }).toString(), { headers: type });
const first = (more: object = {}): Promise<Credentials> => service.session(keys.alice, ask(agencies.first, more));
const tokenOf = ({ securityToken = '' }: Credentials): string => securityToken;
const inactive = { status: 200, body: { active: false } };

it('tells of a living session who it is, who issued it and when it ends', async () => {
  const now = service.clock.now() / 1000;
  const parent = await first({ source_identity: 'alice' });
  const child = await service.session(parent, ask(agencies.second, { duration_seconds: 900 }));
  const { issuer } = service.composition.services.settings;
  const answer = await introspect(tokenOf(child), keys.service, { token_type_hint: 'access_token', more: 'ignored' });
  expect(answer.headers['cache-control']).toBe('no-store');
  expect([answer.status, answer.body]).toEqual([200, {
    active: true, iss: issuer, aud: issuer, sub: `sts::${accountB}:assumed-agency:second/session1`, client_id: `sts::${accountA}:assumed-agency:first/session1`,
    jti: child.accessKeyId, iat: now, exp: now + 900,
  }]);
  expect((await service.events(systemAccountId)).at(-1)).toMatchObject({ operation: 'IntrospectToken', decision: 'active', resource: `sts::${accountB}:session:${child.accessKeyId}`, principal: { urn: 'service.OBS' } });
});

describe('active is false, and nothing else is told,', () => {
  it.each<[who: string, credentials: () => Promise<Credentials> | Credentials]>([
    ['a user', () => keys.alice], ['a root user', () => keys.rootA], ['the operator', () => keys.operator], ['a session', () => first()],
  ])('to %s, of a living session as of nonsense', async (_who, credentials) => {
    const asking = await credentials();
    const token = tokenOf(await first());
    for (const text of [token, 'nonsense']) expect(JSON.stringify((await introspect(text, asking)).body)).toBe('{"active":false}');
    expect(await introspect(token)).toMatchObject({ body: { active: true } });
  });

  it('to a session of its own token', async () => {
    const own = await first();
    expect(await introspect(tokenOf(own), own)).toMatchObject(inactive);
  });

  it('of what is no token', async () => {
    for (const text of ['x', 'a.b.c', keys.alice.accessKeyId, (await first()).accessKeyId, 'a'.repeat(5000), '会话', 'é'.repeat(3000), '../../etc/passwd']) {
      expect(JSON.stringify((await introspect(text)).body), text.slice(0, 40)).toBe('{"active":false}');
    }
  });

  it('T1 to T11: of every forged token, and of the other texts of a true one', async () => {
    const token = tokenOf(await first());
    const forged = (await forgeries(service.composition.keyring['token-signing'], token)).filter(([, , text]) => text.length > 0 && text.length < 12_000);
    expect(forged.length).toBeGreaterThan(20);
    for (const [name, what, text] of forged) expect(JSON.stringify((await introspect(text)).body), `${name} ${what}`).toBe('{"active":false}');
    expect(await introspect(token)).toMatchObject({ body: { active: true } });
    for (const text of otherTexts(token)) expect(await introspect(text)).toMatchObject(inactive);
  });

  it('of a session that was revoked, at once, and of those below it', async () => {
    const parent = await first();
    const child = await service.session(parent, ask(agencies.second));
    for (const one of [parent, child]) expect(await introspect(tokenOf(one))).toMatchObject({ body: { active: true } });
    expect((await service.call(keys.rootA, 'POST', `/v1/sessions/${parent.accessKeyId}/revoke`, {})).status).toBe(200);
    for (const one of [parent, child]) expect(JSON.stringify((await introspect(tokenOf(one))).body)).toBe('{"active":false}');
  });

  it('T14: of a session whose agency was deleted', async () => {
    const { body } = await service.call(keys.rootA, 'POST', '/v5/agencies', { agency_name: 'passing', trust_policy: JSON.stringify(trust({ IAM: [accountA] })) });
    const { agency_id: agencyId } = body['agency'] as { agency_id: string };
    const session = await service.session(keys.alice, ask(`iam::${accountA}:agency:passing`));
    expect(await introspect(tokenOf(session))).toMatchObject({ body: { active: true } });
    expect((await service.call(keys.rootA, 'DELETE', `/v5/agencies/${agencyId}`)).status).toBe(204);
    expect(JSON.stringify((await introspect(tokenOf(session))).body)).toBe('{"active":false}');
  });

  it('of a session that has expired, from the very second on', async () => {
    const session = await first({ duration_seconds: 900 });
    service.clock.advance(899);
    expect(await introspect(tokenOf(session))).toMatchObject({ body: { active: true } });
    service.clock.advance(1);
    expect(JSON.stringify((await introspect(tokenOf(session))).body)).toBe('{"active":false}');
    expect((await service.events(systemAccountId)).at(-1)).toMatchObject({ operation: 'IntrospectToken', status: 200, decision: 'inactive', request: { token: true } });
  });
});

it('of a session that is revoked before the answer is committed active is false', async () => {
  const { services } = service.composition;
  const parent = await first();
  const child = await service.session(parent, ask(agencies.second));
  const { body, tries } = await decidedAround(service, keys.service, (caller, call) => introspectToken(services, caller, tokenOf(child), call),
    () => service.call(keys.rootA, 'POST', `/v1/sessions/${parent.accessKeyId}/revoke`, {}));
  expect([body, tries]).toEqual([{ active: false }, 2]);
});

it.each<[what: string, form: string, headers: object]>([
  ['no token', 'token_type_hint=access_token', type], ['an empty token', 'token=', type], ['a token twice', 'token=a&token=b', type], ['a body of another type', '{"token":"a"}', { 'content-type': 'application/json' }],
])('400 for %s', async (_what, form, headers) => {
  expect((await service.call(keys.service, 'POST', '/oauth2/introspect', form, { headers: { ...headers } })).status).toBe(400);
});

it('no token reaches the audit', async () => {
  const session = await first();
  await introspect(tokenOf(session));
  expect(JSON.stringify(await service.events(systemAccountId))).not.toContain(tokenOf(session).slice(0, 40));
});
