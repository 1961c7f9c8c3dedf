// Users over HTTP: what each operation answers, and when it refuses.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, keys } from '../support/accounts.js';
import { startOfTest, startService, type TestService } from '../support/service.js';
import { absentId, account, allPages, attach, careful, items, like, managedAccounts, manager, managingSession, narrowedRefusal, newAccessKey, newUser, partial, refusal, setQuotas, someText, text } from './managed.js';

let service: TestService;
let rootId: string;
let aliceId: string;
beforeAll(async () => {
  service = await startService(managedAccounts);
  await setQuotas(service, {});
  const users = items(await service.call(manager, 'GET', '/v5/users'), 'users');
  const idOf = (name: string): string => String(users.find((user) => user['user_name'] === name)?.['user_id']);
  rootId = idOf('root-a');
  aliceId = idOf('alice');
});
afterAll(() => service.stop());

const urn = (name: string): string => `iam::${accountA}:user:${name}`;

describe('a user', () => {
  it('is created, shown, changed and deleted in the documented shapes', async () => {
    const created = await service.call(manager, 'POST', '/v5/users', { name: 'dora', enabled: false, description: 'on leave', unknown: 1 });
    const id = text(created, 'user', 'user_id');
    const user = { user_id: id, user_name: 'dora', urn: urn('dora'), enabled: false, is_root_user: false, created_at: new Date(startOfTest).toISOString(), description: 'on leave' };
    expect(created).toMatchObject({ status: 201, body: { user } });
    expect(created.body).toEqual({ user });
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect((await service.call(manager, 'GET', `/v5/users/${id}`)).body).toEqual({ user: { ...user, tags: [] } });

    const changed = { ...user, user_name: 'Dora M. 2', urn: urn('Dora M. 2'), enabled: true, description: '' };
    const updated = await service.call(manager, 'PUT', `/v5/users/${id}`, { new_user_name: 'Dora M. 2', new_description: '', enabled: true });
    expect([updated.status, updated.body]).toEqual([200, { user: changed }]);
    expect((await service.call(manager, 'PUT', `/v5/users/${id}`, {})).body).toEqual({ user: changed });
    expect((await service.call(manager, 'PUT', `/v5/users/${id}`, { new_user_name: 'Dora M. 2' })).body).toEqual({ user: changed });

    const removed = await service.call(manager, 'DELETE', `/v5/users/${id}`);
    expect([removed.status, removed.body]).toEqual([204, {}]);
    expect(await service.call(manager, 'GET', `/v5/users/${id}`)).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012', error_msg: `the user \`${id}\` cannot be found` } });
  });

  it('is shown with its tags', async () => {
    expect(await service.call(manager, 'GET', `/v5/users/${aliceId}`)).toMatchObject({ status: 200, body: { user: { user_name: 'alice', tags: [{ tag_key: 'dept', tag_value: 'platform' }] } } });
  });

  it('has never logged in', async () => {
    const answer = await service.call(manager, 'GET', `/v5/users/${aliceId}/last-login`);
    expect([answer.status, answer.body]).toEqual([200, { user_last_login: {} }]);
  });

  it('leaves its old name to others when it is renamed', async () => {
    const id = await newUser(service, 'renamed');
    await service.call(manager, 'PUT', `/v5/users/${id}`, { new_user_name: 'renamed.2' });
    expect(await service.call(manager, 'POST', '/v5/users', { name: 'renamed', enabled: true })).toMatchObject({ status: 201 });
    expect(await service.call(manager, 'PUT', `/v5/users/${id}`, { new_user_name: 'renamed' })).toMatchObject({ status: 409, body: { error_code: 'PAP5.1201' } });
  });

  it('that is disabled cannot call from then on, and can again when it is enabled', async () => {
    const id = await newUser(service, 'switched');
    const credentials = await newAccessKey(service, id);
    expect(await service.identity(credentials)).toMatchObject({ status: 200, body: { principal_urn: urn('switched') } });
    await service.call(manager, 'PUT', `/v5/users/${id}`, { enabled: false });
    const refused = await service.identity(credentials);
    expect(refused.status).toBe(401);
    expect(refusal(refused)).toEqual(refusal(await service.identity({ ...credentials, accessKeyId: 'HPUAUNKNOWN00000000A' })));
    await service.call(manager, 'PUT', `/v5/users/${id}`, { enabled: true });
    expect(await service.identity(credentials)).toMatchObject({ status: 200 });
  });

  it('takes its access keys and its MFA device along when it is deleted', async () => {
    const id = await newUser(service, 'leaver');
    const credentials = await newAccessKey(service, id);
    const device = await service.call(manager, 'POST', '/v5/virtual-mfa-devices', { virtual_mfa_device_name: 'leaver', user_id: id });
    expect(await service.identity(credentials)).toMatchObject({ status: 200 });
    expect(await service.call(manager, 'DELETE', `/v5/users/${id}`)).toMatchObject({ status: 204 });
    expect(refusal(await service.identity(credentials))).toEqual(refusal(await service.identity({ ...credentials, accessKeyId: 'HPUAUNKNOWN00000000A' })));
    const { accessKeys, mfaDevices } = await account(service);
    expect(accessKeys.has(credentials.accessKeyId)).toBe(false);
    expect(mfaDevices.has(text(device, 'virtual_mfa_device', 'serial_number'))).toBe(false);
  });

  it('is not deleted while it has policies or is in groups', async () => {
    const id = await newUser(service, 'busy');
    await attach(service, 'user', id, 'read-objects');
    expect(await service.call(manager, 'DELETE', `/v5/users/${id}`)).toMatchObject({
      status: 409, body: { error_code: 'PAP5.1203', error_msg: 'the user `busy` has 1 attached policies and is in 0 groups: detach them and take it out of the groups first' },
    });
    expect(await service.call(manager, 'DELETE', `/v5/users/${aliceId}`)).toMatchObject({ status: 409, body: { error_msg: 'the user `alice` has 0 attached policies and is in 1 groups: detach them and take it out of the groups first' } });
    expect(await service.call(manager, 'GET', `/v5/users/${id}`)).toMatchObject({ status: 200 });
  });
});

