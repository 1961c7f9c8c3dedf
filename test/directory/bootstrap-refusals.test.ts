// Bootstrap files that are wrong: the message names the place and the rule, and nothing is written.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemPolicyId } from '../../src/catalogue/index.js';
import { BootstrapError, parseBootstrapFile } from '../../src/directory/bootstrap-file.js';
import { planFor } from '../../src/service/bootstrap.js';
import { accountA, accounts, allow, keys, mfaSeed, policy } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { dump } from '../redis/support.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
});
afterAll(() => service.stop());

const good = policy(allow('sts:agencies:assume'));
const trusting = policy(allow('sts:agencies:assume', { Principal: { IAM: [accountA] } }));
/** A new account with these members, as the second of the file: the first is right. */
const account = (members: object) => ({ accounts: [{ account_name: 'right' }, { account_name: 'wrong', ...members }] });
const user = (members: object) => account({ users: [{ user_name: 'bot', ...members }] });
const agency = (members: object) => account({ agencies: [{ agency_name: 'ops', trust_policy: trusting, ...members }] });
const policies = (...list: object[]) => account({ policies: list.map((each) => ({ policy_name: 'one', policy_document: good, ...each })) });
const legacy = (members: object) => account({ legacy_agencies: [{ agency_name: 'old', trust_domain_name: 'op_svc_ims', ...members }] });
const versions = (members: object, ...ids: string[]) => account({ policies: [{ policy_name: 'one', versions: ids.map((id) => ({ version_id: id, policy_document: good })), default_version_id: 'v1', ...members }] });
const pair = (name: string) => ({ access_key_id: `HPUA${name.padEnd(16, '0')}`, secret_access_key: 'secret-0123456789abcdef' });

