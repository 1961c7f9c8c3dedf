// Ways to come by more than one was given, each tried: names, tags, devices and chains that only look harmless.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessKey, accountA, accountsPlus, allow, ask, bootstrapKey, deny, keys, policy, trust } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { text } from './managed.js';

const self = accessKey('self');
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
        { user_name: 'victim', tags: [{ tag_key: 'owner', tag_value: 'carol' }] },
      ],
      policies: [
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
