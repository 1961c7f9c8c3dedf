// For every operation of the directory a call that an administrator may make and that works, on things made for it alone.
import * as OTPAuth from 'otpauth';
import { accountA, agencies, ask, policy, allow, trust, keys } from '../support/accounts.js';
import type { Answer, Credentials, TestService } from '../support/service.js';
import { text } from './managed.js';

export interface Sample {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  /** Of the body; JSON otherwise. */
  readonly type?: string;
}

type Method = Parameters<TestService['call']>[1];

/** Makes things of account A as its root user, and of the installation as its operator. */
export interface Maker {
  readonly service: TestService;
  /** A name that nothing has yet. */
  readonly name: () => string;
  readonly as: (credentials: Credentials, method: Method, path: string, body?: unknown) => Promise<Answer>;
  readonly root: (method: Method, path: string, body?: unknown) => Promise<Answer>;
}

export function makerOf(service: TestService): Maker {
  let made = 0;
  const as: Maker['as'] = async (credentials, method, path, body) => {
    const answer = await service.call(credentials, method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  };
  return {
    service, as,
    name: () => `made-${(made += 1)}`,
    root: (method, path, body) => as(keys.rootA, method, path, body),
  };
}

const trustPolicy = JSON.stringify(trust({ IAM: [accountA] }));
const policyDocument = JSON.stringify(policy(allow('obs:object:GetObject')));

const agency = async ({ root, name }: Maker): Promise<string> => text(await root('POST', '/v5/agencies', { agency_name: name(), trust_policy: trustPolicy }), 'agency', 'agency_id');
const user = async ({ root, name }: Maker): Promise<string> => text(await root('POST', '/v5/users', { name: name(), enabled: true }), 'user', 'user_id');
const group = async ({ root, name }: Maker): Promise<string> => text(await root('POST', '/v5/groups', { group_name: name() }), 'group', 'group_id');
const identityPolicy = async ({ root, name }: Maker): Promise<string> => text(await root('POST', '/v5/policies', { policy_name: name(), policy_document: policyDocument }), 'policy', 'policy_id');
const key = async (make: Maker): Promise<Readonly<Record<'user_id' | 'access_key_id', string>>> => {
  const userId = await user(make);
  return { user_id: userId, access_key_id: text(await make.root('POST', `/v5/users/${userId}/access-keys`), 'access_key', 'access_key_id') };
};
const secondVersion = async (make: Maker): Promise<Readonly<Record<'policy_id' | 'version_id', string>>> => {
  const id = await identityPolicy(make);
  return { policy_id: id, version_id: text(await make.root('POST', `/v5/policies/${id}/versions`, { policy_document: policyDocument }), 'policy_version', 'version_id') };
};
const member = async (make: Maker): Promise<Readonly<Record<'group' | 'user', string>>> => {
  const ids = { group: await group(make), user: await user(make) };
  await make.root('POST', `/v5/groups/${ids.group}/add-user`, { user_id: ids.user });
  return ids;
};
const device = async (make: Maker): Promise<Readonly<Record<'user_id' | 'serial_number' | 'seed', string>>> => {
  const userId = await user(make);
  const created = await make.root('POST', '/v5/virtual-mfa-devices', { virtual_mfa_device_name: make.name(), user_id: userId });
  return { user_id: userId, serial_number: text(created, 'virtual_mfa_device', 'serial_number'), seed: text(created, 'virtual_mfa_device', 'base32_string_seed') };
};
const codes = ({ service }: Maker, seed: string) => {
  const code = (seconds: number): string => new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(seed) }).generate({ timestamp: service.clock.now() + seconds * 1000 });
  return { authentication_code_first: code(-30), authentication_code_second: code(0) };
};
const attached = async (make: Maker, kind: 'agency' | 'group' | 'user'): Promise<Sample> => {
  const sample = await attachable(make, kind);
  await make.root('POST', `/v5/policies/${sample.path?.['policy_id'] ?? ''}/attach-${kind}`, sample.body);
  return sample;
};
const attachable = async (make: Maker, kind: 'agency' | 'group' | 'user'): Promise<Sample> => {
  const id = await { agency, group, user }[kind](make);
  return { path: { policy_id: await identityPolicy(make) }, body: { [`${kind}_id`]: id } };
};
const event = async ({ root }: Maker): Promise<string> => (await root('GET', '/v5/caller-identity')).headers['x-audit-event-id'] ?? '';
const session = async ({ service }: Maker): Promise<string> => (await service.session(keys.alice, ask(agencies.first))).accessKeyId;
const newAccount = async ({ as, name }: Maker): Promise<string> => text(await as(keys.operator, 'POST', '/v1/accounts', { account_name: name() }), 'account', 'account_id');
const newService = async ({ as, name }: Maker): Promise<Readonly<Record<'service_principal' | 'access_key_id', string>>> => {
  const created = await as(keys.operator, 'POST', '/v1/services', { service_principal: `service.${name()}` });
  return { service_principal: text(created, 'service', 'service_principal'), access_key_id: text(created, 'access_key', 'access_key_id') };
};