const cases: readonly (readonly [string, () => object, pointer: string, rule: RegExp])[] = [
  // Shape.
  ['an unknown member of the file', () => ({ acounts: [] }), '', /acounts/],
  ['an unknown member of an account', () => account({ owner: 'x' }), '/accounts/1', /owner/],
  ['an unknown member of a user', () => user({ admin: true }), '/accounts/1/users/0', /admin/],
  ['an unknown member of an access key', () => user({ access_keys: [{ ...pair('A'), secret: 'x' }] }), '/accounts/1/users/0/access_keys/0', /secret/],
  ['an account without a name', () => ({ accounts: [{}] }), '/accounts/0/account_name', /./],
  ['an account id in upper case', () => account({ account_id: 'A'.repeat(32) }), '/accounts/1/account_id', /32 lower-case hexadecimal/],
  ['the id of the system account', () => account({ account_id: '0'.repeat(32) }), '/accounts/1/account_id', /reserved/],
  ['a user name with a colon', () => user({ user_name: 'a:b' }), '/accounts/1/users/0/user_name', /letters, digits/],
  ['an agency name with a slash', () => agency({ agency_name: 'a/b' }), '/accounts/1/agencies/0/agency_name', /letters, digits/],
  ['a path without a slash at the end', () => agency({ path: 'ops' }), '/accounts/1/agencies/0/path', /end with/],
  ['a reserved path', () => agency({ path: 'service-linked-agency/obs/' }), '/accounts/1/agencies/0/path', /reserved/],
  ['a duration below the least', () => agency({ max_session_duration: 900 }), '/accounts/1/agencies/0/max_session_duration', /3600/],
  ['a duration above the most', () => agency({ max_session_duration: 43_201 }), '/accounts/1/agencies/0/max_session_duration', /43200/],
  ['a tag key with a slash', () => user({ tags: [{ tag_key: 'a/b', tag_value: '' }] }), '/accounts/1/users/0/tags/0/tag_key', /letters, digits/],
  ['a reserved tag key', () => agency({ tags: [{ tag_key: '_sys_x', tag_value: '' }] }), '/accounts/1/agencies/0/tags/0/tag_key', /_sys_/],
  ['a tag value that is too long', () => user({ tags: [{ tag_key: 'a', tag_value: 'x'.repeat(129) }] }), '/accounts/1/users/0/tags/0/tag_value', /128/],
  ['two tags of one key', () => user({ tags: [{ tag_key: 'Team', tag_value: '' }, { tag_key: 'team', tag_value: '' }] }), '/accounts/1/users/0/tags/1/tag_key', /twice/],
  ['an access key id without its secret', () => user({ access_keys: [{ access_key_id: 'HPUA0000000000000001' }] }), '/accounts/1/users/0/access_keys/0', /both/],
  ['a secret without its access key id', () => user({ access_keys: [{ secret_access_key: 'secret-0123456789abcdef' }] }), '/accounts/1/users/0/access_keys/0', /both/],
  ['a permanent key that looks temporary', () => user({ access_keys: [{ ...pair('A'), access_key_id: 'HSTA0000000000000001' }] }), '/accounts/1/users/0/access_keys/0/access_key_id', /HST/],
  ['a short secret', () => user({ access_keys: [{ ...pair('A'), secret_access_key: 'short' }] }), '/accounts/1/users/0/access_keys/0/secret_access_key', /16 to 128/],
  ['a seed that is not base32', () => user({ mfa_devices: [{ device_name: 'phone', base32_string_seed: 'not base32 at all' }] }), '/accounts/1/users/0/mfa_devices/0/base32_string_seed', /base32/],
  ['a service principal of another form', () => ({ services: [{ service_principal: 'OBS' }] }), '/services/0/service_principal', /service\./],
  ['a quota over its maximum', () => account({ quotas: { agencies: 5001 } }), '/accounts/1/quotas/agencies', /5000/],
  ['a quota of another name', () => account({ quotas: { planets: 9 } }), '/accounts/1/quotas', /planets/],
  ['an asymmetric signature switch that is none', () => account({ asymmetric_signature: 'on' }), '/accounts/1/asymmetric_signature', /boolean/],
  ['a legacy agency without a trusted domain', () => legacy({ trust_domain_name: undefined }), '/accounts/1/legacy_agencies/0/trust_domain_name', /./],
  ['a legacy agency with a path', () => legacy({ path: 'ops/' }), '/accounts/1/legacy_agencies/0', /path/],
  ['a description that the older system refuses', () => legacy({ description: 'a & b' }), '/accounts/1/legacy_agencies/0/description', /&/],
  ['a service without a template', () => account({ service_linked_agencies: [{ service_principal: 'service.Nowhere' }] }), '/accounts/1/service_linked_agencies/0/service_principal', /catalogue/],
  ['a secret twice, plain and sealed', () => user({ access_keys: [{ ...pair('A'), sealed_secret_access_key: 'a.b.c.d.e' }] }), '/accounts/1/users/0/access_keys/0', /twice/],
  ['a sealed secret, without its key', () => user({ access_keys: [{ access_key_id: 'HPUAA000000000000000', sealed_secret_access_key: 'a.b.c.d.e' }] }), '/accounts/1/users/0/access_keys/0/sealed_secret_access_key', /--unseal-with/],
  ['a sealed seed, without its key', () => user({ mfa_devices: [{ device_name: 'phone', sealed_base32_string_seed: 'a.b.c.d.e' }] }), '/accounts/1/users/0/mfa_devices/0/sealed_base32_string_seed', /--unseal-with/],
  ['an MFA device without a seed', () => user({ mfa_devices: [{ device_name: 'phone' }] }), '/accounts/1/users/0/mfa_devices/0', /base32_string_seed/],
  ['an MFA device that is enabled and unbound', () => user({ mfa_devices: [{ device_name: 'phone', base32_string_seed: 'JBSWY3DPEHPK3PXP', unbound: true }] }), '/accounts/1/users/0/mfa_devices/0', /both enabled and unbound/],
  // Versions.
  ['a policy with both a document and versions', () => versions({ policy_document: good }, 'v1'), '/accounts/1/policies/0', /in its place/],
  ['versions without a default one', () => versions({ default_version_id: undefined }, 'v1'), '/accounts/1/policies/0', /default_version_id/],
  ['a default version that is none', () => versions({}, 'v2'), '/accounts/1/policies/0/default_version_id', /`v1` is none/],
  ['six versions', () => versions({}, 'v1', 'v2', 'v3', 'v4', 'v5', 'v6'), '/accounts/1/policies/0/versions', /5/],
  ['two versions of one id', () => versions({}, 'v1', 'v1'), '/accounts/1/policies/0/versions/1/version_id', /twice/],
  ['a version that does not parse', () => versions({ versions: [{ version_id: 'v1', policy_document: {} }] }), '/accounts/1/policies/0/versions/0/policy_document', /./],
  ['a last version number below a version\'s', () => versions({ last_version_number: 2 }, 'v1', 'v3'), '/accounts/1/policies/0/last_version_number', /3/],
  // Documents.
  ['a policy of an old version', () => policies({ policy_document: { Version: '1.1', Statement: [] } }), '/accounts/1/policies/0/policy_document/Version', /5\.0/],
  ['a policy without a statement', () => policies({ policy_document: { Version: '5.0' } }), '/accounts/1/policies/0/policy_document', /Statement/],
  ['an identity policy with a principal', () => policies({ policy_document: trusting }), '/accounts/1/policies/0/policy_document/Statement/0/Principal', /./],
  ['a policy with an unknown effect', () => policies({ policy_document: { Version: '5.0', Statement: [{ Effect: 'Maybe', Action: ['*'] }] } }), '/accounts/1/policies/0/policy_document/Statement/0/Effect', /Allow/],
  ['a policy that is a text', () => policies({ policy_document: '{}' }), '/accounts/1/policies/0/policy_document', /./],
  ['a trust policy without a principal', () => agency({ trust_policy: good }), '/accounts/1/agencies/0/trust_policy/Statement/0', /Principal/],
  ['a trust policy with an unknown operator', () => agency({ trust_policy: policy(allow('sts:agencies:assume', { Principal: { IAM: [accountA] }, Condition: { StringSounds: { 'g:UserName': 'x' } } })) }), '/accounts/1/agencies/0/trust_policy/Statement/0/Condition/StringSounds', /./],
  ['a service control policy that does not parse', () => account({ service_control_policies: [{ name: 'one', policy_document: {} }] }), '/accounts/1/service_control_policies/0/policy_document', /./],
  // Names.
  ['a policy name that nobody has', () => user({ attached_policies: ['absent'] }), '/accounts/1/users/0/attached_policies/0', /`absent` is no policy/],
  ['a policy of another account', () => user({ attached_policies: ['assume-all'] }), '/accounts/1/users/0/attached_policies/0', /`assume-all` is no policy/],
  ['a policy name of an agency that nobody has', () => agency({ attached_policies: ['absent'] }), '/accounts/1/agencies/0/attached_policies/0', /`absent` is no policy/],
  ['a policy name of a group that nobody has', () => account({ groups: [{ group_name: 'g', attached_policies: ['absent'] }] }), '/accounts/1/groups/0/attached_policies/0', /`absent` is no policy/],
  ['a group name that nobody has', () => user({ groups: ['absent'] }), '/accounts/1/users/0/groups/0', /`absent` is no group/],
  ['two accounts of one name', () => ({ accounts: [{ account_name: 'twin' }, { account_name: 'twin' }] }), '/accounts/1/account_name', /twice/],
  ['two accounts of one id', () => ({ accounts: [{ account_name: 'one', account_id: 'e'.repeat(32) }, { account_name: 'two', account_id: 'e'.repeat(32) }] }), '/accounts/1/account_id', /twice/],
  ['two policies of one name', () => policies({}, {}), '/accounts/1/policies/1/policy_name', /twice/],
  ['two policies of one id', () => policies({ policy_id: 'same' }, { policy_name: 'two', policy_id: 'same' }), '/accounts/1/policies/1/policy_id', /twice/],
  ['two groups of one name', () => account({ groups: [{ group_name: 'g' }, { group_name: 'g' }] }), '/accounts/1/groups/1/group_name', /twice/],
  ['a policy of a system policy\'s name, however it is capitalized', () => policies({ policy_name: 'obsReadonlyPolicy' }), '/accounts/1/policies/0/policy_name', /system policy/],
  ['a policy attached twice', () => user({ attached_policies: ['OBSReadOnlyPolicy', 'OBSReadOnlyPolicy'] }), '/accounts/1/users/0/attached_policies/1', /twice/],
  ['a group named twice', () => account({ groups: [{ group_name: 'g' }], users: [{ user_name: 'bot', groups: ['g', 'g'] }] }), '/accounts/1/users/0/groups/1', /twice/],
  ['one name for agencies of two kinds', () => account({ agencies: [{ agency_name: 'ops', trust_policy: trusting }], legacy_agencies: [{ agency_name: 'ops', trust_domain_name: 'acme' }] }), '/accounts/1/legacy_agencies/0/agency_name', /twice/],
  ['one id for agencies of two kinds', () => account({ agencies: [{ agency_name: 'ops', agency_id: 'same', trust_policy: trusting }], legacy_agencies: [{ agency_name: 'old', agency_id: 'same', trust_domain_name: 'acme' }] }), '/accounts/1/legacy_agencies/0/agency_id', /twice/],
  ['the name that a service-linked agency has', () => account({ agencies: [{ agency_name: 'ServiceLinkedAgencyForOBS', trust_policy: trusting }], service_linked_agencies: [{ service_principal: 'service.OBS' }] }), '/accounts/1/agencies/0/agency_name', /reserved/],
  ['the name that a service-linked agency would have, however it is capitalized', () => agency({ agency_name: 'serviceLinkedAgencyForCBR' }), '/accounts/1/agencies/0/agency_name', /`serviceLinkedAgencyForCBR` is reserved/],
  ['a legacy agency of the name that a service-linked agency would have', () => legacy({ agency_name: 'ServiceLinkedAgencyForCBR' }), '/accounts/1/legacy_agencies/0/agency_name', /reserved/],
  ['a policy of a system policy\'s id', () => policies({ policy_id: systemPolicyId('OBSReadOnlyPolicy') }), '/accounts/1/policies/0/policy_id', /is the id of a system policy/],
  ['two agencies of one name, also on two paths', () => account({ agencies: [{ agency_name: 'ops', trust_policy: trusting }, { agency_name: 'ops', path: 'x/', trust_policy: trusting }] }), '/accounts/1/agencies/1/agency_name', /twice/],
  ['two users of one name', () => account({ users: [{ user_name: 'bot' }, { user_name: 'bot' }] }), '/accounts/1/users/1/user_name', /twice/],
  ['two users of one id', () => account({ users: [{ user_name: 'one', user_id: 'same' }, { user_name: 'two', user_id: 'same' }] }), '/accounts/1/users/1/user_id', /twice/],
  ['a user of the root user\'s name', () => account({ root_user: { user_name: 'boss' }, users: [{ user_name: 'boss' }] }), '/accounts/1/users/0/user_name', /root user/],
  ['a user of the name that the root user has without being named', () => account({ users: [{ user_name: 'wrong' }] }), '/accounts/1/users/0/user_name', /root user/],
  ['two service control policies of one name', () => account({ service_control_policies: [{ name: 'one', policy_document: policy(allow('*')) }, { name: 'one', policy_document: policy(allow('*')) }] }), '/accounts/1/service_control_policies/1/name', /twice/],
  ['one access key id twice in the file', () => ({ accounts: [{ account_name: 'one', root_user: { user_name: 'a', access_keys: [pair('A')] } }, { account_name: 'two', root_user: { user_name: 'b', access_keys: [pair('A')] } }] }), '/accounts/1/root_user/access_keys/0/access_key_id', /twice/],
  ['one service twice', () => ({ services: [{ service_principal: 'service.OBS2' }, { service_principal: 'service.obs2' }] }), '/services/1/service_principal', /twice/],
  ['one MFA device for two users', () => account({ users: ['one', 'two'].map((name) => ({ user_name: name, mfa_devices: [{ device_name: 'phone', base32_string_seed: 'JBSWY3DPEHPK3PXP' }] })) }), '/accounts/1/users/1/mfa_devices/0/device_name', /`phone` is that of the user `one`/],
  // More than the maxima.
  ['users and the root user over the maximum', () => account({ users: Array.from({ length: 2000 }, (_, number) => ({ user_name: `u${number}` })) }), '/accounts/1/users', /2001 users of the account, 2000 at most/],
  ['agencies of all kinds over the maximum', () => account({ agencies: Array.from({ length: 4999 }, (_, number) => ({ agency_name: `a${number}`, trust_policy: trusting })), legacy_agencies: [1, 2].map((number) => ({ agency_name: `old${number}`, trust_domain_name: 'acme' })) }), '/accounts/1/agencies', /5001 agencies of the account, 5000 at most/],
  ['more groups of a user than there may be', () => account({ users: [{ user_name: 'bot', groups: Array.from({ length: 11 }, (_, number) => `g${number}`) }] }), '/accounts/1/users/0/groups', /10/],
  ['more policies of a user than there may be', () => user({ attached_policies: Array.from({ length: 21 }, (_, number) => `p${number}`) }), '/accounts/1/users/0/attached_policies', /20/],
  ['more policies of a group than there may be', () => account({ groups: [{ group_name: 'g', attached_policies: Array.from({ length: 11 }, (_, number) => `p${number}`) }] }), '/accounts/1/groups/0/attached_policies', /10/],
  ['three access keys of one user', () => user({ access_keys: [pair('A'), pair('B'), {}] }), '/accounts/1/users/0/access_keys', /3 access keys of one user, 2 at most/],
  ['three access keys of one user with those that there are', () => account({ account_id: accountA, account_name: 'account-a', root_user: { user_name: 'root-a' }, users: [{ user_name: 'alice', access_keys: [pair('A'), pair('B')] }] }), '/accounts/1/users/0/access_keys', /3 access keys of one user, 2 at most/],
  ['three access keys of one service', () => ({ services: [{ service_principal: 'service.NEW', access_keys: [{}, {}, {}] }] }), '/services/0/access_keys', /3 access keys of one service, 2 at most/],
  ['a second MFA device of one user', () => account({ account_id: accountA, account_name: 'account-a', root_user: { user_name: 'root-a' }, users: [{ user_name: 'alice', mfa_devices: [{ device_name: 'tablet', base32_string_seed: 'JBSWY3DPEHPK3PXP' }] }] }), '/accounts/1/users/0/mfa_devices', /2 MFA devices of one user, 1 at most/],
  // Against what exists.
  ['a legacy agency of a trust agency\'s name', () => account({ account_id: accountA, account_name: 'account-a', legacy_agencies: [{ agency_name: 'first', trust_domain_name: 'acme' }] }), '/accounts/1/legacy_agencies/0/agency_name', /kind trust/],
  ['a name of an account under another id', () => account({ account_name: 'account-a', account_id: 'e'.repeat(32) }), '/accounts/1/account_id', new RegExp(accountA)],
  ['another id for an existing policy', () => account({ account_id: accountA, account_name: 'account-a', policies: [{ policy_name: 'assume-all', policy_id: 'other', policy_document: good }] }), '/accounts/1/policies/0/policy_id', /./],
  ['another id for an existing user', () => account({ account_id: accountA, account_name: 'account-a', users: [{ user_name: 'alice', user_id: 'other' }] }), '/accounts/1/users/0/user_id', /./],
  ['the access key of a user of another account', () => user({ access_keys: [pair('A'), { ...pair('X'), access_key_id: keys.bert.accessKeyId }] }), '/accounts/1/users/0/access_keys/1/access_key_id', /belongs to another account/],
  ['the access key of a service, for a root user', () => account({ root_user: { user_name: 'root', access_keys: [{ ...pair('X'), access_key_id: keys.service.accessKeyId }] } }), '/accounts/1/root_user/access_keys/0/access_key_id', /belongs to another account/],
  ['the access key of a user, for a service', () => ({ services: [{ service_principal: 'service.NEW', access_keys: [{ ...pair('X'), access_key_id: keys.bert.accessKeyId }] }] }), '/services/0/access_keys/0/access_key_id', /belongs to another account/],
  ['the access key of a user, for the operator', () => ({ operator: { access_keys: [{ ...pair('X'), access_key_id: keys.bert.accessKeyId }] } }), '/operator/access_keys/0/access_key_id', /belongs to another account/],
  ['the MFA device of another user of the account', () => account({ account_id: accountA, account_name: 'account-a', root_user: { user_name: 'root-a' }, users: [{ user_name: 'bob', mfa_devices: [{ device_name: 'phone', base32_string_seed: mfaSeed }] }] }), '/accounts/1/users/0/mfa_devices/0/device_name', /`phone` is that of the user `alice`/],
  ['another id for an existing agency', () => account({ account_id: accountA, account_name: 'account-a', agencies: [{ agency_name: 'first', agency_id: 'other', trust_policy: trusting }] }), '/accounts/1/agencies/0/agency_id', /./],
];

