// Tags of agencies and users: what the operations answer, when they refuse, and that policies can ask for tags.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { entityField } from '../../src/directory/snapshot.js';
import { accessKey, accountA, accountsPlus, allow, ask, bootstrapKey, keys, policy, trust } from '../support/accounts.js';
import { startService, writeChanges, type Answer, type Credentials, type TestService } from '../support/service.js';

const admin = accessKey('admin');
const conditional = accessKey('conditional');
const agencyId = '1'.repeat(32);
const legacyId = '2'.repeat(32);
const linkedId = '3'.repeat(32);
const userId = '4'.repeat(32);
const guardedId = '5'.repeat(32);
const tag = (key: string, value = 'x') => ({ tag_key: key, tag_value: value });
const numbered = (count: number, prefix = 'key') => Array.from({ length: count }, (_, index) => tag(`${prefix}${index}`));
const tagging = ['iam::tagForResourceV5', 'iam::untagForResourceV5', 'iam::listTagsForResourceV5'];

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      users: [
        { user_name: 'admin', attached_policies: ['tagging'], access_keys: [bootstrapKey(admin)] },
        { user_name: 'conditional', attached_policies: ['own-team'], access_keys: [bootstrapKey(conditional)] },
        { user_id: userId, user_name: 'tagged' },
      ],
      policies: [
        { policy_name: 'tagging', policy_document: policy(allow([...tagging, 'iam:agencies:getV5'])) },
        {
          policy_name: 'own-team',
          policy_document: policy(
            allow('iam::tagForResourceV5', { Condition: { StringEquals: { 'g:RequestTag/team': 'red' }, 'ForAllValues:StringEquals': { 'g:TagKeys': ['team', 'stage'] } } }),
            allow('iam::untagForResourceV5', { Condition: { StringEquals: { 'g:ResourceTag/team': 'red' }, 'ForAllValues:StringEquals': { 'g:TagKeys': ['stage'] } } }),
            allow('iam::listTagsForResourceV5', { Condition: { StringEquals: { 'g:ResourceTag/team': 'red' } } }),
          ),
        },
      ],
      agencies: [
        { agency_id: agencyId, agency_name: 'bare', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['tagging'] },
        { agency_id: guardedId, agency_name: 'guarded', trust_policy: trust({ IAM: [accountA] }) },
      ],
    },
  }));
  const common = { path: '', description: '', maxSessionDurationSeconds: 3600, tags: [], attachedPolicies: [], createdAt: service.clock.now() };
  const { revision } = (await snapshot());
  const written = await writeChanges(service.composition, [{
    accountId: accountA, expectedRevision: revision, remove: [], put: [
      [entityField('agency', legacyId), { ...common, kind: 'legacy', agencyId: legacyId, agencyName: 'old', trustDomainId: 'e'.repeat(32), trustDomainName: 'partner', roleGrants: [] }],
      [entityField('agency', linkedId), {
        ...common, kind: 'service-linked', agencyId: linkedId, agencyName: 'linked', path: 'service-linked-agency/service.OBS/', servicePrincipal: 'service.OBS', usage: [],
        trustPolicy: JSON.stringify(trust({ Service: ['service.OBS'] })),
      }],
    ],
  }]);
  expect(written).toBe('committed');
});
afterAll(() => service.stop());

async function snapshot() {
  const view = await service.composition.services.directory.read(accountA, () => []);
  if (view === undefined) throw new Error('the account exists');
  return view.snapshot;
}

const add = (by: Credentials, resource: string, tags: unknown): Promise<Answer> => service.call(by, 'POST', `/v5/${resource}/tags/create`, { tags });
const remove = (by: Credentials, resource: string, keys_: unknown): Promise<Answer> => service.call(by, 'DELETE', `/v5/${resource}/tags/delete`, keys_);
const list = (by: Credentials, resource: string): Promise<Answer> => service.call(by, 'GET', `/v5/${resource}/tags`);

async function setTags(resource: string, tags: readonly ReturnType<typeof tag>[]): Promise<void> {
  const { body } = await list(keys.rootA, resource);
  const present = (body['tags'] as ReturnType<typeof tag>[]).map(({ tag_key: key }) => key);
  if (present.length > 0) await remove(keys.rootA, resource, present);
  if (tags.length > 0) expect(await add(keys.rootA, resource, tags)).toMatchObject({ status: 200 });
}

