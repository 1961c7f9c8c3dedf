// Revocation through the API: what is revoked works nowhere from then on, nor does what descends from it; nothing else is touched.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountB, accountC, accounts, agencies, allow, keys, policy } from '../support/accounts.js';
import { startService, type Answer, type Credentials, type TestService } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts, { STS_RATE_ADDRESS_PER_MINUTE: '1000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '1000000' });
});
afterAll(() => service.stop());

const assume = (credentials: Credentials, agency: string, more: object = {}): Promise<Credentials> =>
  service.session(credentials, { agency_urn: agency, agency_session_name: 'test', ...more });
const works = async (credentials: Credentials): Promise<boolean> => {
  const { status, body } = await service.identity(credentials);
  if (status !== 200 && status !== 401) throw new Error(`${status} ${JSON.stringify(body)}`);
  return status === 200;
};
const revoke = (credentials: Credentials, sessionId: string, body: object = {}): Promise<Answer> => service.call(credentials, 'POST', `/v1/sessions/${sessionId}/revoke`, body);
const revokeAll = (credentials: Credentials, body: object): Promise<Answer> => service.call(credentials, 'POST', '/v1/revocations', body);

async function threeHops(more: object = {}): Promise<{ first: Credentials; second: Credentials; third: Credentials }> {
  const first = await assume(keys.alice, agencies.first, more);
  const second = await assume(first, agencies.second);
  return { first, second, third: await assume(second, agencies.third) };
}
const alive = async (...sessions: readonly Credentials[]): Promise<readonly boolean[]> => Promise.all(sessions.map(works));
const agencyIdOf = async (accountId: string, name: string): Promise<string> => {
  const view = await service.composition.services.directory.read(accountId, () => []);
  return view?.snapshot.agencies.named(name)?.agencyId ?? 'none';
};