describe('the root user', () => {
  it.each<[what: string, make: () => ReturnType<TestService['call']>, message: string]>([
    ['deleted', () => service.call(manager, 'DELETE', `/v5/users/${rootId}`), 'the root user cannot be deleted'],
    ['deleted by itself', () => service.call(keys.rootA, 'DELETE', `/v5/users/${rootId}`), 'the root user cannot be deleted'],
    ['disabled', () => service.call(keys.rootA, 'PUT', `/v5/users/${rootId}`, { enabled: false }), 'the root user cannot be disabled'],
  ])('cannot be %s', async (_what, make, message) => {
    expect(await make()).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001', error_msg: message } });
    expect(await service.call(manager, 'GET', `/v5/users/${rootId}`)).toMatchObject({ status: 200, body: { user: { user_name: 'root-a', is_root_user: true, enabled: true } } });
  });
});

describe('the name and the description of the root user', () => {
  it.each([{ new_user_name: 'boss' }, { new_description: 'the boss' }, { new_user_name: 'boss', enabled: true }])('%j can be changed only by the root user itself', async (update) => {
    const refused = { status: 403, body: { error_code: 'PAP5.0001', error_msg: 'the name and the description of the root user can be changed only by the root user itself' } };
    for (const caller of [manager, await managingSession(service, false)]) expect(await service.call(caller, 'PUT', `/v5/users/${rootId}`, update)).toMatchObject(refused);
    expect((await account(service)).users.get(rootId)).toMatchObject({ userName: 'root-a', description: '' });
    expect(await service.call(manager, 'PUT', `/v5/users/${rootId}`, { enabled: true })).toMatchObject({ status: 200 });
    expect(await service.call(keys.rootA, 'PUT', `/v5/users/${rootId}`, update)).toMatchObject({ status: 200, body: { user: { is_root_user: true } } });
    expect(await service.call(keys.rootA, 'PUT', `/v5/users/${rootId}`, { new_user_name: 'root-a', new_description: '' })).toMatchObject({ status: 200, body: { user: { user_name: 'root-a' } } });
  });
});

