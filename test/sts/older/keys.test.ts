// Temporary keys of the older system: how long they last, what narrows them, what they sign, and what ends them (legacy agencies §4b).
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountB, agencies, ask, keys } from '../../support/accounts.js';
import { put, putLegacyAgencies } from '../../support/legacy.js';
import { startOfTest, type Answer, type Credentials, type TestService } from '../../support/service.js';
import { agencyToken, agencyTokenBody, assumeRole, keysBody, keysOf, keysPath, olderService, operatorKey, subjectTokenOf, tokenKeysBody, tokensPath, userToken, withToken } from './support.js';

let service: TestService;
beforeAll(async () => {
  service = await olderService();
});
afterAll(() => service.stop());
afterEach(() => service.clock.set(startOfTest));

const create = (credentials: Credentials, body: object): Promise<Answer> => service.call(credentials, 'POST', keysPath, body);
const next = `iam::${accountB}:agency:next`;
const policyOf = (action: string, effect = 'allow') => ({ Version: '1.1', Statement: [{ Effect: effect, Action: [action] }] });

describe('keys of an agency', () => {
  it('are answered as the older system does, and good for 900 seconds', async () => {
    const answer = await create(operatorKey, keysBody());
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.body)).toEqual(['credential']);
    expect(keysOf(answer)).toMatchObject({ accessKeyId: expect.stringMatching(/^HST/) as unknown, expiresAt: '2026-01-15T08:45:00.000000Z' });
    expect((await service.identity(keysOf(answer))).body).toEqual({ account_id: accountB, principal_urn: `sts::${accountB}:assumed-agency:to-a/otto`, principal_id: 'id-to-a:otto' });
  });

  it.each<readonly [unknown, number]>([[900, 201], [86_400, 201], [43_201, 201], [899, 400], [86_401, 400], [0, 400], [-1, 400], [900.5, 400], ['3600', 400], [null, 400]])('lasting %j: %i', async (duration_seconds, status) => {
    const answer = await create(operatorKey, keysBody('to-a', { duration_seconds }));
    expect(answer.status).toBe(status);
    if (status === 201) expect(Date.parse(keysOf(answer).expiresAt)).toBe(startOfTest + Number(duration_seconds) * 1000);
  });

  it.each<readonly [unknown, number, string]>([
    ['Alice', 201, 'Alice'], ['a', 201, 'a-'], ['Ann B. c_d-e', 201, 'Ann-B.-c_d-e'], ['x'.repeat(64), 201, 'x'.repeat(64)], ['x'.repeat(65), 400, ''], ['', 400, ''], ['1abc', 400, ''], [' abc', 400, ''], ['a/b', 400, ''], [7, 400, ''],
  ])('for the enterprise user %j: %i', async (name, status, sessionName) => {
    const answer = await create(operatorKey, keysBody('to-a', { session_user: { name } }));
    expect(answer.status).toBe(status);
    if (status === 201) expect((await service.identity(keysOf(answer))).body.principal_urn).toBe(`sts::${accountB}:assumed-agency:to-a/${sessionName}`);
  });

  it('sign whatever temporary keys sign, chained calls of today among them, for an hour at the most', async () => {
    const held = keysOf(await create(operatorKey, keysBody('to-a', { duration_seconds: 86_400 })));
    expect((await service.call(held, 'GET', '/v5/agencies')).status).toBe(200);
    expect((await service.identity(held, { algorithm: 'SDK-HMAC-SM3' })).status).toBe(200);
    expect((await service.identity(held, { algorithm: 'SDK-ECDSA-P256-SHA256' })).status).toBe(200);
    expect([(await service.assume(held, ask(next))).status, (await service.assume(held, ask(next, { duration_seconds: 3601 }))).body.error_code]).toEqual([200, 'STS5.1104']);
    service.clock.set(startOfTest + 86_399_000);
    expect((await service.identity(held)).status).toBe(200);
    service.clock.set(startOfTest + 86_400_000);
    expect((await service.identity(held)).status).toBe(401);
    service.clock.set(startOfTest);
  });

  it('can do what both the agency and the session policy allow', async () => {
    const narrowed = keysOf(await create(operatorKey, keysBody('to-a', {}, { policy: policyOf('iam:agencies:listV5') })));
    const wider = keysOf(await create(operatorKey, keysBody('to-a', {}, { policy: policyOf('*') })));
    const denied = keysOf(await create(operatorKey, keysBody('to-a', {}, { policy: { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['*'] }, { Effect: 'DENY', Action: ['sts:agencies:assume'] }] } })));
    const tried = async (credentials: Credentials): Promise<readonly number[]> => [(await service.call(credentials, 'GET', '/v5/agencies')).status, (await service.assume(credentials, ask(next))).status, (await service.call(credentials, 'GET', '/v5/users')).status];
    expect([await tried(narrowed), await tried(wider), await tried(denied)]).toEqual([[200, 403, 403], [200, 200, 403], [200, 403, 403]]);
  });

  it.each<readonly [string, unknown]>([
    ['version 5.0', { ...policyOf('*'), Version: '5.0' }], ['no version', { Statement: [] }], ['a text', '{}'], ['nine statements', { Version: '1.1', Statement: Array.from({ length: 9 }, () => ({ Effect: 'Allow', Action: ['a:b:c'] })) }],
    ['101 actions', { Version: '1.1', Statement: [{ Effect: 'Allow', Action: Array.from({ length: 101 }, (_, index) => `a:b:c${index}`) }] }], ['a resource of 129 characters', { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['a:b:c'], Resource: [`obs:*:*:object:${'x'.repeat(114)}`] }] }],
  ])('are refused with a session policy of %s', async (_what, policy) => {
    expect(await create(operatorKey, keysBody('to-a', {}, { policy }))).toMatchObject({ status: 400, body: { error_code: expect.stringMatching(/./) as unknown } });
  });

  it('of a chain keep the chain, and last for an hour at the most', async () => {
    const session = await service.session(keys.alice, ask(agencies.first));
    expect((await create(session, keysBody('to-a', { duration_seconds: 3601 }))).status).toBe(400);
    const chained = keysOf(await create(session, keysBody('to-a', { duration_seconds: 3600 })));
    const issued = (await service.events(accountB)).findLast(({ issuedSession }) => issuedSession?.sessionId === chained.accessKeyId);
    expect(issued?.issuedSession?.chain).toEqual([keys.alice.accessKeyId, session.accessKeyId]);
    service.clock.set(startOfTest + 3_000_000);
    expect([(await create(session, keysBody('to-a', { duration_seconds: 900 }))).status, keysOf(await create(session, keysBody())).expiresAt]).toEqual([400, '2026-01-15T09:30:00.000000Z']);
    await service.call(keys.rootA, 'POST', `/v1/sessions/${session.accessKeyId}/revoke`, {});
    expect((await service.identity(chained)).status).toBe(401);
  });

  it('are refused like tokens are', async () => {
    const statuses = async (credentials: Credentials, name: string): Promise<number> => (await create(credentials, keysBody(name))).status;
    expect([await statuses(keys.carol, 'to-a'), await statuses(operatorKey, 'to-c'), await statuses(operatorKey, 'expired'), await statuses(operatorKey, 'absent'), await statuses(keys.rootB, 'to-a')]).toEqual([403, 403, 403, 403, 403]);
    expect((await create(operatorKey, { auth: { identity: { ...assumeRole('to-a'), methods: ['password'] } } })).status).toBe(400);
  });

  it('race: an agency that is deleted between permission and use issues nothing that works', async () => {
    await put(service, accountB, [['agency:id-gone', { kind: 'legacy', agencyId: 'id-gone', agencyName: 'gone', path: '', description: '', maxSessionDurationSeconds: 3600, trustDomainId: accountA, trustDomainName: 'account-a', tags: [], attachedPolicies: [], roleGrants: [], createdAt: 0 }]]);
    const [answers] = await Promise.all([Promise.all(Array.from({ length: 8 }, () => create(operatorKey, keysBody('gone')))), put(service, accountB, [], ['agency:id-gone'])]);
    for (const answer of answers) {
      if (answer.status === 201) expect((await service.identity(keysOf(answer))).status).toBe(401);
      else expect(answer.status).toBe(403);
    }
  });
});