describe('a revoked session', () => {
  it('ends with all that descends from it, and nothing else does', async () => {
    const { first, second, third } = await threeHops();
    const sibling = await assume(keys.alice, agencies.first);
    const cousin = await assume(first, agencies.second);
    expect(await revoke(keys.rootB, second.accessKeyId, { reason: 'laptop stolen' })).toMatchObject({
      status: 200, body: { revocation: { session_id: second.accessKeyId, revoked_by: `iam::${accountB}:user:root-b`, reason: 'laptop stolen' } },
    });
    expect(await alive(first, sibling, cousin, second, third)).toEqual([true, true, true, false, false]);
    expect((await service.assume(second, { agency_urn: agencies.third, agency_session_name: 'on' })).status).toBe(401);
    expect((await service.assume(third, { agency_urn: agencies.third, agency_session_name: 'on' })).status).toBe(401);
  });

  it.each([
    ['the account that owns the agency', () => keys.rootB],
    ['the account that it was assumed from', () => keys.rootA],
  ])('is revoked by %s, and both have the event with the reason', async (_name, by) => {
    const { second } = await threeHops();
    const answer = await revoke(by(), second.accessKeyId, { reason: 'drill' });
    expect(answer.status).toBe(200);
    for (const accountId of [accountA, accountB]) {
      const [event] = (await service.events(accountId)).slice(-1);
      expect(event).toMatchObject({ operation: 'RevokeSession', status: 200, request: { session_id: second.accessKeyId, reason: 'drill' }, principal: { accountId: by() === keys.rootA ? accountA : accountB } });
    }
    expect(await works(second)).toBe(false);
  });

  it('cannot be told from one that never existed by an account without a part in it', async () => {
    const { third } = await threeHops();
    const strange = 'HSTAAAAAAAAAAAAAAAAAAA'.slice(0, 20);
    const [foreign, unknown] = await Promise.all([revoke(keys.rootA, third.accessKeyId), revoke(keys.rootA, strange)]);
    expect(foreign.status).toBe(404);
    expect(unknown.status).toBe(404);
    const shape = (answer: Answer, id: string): string => JSON.stringify({ ...answer.body, request_id: '' }).replace(id, 'ID');
    expect(shape(foreign, third.accessKeyId)).toBe(shape(unknown, strange));
    expect(await works(third)).toBe(true);
  });

  it('keeps its first note, however often it is revoked, also after it has expired', async () => {
    const first = await assume(keys.alice, agencies.first, { duration_seconds: 900 });
    const once = await revoke(keys.rootA, first.accessKeyId, { reason: 'one' });
    service.clock.advance(901);
    const twice = await revoke(keys.rootA, first.accessKeyId, { reason: 'two' });
    expect(twice.status).toBe(200);
    expect(twice.body['revocation']).toEqual(once.body['revocation']);
  });

  it('that has expired still ends what descends from it', async () => {
    const first = await assume(keys.alice, agencies.first, { duration_seconds: 900 });
    service.clock.advance(600);
    const second = await assume(first, agencies.second, { duration_seconds: 3600 });
    service.clock.advance(1800);
    expect(await works(second)).toBe(true);
    expect((await revoke(keys.rootA, first.accessKeyId)).status).toBe(200);
    expect(await works(second)).toBe(false);
  });

  it.each([
    ['a user without the permission', () => Promise.resolve(keys.carol), 403],
    ['a session that its session policy keeps from it', () => assume(keys.alice, agencies.first, { policy: JSON.stringify(policy(allow('sts:sessions:list'))) }), 403],
    ['a registered service', () => Promise.resolve(keys.service), 403],
  ])('is not revoked by %s', async (_name, by, status) => {
    const first = await assume(keys.alice, agencies.first);
    expect((await revoke(await by(), first.accessKeyId)).status).toBe(status);
    expect(await works(first)).toBe(true);
  });

  it.each([
    ['/v1/sessions/HSTlower/revoke', {}, '`session_id`'],
    ['/v1/sessions/HSTAAAAAAAAAAAAAAAAA/revoke', { reason: 'x'.repeat(257) }, '`reason`'],
    ['/v1/sessions/HSTAAAAAAAAAAAAAAAAA/revoke', { why: 'x' }, '`body`'],
    ['/v1/revocations', {}, 'exactly one'],
    ['/v1/revocations', { access_key_id: 'HPUAA0000000', user_id: 'x' }, 'exactly one'],
    ['/v1/revocations', { access_key_id: 'HSTAAAAAAAAAAAAAAAAA' }, '`access_key_id`'],
    ['/v1/revocations', { whole_account: false }, '`whole_account`'],
    ['/v1/revocations', { source_identity: 'a b' }, '`source_identity`'],
    ['/v1/revocations', { user_id: 'x', issued_before: 'yesterday' }, '`issued_before`'],
    ['/v1/revocations', { user_id: 'x', issued_before: '2999-01-01T00:00:00Z' }, 'lies in the future'],
    ['/v1/revocations', { user_id: 'x', issued_before: '+292278994-08-17T07:12:55Z' }, '`issued_before`'],
    ['/v1/revocations', { user_id: 'x', issued_before: '1969-12-31T23:59:59Z' }, 'must not lie before 1970'],
  ])('%s with %j is refused, naming the field', async (path, body, text) => {
    const answer = await service.call(keys.rootA, 'POST', path, body);
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'PAP5.1102' } });
    expect(answer.body.error_msg).toContain(text);
  });
});