describe('the list of users', () => {
  it('has them in the order of their creation, whatever comes and goes between its pages', async () => {
    const before = (await account(service)).users.values().map(({ userName }) => userName);
    let made = 0;
    const listed = await allPages(service, '/v5/users?limit=3', 'users', async () => {
      made += 1;
      service.clock.advance(1);
      const passing = await newUser(service, `passing-${made}`);
      await service.call(manager, 'DELETE', `/v5/users/${passing}`);
    });
    expect(listed.map((user) => user['user_name'])).toEqual(before);
  });

  it('tells how many it shows, and where to go on', async () => {
    const page = await service.call(manager, 'GET', '/v5/users?limit=2');
    expect(page.body).toMatchObject({ page_info: { current_count: 2, next_marker: like(/^[A-Za-z0-9+/=_-]{4,400}$/) } });
    expect(items(page, 'users')).toHaveLength(2);
    const whole = await service.call(manager, 'GET', '/v5/users?limit=200');
    expect(whole.body['page_info']).toEqual({ current_count: items(whole, 'users').length });
  });

  it('can be that of one group', async () => {
    const [group] = items(await service.call(manager, 'GET', `/v5/groups?user_id=${aliceId}`), 'groups');
    const members = await service.call(manager, 'GET', `/v5/users?group_id=${String(group?.['group_id'])}`);
    expect(items(members, 'users').map((user) => user['user_name'])).toEqual(['alice']);
    expect(await service.call(manager, 'GET', `/v5/users?group_id=${absentId}`)).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012' } });
  });
});