describe.each([['an agency', `agency/${agencyId}`], ['a user', `user/${userId}`]])('tags of %s', (_what, resource) => {
  beforeEach(() => setTags(resource, []));

  it('are added, listed, replaced and removed', async () => {
    expect(await add(admin, resource, [tag('team', 'red'), tag('stage', '')])).toMatchObject({ status: 200, body: { tags: [tag('team', 'red'), tag('stage', '')] } });
    expect((await add(admin, resource, [tag('team', 'blue'), tag('名 称', 'a/b')])).body).toEqual({ tags: [tag('team', 'blue'), tag('stage', ''), tag('名 称', 'a/b')] });
    expect(await remove(admin, resource, ['stage', 'absent'])).toMatchObject({ status: 200, body: {} });
    expect(await list(admin, resource)).toMatchObject({ status: 200, body: { tags: [tag('team', 'blue'), tag('名 称', 'a/b')] } });
  });

  it('have keys that are compared without case', async () => {
    await add(admin, resource, [tag('Team', 'red')]);
    expect((await add(admin, resource, [tag('TEAM', 'blue')])).body).toEqual({ tags: [tag('TEAM', 'blue')] });
    expect(await remove(admin, resource, ['team'])).toMatchObject({ status: 200 });
    expect((await list(admin, resource)).body).toEqual({ tags: [] });
  });

  it('are 20 at most, those that are there included', async () => {
    expect(await add(admin, resource, numbered(20))).toMatchObject({ status: 200 });
    expect(await add(admin, resource, [tag('key0', 'new')])).toMatchObject({ status: 200 });
    const refused = await add(admin, resource, [tag('one-more')]);
    expect(refused).toMatchObject({ status: 409, body: { error_code: 'PAP5.1202', error_msg: 'the quota is reached: 20 tags of a resource at most, and it would have 21' } });
  });
});

describe('the request', () => {
  it.each<[what: string, tags: unknown, code: string, text: string]>([
    ['no list', undefined, 'PAP5.1102', '`tags`: is required'],
    ['an empty list', [], 'PAP5.1102', '`tags`: must be at least 1 items'],
    ['21 tags', numbered(21), 'PAP5.1102', '`tags`: must be at most 20 items'],
    ['a key twice', [tag('Team'), tag('team')], 'PAP5.0033', '`tags[1].tag_key`: is a key that is given twice'],
    ['no key', [{ tag_value: 'x' }], 'PAP5.1102', '`tags[0].tag_key`: is required'],
    ['no value', [{ tag_key: 'x' }], 'PAP5.1102', '`tags[0].tag_value`: is required'],
    ['an empty key', [tag('')], 'PAP5.1102', '`tags[0].tag_key`: must be 1 to 64 characters long'],
    ['a long key', [tag('k'.repeat(65))], 'PAP5.1102', '`tags[0].tag_key`: must be 1 to 64 characters long'],
    ['a key with a blank at its end', [tag('key ')], 'PAP5.1102', '`tags[0].tag_key`: must be plain text'],
    ['a key of the system', [tag('_sys_key')], 'PAP5.1102', '`tags[0].tag_key`: must hold only'],
    ['a key with a slash', [tag('a/b')], 'PAP5.1102', '`tags[0].tag_key`: must hold only'],
    ['a long value', [tag('key', 'v'.repeat(129))], 'PAP5.1102', '`tags[0].tag_value`: must be 0 to 128 characters long'],
    ['a value with another sign', [tag('key', 'a*')], 'PAP5.1102', '`tags[0].tag_value`: must hold only'],
    ['a number as value', [{ tag_key: 'key', tag_value: 1 }], 'PAP5.1102', '`tags[0].tag_value`: must be of type string'],
  ])('to add is refused with %s', async (_what, tags, code, text) => {
    const answer = await add(keys.rootA, `agency/${agencyId}`, tags);
    expect(answer).toMatchObject({ status: 400, body: { error_code: code } });
    expect(answer.body.error_msg).toContain(text);
  });

  it.each<[what: string, keys: unknown, code: string, text: string]>([
    ['an object', { tags: ['key'] }, 'PAP5.1102', '`body`: must be of type array'],
    ['no keys', [], 'PAP5.1102', '`body`: must be at least 1 items'],
    ['21 keys', numbered(21).map(({ tag_key: key }) => key), 'PAP5.1102', '`body`: must be at most 20 items'],
    ['a key twice', ['team', 'TEAM'], 'PAP5.0033', '`[1]`: is a key that is given twice'],
    ['a tag', [tag('key')], 'PAP5.1102', '`[0]`: must be of type string'],
  ])('to remove is refused with %s', async (_what, given, code, text) => {
    const answer = await remove(keys.rootA, `agency/${agencyId}`, given);
    expect(answer).toMatchObject({ status: 400, body: { error_code: code } });
    expect(answer.body.error_msg).toContain(text);
  });

  it.each(['provider', 'agencies', 'group'])('is refused for the resource type `%s`', async (type) => {
    const answer = await list(keys.rootA, `${type}/${agencyId}`);
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'PAP5.1102', error_msg: '`resource_type`: must be `agency` or `user`' } });
  });
});