describe('everything that one subject issued so far', () => {
  /** Which of first, second and third end; `more` is what the chain begins with. */
  const subjects: readonly (readonly [string, () => Promise<readonly [Credentials, object]>, readonly boolean[]])[] = [
    ['the access key of the chain', () => Promise.resolve([keys.rootA, { access_key_id: keys.alice.accessKeyId }]), [false, false, false]],
    ['the user of the chain', async () => [keys.rootA, { user_id: await userIdOf('alice') }], [false, false, false]],
    ['the first agency', async () => [keys.rootA, { agency_id: await agencyIdOf(accountA, 'first') }], [false, false, false]],
    ['the second agency', async () => [keys.rootB, { agency_id: await agencyIdOf(accountB, 'second') }], [true, false, false]],
    ['the first account', () => Promise.resolve([keys.rootA, { whole_account: true }]), [false, false, false]],
    ['the second account', () => Promise.resolve([keys.rootB, { whole_account: true }]), [true, false, false]],
    ['the source identity, by the first account', () => Promise.resolve([keys.rootA, { source_identity: 'alice' }]), [false, false, false]],
    ['the source identity, by the second account', () => Promise.resolve([keys.rootB, { source_identity: 'alice' }]), [true, false, false]],
    ['another access key', () => Promise.resolve([keys.rootA, { access_key_id: keys.bob.accessKeyId }]), [true, true, true]],
    ['another source identity', () => Promise.resolve([keys.rootA, { source_identity: 'bob' }]), [true, true, true]],
    ['an access key that another account names', () => Promise.resolve([keys.rootB, { access_key_id: keys.alice.accessKeyId }]), [true, true, true]],
    ['an agency that another account names', async () => [keys.rootA, { agency_id: await agencyIdOf(accountB, 'second') }], [true, true, true]],
  ];
  const userIdOf = async (name: string): Promise<string> => (await service.composition.services.directory.read(accountA, () => []))?.snapshot.users.named(name)?.userId ?? 'none';

  it.each(subjects)('ends with a revocation of %s', async (_name, subject, expected) => {
    const { first, second, third } = await threeHops({ source_identity: 'alice' });
    const [by, body] = await subject();
    expect((await revokeAll(by, { ...body, reason: 'leak' })).status).toBe(200);
    expect(await alive(first, second, third)).toEqual(expected);
    // What is issued from now on is good, in the very same second.
    const after = await threeHops({ source_identity: 'alice' });
    expect(await alive(after.first, after.second, after.third)).toEqual([true, true, true]);
  });

  it.each(subjects)('before a moment ends with a revocation of %s, and what was issued later does not', async (_name, subject, expected) => {
    const { first, second, third } = await threeHops({ source_identity: 'alice' });
    service.clock.advance(120);
    const moment = new Date(service.clock.now()).toISOString();
    service.clock.advance(120);
    const later = await threeHops({ source_identity: 'alice' });
    const [by, body] = await subject();
    expect(await revokeAll(by, { ...body, issued_before: moment })).toMatchObject({ status: 200, body: { revocation: { issued_before: moment } } });
    expect(await alive(first, second, third)).toEqual(expected);
    expect(await alive(later.first, later.second, later.third)).toEqual([true, true, true]);
  });

  it.each([
    ['a name in place of an id', { user_id: 'alice' }, false], ['a mistyped key', { access_key_id: 'HPUAMISTYPED00000000' }, false],
    ['a key', { access_key_id: keys.bob.accessKeyId }, true], ['the account', { whole_account: true }, true], ['a source identity', { source_identity: 'someone' }, undefined],
  ])('tells whether the account has it: %s', async (_name, body, exists) => {
    expect((await revokeAll(keys.rootB, body)).body['revocation']).toMatchObject({ subject: expect.any(String) as string });
    expect(((await revokeAll(keys.rootA, body)).body['revocation'] as { exists?: boolean }).exists).toBe(exists);
  });

  it('of several moments the latest counts', async () => {
    const first = await assume(keys.bob, agencies.first);
    service.clock.advance(60);
    const second = await assume(keys.bob, agencies.first);
    const at = new Date(service.clock.now() + 30_000).toISOString();
    const early = new Date(service.clock.now() - 30_000).toISOString();
    service.clock.advance(120);
    for (const moment of [at, early]) expect((await revokeAll(keys.rootA, { access_key_id: keys.bob.accessKeyId, issued_before: moment })).status).toBe(200);
    expect(await alive(first, second)).toEqual([false, false]);
  });

  it('is written for 100 moments of an account at a time, and of what ends nothing any more not at all', async () => {
    const moment = (days: number): string => new Date(service.clock.now() - days * 86_400_000).toISOString();
    const ancient = Array.from({ length: 3 }, (_, index) => revokeAll(keys.rootB, { user_id: `ancient-${index}`, issued_before: moment(8) }));
    expect((await Promise.all(ancient)).map(({ status }) => status)).toEqual([200, 200, 200]);
    const { boundaries } = await service.composition.services.directory.readEpochs(accountB, []);
    for (let index = boundaries.of.size; index < 100; index += 1) expect((await revokeAll(keys.rootB, { user_id: `made-up-${index}`, issued_before: moment(1) })).status).toBe(200);
    expect(await revokeAll(keys.rootB, { user_id: 'one-more', issued_before: moment(1) })).toMatchObject({ status: 409, body: { error_code: 'PAP5.1202' } });
    expect((await revokeAll(keys.rootB, { user_id: 'made-up-99', issued_before: moment(0.5) })).status).toBe(200);
    service.clock.advance(8 * 86_400);
    expect((await revokeAll(keys.rootB, { user_id: 'one-more', issued_before: moment(1) })).status).toBe(200);
  });

  it('dies by a revocation that is made again, whoever got a session in between a lost one and that', async () => {
    const state = service.composition.names.accountState(accountA);
    const field = `key:${keys.bob.accessKeyId}`;
    const before = await service.redis.hget(state, field);
    expect((await revokeAll(keys.rootA, { access_key_id: keys.bob.accessKeyId })).status).toBe(200);
    const between = await assume(keys.bob, agencies.first);
    // As a failover leaves it that lost the first one, which nobody acknowledged.
    await (before === null ? service.redis.hdel(state, field) : service.redis.hset(state, field, before));
    expect(await works(between)).toBe(false);
    expect((await revokeAll(keys.rootA, { access_key_id: keys.bob.accessKeyId })).status).toBe(200);
    expect(await works(between)).toBe(false);
  });

  it('of a key that was deleted first ends too', async () => {
    const view = await service.composition.services.directory.read(accountA, () => []);
    const aliceId = view?.snapshot.users.named('alice')?.userId ?? '';
    const created = await service.call(keys.rootA, 'POST', `/v5/users/${aliceId}/access-keys`);
    const { access_key_id: accessKeyId, secret_access_key: secretAccessKey } = created.body['access_key'] as { access_key_id: string; secret_access_key: string };
    const session = await assume({ accessKeyId, secretAccessKey }, agencies.first);
    expect((await service.call(keys.rootA, 'DELETE', `/v5/users/${aliceId}/access-keys/${accessKeyId}`)).status).toBeLessThan(300);
    expect(await works(session)).toBe(true);
    expect((await revokeAll(keys.rootA, { access_key_id: accessKeyId })).status).toBe(200);
    expect(await works(session)).toBe(false);
  });

  it('of a whole account leaves the permanent keys as they are', async () => {
    expect((await revokeAll(keys.rootB, { whole_account: true })).status).toBe(200);
    expect(await works(keys.rootB)).toBe(true);
  });
});

