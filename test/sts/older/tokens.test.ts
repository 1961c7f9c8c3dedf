// Tokens of the older system: who gets which, what they say, what they are good for, and what ends them (legacy agencies §4a).
import { Secret, TOTP } from 'otpauth';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readUnidentifiedCalls } from '../../../src/redis/audit-store.js';
import { accountA, accountB, accountC, agencies, ask, keys, mfaSeed } from '../../support/accounts.js';
import { callerConditions } from '../../../src/sts/call-conditions.js';
import { loginAuthenticator } from '../../../src/sts/older/login.js';
import { tokenOwner } from '../../../src/sts/token-caller.js';
import { put } from '../../support/legacy.js';
import { startOfTest, type Answer, type Credentials, type TestService } from '../../support/service.js';
import { agencyToken, agencyTokenBody, keysBody, keysPath, loginBody, olderService, operatorKey, password, subjectTokenOf, tokensPath, userToken, withToken } from './support.js';

let service: TestService;
beforeAll(async () => {
  service = await olderService();
});
afterAll(() => service.stop());
afterEach(() => service.clock.set(startOfTest));

const create = (credentials: Credentials, body: object, path = tokensPath): Promise<Answer> => service.call(credentials, 'POST', path, body);
const login = (...given: Parameters<typeof loginBody>): Promise<Answer> => withToken(service, undefined, 'post', tokensPath, loginBody(...given));
const unidentified = async () => {
  await service.composition.flushUnidentified();
  return readUnidentifiedCalls(service.redis, 50);
};
const userIdOf = async (name: string): Promise<string> => (await service.composition.services.directory.read(accountA, () => []))?.snapshot.users.named(name)?.userId ?? '';

it('an account of whose name there is another one is meant by its id alone', async () => {
  const view = await service.composition.services.directory.read(accountC, () => []);
  if (view === undefined) throw new Error('no account');
  const { account } = view.snapshot;
  const asked = async (domain: string, id: string): Promise<readonly number[]> => [
    (await login('paul', { domain: { name: domain } })).status, (await login('paul', { domain: { id } })).status,
    (await create(operatorKey, agencyTokenBody('to-a', undefined, { domain_name: domain }))).status, (await create(operatorKey, agencyTokenBody('to-a', undefined, { domain_name: domain, domain_id: id }))).status,
  ];
  await put(service, accountC, [[`account:${accountC}`, { ...account, accountName: 'account-a' }]]);
  expect((await asked('account-a', accountA)).slice(0, 2)).toEqual([401, 201]);
  await put(service, accountC, [[`account:${accountC}`, { ...account, accountName: 'account-b' }]]);
  expect((await asked('account-b', accountB)).slice(2)).toEqual([403, 201]);
  await put(service, accountC, [[`account:${accountC}`, account]]);
  expect((await asked('account-b', accountB)).slice(2)).toEqual([201, 201]);
});