describe('keys made from an agency token', () => {
  it('are of its session, and C15: end with it and never outlive it', async () => {
    const token = await agencyToken(service);
    const made = keysOf(await withToken(service, token, 'post', keysPath, tokenKeysBody({ duration_seconds: 86_400 })));
    expect((await service.identity(made)).body.principal_urn).toBe(`sts::${accountB}:assumed-agency:to-a/otto`);
    service.clock.set(startOfTest + 86_000_000);
    expect((await withToken(service, token, 'post', keysPath, tokenKeysBody({ duration_seconds: 900 }))).status).toBe(400);
    expect(keysOf(await withToken(service, token, 'post', keysPath, tokenKeysBody())).expiresAt).toBe('2026-01-16T08:30:00.000000Z');
    expect((await withToken(service, token, 'post', keysPath, keysBody('to-a', { duration_seconds: 900 }))).status).toBeGreaterThanOrEqual(400);
    service.clock.set(startOfTest);
  });

  it('are made until its agency expires, and from then on not at all: that would be assuming it anew', async () => {
    const ending = (seconds: number) => putLegacyAgencies(service, accountB, [{ agencyName: 'ending', trustDomainId: accountA, trustDomainName: 'account-a', validityDays: 1, expiresAt: startOfTest + seconds * 1000 }]);
    await ending(60);
    const token = subjectTokenOf(await service.call(operatorKey, 'POST', tokensPath, agencyTokenBody('ending')));
    const statuses = async (): Promise<readonly number[]> => [
      (await withToken(service, token, 'post', keysPath, tokenKeysBody())).status, (await create(keys.carol, tokenKeysBody({ id: token }))).status, (await withToken(service, token, 'head', tokensPath, undefined, { 'X-Subject-Token': token })).status,
    ];
    const early = keysOf(await withToken(service, token, 'post', keysPath, tokenKeysBody()));
    service.clock.set(startOfTest + 59_999);
    const before = await statuses();
    service.clock.set(startOfTest + 60_000);
    expect([before, await statuses(), (await service.identity(early)).status]).toEqual([[201, 201, 200], [403, 403, 200], 200]);
    await ending(120);
    expect(await statuses()).toEqual([201, 201, 200]);
  });

  it('take the token in the body as well, whoever signs', async () => {
    const token = await agencyToken(service);
    expect((await service.identity(keysOf(await create(keys.carol, tokenKeysBody({ id: token }))))).body.account_id).toBe(accountB);
    expect([(await create(keys.carol, tokenKeysBody())).status, (await create(keys.carol, tokenKeysBody({ id: 'nonsense' }))).status]).toEqual([400, 401]);
  });

  it('of a token for a project are worth nothing outside of it', async () => {
    const [free, bound] = [await agencyToken(service), await agencyToken(service, operatorKey, { project: { name: 'cn-north-4' } })];
    const list = async (token: string): Promise<number> => (await service.call(keysOf(await withToken(service, token, 'post', keysPath, tokenKeysBody())), 'GET', '/v5/agencies')).status;
    expect([await list(free), await list(bound)]).toEqual([200, 403]);
  });
});