describe('a request is refused', () => {
  it.each<[fields: object, message: RegExp]>([
    [{ enabled: true }, /^`name`: is required$/],
    [{ name: 'x' }, /^`enabled`: is required$/],
    [{ name: 'x', enabled: 'true' }, /^`enabled`: must be of type boolean$/],
    [{ name: 7, enabled: true }, /^`name`: must be of type string$/],
    [{ name: '', enabled: true }, /^`name`: must be 1 to 64 letters, digits, blanks or _-\. and not begin with a digit$/],
    [{ name: '1st', enabled: true }, /^`name`: must be/],
    [{ name: 'a'.repeat(65), enabled: true }, /^`name`: must be/],
    ...['a*', 'a/b', 'a:b', 'a@b', 'a${x}', 'a\n'].map((name): [object, RegExp] => [{ name, enabled: true }, /^`name`: must be/]),
    [{ name: 'x', enabled: true, description: 'd'.repeat(256) }, /^`description`: must be 0 to 255 characters long$/],
    ...Array.from('@#%&<>\\$^*').map((sign): [object, RegExp] => [{ name: 'x', enabled: true, description: `a${sign}` }, /^`description`: must not hold any of @#%&<>\\\$\^\*$/]),
  ])('to create %j', async (fields, message) => {
    const refused = await service.call(manager, 'POST', '/v5/users', fields);
    expect(refused).toMatchObject({ status: 400, body: { error_code: 'PAP5.1102' } });
    expect(refused.body.error_msg).toMatch(message);
  });

  it.each<[fields: object, field: string]>([
    [{ new_user_name: '9x' }, 'new_user_name'], [{ new_description: '<b>' }, 'new_description'], [{ enabled: null }, 'enabled'],
  ])('to change a user to %j', async (fields, field) => {
    const refused = await service.call(manager, 'PUT', `/v5/users/${aliceId}`, fields);
    expect(refused).toMatchObject({ status: 400, body: { error_code: 'PAP5.1102' } });
    expect(refused.body.error_msg).toContain(`\`${field}\`: `);
  });

  it.each<[path: string, status: number, code: string]>([
    ['/v5/users?limit=0', 400, 'PAP5.1102'], ['/v5/users?limit=201', 400, 'PAP5.1102'], ['/v5/users?marker=AAAAAAAA', 400, 'PAP5.0010'],
    ['/v5/users?group_id=a_b', 400, 'PAP5.1102'], ['/v5/users/a_b', 400, 'PAP5.1102'], [`/v5/users/${absentId}`, 404, 'PAP5.0012'], [`/v5/users/${absentId}/last-login`, 404, 'PAP5.0012'],
  ])('for %s: %d', async (path, status, code) => {
    expect(await service.call(manager, 'GET', path)).toMatchObject({ status, body: { error_code: code } });
  });

  it.each(['PUT', 'DELETE'] as const)('to %s a user that does not exist', async (method) => {
    const refused = await service.call(manager, method, `/v5/users/${absentId}`, ...(method === 'PUT' ? [{}] : []));
    expect(refused).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012', error_msg: `the user \`${absentId}\` cannot be found` } });
  });

  it('for a name that a user has, root included', async () => {
    for (const name of ['alice', 'root-a']) {
      expect(await service.call(manager, 'POST', '/v5/users', { name, enabled: true })).toMatchObject({ status: 409, body: { error_code: 'PAP5.1201', error_msg: `the user name \`${name}\` is already in use` } });
    }
  });

  it('at the quota, the root user included', async () => {
    const held = (await account(service)).users.size;
    await setQuotas(service, { users: held + 1 });
    const last = await newUser(service, 'last-one');
    expect(await service.call(manager, 'POST', '/v5/users', { name: 'too-many', enabled: true })).toMatchObject({
      status: 409, body: { error_code: 'PAP5.1202', error_msg: `the quota is reached: users ${held + 1} at most, and ${held + 1} exist` },
    });
    await service.call(manager, 'DELETE', `/v5/users/${last}`);
    expect(await service.call(manager, 'POST', '/v5/users', { name: 'fits-again', enabled: true })).toMatchObject({ status: 201 });
    await setQuotas(service, {});
  });
});

describe('permission', () => {
  const calls = (id: string): readonly (readonly ['GET' | 'POST' | 'PUT' | 'DELETE', string, object?])[] => [
    ['POST', '/v5/users', { name: 'own-new', enabled: true }], ['GET', '/v5/users'], ['GET', `/v5/users/${id}`], ['PUT', `/v5/users/${id}`, { new_description: 'x' }],
    ['GET', `/v5/users/${id}/last-login`], ['DELETE', `/v5/users/${id}`],
  ];

  it('is asked for before anything is told of what exists', async () => {
    for (const id of [aliceId, absentId]) {
      for (const [method, path, body] of calls(id)) {
        const refused = await service.call(keys.carol, method, path, body);
        expect(refused, `${method} ${path}`).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001', encoded_authorization_message: someText } });
      }
    }
  });

  it('can be for some users by their names', async () => {
    const own = text(await service.call(partial, 'POST', '/v5/users', { name: 'own-1', enabled: true }), 'user', 'user_id');
    const foreign = await newUser(service, 'foreign');
    expect(await service.call(partial, 'POST', '/v5/users', { name: 'not-own', enabled: true })).toMatchObject({ status: 403 });
    expect(await service.call(partial, 'GET', '/v5/users')).toMatchObject({ status: 403 });
    for (const [id, expected] of [[own, [200, 200, 200, 204]], [foreign, [403, 403, 403, 403]]] as const) {
      const statuses = [];
      for (const [method, path, body] of calls(id).slice(2)) statuses.push((await service.call(partial, method, path, body)).status);
      expect(statuses).toEqual(expected);
    }
  });

  it('can spare the root user: iam:ResourceIsRootUser tells it', async () => {
    for (const path of ['', '/access-keys', '/last-login']) {
      expect(await service.call(careful, 'GET', `/v5/users/${rootId}${path}`), path).toMatchObject({ status: 403 });
      expect(await service.call(careful, 'GET', `/v5/users/${aliceId}${path}`), path).toMatchObject({ status: 200 });
    }
  });

  it('to change a user is not a narrowed session\'s: a new name or state would outlast it', async () => {
    const id = await newUser(service, 'of-sessions');
    const update = { new_description: 'by a session' };
    expect(await service.call(await managingSession(service, true), 'PUT', `/v5/users/${id}`, update)).toMatchObject(narrowedRefusal);
    expect(await service.call(await managingSession(service, false), 'PUT', `/v5/users/${id}`, update)).toMatchObject({ status: 200 });
  });
});

describe('the audit', () => {
  it('has one event of a call that was allowed, and one of a call that was refused', async () => {
    const created = await service.call(manager, 'POST', '/v5/users', { name: 'audited', enabled: true });
    const refused = await service.call(keys.carol, 'DELETE', `/v5/users/${text(created, 'user', 'user_id')}`);
    const events = await service.events(accountA);
    expect(events.filter(({ requestId }) => requestId === created.headers['x-request-id'])).toMatchObject([
      { operation: 'CreateUserV5', status: 201, decision: 'allowed', resource: urn('audited'), request: { name: 'audited', enabled: true }, principal: { userName: 'manager' } },
    ]);
    expect(events.filter(({ requestId }) => requestId === refused.headers['x-request-id'])).toMatchObject([
      { operation: 'DeleteUserV5', status: 403, errorCode: 'PAP5.0001', resource: urn('audited'), principal: { userName: 'carol' } },
    ]);
  });
});