describe('an agency token', () => {
  it('is answered as the older system does', async () => {
    const answer = await create(operatorKey, agencyTokenBody(), `${tokensPath}?nocatalog=any`);
    expect(answer.status).toBe(201);
    expect(answer.headers['x-subject-token']).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(answer.body).toEqual({
      token: {
        methods: ['assume_role'], issued_at: '2026-01-15T08:30:00.000000Z', expires_at: '2026-01-16T08:30:00.000000Z',
        user: { id: 'id-to-a', name: 'account-b/to-a', domain: { id: accountB, name: 'account-b' } },
        assumed_by: { user: { id: await userIdOf('otto'), name: 'otto', domain: { id: accountA, name: 'account-a' }, password_expires_at: '' } },
        roles: [{ id: '0', name: 'readonly' }], catalog: [], domain: { id: accountB, name: 'account-b' },
      },
    });
  });

  it.each<readonly [string, object | undefined, unknown]>([
    ['no scope', undefined, { domain: { id: accountB, name: 'account-b' } }],
    ['an empty scope', {}, { domain: { id: accountB, name: 'account-b' } }],
    ['the domain by its name', { domain: { name: 'account-b' } }, { domain: { id: accountB, name: 'account-b' } }],
    ['the domain by its id', { domain: { id: accountB } }, { domain: { id: accountB, name: 'account-b' } }],
    ['a project by its name', { project: { name: 'cn-north-4' } }, { project: { name: 'cn-north-4', domain: { id: accountB } }, roles: [{ id: '0', name: 'te_agency' }] }],
    ['both: the project wins', { project: { name: 'cn-north-4' }, domain: { name: 'nonsense' } }, { project: { name: 'cn-north-4' } }],
    ['another account\'s domain', { domain: { name: 'account-a' } }, undefined],
    ['no such project', { project: { name: 'cn-nowhere-1' } }, undefined],
  ])('for %s', async (_what, scope, expected) => {
    const answer = await create(operatorKey, agencyTokenBody('to-a', scope));
    if (expected === undefined) expect(answer).toMatchObject({ status: 400, body: { error: { code: 400, title: 'Bad Request' } } });
    else expect(answer).toMatchObject({ status: 201, body: { token: expected } });
  });

  it.each<readonly [string, Credentials, object, number]>([
    ['an Agent Operator', operatorKey, agencyTokenBody(), 201],
    ['by the id of the account', operatorKey, agencyTokenBody('to-a', undefined, { domain_name: undefined, domain_id: accountB }), 201],
    ['by both, of which the id counts', operatorKey, agencyTokenBody('to-a', undefined, { domain_name: 'nonsense', domain_id: accountB }), 201],
    ['a user with the action of today', keys.alice, agencyTokenBody(), 201],
    ['the root user', keys.rootA, agencyTokenBody(), 201],
    ['a user without permission', keys.carol, agencyTokenBody(), 403],
    ['of another account', keys.rootB, agencyTokenBody(), 403],
    ['a service that is trusted', keys.service, agencyTokenBody('to-obs'), 201],
    ['a service that is not', keys.service, agencyTokenBody(), 403],
    ['an agency that expired', operatorKey, agencyTokenBody('expired'), 403],
    ['an agency of today\'s kind', operatorKey, agencyTokenBody('plain'), 403],
    ['neither domain', operatorKey, agencyTokenBody('to-a', undefined, { domain_name: undefined }), 400],
    ['no method', operatorKey, { auth: { identity: { methods: [] } } }, 400],
    ['an unknown method', operatorKey, { auth: { identity: { methods: ['token'] } } }, 400],
    ['no agency', operatorKey, { auth: { identity: { methods: ['assume_role'] } } }, 400],
    ['no auth', operatorKey, {}, 400],
  ])('asked for by %s', async (_what, credentials, body, status) => {
    expect((await create(credentials, body)).status).toBe(status);
  });

  it('P15: nobody learns by a refusal whether the account, or the agency, is there', async () => {
    const shape = ({ status, body }: Answer, ...names: readonly string[]) => names.reduce((text, name) => text.replaceAll(name, 'NAME'), JSON.stringify([status, body['error']]));
    for (const credentials of [operatorKey, keys.alice, keys.carol]) {
      const asked = (agency: string, domain: string) => create(credentials, agencyTokenBody(agency, undefined, { domain_name: domain }));
      const expected = shape(await asked('nowhere', 'nobodies'), 'nowhere', 'nobodies');
      for (const [agency, domain] of [['nowhere', 'account-b'], ['to-c', 'account-b'], ['expired', 'account-b'], ['plain', 'account-b'], ['to-a', 'system']] as const) {
        expect(shape(await asked(agency, domain), agency, domain), `${agency} of ${domain}`).toEqual(expected);
      }
    }
    const told = JSON.stringify((await service.events(accountA)).filter(({ operation, status }) => operation === 'KeystoneCreateToken' && status === 403));
    expect(told).toContain('account-b');
    expect(told).not.toContain(accountB);
  });

  it('needs some proof, and one only', async () => {
    const token = await userToken(service);
    expect((await withToken(service, undefined, 'post', tokensPath, agencyTokenBody())).status).toBe(401);
    expect((await withToken(service, 'nonsense', 'post', tokensPath, agencyTokenBody())).body).toMatchObject({ error: { code: 401, title: 'Unauthorized' } });
    expect((await withToken(service, token, 'post', tokensPath, agencyTokenBody())).status).toBe(201);
    expect((await service.call(operatorKey, 'POST', tokensPath, agencyTokenBody(), { headers: { 'x-auth-token': token } })).status).toBe(400);
    expect((await service.call(operatorKey, 'GET', '/v5/caller-identity', undefined, { headers: { 'x-auth-token': token } })).status).toBe(400);
  });

  it('is none for a chain: a token lasts longer than a chained session may', async () => {
    const session = await service.session(keys.alice, ask(agencies.first));
    expect(await create(session, agencyTokenBody())).toMatchObject({ status: 400 });
  });

  it('is a session: listed, revoked and audited like every other, with who switched', async () => {
    const token = await agencyToken(service);
    const issued = (await service.events(accountB)).findLast(({ operation }) => operation === 'KeystoneCreateToken');
    expect(issued).toMatchObject({ status: 201, principal: { urn: `iam::${accountA}:user:otto` }, issuedSession: { agencyId: 'id-to-a' }, resource: `iam::${accountB}:agency:to-a` });
    const id = issued?.issuedSession?.sessionId ?? '';
    const listed = await service.call(keys.rootB, 'GET', `/v1/sessions/${id}`);
    expect(listed.body['session']).toMatchObject({ session_id: id, status: 'active', assumed_by: `iam::${accountA}:user:otto` });
    expect((await withToken(service, token, 'get', tokensPath, undefined, { 'X-Subject-Token': token })).status).toBe(200);
    expect((await service.call(keys.rootB, 'POST', `/v1/sessions/${id}/revoke`, {})).status).toBe(200);
    expect((await withToken(service, token, 'get', tokensPath, undefined, { 'X-Subject-Token': token })).status).toBe(401);
  });

  it('ends with its agency, and at the second of its end', async () => {
    const token = await agencyToken(service);
    const asked = async (): Promise<number> => (await withToken(service, token, 'head', tokensPath, undefined, { 'X-Subject-Token': token })).status;
    service.clock.set(startOfTest + 86_399_999);
    const before = await asked();
    service.clock.set(startOfTest + 86_400_000);
    expect([before, await asked()]).toEqual([200, 401]);
    service.clock.set(startOfTest);
    const view = await service.composition.services.directory.read(accountB, () => []);
    const agency = view?.snapshot.agencies.named('to-a');
    if (agency === undefined) throw new Error('no agency');
    await put(service, accountB, [], ['agency:id-to-a']);
    expect(await asked()).toBe(401);
    await put(service, accountB, [['agency:id-to-a', agency]]);
    expect(await asked()).toBe(401);
  });

  it('is refused by the operations of today, where a session is accepted', async () => {
    const token = await agencyToken(service);
    expect(await withToken(service, token, 'get', '/v5/agencies')).toMatchObject({ status: 400, body: { error_code: 'PAP5.0046' } });
    expect(await withToken(service, token, 'get', '/v5/caller-identity')).toMatchObject({ status: 400, body: { error_code: 'PAP5.0046' } });
    expect(await withToken(service, await userToken(service), 'get', '/v5/agencies')).toMatchObject({ status: 401 });
    expect(await withToken(service, 'nonsense', 'get', '/v5/agencies')).toMatchObject({ status: 401 });
    const session = await service.session(keys.alice, ask(`iam::${accountB}:agency:to-a`));
    expect((await service.call(session, 'GET', '/v5/agencies')).status).toBe(200);
  });

  it('is no security token, and a security token is no token', async () => {
    const [token, session] = [await agencyToken(service), await service.session(keys.alice, ask(agencies.first))];
    expect((await service.identity({ ...session, securityToken: token })).status).toBe(401);
    expect((await withToken(service, session.securityToken, 'get', tokensPath, undefined, { 'X-Subject-Token': token })).status).toBe(401);
  });
});

