// Access keys over HTTP: each is good from its creation to its end, and its secret is told once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, keys } from '../support/accounts.js';
import { startOfTest, startService, type Answer, type Credentials, type TestService } from '../support/service.js';
import { absentId, account, allPages, items, managedAccounts, manager, managingSession, narrowedRefusal, newAccessKey, newUser, partial, refusal, setQuotas, someText, text } from './managed.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(managedAccounts);
  await setQuotas(service, {});
});
afterAll(() => service.stop());

const keysPath = (userId: string): string => `/v5/users/${userId}/access-keys`;
const create = (userId: string, caller: Credentials = manager): Promise<Answer> => service.call(caller, 'POST', keysPath(userId));
const setStatus = (userId: string, accessKeyId: string, status: string, caller: Credentials = manager): Promise<Answer> =>
  service.call(caller, 'PUT', `${keysPath(userId)}/${accessKeyId}`, { status });
const unknown: Credentials = { accessKeyId: 'HPUAUNKNOWN00000000A', secretAccessKey: 'x'.repeat(40) };
const idOf = async (userName: string): Promise<string> => (await account(service)).users.named(userName)?.userId ?? '';

describe('an access key', () => {
  it('is created, listed, switched and deleted in the documented shapes', async () => {
    const userId = await newUser(service, 'shapes');
    const created = await create(userId);
    const id = text(created, 'access_key', 'access_key_id');
    const secret = text(created, 'access_key', 'secret_access_key');
    const key = { user_id: userId, access_key_id: id, created_at: new Date(startOfTest).toISOString(), status: 'active' };
    expect([created.status, created.body]).toEqual([201, { access_key: { ...key, secret_access_key: secret } }]);
    expect(id).toMatch(/^HPUA[A-Z2-7]{16}$/);
    expect(secret).toMatch(/^[\w-]{40}$/);
    const listed = await service.call(manager, 'GET', keysPath(userId));
    expect([listed.status, listed.body]).toEqual([200, { access_keys: [key], page_info: { current_count: 1 } }]);
    const switched = await setStatus(userId, id, 'inactive');
    expect([switched.status, switched.body]).toEqual([200, { access_key: { ...key, status: 'inactive' } }]);
    const removed = await service.call(manager, 'DELETE', `${keysPath(userId)}/${id}`);
    expect([removed.status, removed.body]).toEqual([204, {}]);
    expect((await service.call(manager, 'GET', keysPath(userId))).body).toEqual({ access_keys: [], page_info: { current_count: 0 } });
  });

  it('works from its creation, as the user it was made for', async () => {
    const credentials = await newAccessKey(service, await newUser(service, 'worker'));
    expect(await service.identity(credentials)).toMatchObject({ status: 200, body: { account_id: accountA, principal_urn: `iam::${accountA}:user:worker` } });
  });

  it('that is inactive or deleted answers as an unknown one does, at once', async () => {
    const userId = await newUser(service, 'ended');
    const credentials = await newAccessKey(service, userId);
    const expected = refusal(await service.identity(unknown));
    expect(expected.slice(0, 2)).toEqual([401, 'APIGW.0301']);

    expect(await service.identity(credentials)).toMatchObject({ status: 200 });
    await setStatus(userId, credentials.accessKeyId, 'inactive');
    expect(refusal(await service.identity(credentials))).toEqual(expected);
    await setStatus(userId, credentials.accessKeyId, 'active');
    expect(await service.identity(credentials)).toMatchObject({ status: 200 });
    await service.call(manager, 'DELETE', `${keysPath(userId)}/${credentials.accessKeyId}`);
    expect(refusal(await service.identity(credentials))).toEqual(expected);
  });

  it('of a user that is disabled can be made, and works when the user is enabled', async () => {
    const userId = await newUser(service, 'sleeper', false);
    const credentials = await newAccessKey(service, userId);
    expect(await service.identity(credentials)).toMatchObject({ status: 401 });
    await service.call(manager, 'PUT', `/v5/users/${userId}`, { enabled: true });
    expect(await service.identity(credentials)).toMatchObject({ status: 200 });
  });

  it('can end itself', async () => {
    const credentials = await newAccessKey(service, await idOf('manager'));
    expect(await service.call(credentials, 'DELETE', `${keysPath(await idOf('manager'))}/${credentials.accessKeyId}`)).toMatchObject({ status: 204 });
    expect(await service.identity(credentials)).toMatchObject({ status: 401 });
  });

  it('has two at most of its kind, inactive ones included, also when they are made at once', async () => {
    const userId = await newUser(service, 'collector');
    const answers = await Promise.all([1, 2, 3, 4].map(() => create(userId)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409]);
    const [first] = items(await service.call(manager, 'GET', keysPath(userId)), 'access_keys').map((key) => String(key['access_key_id']));
    await setStatus(userId, first ?? '', 'inactive');
    expect(await create(userId)).toMatchObject({ status: 409, body: { error_code: 'PAP5.1202', error_msg: 'the quota is reached: access keys of a user 2 at most, and `collector` has 2' } });
    await service.call(manager, 'DELETE', `${keysPath(userId)}/${first ?? ''}`);
    expect(await create(userId)).toMatchObject({ status: 201 });
  });

  it('is listed page by page, those of other users left out, and a marker is good for its own list only', async () => {
    const userId = await newUser(service, 'two-keys');
    const other = await newUser(service, 'other-keys');
    const made = [await newAccessKey(service, userId), await newAccessKey(service, other), await newAccessKey(service, userId)];
    const listed = await allPages(service, `${keysPath(userId)}?limit=1`, 'access_keys');
    expect(listed.map((key) => key['access_key_id']).toSorted()).toEqual([made[0]?.accessKeyId, made[2]?.accessKeyId].toSorted());
    const page = await service.call(manager, 'GET', `${keysPath(userId)}?limit=1`);
    expect(await service.call(manager, 'GET', `${keysPath(other)}?marker=${text(page, 'page_info', 'next_marker')}`)).toMatchObject({ status: 400, body: { error_code: 'PAP5.0010' } });
  });
});

