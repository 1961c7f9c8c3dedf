// Every operation of the directory by every kind of caller: who gets its answer, who is refused, who finds nothing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../src/http/app.js';
import { tokenOperations } from '../../src/http/operations/legacy/tokens.js';
import type { Operation } from '../../src/http/operation.js';
import { accessKey, accountA, accountsPlus, ask, allow, bootstrapKey, deny, keys, policy, trust } from '../support/accounts.js';
import { startService, type Answer, type Credentials, type Method, type TestService } from '../support/service.js';
import { makerOf, samples, type Maker, type Sample } from './samples.js';

const admin = accessKey('admin');
const bound = accessKey('bound');
const boundAccount = 'e'.repeat(32);
const managing = `iam::${accountA}:agency:managing`;
const everything = JSON.stringify(policy(allow('*')));

let service: TestService;
let make: Maker;
const sessions = new Map<string, Credentials>();

beforeAll(async () => {
  const rates = { STS_RATE_ADDRESS_PER_MINUTE: '1000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '1000000' };
  service = await startService(accountsPlus({
    [accountA]: {
      users: [{ user_name: 'admin', attached_policies: ['administer'], access_keys: [bootstrapKey(admin)] }],
      policies: [{ policy_name: 'administer', policy_document: policy(allow(['iam:*:*', 'sts:*:*', 'eps:*:*'])) }],
      agencies: [{ agency_name: 'managing', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['administer'] }],
    },
    [boundAccount]: { service_control_policies: [{ name: 'no-directory', policy_document: policy(allow('*'), deny(['iam:*:*', 'sts:*:*', 'eps:*:*'])) }] },
  }, { [boundAccount]: { user_name: 'bound-root', access_keys: [bootstrapKey(bound)] } }), rates);
  make = makerOf(service);
  await make.as(keys.operator, 'PUT', `/v1/accounts/${accountA}`, { quotas: { users: 2000, groups: 2000, agencies: 5000, policies: 5000 } });
  sessions.set('session', await service.session(keys.alice, ask(managing)));
  sessions.set('narrowed', await service.session(keys.alice, ask(managing, { policy: JSON.stringify(policy(allow('sts:agencies:*'))) })));
  const narrowed = await service.session(keys.alice, ask(managing, { policy: everything }));
  sessions.set('behind a narrowed one', await service.session(narrowed, ask(managing)));
  sessions.set('narrowed to everything', await service.session(keys.alice, ask(managing, { policy: everything })));
});
afterAll(() => service.stop());

/** Who ends another session than its own by a token needs what RevokeSession needs. */
const directory = operations.filter((operation) => operation.family !== 'sts' && !tokenOperations.includes(operation)).map((operation) => (operation.name === 'RevokeToken' ? { ...operation, action: 'sts:sessions:revoke' } : operation));
const isOperators = ({ action }: Operation): boolean => action?.startsWith('operator:') === true;
const byServiceOnly = new Set(['DeleteServiceLinkedAgencyV5', 'SetServiceLinkedAgencyUsage']);
/** A service acts in the name of no account here: what it may do with its agencies it does with a header that names one. */
const servicesMayAsk = new Set(['CreateServiceLinkedAgencyV5', 'GetServiceLinkedAgencyDeletionStatusV5', ...byServiceOnly]);
/** What is made by them lasts: sessions that are narrowed make no such thing, whatever they are narrowed to. */
const outlasting = new Set([
  'CreateAgencyV5', 'UpdateAgencyV5', 'UpdateTrustPolicyV5', 'MigrateAgency', 'CreatePolicyV5', 'CreatePolicyVersionV5', 'SetDefaultPolicyVersionV5', 'AttachAgencyPolicyV5', 'AttachGroupPolicyV5',
  'AttachUserPolicyV5', 'DetachAgencyPolicyV5', 'DetachGroupPolicyV5', 'DetachUserPolicyV5', 'DeletePolicyV5', 'UpdateUserV5', 'UpdateGroupV5', 'AddUserToGroupV5', 'RemoveUserFromGroupV5', 'CreateAccessKeyV5',
  'UpdateAccessKeyV5', 'CreateVirtualMfaDeviceV5', 'EnableMfaDeviceV5', 'DisableMfaDeviceV5', 'CreateServiceLinkedAgencyV5', 'TagResourceV5', 'DeleteResourceTagsV5', 'SetAsymmetricSignatureSwitchV5',
  'SetSessionSettings',
  'CreateAgency', 'UpdateAgency', 'CreateCloudServiceCustomPolicy', 'UpdateCloudServiceCustomPolicy', 'DeleteCustomPolicy',
  'AssociateAgencyWithDomainPermission', 'RemoveDomainPermissionFromAgency', 'AssociateAgencyWithProjectPermission', 'RemoveProjectPermissionFromAgency', 'AssociateAgencyWithAllProjectsPermission',
  'RemoveAllProjectsPermissionFromAgency', 'AssociateRoleToAgencyOnEnterpriseProject', 'RevokeRoleFromAgencyOnEnterpriseProject', 'KeystoneAssociateGroupWithDomainPermission',
  'KeystoneRemoveDomainPermissionFromGroup', 'KeystoneAssociateGroupWithProjectPermission', 'KeystoneRemoveProjectPermissionFromGroup', 'UpdateDomainGroupInheritRole', 'DeleteDomainGroupInheritedRole',
  'AssociateRoleToGroupOnEnterpriseProject', 'RevokeRoleFromGroupOnEnterpriseProject',
]);
/** What these name every account has. */
const namesOnlyShared = new Set(['KeystoneShowRegion', 'ShowEnterpriseProject', 'ListGroupsForEnterpriseProject']);
/** Whose resource is named by an id, which means nothing in another account. */
const namesAnEntity = (operation: Operation, sample: Sample): boolean => {
  if (operation.path.includes('{') && !operation.path.includes('{service_code}') && !operation.path.includes('{feature_name}')) return true;
  return /user_id|agency_id|domain_id/.test(JSON.stringify([sample.body, sample.query])) || sample.query !== undefined;
};

const callers: readonly [name: string, credentials: () => Credentials, expected: (operation: Operation, sample: Sample) => number | readonly number[]][] = [
  ['the root user', () => keys.rootA, (operation) => (isOperators(operation) || byServiceOnly.has(operation.name) ? 403 : operation.status)],
  ['an administrator', () => admin, (operation) => (isOperators(operation) || byServiceOnly.has(operation.name) ? 403 : operation.status)],
  ['a user without permission', () => keys.carol, ({ action, status }) => (action === null ? status : 403)],
  ['a session of an administering agency', () => sessionOf('session'), (operation) => (isOperators(operation) || byServiceOnly.has(operation.name) ? 403 : operation.status)],
  ['a session that a session policy narrows', () => sessionOf('narrowed'), ({ action, status }) => (action === null ? status : 403)],
  ['a session that a session policy narrows to everything', () => sessionOf('narrowed to everything'),
    (operation) => (isOperators(operation) || byServiceOnly.has(operation.name) || outlasting.has(operation.name) ? 403 : operation.status)],
  ['a session behind one that was narrowed', () => sessionOf('behind a narrowed one'),
    (operation) => (isOperators(operation) || byServiceOnly.has(operation.name) || outlasting.has(operation.name) ? 403 : operation.status)],
  ['the root user of an account whose service control policies deny everything of IAM and STS', () => bound, ({ action, status }) => (action === null ? status : 403)],
  ['the root user of another account', () => keys.rootB, (operation, sample) => {
    if (isOperators(operation) || byServiceOnly.has(operation.name) || operation.name === 'RevokeToken') return 403;
    if (namesOnlyShared.has(operation.name)) return operation.status;
    // Another account is refused as such where a call of the older API names it.
    return namesAnEntity(operation, sample) ? [400, 403, 404] : operation.status;
  }],
  ['a service', () => keys.service, ({ name }) => (servicesMayAsk.has(name) ? 400 : 403)],
  ['the operator', () => keys.operator, (operation) => (isOperators(operation) || operation.action === null ? operation.status : 403)],
];

function sessionOf(name: string): Credentials {
  const session = sessions.get(name);
  if (session === undefined) throw new Error(`no session ${name}`);
  return session;
}

async function call(credentials: Credentials, operation: Operation, { path = {}, query, body, type }: Sample): Promise<Answer> {
  const filled = operation.path.replaceAll(/\{(\w+)\}/g, (_braces, name: string) => path[name] ?? '');
  // The operations' methods are those of the harness in lower case.
  const method = operation.method.toUpperCase() as Method;
  return service.call(credentials, method, query === undefined ? filled : `${filled}?${query}`, body, type === undefined ? {} : { headers: { 'content-type': type } });
}

/** How a denial is told in each family. */
const denials: Readonly<Record<Operation['family'], object>> = { sts: { error_code: 'STS5.1001' }, iam: { error_code: 'PAP5.0001' }, legacy: { error_code: 'IAM.0003' }, keystone: { error: { code: 403, title: 'Forbidden' } } };

it('every operation has a sample, and every sample an operation', () => {
  expect(Object.keys(samples).sort()).toEqual(directory.map(({ name }) => name).sort());
});

describe.each(callers)('by %s', (_name, credentials, expected) => {
  it.each(directory)('$name', async (operation) => {
    const sample = await samples[operation.name]?.(make) ?? {};
    const answer = await call(credentials(), operation, sample);
    const statuses = [expected(operation, sample)].flat();
    expect(statuses, JSON.stringify(answer.body).slice(0, 300)).toContain(answer.status);
    if (answer.status === 403 && operation.method !== 'head') expect(answer.body).toMatchObject({ ...denials[operation.family], request_id: expect.any(String) as string });
    if (answer.status < 300 && operation.response !== undefined) expect(operation.response.safeParse(answer.body).error).toBeUndefined();
  });
});