describe('what cannot be tagged', () => {
  it.each<[what: string, by: Credentials, resource: () => string, status: number, code: string, text: string]>([
    ['an agency that does not exist', keys.rootA, () => 'agency/absent', 404, 'PAP5.0012', 'the agency `absent` cannot be found'],
    ['a user that does not exist', keys.rootA, () => 'user/absent', 404, 'PAP5.0012', 'the user `absent` cannot be found'],
    ['an absent agency, without permission', keys.carol, () => 'agency/absent', 403, 'PAP5.0001', 'is not authorized to perform `iam::'],
    ['an agency, without permission', keys.carol, () => `agency/${agencyId}`, 403, 'PAP5.0001', 'is not authorized to perform `iam::'],
    ['a user, by another account', keys.rootB, () => `user/${userId}`, 404, 'PAP5.0012', 'cannot be found'],
    ['a legacy agency', keys.rootA, () => `agency/${legacyId}`, 400, 'PAP5.0038', 'only supported by v5 agencies'],
    ['a service-linked agency', keys.rootA, () => `agency/${linkedId}`, 403, 'PAP5.0001', 'only by the service `service.OBS` itself'],
    ['anything, by a service', keys.service, () => `user/${userId}`, 403, 'PAP5.0001', 'is a service'],
  ])('is %s', async (_what, by, resource, status, code, text) => {
    for (const answer of [await add(by, resource(), [tag('key')]), await remove(by, resource(), ['key'])]) {
      expect(answer).toMatchObject({ status, body: { error_code: code } });
      expect(answer.body.error_msg).toContain(text);
    }
  });

  it('is the root user, unless it does so itself', async () => {
    const { account: { rootUserId } } = await snapshot();
    const refused = await add(admin, `user/${rootUserId}`, [tag('team')]);
    expect(refused).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001', error_msg: 'the tags of the root user can be changed only by the root user itself' } });
    expect(await remove(admin, `user/${rootUserId}`, ['team'])).toMatchObject({ status: 403 });
    expect(await add(keys.rootA, `user/${rootUserId}`, [tag('team')])).toMatchObject({ status: 200 });
    expect((await list(admin, `user/${rootUserId}`)).body).toEqual({ tags: [tag('team')] });
  });

  it('yet the tags of agencies of all kinds can be listed', async () => {
    for (const id of [legacyId, linkedId]) expect(await list(admin, `agency/${id}`)).toMatchObject({ status: 200, body: { tags: [] } });
  });
});

describe('policies', () => {
  const resource = `agency/${guardedId}`;
  beforeEach(() => setTags(resource, []));

  it('can ask for the tags of the request', async () => {
    expect(await add(conditional, resource, [tag('team', 'red'), tag('stage')])).toMatchObject({ status: 200 });
    expect(await add(conditional, resource, [tag('team', 'blue')])).toMatchObject({ status: 403 });
    expect(await add(conditional, resource, [tag('stage')])).toMatchObject({ status: 403 });
    expect(await add(conditional, resource, [tag('team', 'red'), tag('owner')])).toMatchObject({ status: 403 });
  });

  it('can ask for the tags of the resource', async () => {
    await setTags(resource, [tag('stage')]);
    expect(await list(conditional, resource)).toMatchObject({ status: 403 });
    expect(await remove(conditional, resource, ['stage'])).toMatchObject({ status: 403 });
    await setTags(resource, [tag('team', 'red'), tag('stage')]);
    expect(await list(conditional, resource)).toMatchObject({ status: 200 });
    expect(await remove(conditional, resource, ['team'])).toMatchObject({ status: 403 });
    expect(await remove(conditional, resource, ['stage'])).toMatchObject({ status: 200 });
  });

  it('of a session stay in force: a narrowed one does not change tags', async () => {
    const urn = `iam::${accountA}:agency:bare`;
    const free = await service.session(keys.alice, ask(urn));
    const narrowed = await service.session(keys.alice, ask(urn, { policy: JSON.stringify(policy(allow(tagging))) }));
    expect(await add(free, resource, [tag('team')])).toMatchObject({ status: 200 });
    const refused = await add(narrowed, resource, [tag('team', 'other')]);
    expect(refused).toMatchObject({ status: 403 });
    expect(refused.body.error_msg).toContain('a session that session policies narrow');
    expect(await remove(narrowed, resource, ['team'])).toMatchObject({ status: 403 });
    expect(await list(narrowed, resource)).toMatchObject({ status: 200, body: { tags: [tag('team')] } });
  });
});

it('GetAgencyV5 shows the tags', async () => {
  await setTags(`agency/${agencyId}`, [tag('team', 'red')]);
  expect(await service.call(admin, 'GET', `/v5/agencies/${agencyId}`)).toMatchObject({ status: 200, body: { agency: { tags: [tag('team', 'red')] } } });
});

it('each call leaves an event', async () => {
  await setTags(`agency/${agencyId}`, []);
  await add(admin, `agency/${agencyId}`, [tag('team', 'red')]);
  await remove(admin, `agency/${agencyId}`, ['team']);
  await add(keys.carol, `agency/${agencyId}`, [tag('team')]);
  expect((await service.events(accountA)).slice(-3)).toMatchObject([
    { operation: 'TagResourceV5', status: 200, decision: 'allowed', resource: `iam::${accountA}:agency:bare`, request: { tags: [tag('team', 'red')], resource_type: 'agency', resource_id: agencyId } },
    { operation: 'DeleteResourceTagsV5', status: 200, request: { items: ['team'] } },
    { operation: 'TagResourceV5', status: 403, errorCode: 'PAP5.0001', principal: { userName: 'carol' } },
  ]);
});
