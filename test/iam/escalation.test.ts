// Ways to come by more than one was given, each tried: names, tags, devices and chains that only look harmless.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessKey, accountA, accountsPlus, allow, ask, bootstrapKey, deny, keys, policy, trust } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { text } from './managed.js';

const self = accessKey('self');
const grouper = accessKey('grouper');
const assuming = accessKey('assuming');
const partly = accessKey('partly');
const guarded = accessKey('guarded');
const managing = `iam::${accountA}:agency:managing`;
const ownUser = 'iam::${g:DomainId}:user:${g:UserName}';

let service: TestService;
const ids = new Map<string, string>();
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      users: [
        { user_name: 'self', attached_policies: ['manage-oneself'], access_keys: [bootstrapKey(self)] },
        { user_name: 'guarded', attached_policies: ['tag-oneself', 'not-in-jail'], tags: [{ tag_key: 'jail', tag_value: 'yes' }, { tag_key: 'clearance', tag_value: 'low' }], access_keys: [bootstrapKey(guarded)] },
        { user_name: 'grouper', attached_policies: ['groups'], access_keys: [bootstrapKey(grouper)] },
        { user_name: 'assuming', attached_policies: ['groups', 'assume-all'], access_keys: [bootstrapKey(assuming)] },
        { user_name: 'partly', attached_policies: ['groups', 'assume-own'], access_keys: [bootstrapKey(partly)] },
        { user_name: 'victim', tags: [{ tag_key: 'owner', tag_value: 'carol' }] },
      ],
      policies: [
        { policy_name: 'groups', policy_document: policy(allow(['iam:groups:*', 'iam:permissions:*', 'iam:users:listUsersV5'])) },
        { policy_name: 'assume-own', policy_document: policy(allow('sts:agencies:assume', { Resource: ['iam::${g:DomainId}:agency:*'] })) },
        { policy_name: 'manage', policy_document: policy(allow(['iam:*:*', 'sts:*:*'])) },
        {
          policy_name: 'manage-oneself',
          policy_document: policy(
            allow('iam:users:updateUserV5', { Resource: [ownUser] }), allow('iam:mfa:*', { Resource: ['iam::${g:DomainId}:mfa:${g:UserName}'] }),
            allow('iam:credentials:createCredentialV5', { Condition: { StringEquals: { 'g:ResourceTag/owner': '${g:UserName}' } } }),
          ),
        },
        { policy_name: 'tag-oneself', policy_document: policy(allow(['iam::tagForResourceV5', 'iam::untagForResourceV5', 'iam:users:listUsersV5']), deny('iam::*', { Condition: { 'ForAnyValue:StringEqualsIgnoreCase': { 'g:TagKeys': ['jail', 'clearance'] } } })) },
        { policy_name: 'not-in-jail', policy_document: policy(deny('iam:users:listUsersV5', { Condition: { StringEquals: { 'g:PrincipalTag/jail': 'yes' } } })) },
      ],
      agencies: [{ agency_name: 'managing', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['manage'] }],
    },
  }));
  const view = await service.composition.services.directory.read(accountA, () => []);
  for (const { userId, userName } of view?.snapshot.users.values() ?? []) ids.set(userName, userId);
});
afterAll(() => service.stop());

const userId = (name: string): string => ids.get(name) ?? '';
const rename = (by: Credentials, name: string, to: string) => service.call(by, 'PUT', `/v5/users/${userId(name)}`, { new_user_name: to });

describe('a name', () => {
  it('of another user is not taken by who may change only the own name, and so nothing that policies say of it', async () => {
    expect(await rename(self, 'self', 'carol')).toMatchObject({ status: 403 });
    expect(await rename(self, 'self', 'free-name')).toMatchObject({ status: 403 });
    expect(await service.call(self, 'POST', `/v5/users/${userId('victim')}/access-keys`)).toMatchObject({ status: 403 });
    expect(await service.call(self, 'PUT', `/v5/users/${userId('self')}`, { new_description: 'still me' })).toMatchObject({ status: 200 });
  });

  it('of a group is taken only with permission for the new one', async () => {
    const group = text(await service.call(keys.rootA, 'POST', '/v5/groups', { group_name: 'plain' }), 'group', 'group_id');
    const session = await service.session(keys.alice, ask(managing, { policy: JSON.stringify(policy(allow('iam:groups:*', { Resource: [`iam::${accountA}:group:plain`] }))) }));
    expect(await service.call(session, 'PUT', `/v5/groups/${group}`, { new_group_name: 'other' })).toMatchObject({ status: 403 });
  });
});