describe('the last use', () => {
  const lastUse = async (userId: string, { accessKeyId }: Credentials): Promise<Answer> => service.call(manager, 'GET', `${keysPath(userId)}/${accessKeyId}/last-used`);

  it('is absent for a key that was never used, and then to a minute', async () => {
    const userId = await newUser(service, 'seldom');
    const used = await newAccessKey(service, userId);
    const unused = await newAccessKey(service, userId);
    const before = await lastUse(userId, used);
    expect([before.status, before.body]).toEqual([200, { access_key_last_used: {} }]);
    const firstUse = service.clock.now();
    await service.identity(used);
    expect((await lastUse(userId, used)).body).toEqual({ access_key_last_used: { last_used_at: new Date(firstUse).toISOString() } });
    service.clock.advance(59);
    await service.identity(used);
    expect((await lastUse(userId, used)).body).toEqual({ access_key_last_used: { last_used_at: new Date(firstUse).toISOString() } });
    service.clock.advance(1);
    await service.identity(used);
    expect((await lastUse(userId, used)).body).toEqual({ access_key_last_used: { last_used_at: new Date(firstUse + 60_000).toISOString() } });
    expect((await lastUse(userId, unused)).body).toEqual({ access_key_last_used: {} });
  });

  it('is not told of a key that is another user\'s', async () => {
    const userId = await newUser(service, 'asked');
    const foreign = await newAccessKey(service, await newUser(service, 'not-asked'));
    expect(await lastUse(userId, foreign)).toMatchObject({ status: 404 });
  });
});

describe('a request is refused', () => {
  it('for a key of another user as for one that does not exist', async () => {
    const userId = await newUser(service, 'owner');
    const foreign = await newAccessKey(service, await newUser(service, 'stranger'));
    for (const id of [foreign.accessKeyId, unknown.accessKeyId]) {
      const notFound = { status: 404, body: { error_code: 'PAP5.0012', error_msg: `the user \`owner\` has no access key \`${id}\`` } };
      expect(await setStatus(userId, id, 'inactive')).toMatchObject(notFound);
      expect(await service.call(manager, 'DELETE', `${keysPath(userId)}/${id}`)).toMatchObject(notFound);
      expect(await service.call(manager, 'GET', `${keysPath(userId)}/${id}/last-used`)).toMatchObject(notFound);
    }
    expect(await service.identity(foreign)).toMatchObject({ status: 200 });
  });

  it('for a user that does not exist', async () => {
    const calls = [create(absentId), service.call(manager, 'GET', keysPath(absentId)), setStatus(absentId, unknown.accessKeyId, 'active'), service.call(manager, 'DELETE', `${keysPath(absentId)}/${unknown.accessKeyId}`)];
    for (const answer of await Promise.all(calls)) expect(answer).toMatchObject({ status: 404, body: { error_msg: `the user \`${absentId}\` cannot be found` } });
  });

  it.each<[status: unknown, message: string]>([
    ['on', '`status`: must be `active` or `inactive`'], [true, '`status`: must be `active` or `inactive`'], [undefined, '`status`: is required'],
  ])('to set the status %j', async (status, message) => {
    const userId = await idOf('alice');
    expect(await service.call(manager, 'PUT', `${keysPath(userId)}/${keys.alice.accessKeyId}`, { status })).toMatchObject({ status: 400, body: { error_code: 'PAP5.1102', error_msg: message } });
  });

  it.each(['short', 'HPUA-1234567890', 'a'.repeat(41)])('for the malformed key id %s', async (id) => {
    expect(await service.call(manager, 'DELETE', `${keysPath(await idOf('alice'))}/${id}`)).toMatchObject({ status: 400, body: { error_msg: '`access_key_id`: must be 8 to 40 letters or digits' } });
  });
});