const legacyAgency = async ({ root, name }: Maker): Promise<string> =>
  text(await root('POST', '/v3.0/OS-AGENCY/agencies', { agency: { name: name(), domain_id: accountA, trust_domain_name: 'account-b' } }), 'agency', 'id');
const customRole = (displayName: string, type: 'AX' | 'XA' = 'AX') => ({ display_name: displayName, type, policy: { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['obs:object:GetObject'] }] } });
const role = async ({ root, name }: Maker, type: 'AX' | 'XA' = 'AX'): Promise<string> => text(await root('POST', '/v3.0/OS-ROLE/roles', { role: customRole(name(), type) }), 'role', 'id');
const project = async ({ root }: Maker): Promise<string> => text(await root('GET', '/v3/projects?name=cn-north-4'), 'projects', '0', 'id');
const enterpriseProjectAssignments = '/v3.0/OS-PERMISSION/subjects/agency/scopes/enterprise-project/role-assignments';
const assignments = async (make: Maker) => ({ role_assignments: [{ agency_id: await legacyAgency(make), enterprise_project_id: '0', role_id: await sharedRole(make, 'AX') }] });

/** One of each type for all grants: an account has a limited number. */
const roles = new WeakMap<Maker, Map<string, Promise<string>>>();
function sharedRole(make: Maker, type: 'AX' | 'XA'): Promise<string> {
  const known = roles.get(make) ?? new Map<string, Promise<string>>();
  roles.set(make, known);
  const made = known.get(type) ?? role(make, type);
  known.set(type, made);
  return made;
}

/** Granting, looking for it, listing and taking away, on one kind of scope. @param under the path up to the scope's id */
function grantSamples(scope: 'Domain' | 'Project' | 'AllProjects' | 'EnterpriseProject', under: string, holder: (make: Maker) => Promise<string>, names: readonly [string, string | undefined, string, string]): Readonly<Record<string, (make: Maker) => Promise<Sample>>> {
  const scopeName = { Domain: 'domain_id', Project: 'project_id', AllProjects: 'domain_id', EnterpriseProject: 'enterprise_project_id' }[scope];
  const holderName = holder === group ? 'group_id' : 'agency_id';
  const things = async (make: Maker): Promise<Readonly<Record<string, string>>> => {
    const id = scope === 'Project' ? await project(make) : scope === 'EnterpriseProject' ? '0' : accountA;
    return { [scopeName]: id, [holderName]: await holder(make), role_id: await sharedRole(make, scope === 'Domain' || scope === 'EnterpriseProject' ? 'AX' : 'XA') };
  };
  const granted = async (make: Maker): Promise<Sample> => {
    const path = await things(make);
    await make.root('PUT', `${under}/${path[scopeName] ?? ''}/${holder === group ? 'groups' : 'agencies'}/${path[holderName] ?? ''}/roles/${path['role_id'] ?? ''}${scope === 'AllProjects' ? '/inherited_to_projects' : ''}`);
    return { path };
  };
  const [grant, check, list, revoke] = names;
  return { [grant]: async (make) => ({ path: await things(make) }), ...(check !== undefined && { [check]: granted }), [list]: granted, [revoke]: granted };
}