describe('the group of administrators', () => {
  const made = (by: Credentials, name: string) => service.call(by, 'POST', '/v5/groups', { group_name: name });
  const renamed = (by: Credentials, group: string, name: string) => service.call(by, 'PUT', `/v5/groups/${group}`, { new_group_name: name });
  const joined = (by: Credentials, group: string) => service.call(by, 'POST', `/v5/groups/${group}/add-user`, { user_id: userId('victim') });
  const left = (by: Credentials, group: string) => service.call(by, 'POST', `/v5/groups/${group}/remove-user`, { user_id: userId('victim') });

  it.each([['who may do all with groups', grouper, 403], ['who may assume the agencies of the own account, too', partly, 403], ['who may assume every agency', assuming, 201], ['the root user', keys.rootA, 201]] as const)('is made, named and filled by %s', async (_who, by, status) => {
    const ok = status === 201 ? 200 : 403;
    const own = await made(by, 'Admin');
    expect(own.status).toBe(201);
    const plain = text(own, 'group', 'group_id');
    const group = await made(by, 'admin');
    expect(group.status).toBe(status);
    if (status === 403) expect(group.body.error_msg).toContain('`sts:agencies:assume`');
    else expect(await service.call(keys.rootA, 'DELETE', `/v5/groups/${text(group, 'group', 'group_id')}`)).toMatchObject({ status: 204 });
    expect((await renamed(by, plain, 'admin')).status).toBe(ok);
    if (status === 403) await renamed(keys.rootA, plain, 'admin');
    expect((await joined(by, plain)).status).toBe(ok);
    if (status === 403) await joined(keys.rootA, plain);
    expect([(await left(by, plain)).status, (await renamed(by, plain, 'others')).status, (await joined(by, plain)).status]).toEqual([200, 200, 200]);
    await left(by, plain);
    expect((await service.call(by, 'DELETE', `/v5/groups/${plain}`)).status).toBe(204);
  });
});

describe('an MFA device', () => {
  it('named like its maker is not made for somebody else', async () => {
    expect(await service.call(self, 'POST', '/v5/virtual-mfa-devices', { virtual_mfa_device_name: 'self', user_id: userId('alice') })).toMatchObject({ status: 403 });
    expect(await service.call(self, 'POST', '/v5/virtual-mfa-devices', { virtual_mfa_device_name: 'self', user_id: userId('self') })).toMatchObject({ status: 201 });
  });
});

describe('a tag that a policy guards', () => {
  it.each(['jail', 'JAIL', 'ｊail', 'jail ', ' jail', 'ja\u200Bil', '\u{1D423}ail'])('is not replaced or taken away as %j', async (key) => {
    const path = `/v5/user/${userId('guarded')}/tags`;
    for (const answer of [await service.call(guarded, 'POST', `${path}/create`, { tags: [{ tag_key: key, tag_value: 'no' }] }), await service.call(guarded, 'DELETE', `${path}/delete`, [key])]) {
      expect([400, 403]).toContain(answer.status);
    }
    expect(await service.call(guarded, 'GET', '/v5/users')).toMatchObject({ status: 403 });
  });
});

describe('a session that was narrowed', () => {
  it('sheds its session policies in the next hop for what ends with it, and not for what outlasts it', async () => {
    const narrowed = await service.session(keys.alice, ask(managing, { policy: JSON.stringify(policy(allow('sts:*:*'))) }));
    const next = await service.session(narrowed, ask(managing));
    const last = await service.session(next, ask(managing));
    for (const session of [next, last]) {
      expect(await service.call(session, 'GET', '/v5/users')).toMatchObject({ status: 200 });
      expect(await service.call(session, 'POST', `/v5/users/${userId('victim')}/access-keys`)).toMatchObject({ status: 403, body: { error_msg: expect.stringContaining('outlast') as string } });
    }
  });
});

describe('what a denial says', () => {
  it('is the same of what exists and of what does not', async () => {
    const [real, absent] = await Promise.all([userId('victim'), 'f'.repeat(32)].map((id) => service.call(keys.carol, 'GET', `/v5/users/${id}`)));
    expect([real?.status, real?.body.error_msg]).toEqual([403, absent?.body.error_msg]);
    expect(real?.body.error_msg).not.toContain('victim');
  });
});