describe('access keys of the root user', () => {
  it('are managed by the root user only, and seen by whoever may', async () => {
    const rootId = await idOf('root-a');
    const refused = { status: 403, body: { error_code: 'PAP5.0001', error_msg: 'access keys and MFA devices of the root user are managed by the root user itself only' } };
    for (const caller of [manager, await managingSession(service, false)]) {
      expect(await create(rootId, caller)).toMatchObject(refused);
      expect(await setStatus(rootId, keys.rootA.accessKeyId, 'inactive', caller)).toMatchObject(refused);
      expect(await service.call(caller, 'DELETE', `${keysPath(rootId)}/${keys.rootA.accessKeyId}`)).toMatchObject(refused);
      expect(await service.call(caller, 'GET', keysPath(rootId))).toMatchObject({ status: 200, body: { access_keys: [{ access_key_id: keys.rootA.accessKeyId }] } });
    }
    const second = await create(rootId, keys.rootA);
    const credentials = { accessKeyId: text(second, 'access_key', 'access_key_id'), secretAccessKey: text(second, 'access_key', 'secret_access_key') };
    expect(await service.identity(credentials)).toMatchObject({ status: 200, body: { principal_urn: `iam::${accountA}:user:root-a` } });
    expect(await service.call(credentials, 'DELETE', `${keysPath(rootId)}/${credentials.accessKeyId}`)).toMatchObject({ status: 204 });
  });
});

describe('permission', () => {
  it('is asked for before anything is told of what exists, and for the own keys, too', async () => {
    const carolId = await idOf('carol');
    for (const userId of [carolId, absentId]) {
      const path = `${keysPath(userId)}/${keys.carol.accessKeyId}`;
      const calls = [
        create(userId, keys.carol), service.call(keys.carol, 'GET', keysPath(userId)), setStatus(userId, keys.carol.accessKeyId, 'inactive', keys.carol),
        service.call(keys.carol, 'DELETE', path), service.call(keys.carol, 'GET', `${path}/last-used`),
      ];
      for (const answer of await Promise.all(calls)) expect(answer).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001', encoded_authorization_message: someText } });
    }
  });

  it('can be for some users by their names', async () => {
    const own = await newUser(service, 'own-keys');
    expect(await create(own, partial)).toMatchObject({ status: 201 });
    expect(await create(await idOf('alice'), partial)).toMatchObject({ status: 403 });
  });

  it('to make or switch a key is not a narrowed session\'s: it would outlast it', async () => {
    const userId = await newUser(service, 'of-sessions');
    const { accessKeyId } = await newAccessKey(service, userId);
    const narrowed = await managingSession(service, true);
    expect(await create(userId, narrowed)).toMatchObject(narrowedRefusal);
    expect(await setStatus(userId, accessKeyId, 'active', narrowed)).toMatchObject(narrowedRefusal);
    expect(await create(userId, await managingSession(service, false))).toMatchObject({ status: 201 });
    expect(await service.call(narrowed, 'DELETE', `${keysPath(userId)}/${accessKeyId}`)).toMatchObject({ status: 204 });
  });
});

describe('the secret', () => {
  it('is in the answer that made the key, and neither in the audit nor in the directory', async () => {
    const userId = await newUser(service, 'secretive');
    const created = await create(userId);
    const secret = text(created, 'access_key', 'secret_access_key');
    const refused = await create(userId, keys.carol);
    const stored = JSON.stringify([await account(service), (await account(service)).accessKeys.values()]);
    const raw = (await Promise.all((await service.redis.keys('*entities*')).map((key) => service.redis.hgetall(key)))).map((fields) => JSON.stringify(fields)).join();
    expect(raw).toContain(text(created, 'access_key', 'access_key_id'));
    const events = await service.events(accountA);
    for (const place of [stored, raw, JSON.stringify(events), JSON.stringify(service.logged)]) expect(place).not.toContain(secret);
    expect(events.filter(({ requestId }) => requestId === created.headers['x-request-id'])).toMatchObject([
      { operation: 'CreateAccessKeyV5', status: 201, decision: 'allowed', resource: `iam::${accountA}:user:secretive`, request: { user_id: userId } },
    ]);
    expect(events.filter(({ requestId }) => requestId === refused.headers['x-request-id'])).toMatchObject([{ operation: 'CreateAccessKeyV5', status: 403, principal: { userName: 'carol' } }]);
  });
});