describe('races', () => {
  it('of 200 chained calls against one revocation: nothing of what they obtained works when it has returned', async () => {
    const first = await assume(keys.alice, agencies.first);
    const parents = [first, ...(await Promise.all(Array.from({ length: 9 }, () => assume(first, agencies.second))))];
    const calls = Array.from({ length: 200 }, (_, index) => {
      const parent = parents[index % parents.length] ?? first;
      return service.assume(parent, { agency_urn: parent === first ? agencies.second : agencies.third, agency_session_name: `race-${index}` });
    });
    // In the midst of them.
    await sleep(30);
    expect((await revoke(keys.rootA, first.accessKeyId)).status).toBe(200);
    const answers = await Promise.all(calls);
    const obtained = answers.flatMap(({ status, body }) => (status === 200 && body.credentials !== undefined
      ? [{ accessKeyId: body.credentials.access_key_id, secretAccessKey: body.credentials.secret_access_key, securityToken: body.credentials.security_token }] : []));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(obtained.length === 0 ? [401] : obtained.length === 200 ? [200] : [200, 401]));
    expect((await alive(...obtained, ...parents)).filter((works) => works)).toEqual([]);
  });
});

describe('RFC 7009', () => {
  const form = (credentials: Credentials, members: Record<string, string>, type = 'application/x-www-form-urlencoded'): Promise<Answer> =>
    service.call(credentials, 'POST', '/oauth2/revoke', new URLSearchParams(members).toString(), { headers: { 'content-type': type } });
  const tokenOf = ({ securityToken }: Credentials): string => securityToken ?? '';

  it('a session ends itself, whatever it may do else', async () => {
    const { second, third } = await threeHops();
    expect((await form(second, { token: tokenOf(second), token_type_hint: 'access_token', client: 'ignored' })).status).toBe(200);
    expect(await alive(second, third)).toEqual([false, false]);
    expect((await service.events(accountB)).at(-1)).toMatchObject({ operation: 'RevokeToken', resource: `sts::${accountB}:session:${second.accessKeyId}` });
  });

  it('principals of its two accounts end it with the permission, and nobody else', async () => {
    const { second } = await threeHops();
    expect((await form(keys.carol, { token: tokenOf(second) })).status).toBe(403);
    const third = await assume(second, agencies.third);
    expect((await form(keys.rootA, { token: tokenOf(third) })).status).toBe(403);
    expect(await alive(second, third)).toEqual([true, true]);
    expect((await form(keys.rootA, { token: tokenOf(second) })).status).toBe(200);
    expect(await alive(second, third)).toEqual([false, false]);
  });

  it('what is no good token is answered as done', async () => {
    const first = await assume(keys.alice, agencies.first);
    const bent = `${tokenOf(first).slice(0, -4)}AAAA`;
    for (const token of ['x', bent, 'a.b.c']) expect((await form(keys.rootA, { token })).status).toBe(200);
    expect(await works(first)).toBe(true);
    await revoke(keys.rootA, first.accessKeyId);
    expect((await form(keys.rootA, { token: tokenOf(first) })).status).toBe(200);
  });

  it('the form is a form, each member once, and no token reaches the audit', async () => {
    const first = await assume(keys.alice, agencies.first);
    expect((await form(keys.rootA, { token: tokenOf(first) }, 'application/json')).status).toBe(400);
    expect((await form(keys.rootA, {})).body.error_msg).toContain('`token`: is required');
    expect((await service.call(keys.rootA, 'POST', '/oauth2/revoke', 'token=a&token=b', { headers: { 'content-type': 'application/x-www-form-urlencoded' } })).body.error_msg).toContain('is given twice');
    expect((await form(keys.rootA, { token: tokenOf(first) })).status).toBe(200);
    expect(JSON.stringify(await service.events(accountA))).not.toContain(tokenOf(first));
  });
});

