// Groups over HTTP: what each operation answers, when it refuses, and that membership counts at once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, keys } from '../support/accounts.js';
import { startOfTest, startService, type Answer, type TestService } from '../support/service.js';
import { absentId, account, allPages, attach, holding, items, managedAccounts, manager, managingSession, member, narrowedRefusal, newAccessKey, newUser, partial, setQuotas, someText, text } from './managed.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(managedAccounts);
  await setQuotas(service, {});
});
afterAll(() => service.stop());

const urn = (name: string): string => `iam::${accountA}:group:${name}`;
const newGroup = async (name: string): Promise<string> => text(await service.call(manager, 'POST', '/v5/groups', { group_name: name }), 'group', 'group_id');
const add = (groupId: string, userId: string, caller = manager): Promise<Answer> => service.call(caller, 'POST', `/v5/groups/${groupId}/add-user`, { user_id: userId });
const takeOut = (groupId: string, userId: string, caller = manager): Promise<Answer> => service.call(caller, 'POST', `/v5/groups/${groupId}/remove-user`, { user_id: userId });
const namesOf = (answer: Answer): readonly unknown[] => items(answer, 'groups').map((group) => group['group_name']);
const rootId = async (): Promise<string> => (await account(service)).account.rootUserId;

describe('a group', () => {
  it('is created, shown, changed and deleted in the documented shapes', async () => {
    const created = await service.call(manager, 'POST', '/v5/groups', { group_name: 'Entwickler {ä}-1_x 组', description: 'who develops', unknown: [] });
    const id = text(created, 'group', 'group_id');
    const group = { group_id: id, group_name: 'Entwickler {ä}-1_x 组', urn: urn('Entwickler {ä}-1_x 组'), created_at: new Date(startOfTest).toISOString(), description: 'who develops' };
    expect([created.status, created.body]).toEqual([201, { group }]);
    const shown = await service.call(manager, 'GET', `/v5/groups/${id}`);
    expect([shown.status, shown.body]).toEqual([200, { group }]);

    const changed = { ...group, group_name: 'developers', urn: urn('developers'), description: '' };
    const updated = await service.call(manager, 'PUT', `/v5/groups/${id}`, { new_group_name: 'developers', new_group_description: '' });
    expect([updated.status, updated.body]).toEqual([200, { group: changed }]);
    expect((await service.call(manager, 'PUT', `/v5/groups/${id}`, { new_group_name: 'developers' })).body).toEqual({ group: changed });

    const removed = await service.call(manager, 'DELETE', `/v5/groups/${id}`);
    expect([removed.status, removed.body]).toEqual([204, {}]);
    expect(await service.call(manager, 'GET', `/v5/groups/${id}`)).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012', error_msg: `the group \`${id}\` cannot be found` } });
  });

  it('is not deleted while it has users or policies', async () => {
    const groupId = await newGroup('in-use');
    const userId = await newUser(service, 'user-of-in-use');
    await add(groupId, userId);
    await attach(service, 'group', groupId, 'read-objects');
    expect(await service.call(manager, 'DELETE', `/v5/groups/${groupId}`)).toMatchObject({
      status: 409, body: { error_code: 'PAP5.1203', error_msg: 'the group `in-use` has 1 attached policies and 1 users: detach them and take the users out first' },
    });
    await takeOut(groupId, userId);
    expect(await service.call(manager, 'DELETE', `/v5/groups/${groupId}`)).toMatchObject({ status: 409, body: { error_msg: holding('1 attached policies and 0 users') } });
  });
});