describe('keys made from a user\'s token', () => {
  it('are the user\'s own: calls appear with the user as principal', async () => {
    const made = keysOf(await withToken(service, await userToken(service), 'post', keysPath, tokenKeysBody({ duration_seconds: 3600 })));
    expect(made.accessKeyId).toMatch(/^HTUK/);
    expect((await service.identity(made)).body.principal_urn).toBe(`iam::${accountA}:user:paul`);
    expect((await service.events(accountA)).find(({ principal }) => principal.accessKeyId === made.accessKeyId)).toMatchObject({ principal: { urn: `iam::${accountA}:user:paul`, type: 'User' } });
    expect((await service.identity({ accessKeyId: made.accessKeyId, secretAccessKey: made.secretAccessKey })).status).toBe(401);
    expect((await service.identity({ ...made, secretAccessKey: 'x'.repeat(40) })).status).toBe(401);
    service.clock.set(startOfTest + 3_600_000);
    expect((await service.identity(made)).status).toBe(401);
    service.clock.set(startOfTest);
  });

  it.each<readonly [string, (made: Credentials, token: string) => Promise<unknown>]>([
    ['the key', (made) => service.call(keys.rootA, 'POST', '/v1/revocations', { access_key_id: made.accessKeyId })],
    ['the token', (_made, token) => withToken(service, token, 'delete', tokensPath, undefined, { 'X-Subject-Token': token })],
    ['the user', async () => service.call(keys.rootA, 'POST', '/v1/revocations', { user_id: (await service.composition.services.directory.read(accountA, () => []))?.snapshot.users.named('paul')?.userId })],
  ])('end with %s, and so does what was assumed with them', async (_what, end) => {
    const token = await userToken(service);
    const made = keysOf(await withToken(service, token, 'post', keysPath, tokenKeysBody()));
    const session = await service.session(made, ask(agencies.first));
    expect([(await service.identity(made)).status, (await service.identity(session)).status]).toEqual([200, 200]);
    expect(((await end(made, token)) as Answer).status).toBeLessThan(300);
    expect([(await service.identity(made)).status, (await service.identity(session)).status]).toEqual([401, 401]);
  });

  it('are told about to services by their security token, until they end', async () => {
    const made = keysOf(await withToken(service, await userToken(service), 'post', keysPath, tokenKeysBody()));
    const introspect = async (token: string) => (await service.call(keys.service, 'POST', '/oauth2/introspect', new URLSearchParams({ token }).toString(), { headers: { 'content-type': 'application/x-www-form-urlencoded' } })).body;
    const token = made.securityToken ?? '';
    const now = startOfTest / 1000;
    expect(await introspect(token)).toMatchObject({ active: true, sub: `iam::${accountA}:user:paul`, client_id: `iam::${accountA}:user:paul`, jti: made.accessKeyId, iat: now, exp: now + 900 });
    expect(await introspect(`${token.slice(0, -8)}AAAAAAAA`)).toEqual({ active: false });
    await service.call(keys.rootA, 'POST', '/v1/revocations', { access_key_id: made.accessKeyId });
    expect(await introspect(token)).toEqual({ active: false });
  });

  it('are temporary: what they assume is a chain', async () => {
    const made = keysOf(await withToken(service, await userToken(service), 'post', keysPath, tokenKeysBody()));
    expect([(await service.assume(made, ask(agencies.first, { duration_seconds: 3600 }))).status, (await service.assume(made, ask(agencies.first, { duration_seconds: 3601 }))).body.error_code]).toEqual([200, 'STS5.1104']);
  });

  it('C15: lead by the older ways to no keys that outlive them or last over an hour, and to no token', async () => {
    const token = await userToken(service);
    const short = keysOf(await withToken(service, token, 'post', keysPath, tokenKeysBody({ duration_seconds: 900 })));
    const long = keysOf(await withToken(service, token, 'post', keysPath, tokenKeysBody({ duration_seconds: 86_400 })));
    const statuses = async (held: Credentials, ...asked: readonly number[]): Promise<readonly number[]> => Promise.all(asked.map(async (duration_seconds) => (await create(held, keysBody('to-a', { duration_seconds }))).status));
    expect([await statuses(short, 900, 901, 86_400), await statuses(long, 3600, 3601, 86_400)]).toEqual([[201, 400, 400], [201, 400, 400]]);
    for (const held of [short, long]) expect((await service.call(held, 'POST', tokensPath, agencyTokenBody())).status).toBe(400);
    service.clock.set(startOfTest + 800_000);
    expect(keysOf(await create(short, keysBody())).expiresAt).toBe('2026-01-15T08:45:00.000000Z');
  });

  it('are a delegation, the token itself is none: with it the user gets an agency\'s token and keys for 24 hours', async () => {
    const token = await userToken(service);
    service.clock.set(startOfTest + 80_000_000);
    expect(keysOf(await withToken(service, token, 'post', keysPath, keysBody('to-a', { duration_seconds: 86_400 }))).expiresAt).toBe('2026-01-17T06:43:20.000000Z');
    expect((await withToken(service, token, 'post', tokensPath, agencyTokenBody())).body).toMatchObject({ token: { expires_at: '2026-01-17T06:43:20.000000Z' } });
  });

  it('are narrowed by a session policy, and by the token\'s project', async () => {
    const [token, bound] = [await userToken(service), await userToken(service, { project: { name: 'cn-north-4' } })];
    const assumes = async (from: string, identity: object = {}): Promise<number> => (await service.assume(keysOf(await withToken(service, from, 'post', keysPath, tokenKeysBody({}, identity))), ask(agencies.first))).status;
    expect([await assumes(token), await assumes(token, { policy: policyOf('obs:*:*') }), await assumes(bound)]).toEqual([200, 403, 403]);
  });

  it('have no list of uses: nothing is left of them when they end', async () => {
    const made = keysOf(await withToken(service, await userToken(service), 'post', keysPath, tokenKeysBody()));
    await service.identity(made);
    expect(await service.composition.services.directory.lastUse(accountA, made.accessKeyId)).toBeUndefined();
  });
});

it('no secret and no token stands in any event or line of the log', async () => {
  const token = await agencyToken(service);
  const made = [keysOf(await create(operatorKey, keysBody())), keysOf(await withToken(service, token, 'post', keysPath, tokenKeysBody({ id: await userToken(service) })))];
  await withToken(service, token, 'post', tokensPath, agencyTokenBody());
  const told = JSON.stringify([service.logged, await service.events(accountA), await service.events(accountB)]);
  for (const secret of [token, ...made.flatMap(({ secretAccessKey, securityToken = '' }) => [secretAccessKey, securityToken])]) expect(told.includes(secret)).toBe(false);
});