describe('a user\'s token', () => {
  it('is answered as the older system does', async () => {
    const answer = await login('paul');
    expect(answer).toMatchObject({
      status: 201,
      body: {
        token: {
          methods: ['password'], issued_at: '2026-01-15T08:30:00.000000Z', expires_at: '2026-01-16T08:30:00.000000Z', catalog: [], roles: [],
          user: { id: await userIdOf('paul'), name: 'paul', domain: { id: accountA, name: 'account-a' } }, domain: { id: accountA },
        },
      },
    });
    expect((await login('paul', { scope: { project: { name: 'cn-east-3' } } })).body).toMatchObject({ token: { project: { name: 'cn-east-3', domain: { id: accountA } } } });
    expect((await login('paul', { domain: { id: accountA } })).status).toBe(201);
  });

  it('is one and the same 401 for whatever is wrong with the login', async () => {
    const wrong = [
      await login('paul', { password: 'wrong' }), await login('nobody'), await login('poor'), await login('off'), await login('paul', { domain: { name: 'nowhere' } }), await login('mira'),
      await login('mira', { passcode: '000000' }),
    ];
    for (const { status, body, headers } of wrong) {
      expect([status, body['error']]).toEqual([401, { code: 401, message: 'The username or password is wrong.', title: 'Unauthorized' }]);
      expect(headers['x-audit-event-id']).toBeUndefined();
    }
  });

  it('takes the code of a device where the user has one, once', async () => {
    const passcode = new TOTP({ secret: Secret.fromBase32(mfaSeed) }).generate({ timestamp: service.clock.now() });
    const first = await login('mira', { passcode });
    expect(first).toMatchObject({ status: 201, body: { token: { methods: ['password', 'totp'] } } });
    // What was verified at the login is known of the token and of the keys made from it, and of no other token.
    const [withCode, without] = [subjectTokenOf(first), await userToken(service)];
    const facts = async (token: string): Promise<readonly unknown[]> => {
      const owner = await tokenOwner(service.composition.services, service.composition.services, token, service.clock.now());
      if (owner?.kind !== 'user') throw new Error('no token of a user');
      const request = { now: service.clock.now() + 5000, sourceIp: undefined, userAgent: undefined, referer: undefined, sourceAccount: undefined, sourceUrn: undefined };
      const conditions = new Map(callerConditions(owner, request));
      return [conditions.get('g:MFAPresent'), conditions.get('g:MFAAge')];
    };
    expect([await facts(withCode), await facts(without)]).toEqual([[true, 5], [false, undefined]]);
    expect(await login('mira', { passcode })).toMatchObject({ status: 401, body: { error: { message: 'The username or password is wrong.' } } });
  });

  it.each<readonly [string, object, number]>([['no project of the account', { project: { name: 'cn-nowhere-1' } }, 120], ['of no form', { project: { name: 'x'.repeat(65) } }, 240]])('that is refused for its scope, %s, has used up the code', async (_what, scope, later) => {
    // Each at a time of its own: the clock is set back between tests, and a code is good once.
    service.clock.advance(later);
    const passcode = new TOTP({ secret: Secret.fromBase32(mfaSeed) }).generate({ timestamp: service.clock.now() });
    for (const [more, expected] of [[{ scope }, 400], [{ scope }, 401], [{}, 401]] as const) expect((await login('mira', { passcode, ...more })).status).toBe(expected);
  });

  it('is refused for a body that is none, by the field', async () => {
    expect(await withToken(service, undefined, 'post', tokensPath, { auth: { identity: { methods: ['password'] } } })).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining('auth.identity.password') as unknown } } });
  });

  it('stops guesses at one user from one address, however the account is named, and nobody else', async () => {
    const named = (tries: number): object => (tries % 2 === 0 ? { id: accountA } : { name: 'account-a' });
    for (let tries = 0; tries < 20; tries += 1) await login('guessed', { password: `wrong-${tries}`, domain: named(tries) });
    expect([(await login('guessed', { domain: named(0) })).status, (await login('guessed', { domain: named(1) })).status, (await login('paul')).status]).toEqual([401, 401, 201]);
  });

  it('charges a call once, however often it is decided', async () => {
    const { services } = service.composition;
    const otherwise = (): never => {
      throw new Error('no password');
    };
    const authenticate = loginAuthenticator(services, otherwise);
    const request = (given = password) => ({ method: 'POST', target: tokensPath, rawHeaders: [], body: Buffer.from(JSON.stringify(loginBody('paul', { password: given }))) });
    const own = request();
    const from = '192.0.2.77';
    expect(await authenticate(own, from, service.clock.now())).toMatchObject({ kind: 'user' });
    for (let tries = 0; tries < 20; tries += 1) await expect(authenticate(request('wrong'), from, service.clock.now())).rejects.toMatchObject({ status: 401 });
    expect(await authenticate(own, from, service.clock.now())).toMatchObject({ kind: 'user' });
  });

  it('leaves of a guess whose password it was to be, bounded and printable, and never the password', async () => {
    await login('paul', { password: 'canary-guess', domain: { name: 'account-a' } });
    await login(`odd\u0007${'x'.repeat(60)}`, { password: 'canary-guess', domain: { id: accountA } });
    const told = await unidentified();
    expect(told).toContainEqual(expect.objectContaining({ operation: 'KeystoneCreateToken', claimedAccessKeyId: 'paul@account-a' }));
    expect(told).toContainEqual(expect.objectContaining({ operation: 'KeystoneCreateToken', claimedAccessKeyId: `odd?${'x'.repeat(27)}@${accountA}` }));
    expect(JSON.stringify(told)).not.toContain('canary-guess');
  });

  it('is checked in a line that has an end: a flood of them is refused, and other calls go on', async () => {
    const flood = Array.from({ length: 100 }, (_, index) => login(`flood-${index}`));
    const other = service.identity(keys.alice);
    expect((await other).status).toBe(200);
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect((await login()).status).toBe(201);
  });

  it('is that of its user: it switches, and tells so', async () => {
    const token = await userToken(service);
    expect((await withToken(service, token, 'post', tokensPath, agencyTokenBody())).body).toMatchObject({ token: { assumed_by: { user: { name: 'paul' } } } });
    expect((await service.events(accountB)).filter(({ principal }) => principal.urn === `iam::${accountA}:user:paul`)).toContainEqual(expect.objectContaining({ operation: 'KeystoneCreateToken', decision: 'allowed' }));
  });

  it('for a project is worth nothing outside of it, the root user\'s included', async () => {
    expect((await withToken(service, await userToken(service, { project: { name: 'cn-north-4' } }), 'post', tokensPath, agencyTokenBody())).status).toBe(403);
    expect((await withToken(service, await userToken(service, { domain: { name: 'account-a' } }), 'post', tokensPath, agencyTokenBody())).status).toBe(201);
  });

  it('ends when its user is disabled, and when the user\'s sessions are revoked', async () => {
    const token = await userToken(service);
    const asked = async (): Promise<number> => (await withToken(service, token, 'head', tokensPath, undefined, { 'X-Subject-Token': token })).status;
    expect(await asked()).toBe(200);
    const userId = await userIdOf('paul');
    expect((await service.call(keys.rootA, 'POST', '/v1/revocations', { user_id: userId })).status).toBe(200);
    expect(await asked()).toBe(401);
  });
});