describe('membership', () => {
  it('gives a user the policies of the group at once, and takes them at once', async () => {
    const groupId = await newGroup('managers');
    const userId = await newUser(service, 'promoted');
    const credentials = await newAccessKey(service, userId);
    await attach(service, 'group', groupId, 'manage');
    const status = async (): Promise<number> => (await service.call(credentials, 'GET', '/v5/users')).status;
    expect(await status()).toBe(403);
    const added = await add(groupId, userId);
    expect([added.status, added.body]).toEqual([200, {}]);
    expect(await status()).toBe(200);
    const removed = await takeOut(groupId, userId);
    expect([removed.status, removed.body]).toEqual([200, {}]);
    expect(await status()).toBe(403);
  });

  it('is the same when a user is added twice, and unknown when it is taken out twice', async () => {
    const groupId = await newGroup('twice');
    const userId = await newUser(service, 'twice');
    for (let times = 0; times < 2; times += 1) expect(await add(groupId, userId)).toMatchObject({ status: 200 });
    expect((await account(service)).users.get(userId)?.groupIds).toEqual([groupId]);
    expect(await takeOut(groupId, userId)).toMatchObject({ status: 200 });
    expect(await takeOut(groupId, userId)).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012', error_msg: 'the user `twice` is not in the group `twice`' } });
  });

  it('ends at the quota of groups of a user, where adding again to one of them still works', async () => {
    const userId = await newUser(service, 'joiner');
    const groupIds = [await newGroup('quota-1'), await newGroup('quota-2'), await newGroup('quota-3')];
    await setQuotas(service, { groupsPerUser: 2 });
    const statuses = [];
    for (const groupId of groupIds) statuses.push((await add(groupId, userId)).status);
    expect(statuses).toEqual([200, 200, 409]);
    expect(await add(groupIds[2] ?? '', userId)).toMatchObject({ body: { error_code: 'PAP5.1202', error_msg: 'the quota is reached: groups of a user 2 at most, and 2 exist' } });
    expect(await add(groupIds[0] ?? '', userId)).toMatchObject({ status: 200 });
    await setQuotas(service, {});
  });

  it('is refused to the root user, also by itself', async () => {
    const groupId = await newGroup('not-for-root');
    for (const caller of [manager, keys.rootA]) {
      expect(await add(groupId, await rootId(), caller)).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001', error_msg: 'the root user cannot be put into groups' } });
    }
  });

  it('is refused for a group or a user that does not exist, and without a user', async () => {
    const groupId = await newGroup('lonely');
    const userId = await newUser(service, 'lonely');
    for (const call of [add, takeOut]) {
      expect(await call(absentId, userId)).toMatchObject({ status: 404, body: { error_msg: `the group \`${absentId}\` cannot be found` } });
      expect(await call(groupId, absentId)).toMatchObject({ status: 404, body: { error_msg: `the user \`${absentId}\` cannot be found` } });
    }
    for (const action of ['add-user', 'remove-user']) {
      expect(await service.call(manager, 'POST', `/v5/groups/${groupId}/${action}`, {})).toMatchObject({ status: 400, body: { error_code: 'PAP5.1102', error_msg: '`user_id`: is required' } });
    }
  });

  it('stays right when several add different groups at once', async () => {
    const userId = await newUser(service, 'wanted');
    const groupIds = await Promise.all(['at-once-1', 'at-once-2', 'at-once-3', 'at-once-4'].map(newGroup));
    const answers = await Promise.all(groupIds.map((groupId) => add(groupId, userId)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set((await account(service)).users.get(userId)?.groupIds)).toEqual(new Set(groupIds));
  });

  it('is not a narrowed session\'s to change: it would outlast it', async () => {
    const groupId = await newGroup('of-sessions');
    const userId = await newUser(service, 'of-sessions');
    const narrowed = await managingSession(service, true);
    const free = await managingSession(service, false);
    expect(await add(groupId, userId, narrowed)).toMatchObject(narrowedRefusal);
    expect(await add(groupId, userId, free)).toMatchObject({ status: 200 });
    expect(await takeOut(groupId, userId, narrowed)).toMatchObject(narrowedRefusal);
    expect(await service.call(narrowed, 'PUT', `/v5/groups/${groupId}`, { new_group_name: 'renamed' })).toMatchObject(narrowedRefusal);
    expect(await takeOut(groupId, userId, free)).toMatchObject({ status: 200 });
  });
});

describe('the lists of groups', () => {
  it('have them in the order of their creation, page by page', async () => {
    for (const name of ['listed-1', 'listed-2', 'listed-3']) {
      service.clock.advance(1);
      await newGroup(name);
    }
    const before = (await account(service)).groups.values().map(({ groupName }) => groupName);
    for (const path of ['/v5/groups?limit=2', '/v5/groups-summary?limit=2']) {
      expect((await allPages(service, path, 'groups')).map((group) => group['group_name']), path).toEqual(before);
    }
  });

  it('count users in the summary only', async () => {
    const groupId = await newGroup('counted');
    const userIds = [await newUser(service, 'counted-1'), await newUser(service, 'counted-2')];
    const summary = async (): Promise<unknown> => items(await service.call(manager, 'GET', '/v5/groups-summary?limit=200'), 'groups').find((group) => group['group_id'] === groupId);
    const group = { group_id: groupId, group_name: 'counted', urn: urn('counted'), created_at: new Date(service.clock.now()).toISOString(), description: '' };
    expect(await summary()).toEqual({ ...group, user_count: 0 });
    for (const userId of userIds) await add(groupId, userId);
    expect(await summary()).toEqual({ ...group, user_count: 2 });
    await takeOut(groupId, userIds[0] ?? '');
    expect(await summary()).toEqual({ ...group, user_count: 1 });
    const listed = await service.call(manager, 'GET', '/v5/groups?limit=200');
    expect(items(listed, 'groups').find((one) => one['group_id'] === groupId)).toEqual(group);
    expect(listed.body['page_info']).toEqual({ current_count: items(listed, 'groups').length });
  });

  it('can be those of one user', async () => {
    const userId = await newUser(service, 'grouped');
    const groupIds = [await newGroup('grouped-1'), await newGroup('grouped-2')];
    for (const groupId of groupIds) await add(groupId, userId);
    for (const path of ['/v5/groups', '/v5/groups-summary']) {
      expect(namesOf(await service.call(manager, 'GET', `${path}?user_id=${userId}`)).toSorted()).toEqual(['grouped-1', 'grouped-2']);
      const page = await service.call(manager, 'GET', `${path}?user_id=${userId}&limit=1`);
      expect(page.body).toMatchObject({ page_info: { current_count: 1, next_marker: someText } });
      expect(await service.call(manager, 'GET', `${path}?user_id=${userId}&limit=1&marker=${String(member(page.body, 'page_info', 'next_marker'))}`)).toMatchObject({ body: { page_info: { current_count: 1 } } });
      expect(await service.call(manager, 'GET', `${path}?user_id=${absentId}`)).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012' } });
    }
  });
});

describe('a request is refused', () => {
  it.each<[fields: object, message: RegExp]>([
    [{}, /^`group_name`: is required$/],
    [{ group_name: true }, /^`group_name`: must be of type string$/],
    ...['', 'a'.repeat(129), 'a.b', 'a*', 'a/b', 'a:b', 'a$', 'a\n'].map((name): [object, RegExp] => [{ group_name: name }, /^`group_name`: must be 1 to 128 letters, digits, blanks or _-\{\}$/]),
    [{ group_name: 'x', description: 'd'.repeat(256) }, /^`description`: must be 0 to 255 characters long$/],
    [{ group_name: 'x', description: 'a@b' }, /^`description`: must not hold any of/],
  ])('to create %j', async (fields, message) => {
    const refused = await service.call(manager, 'POST', '/v5/groups', fields);
    expect(refused).toMatchObject({ status: 400, body: { error_code: 'PAP5.1102' } });
    expect(refused.body.error_msg).toMatch(message);
  });

  it.each<[fields: object, field: string]>([[{ new_group_name: 'a.b' }, 'new_group_name'], [{ new_group_description: '$' }, 'new_group_description']])('to change a group to %j', async (fields, field) => {
    const refused = await service.call(manager, 'PUT', `/v5/groups/${absentId}`, fields);
    expect(refused).toMatchObject({ status: 400, body: { error_code: 'PAP5.1102' } });
    expect(refused.body.error_msg).toContain(`\`${field}\`: `);
  });

  it('for a name that a group has', async () => {
    const id = await newGroup('taken-2');
    await newGroup('taken');
    const inUse = { status: 409, body: { error_code: 'PAP5.1201', error_msg: 'the group name `taken` is already in use' } };
    expect(await service.call(manager, 'POST', '/v5/groups', { group_name: 'taken' })).toMatchObject(inUse);
    expect(await service.call(manager, 'PUT', `/v5/groups/${id}`, { new_group_name: 'taken' })).toMatchObject(inUse);
  });

  it('at the quota', async () => {
    const held = (await account(service)).groups.size;
    await setQuotas(service, { groups: held });
    expect(await service.call(manager, 'POST', '/v5/groups', { group_name: 'too-many' })).toMatchObject({ status: 409, body: { error_code: 'PAP5.1202', error_msg: `the quota is reached: groups ${held} at most, and ${held} exist` } });
    await setQuotas(service, {});
  });

  it.each(['GET', 'PUT', 'DELETE'] as const)('to %s a group that does not exist', async (method) => {
    expect(await service.call(manager, method, `/v5/groups/${absentId}`, method === 'PUT' ? {} : undefined)).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012' } });
  });
});

describe('permission', () => {
  const calls = (id: string): readonly (readonly ['GET' | 'POST' | 'PUT' | 'DELETE', string, object?])[] => [
    ['POST', '/v5/groups', { group_name: 'own-new' }], ['GET', '/v5/groups'], ['GET', '/v5/groups-summary'],
    ['GET', `/v5/groups/${id}`], ['PUT', `/v5/groups/${id}`, {}], ['POST', `/v5/groups/${id}/add-user`, { user_id: absentId }],
    ['POST', `/v5/groups/${id}/remove-user`, { user_id: absentId }], ['DELETE', `/v5/groups/${id}`],
  ];

  it('is asked for before anything is told of what exists', async () => {
    for (const id of [await newGroup('hidden'), absentId]) {
      for (const [method, path, body] of calls(id)) {
        expect(await service.call(keys.carol, method, path, body), `${method} ${path}`).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001', encoded_authorization_message: someText } });
      }
    }
  });

  it('can be for some groups by their names', async () => {
    const own = await newGroup('own-1');
    const foreign = await newGroup('foreign');
    for (const [id, expected] of [[own, [200, 200, 404, 404, 204]], [foreign, [403, 403, 403, 403, 403]]] as const) {
      const statuses = [];
      for (const [method, path, body] of calls(id).slice(3)) statuses.push((await service.call(partial, method, path, body)).status);
      expect(statuses).toEqual(expected);
    }
    expect(await service.call(partial, 'GET', '/v5/groups')).toMatchObject({ status: 403 });
  });
});

describe('the audit', () => {
  it('has one event of a call that was allowed, and one of a call that was refused', async () => {
    const groupId = await newGroup('audited');
    const userId = await newUser(service, 'audited');
    const added = await add(groupId, userId);
    const refused = await add(groupId, absentId);
    const events = await service.events(accountA);
    expect(events.filter(({ requestId }) => requestId === added.headers['x-request-id'])).toMatchObject([
      { operation: 'AddUserToGroupV5', status: 200, decision: 'allowed', resource: urn('audited'), request: { group_id: groupId, user_id: userId }, principal: { userName: 'manager' } },
    ]);
    expect(events.filter(({ requestId }) => requestId === refused.headers['x-request-id'])).toMatchObject([
      { operation: 'AddUserToGroupV5', status: 404, errorCode: 'PAP5.0012', decision: `the user \`${absentId}\` cannot be found`, resource: urn('audited') },
    ]);
  });
});