describe('disabling and deleting', () => {
  const settings = (body?: object): Promise<Answer> => service.call(keys.rootA, body === undefined ? 'GET' : 'PUT', '/v1/session-settings', body);
  const bob = async (): Promise<string> => (await service.composition.services.directory.read(accountA, () => []))?.snapshot.users.named('bob')?.userId ?? '';

  it.each([
    [false, 'the user is disabled', async () => service.call(keys.rootA, 'PUT', `/v5/users/${await bob()}`, { enabled: false })],
    [false, 'the key is switched off', async () => service.call(keys.rootA, 'PUT', `/v5/users/${await bob()}/access-keys/${keys.bob.accessKeyId}`, { status: 'inactive' })],
    [true, 'the user is disabled', async () => service.call(keys.rootA, 'PUT', `/v5/users/${await bob()}`, { enabled: false })],
    [true, 'the key is switched off', async () => service.call(keys.rootA, 'PUT', `/v5/users/${await bob()}/access-keys/${keys.bob.accessKeyId}`, { status: 'inactive' })],
  ])('with revoke_on_disable %j, %s: sessions end only if so', async (isOn, _name, disable) => {
    expect(await settings({ revoke_on_disable: isOn })).toMatchObject({ status: 200, body: { revoke_on_disable: isOn } });
    expect((await settings()).body).toEqual({ revoke_on_disable: isOn });
    const session = await assume(keys.bob, agencies.first);
    expect((await disable()).status).toBe(200);
    expect(await works(session)).toBe(!isOn);
    await service.call(keys.rootA, 'PUT', `/v5/users/${await bob()}`, { enabled: true });
    await service.call(keys.rootA, 'PUT', `/v5/users/${await bob()}/access-keys/${keys.bob.accessKeyId}`, { status: 'active' });
    // Who comes back does not bring the old sessions back.
    expect(await works(session)).toBe(!isOn);
    expect(await works(await assume(keys.bob, agencies.first))).toBe(true);
  });

  it('an agency that is deleted takes its sessions along in any case', async () => {
    expect((await settings({ revoke_on_disable: false })).status).toBe(200);
    const { third } = await threeHops();
    const view = await service.composition.services.directory.read(accountC, () => []);
    const agency = view?.snapshot.agencies.named('third');
    expect(view).toBeDefined();
    const { store } = service.composition;
    await store.commit({
      callerAccountId: accountC, guards: [], unmarkedSessions: [], events: [],
      changes: [{ accountId: accountC, expectedRevision: view?.snapshot.revision, put: [], remove: [`agency:${agency?.agencyId ?? ''}`] }],
    });
    expect(await works(third)).toBe(false);
  });
});