describe('validating and revoking', () => {
  it('is for who has the token, who switched with it, and services; a token of others is none', async () => {
    const [agency, user] = [await agencyToken(service), await userToken(service)];
    const asked = async (credentials: Credentials, token: string): Promise<number> => (await service.call(credentials, 'GET', tokensPath, undefined, { headers: { 'x-subject-token': token } })).status;
    expect([await asked(operatorKey, agency), await asked(keys.service, agency), await asked(keys.carol, agency), await asked(keys.rootB, agency), await asked(keys.service, user), await asked(operatorKey, user), await asked(operatorKey, 'nonsense')]).toEqual([200, 200, 404, 404, 200, 404, 404]);
  });

  it('ends a token for good, with all that was made with it', async () => {
    const [agency, user] = [await agencyToken(service), await userToken(service)];
    const fromAgency = await withToken(service, agency, 'post', keysPath, { auth: { identity: { methods: ['token'], token: {} } } });
    const fromUser = await withToken(service, user, 'post', keysPath, keysBody());
    const alive = async ({ body }: Answer): Promise<number> => {
      const { access, secret, securitytoken } = body['credential'] as Record<'access' | 'secret' | 'securitytoken', string>; // As the answer's schema has it.
      return (await service.identity({ accessKeyId: access, secretAccessKey: secret, securityToken: securitytoken })).status;
    };
    expect([await alive(fromAgency), await alive(fromUser)]).toEqual([200, 200]);
    for (const token of [agency, user]) expect((await withToken(service, token, 'delete', tokensPath, undefined, { 'X-Subject-Token': token })).status).toBe(204);
    expect([await alive(fromAgency), await alive(fromUser)]).toEqual([401, 401]);
    for (const token of [agency, user]) expect((await withToken(service, token, 'head', tokensPath, undefined, { 'X-Subject-Token': token })).status).toBe(401);
  });
});

it('no password and no token stands in any event or line of the log', async () => {
  const [agency, user] = [await agencyToken(service), subjectTokenOf(await login('paul', { scope: {} }))];
  await withToken(service, agency, 'get', tokensPath, undefined, { 'X-Subject-Token': user });
  const told = JSON.stringify([service.logged, await service.events(accountA), await service.events(accountB)]);
  for (const secret of [password, agency, user, agency.split('.')[2] ?? '', user.split('.')[2] ?? '']) expect(told.includes(secret)).toBe(false);
});