describe('a file with', () => {
  it.each(cases)('%s is refused by place and rule, and leaves Redis as it was', async (_what, file, pointer, rule) => {
    const before = await dump(service.redis);
    const error: unknown = await service.apply(file()).then(() => 'applied', (reason: unknown) => reason);
    expect(error).toBeInstanceOf(BootstrapError);
    if (!(error instanceof BootstrapError)) return;
    expect(error.pointer).toBe(pointer);
    expect(error.message).toContain(`\`${pointer === '' ? '/' : pointer}\`: `);
    expect(error.message).toMatch(rule);
    expect(error.message).not.toContain('secret-0123456789abcdef');
    expect(await dump(service.redis)).toEqual(before);
  });

  it('the access key of another account is refused by place before anything is planned to be applied, too', async () => {
    const file = parseBootstrapFile(JSON.stringify(user({ access_keys: [{ ...pair('X'), access_key_id: keys.bert.accessKeyId }] })));
    await expect(planFor(file, service.composition)).rejects.toThrow('`/accounts/1/users/0/access_keys/0/access_key_id`: access key');
  });

  it('a root user by the name of another user of the account is refused', async () => {
    const taken = await startService(accounts);
    try {
      await expect(taken.apply({ accounts: [{ account_id: accountA, account_name: 'account-a', root_user: { user_name: 'bob' } }] })).rejects.toThrow('/accounts/0/root_user/user_name');
    } finally {
      await taken.stop();
    }
  });

  it('all its accounts right is applied after them all', async () => {
    await service.apply({ accounts: [{ account_name: 'right' }, { account_name: 'wrong' }] });
  });
});