/** By name of the operation. */
export const samples: Readonly<Record<string, (make: Maker) => Promise<Sample> | Sample>> = {
  CreateAgencyV5: ({ name }) => ({ body: { agency_name: name(), trust_policy: trustPolicy } }),
  ListAgenciesV5: () => ({}),
  GetAgencyV5: async (make) => ({ path: { agency_id: await agency(make) } }),
  UpdateAgencyV5: async (make) => ({ path: { agency_id: await agency(make) }, body: { description: 'other' } }),
  UpdateTrustPolicyV5: async (make) => ({ path: { agency_id: await agency(make) }, body: { trust_policy: trustPolicy } }),
  DeleteAgencyV5: async (make) => ({ path: { agency_id: await agency(make) } }),
  MigrateAgency: async (make) => ({ path: { agency_id: await legacyAgency(make) }, body: { dry_run: false } }),
  CreatePolicyV5: ({ name }) => ({ body: { policy_name: name(), policy_document: policyDocument } }),
  ListPoliciesV5: () => ({}),
  GetPolicyV5: async (make) => ({ path: { policy_id: await identityPolicy(make) } }),
  DeletePolicyV5: async (make) => ({ path: { policy_id: await identityPolicy(make) } }),
  CreatePolicyVersionV5: async (make) => ({ path: { policy_id: await identityPolicy(make) }, body: { policy_document: policyDocument } }),
  ListPolicyVersionsV5: async (make) => ({ path: { policy_id: await identityPolicy(make) } }),
  GetPolicyVersionV5: async (make) => ({ path: await secondVersion(make) }),
  DeletePolicyVersionV5: async (make) => ({ path: await secondVersion(make) }),
  SetDefaultPolicyVersionV5: async (make) => ({ path: await secondVersion(make) }),
  AttachAgencyPolicyV5: (make) => attachable(make, 'agency'),
  AttachGroupPolicyV5: (make) => attachable(make, 'group'),
  AttachUserPolicyV5: (make) => attachable(make, 'user'),
  DetachAgencyPolicyV5: (make) => attached(make, 'agency'),
  DetachGroupPolicyV5: (make) => attached(make, 'group'),
  DetachUserPolicyV5: (make) => attached(make, 'user'),
  ListAttachedAgencyPoliciesV5: async (make) => ({ path: { agency_id: await agency(make) } }),
  ListAttachedGroupPoliciesV5: async (make) => ({ path: { group_id: await group(make) } }),
  ListAttachedUserPoliciesV5: async (make) => ({ path: { user_id: await user(make) } }),
  ListEntitiesForPolicyV5: async (make) => ({ path: { policy_id: await identityPolicy(make) } }),
  CreateUserV5: ({ name }) => ({ body: { name: name(), enabled: true } }),
  ListUsersV5: () => ({}),
  ShowUserV5: async (make) => ({ path: { user_id: await user(make) } }),
  UpdateUserV5: async (make) => ({ path: { user_id: await user(make) }, body: { enabled: false } }),
  DeleteUserV5: async (make) => ({ path: { user_id: await user(make) } }),
  ShowUserLastLoginV5: async (make) => ({ path: { user_id: await user(make) } }),
  CreateGroupV5: ({ name }) => ({ body: { group_name: name() } }),
  ListGroupsV5: () => ({}),
  ShowGroupSummary: () => ({}),
  ShowGroupV5: async (make) => ({ path: { group_id: await group(make) } }),
  UpdateGroupV5: async (make) => ({ path: { group_id: await group(make) }, body: { new_group_description: 'other' } }),
  DeleteGroupV5: async (make) => ({ path: { group_id: await group(make) } }),
  AddUserToGroupV5: async (make) => ({ path: { group_id: await group(make) }, body: { user_id: await user(make) } }),
  RemoveUserFromGroupV5: async (make) => {
    const ids = await member(make);
    return { path: { group_id: ids.group }, body: { user_id: ids.user } };
  },
  CreateAccessKeyV5: async (make) => ({ path: { user_id: await user(make) } }),
  ListAccessKeysV5: async (make) => ({ path: { user_id: await user(make) } }),
  UpdateAccessKeyV5: async (make) => ({ path: await key(make), body: { status: 'inactive' } }),
  DeleteAccessKeyV5: async (make) => ({ path: await key(make) }),
  ShowAccessKeyLastUsedV5: async (make) => ({ path: await key(make) }),
  CreateVirtualMfaDeviceV5: async (make) => ({ body: { virtual_mfa_device_name: make.name(), user_id: await user(make) } }),
  EnableMfaDeviceV5: async (make) => {
    const { seed, ...named } = await device(make);
    return { body: { ...named, ...codes(make, seed) } };
  },
  DisableMfaDeviceV5: async (make) => {
    const { seed, ...named } = await device(make);
    await make.root('POST', '/v5/mfa-devices/enable', { ...named, ...codes(make, seed) });
    return { body: named };
  },
  ListMfaDevicesV5: () => ({}),
  DeleteVirtualMfaDeviceV5: async (make) => {
    const { user_id: userId, serial_number: serial } = await device(make);
    return { query: `user_id=${userId}&serial_number=${encodeURIComponent(serial)}` };
  },
  CreateServiceLinkedAgencyV5: () => ({ body: { service_principal: 'service.OBS' } }),
  DeleteServiceLinkedAgencyV5: async ({ root }) => ({ path: { agency_id: text(await root('PUT', '/v5/service-linked-agencies', { service_principal: 'service.OBS' }), 'agency', 'agency_id') } }),
  SetServiceLinkedAgencyUsage: async ({ root }) => ({ path: { agency_id: text(await root('PUT', '/v5/service-linked-agencies', { service_principal: 'service.OBS' }), 'agency', 'agency_id') }, body: { usage: [] } }),
  GetServiceLinkedAgencyDeletionStatusV5: async ({ root, service }) => {
    const id = text(await root('PUT', '/v5/service-linked-agencies', { service_principal: 'service.OBS' }), 'agency', 'agency_id');
    const deleted = await service.call(keys.service, 'DELETE', `/v5/service-linked-agencies/${id}`, undefined, { headers: { 'x-source-account': accountA } });
    return { path: { deletion_task_id: text(deleted, 'deletion_task_id') } };
  },
  TagResourceV5: async (make) => ({ path: { resource_type: 'agency', resource_id: await agency(make) }, body: { tags: [{ tag_key: 'team', tag_value: 'blue' }] } }),
  DeleteResourceTagsV5: async (make) => ({ path: { resource_type: 'user', resource_id: await user(make) }, body: ['team'] }),
  ListResourceTagsV5: async (make) => ({ path: { resource_type: 'user', resource_id: await user(make) } }),
  GetAccountSummaryV5: () => ({}),
  GetAuthorizationSchemaV5: () => ({ path: { service_code: 'sts' } }),
  ListRegisteredServicesForAuthSchemaV5: () => ({}),
  ListServicePrincipalsV5: () => ({}),
  GetFeatureStatusV5: () => ({ path: { feature_name: 'v5_console' } }),
  GetAsymmetricSignatureSwitchV5: () => ({}),
  SetAsymmetricSignatureSwitchV5: () => ({ body: { asymmetric_signature: { asymmetric_signature_switch: true } } }),
  CreateAccount: ({ name }) => ({ body: { account_name: name() } }),
  ListAccounts: () => ({}),
  GetAccount: async (make) => ({ path: { account_id: await newAccount(make) } }),
  UpdateAccount: async (make) => ({ path: { account_id: await newAccount(make) }, body: { quotas: { users: 60 } } }),
  DeleteAccount: async (make) => ({ path: { account_id: await newAccount(make) } }),
  GetServiceControlPolicies: async (make) => ({ path: { account_id: await newAccount(make) } }),
  PutServiceControlPolicies: async (make) => ({ path: { account_id: await newAccount(make) }, body: { service_control_policies: null } }),
  RegisterService: ({ name }) => ({ body: { service_principal: `service.${name()}` } }),
  ListServices: () => ({}),
  DeleteService: async (make) => ({ path: { service_principal: (await newService(make)).service_principal } }),
  CreateServiceAccessKey: async (make) => ({ path: { service_principal: (await newService(make)).service_principal } }),
  ListServiceAccessKeys: async (make) => ({ path: { service_principal: (await newService(make)).service_principal } }),
  DeleteServiceAccessKey: async (make) => ({ path: await newService(make) }),
  RevokeSession: async (make) => ({ path: { session_id: await session(make) }, body: {} }),
  RevokeSessions: () => ({ body: { source_identity: 'nobody' } }),
  RevokeToken: async (make) => ({ body: `token=${(await make.service.session(keys.alice, ask(agencies.first))).securityToken ?? ''}`, type: 'application/x-www-form-urlencoded' }),
  GetSessionSettings: () => ({}),
  SetSessionSettings: () => ({ body: { revoke_on_disable: false } }),
  ListAuditEvents: () => ({}),
  GetAuditEvent: async (make) => ({ path: { event_id: await event(make) } }),
  GetAuditEventProof: async (make) => {
    const id = await event(make);
    await make.service.seal();
    return { path: { event_id: id } };
  },
  ListAuditKeys: () => ({}),
  ListSessions: () => ({}),
  GetSession: async (make) => ({ path: { session_id: await session(make) } }),
  ListSessionDescendants: async (make) => ({ path: { session_id: await session(make) } }),
  CreateAgency: ({ name }) => ({ body: { agency: { name: name(), domain_id: accountA, trust_domain_name: 'account-b' } } }),
  ListAgencies: () => ({}),
  ShowAgency: async (make) => ({ path: { agency_id: await legacyAgency(make) } }),
  UpdateAgency: async (make) => ({ path: { agency_id: await legacyAgency(make) }, body: { agency: { description: 'other' } } }),
  DeleteAgency: async (make) => ({ path: { agency_id: await legacyAgency(make) } }),
  KeystoneListPermissions: () => ({}),
  KeystoneShowPermission: async (make) => ({ path: { role_id: await role(make) } }),
  CreateCloudServiceCustomPolicy: ({ name }) => ({ body: { role: customRole(name()) } }),
  ListCustomPolicies: () => ({}),
  ShowCustomPolicy: async (make) => ({ path: { role_id: await role(make) } }),
  UpdateCloudServiceCustomPolicy: async (make) => ({ path: { role_id: await role(make) }, body: { role: { description: 'other' } } }),
  DeleteCustomPolicy: async (make) => ({ path: { role_id: await role(make) } }),
  ...grantSamples('Domain', '/v3.0/OS-AGENCY/domains', legacyAgency, ['AssociateAgencyWithDomainPermission', 'CheckDomainPermissionForAgency', 'ListDomainPermissionsForAgency', 'RemoveDomainPermissionFromAgency']),
  ...grantSamples('Project', '/v3.0/OS-AGENCY/projects', legacyAgency, ['AssociateAgencyWithProjectPermission', 'CheckProjectPermissionForAgency', 'ListProjectPermissionsForAgency', 'RemoveProjectPermissionFromAgency']),
  ...grantSamples('AllProjects', '/v3.0/OS-INHERIT/domains', legacyAgency, ['AssociateAgencyWithAllProjectsPermission', 'CheckAllProjectsPermissionForAgency', 'ListAllProjectsPermissionsForAgency', 'RemoveAllProjectsPermissionFromAgency']),
  AssociateRoleToAgencyOnEnterpriseProject: async (make) => ({ body: await assignments(make) }),
  RevokeRoleFromAgencyOnEnterpriseProject: async (make) => {
    const body = await assignments(make);
    await make.root('PUT', enterpriseProjectAssignments, body);
    return { body };
  },
  ShowDomainRoleAssignments: () => ({ query: `domain_id=${accountA}` }),
  ...grantSamples('Domain', '/v3/domains', group, ['KeystoneAssociateGroupWithDomainPermission', 'KeystoneCheckDomainPermissionForGroup', 'KeystoneListDomainPermissionsForGroup', 'KeystoneRemoveDomainPermissionFromGroup']),
  ...grantSamples('Project', '/v3/projects', group, ['KeystoneAssociateGroupWithProjectPermission', 'KeystoneCheckProjectPermissionForGroup', 'KeystoneListProjectPermissionsForGroup', 'KeystoneRemoveProjectPermissionFromGroup']),
  ...grantSamples('AllProjects', '/v3/OS-INHERIT/domains', group, ['UpdateDomainGroupInheritRole', 'KeystoneCheckroleForGroup', 'KeystoneListAllProjectPermissionsForGroup', 'DeleteDomainGroupInheritedRole']),
  ...grantSamples('EnterpriseProject', '/v3.0/OS-PERMISSION/enterprise-projects', group, ['AssociateRoleToGroupOnEnterpriseProject', undefined, 'ListRolesForGroupOnEnterpriseProject', 'RevokeRoleFromGroupOnEnterpriseProject']),
  ListEnterpriseProjectsForGroup: async (make) => ({ path: { group_id: await group(make) } }),
  ListGroupsForEnterpriseProject: () => ({ path: { enterprise_project_id: '0' } }),
  KeystoneListProjects: () => ({}),
  KeystoneShowProject: async (make) => ({ path: { project_id: await project(make) } }),
  KeystoneListAuthProjects: () => ({}),
  KeystoneListAuthDomains: () => ({}),
  KeystoneListRegions: () => ({}),
  KeystoneShowRegion: () => ({ path: { region_id: 'cn-north-4' } }),
  ShowDomainQuota: () => ({ path: { domain_id: accountA } }),
  ListEnterpriseProject: () => ({}),
  ShowEnterpriseProject: () => ({ path: { enterprise_project_id: '0' } }),
};
