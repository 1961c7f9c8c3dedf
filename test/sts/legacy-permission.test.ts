// Who may assume a legacy agency by the permissions of the older system: users, on the agency that is meant, unless anything denies it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessKey, accountA, accountB, accountC, accountsPlus, allow, ask, bootstrapKey, deny, keys, policy, trust } from '../support/accounts.js';
import { putLegacyAgencies } from '../support/legacy.js';
import { startService, type Credentials, type TestService } from '../support/service.js';

const meantId = '0123456789abcdef0123456789abcdef';
const uuid = '01234567-89ab-cdef-0123-456789abcdef';
const of = (name: string, accountId = accountB): string => `iam::${accountId}:agency:${name}`;
const names = ['by-id', 'by-uuid', 'by-name', 'deny-urn', 'deny-older-urn', 'deny-other-urn', 'deny-name'] as const;
const key = Object.fromEntries(names.map((name) => [name, accessKey(name.replaceAll('-', '').slice(0, 15))])) as Record<(typeof names)[number], Credentials>;
const onUri = (effect: 'Allow' | 'Deny', action: string, ...uri: string[]) => ({ Version: '1.1', Statement: [{ Effect: effect, Action: [action], Resource: { uri } }] });
const role = (display_name: string, document: object) => ({ display_name, type: 'AX', policy: document });
const group = (group_name: string, ...roles: string[]) => ({ group_name, role_grants: roles.map((one) => ({ role: one, scope: 'domain' })) });
const user = (name: (typeof names)[number], member: string, ...attached_policies: string[]) => ({ user_name: name, groups: [member], attached_policies, access_keys: [bootstrapKey(key[name])] });

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      roles: [
        role('on-id', onUri('Allow', 'iam:agencies:assume', `/iam/agencies/${meantId}`)), role('on-uuid', onUri('Allow', 'iam:tokens:assume', `/iam/agencies/${uuid}`)),
        role('on-name', onUri('Allow', 'iam:tokens:assume', '/iam/agencies/t1')), role('not-named', onUri('Deny', 'iam:agencies:assume', `/iam/agencies/${meantId}`)),
      ],
      groups: [group('by-id', 'on-id'), group('by-uuid', 'on-uuid'), group('by-name', 'on-name'), group('operators', 'Agent Operator'), group('not-named', 'Agent Operator', 'not-named')],
      policies: [
        { policy_name: 'deny-urn', policy_document: policy(deny('iam:agencies:assume', { Resource: [of('t1')] })) }, { policy_name: 'deny-older-urn', policy_document: policy(deny('iam:tokens:assume', { Resource: [of('t*')] })) },
        { policy_name: 'deny-other-urn', policy_document: policy(deny('iam:agencies:assume', { Resource: [of('t2')] })) },
      ],
      users: [
        user('by-id', 'by-id'), user('by-uuid', 'by-uuid'), user('by-name', 'by-name'), user('deny-urn', 'operators', 'deny-urn'), user('deny-older-urn', 'operators', 'deny-older-urn'), user('deny-other-urn', 'operators', 'deny-other-urn'), user('deny-name', 'not-named'),
      ],
    },
    [accountB]: {
      roles: [role('switching', { Version: '1.1', Statement: [allow('sts:agencies:assume')] }), role('no-switching', { Version: '1.1', Statement: [deny('sts:agencies:assume')] })],
      agencies: [{ agency_name: 'next', trust_policy: trust({ IAM: [accountB] }) }],
    },
  }), { STS_RATE_ADDRESS_PER_MINUTE: '1000000' });
  const toA = { trustDomainId: accountA, trustDomainName: 'account-a' };
  const account = (await service.composition.services.directory.read(accountB, () => []))?.snapshot;
  const assuming = account?.policies.named('assume-all')?.policyId ?? '';
  const systemRole = (name: string): string => [...service.composition.services.catalogue.systemRoles.values()].find((one) => one.name === name)?.roleId ?? '';
  const granted = (roleId: string) => ({ roleId, scope: { kind: 'domain' as const } });
  const custom = (name: string) => granted(account?.roles.named(name)?.roleId ?? '');
  const attachedPolicies = [{ policyId: assuming, attachedAt: 0 }];
  await putLegacyAgencies(service, accountB, [
    { agencyName: 't1', ...toA }, { agencyName: 'operating', ...toA, roleGrants: [granted(systemRole('te_agency'))] }, { agencyName: 'securing', ...toA, roleGrants: [granted(systemRole('secu_admin'))] },
    { agencyName: 'switching', ...toA, roleGrants: [custom('switching')] }, { agencyName: 'identity', ...toA, roleGrants: [granted(systemRole('te_agency'))], attachedPolicies }, { agencyName: 'denied', ...toA, roleGrants: [custom('no-switching')], attachedPolicies },
  ]);
  await putLegacyAgencies(service, accountC, [
    { agencyName: meantId, ...toA }, { agencyName: meantId.toUpperCase(), ...toA }, { agencyName: uuid, ...toA }, { agencyName: 'meant', agencyId: 'id-meant', ...toA }, { agencyName: 'to-b', trustDomainId: accountB, trustDomainName: 'account-b' },
  ]);
});
afterAll(() => service.stop());

describe('the uri of a permission', () => {
  it.each<readonly [what: string, who: keyof typeof key, agency: string, status: number]>([
    ['by an id is not that of an agency of another account which is called like it', 'by-id', of(meantId, accountC), 403],
    ['by an id is not that of one called like it in capitals', 'by-id', of(meantId.toUpperCase(), accountC), 403],
    ['by a UUID is not that of one called like it', 'by-uuid', of(uuid, accountC), 403],
    ['by a name is that of the agency called so', 'by-name', of('t1'), 200],
    ['by a name is that of no other', 'by-name', of('meant', accountC), 403],
  ])('%s: %#', async (_what, who, agency, status) => {
    expect((await service.assume(key[who], ask(agency))).status).toBe(status);
  });
});

describe('a Deny of the older permissions binds an Agent Operator', () => {
  it.each<readonly [what: string, who: keyof typeof key, agency: string, status: number]>([
    ['in the language of today, by the URN of the agency', 'deny-urn', of('t1'), 403],
    ['in the language of today, by the older action and a pattern', 'deny-older-urn', of('t1'), 403],
    ['and not on another agency', 'deny-other-urn', of('t1'), 200],
    ['by a name that looks like an id', 'deny-name', of(meantId, accountC), 403],
    ['and not by that on another', 'deny-name', of('t1'), 200],
  ])('%s: %#', async (_what, who, agency, status) => {
    expect((await service.assume(key[who], ask(agency))).status).toBe(status);
  });
});

describe('a session of a legacy agency leads on', () => {
  it.each<readonly [what: string, agency: string, onto: string, status: number]>([
    ['never by the role Agent Operator', 'operating', of('to-b', accountC), 403], ['never by the role Security Administrator', 'securing', of('to-b', accountC), 403],
    ['never by a custom role, to a legacy agency', 'switching', of('to-b', accountC), 403], ['never by a custom role, to a trust agency', 'switching', of('next'), 403],
    ['by an identity policy, to a legacy agency', 'identity', of('to-b', accountC), 200], ['by an identity policy, to a trust agency', 'identity', of('next'), 200],
    ['never where a role denies it', 'denied', of('next'), 403],
  ])('%s: %#', async (_what, agency, onto, status) => {
    const session = await service.session(keys.rootA, ask(of(agency)));
    expect((await service.assume(session, ask(onto))).status).toBe(status);
  });
});
