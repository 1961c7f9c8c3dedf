// From an account to a bootstrap file that rebuilds it: in the order of names, so that equal accounts make equal files.
import { mfaSerialNumber } from '../urn/urn.js';
import type { BootstrapAccountText, BootstrapFileText, BootstrapRoleGrant } from './bootstrap-file.js';
import { ownQuotas } from './bootstrap-quotas.js';
import type { AccessKey, Agency, CustomRole, EnterpriseProject, Group, IdentityPolicy, MfaDevice, PolicyAttachment, Project, ResourceTag, RoleGrant, RoleScope, User } from './entities.js';
import { enterpriseProjectAt, projectAt } from './projects.js';
import { roleAt } from './roles.js';
import type { Snapshot } from './snapshot.js';

/** Secrets sealed for who is to have them, by access key id and by serial number. */
export interface ExportedSecrets {
  readonly accessKeys: ReadonlyMap<string, string>;
  readonly mfaSeeds: ReadonlyMap<string, string>;
}

export interface AccountExport {
  readonly file: BootstrapFileText;
  /** How many there are whose secrets were not given: they are not in the file. */
  readonly leftOut: { readonly accessKeys: number; readonly mfaDevices: number };
}

type Texts<Name extends 'users' | 'groups' | 'policies' | 'agencies' | 'legacy_agencies' | 'service_linked_agencies' | 'projects' | 'enterprise_projects' | 'roles'> = NonNullable<BootstrapAccountText[Name]>[number];

/** @param regions those of the service */
export function exportAccount(snapshot: Snapshot, secrets: ExportedSecrets, regions: readonly string[]): AccountExport {
  const { account } = snapshot;
  const names = exportNames(snapshot, regions);
  const users = byName(snapshot.users.values(), ({ userName }) => userName);
  const agencies = byName(snapshot.agencies.values(), ({ agencyName }) => agencyName);
  const credentials = new Map(users.map(({ userId }) => [userId, credentialsOf(snapshot, userId, secrets)]));
  const text: BootstrapAccountText = {
    account_id: account.accountId, account_name: account.accountName, quotas: ownQuotas(account.quotas), asymmetric_signature: account.asymmetricSignature,
    ...(account.revokeOnDisable && { revoke_on_disable: true }),
    ...Object.fromEntries(users.filter(({ isRootUser }) => isRootUser).map((root) => ['root_user', { ...rootText(root), ...credentials.get(root.userId) }])),
    users: users.filter(({ isRootUser }) => !isRootUser).map((user) => ({ ...userText(user, names), ...credentials.get(user.userId) })),
    groups: byName(snapshot.groups.values(), ({ groupName }) => groupName).map((group) => groupText(group, names)),
    policies: byName(snapshot.policies.values(), ({ policyName }) => policyName).map(policyText),
    agencies: agencies.flatMap((agency) => trustAgencyText(agency, names)),
    legacy_agencies: agencies.flatMap((agency) => legacyAgencyText(agency, names)),
    service_linked_agencies: agencies.flatMap(serviceLinkedAgencyText),
    projects: byName(snapshot.projects.values(), ({ projectName }) => projectName).map(projectText),
    enterprise_projects: byName(snapshot.enterpriseProjects.values(), ({ enterpriseProjectName }) => enterpriseProjectName).map(enterpriseProjectText),
    roles: byName(snapshot.roles.values(), ({ displayName }) => displayName).map(roleText),
    ...(account.inOrganization && {
      service_control_policies: snapshot.serviceControlPolicies.values().map(({ name, document }) => ({ name, policy_document: parsed(document) })),
    }),
  };
  return {
    file: { accounts: [text] },
    leftOut: {
      accessKeys: snapshot.accessKeys.values().filter(({ accessKeyId }) => !secrets.accessKeys.has(accessKeyId)).length,
      mfaDevices: snapshot.mfaDevices.values().filter(({ serialNumber }) => !secrets.mfaSeeds.has(serialNumber)).length,
    },
  };
}

interface Names {
  readonly groups: ReadonlyMap<string, string>;
  attached(attachments: readonly PolicyAttachment[]): string[];
  granted(grants: readonly RoleGrant[]): BootstrapRoleGrant[];
}

function exportNames(snapshot: Snapshot, regions: readonly string[]): Names {
  const { policies, systemPolicies, groups } = snapshot;
  return {
    groups: new Map(groups.values().map(({ groupId, groupName }) => [groupId, groupName])),
    // A policy that is gone, as a system policy can be with a new catalogue, grants nothing and has no name.
    attached: (attachments) => attachments.flatMap(({ policyId }) => policies.get(policyId)?.policyName ?? systemPolicies.get(policyId)?.policyName ?? []),
    granted: (grants) => grants.flatMap(({ roleId, scope: granted }) => {
      const role = roleAt(snapshot, roleId);
      const scope = scopeText(snapshot, regions, granted);
      return role === undefined || scope === undefined ? [] : [{ role: role.displayName, scope }];
    }).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)),
  };
}

/** By names; undefined for a project that is gone, as one can be with its region: it has no name, and nothing happens in it. */
function scopeText(snapshot: Snapshot, regions: readonly string[], scope: RoleScope): BootstrapRoleGrant['scope'] | undefined {
  switch (scope.kind) {
    case 'domain':
      return 'domain';
    case 'all-projects':
      return 'all_projects';
    case 'project': {
      const project = projectAt(snapshot, regions, scope.projectId);
      return project === undefined ? undefined : { project: project.projectName };
    }
    case 'enterprise-project': {
      const project = enterpriseProjectAt(snapshot, scope.enterpriseProjectId);
      return project === undefined ? undefined : { enterprise_project: project.enterpriseProjectName };
    }
  }
}

const projectText = ({ projectId, projectName, description, enabled }: Project): Texts<'projects'> => ({ project_id: projectId, project_name: projectName, description, enabled });

const enterpriseProjectText = ({ enterpriseProjectId, enterpriseProjectName, description }: EnterpriseProject): Texts<'enterprise_projects'> =>
  ({ enterprise_project_id: enterpriseProjectId, enterprise_project_name: enterpriseProjectName, description });

const roleText = ({ roleId, displayName, type, description, descriptionCn, document }: CustomRole): Texts<'roles'> =>
  ({ role_id: roleId, display_name: displayName, type, description, description_cn: descriptionCn, policy: parsed(document) });

function byName<Entity>(entities: readonly Entity[], name: (entity: Entity) => string): readonly Entity[] {
  return [...entities].sort((one, other) => (name(one) < name(other) ? -1 : 1));
}

const tagTexts = (tags: readonly ResourceTag[]) => tags.map(({ key, value }) => ({ tag_key: key, tag_value: value }));

/** Documents are stored as texts that were parsed before. [choice] Their blanks are not kept. */
const parsed = (document: string): Record<string, unknown> => JSON.parse(document) as Record<string, unknown>;

const rootText = ({ userId, userName, description, tags, passwordHash }: User) => ({ user_id: userId, user_name: userName, description, tags: tagTexts(tags), password_hash: passwordHash ?? '' });

const userText = (user: User, names: Names): Texts<'users'> => ({
  user_id: user.userId, user_name: user.userName, enabled: user.enabled, description: user.description, tags: tagTexts(user.tags),
  groups: user.groupIds.flatMap((groupId) => names.groups.get(groupId) ?? []), attached_policies: names.attached(user.attachedPolicies),
  password_hash: user.passwordHash ?? '',
});

function credentialsOf({ accountId, accessKeys, mfaDevices }: Snapshot, userId: string, secrets: ExportedSecrets) {
  const keys = byName(accessKeys.values().filter(({ owner }) => owner.kind === 'user' && owner.id === userId), ({ accessKeyId }) => accessKeyId);
  const devices = byName(mfaDevices.values().filter((device) => device.userId === userId), ({ serialNumber }) => serialNumber);
  return { access_keys: keys.flatMap((key) => accessKeyText(key, secrets)), mfa_devices: devices.flatMap((device) => mfaDeviceText(accountId, device, secrets)) };
}

function accessKeyText({ accessKeyId, active }: AccessKey, { accessKeys }: ExportedSecrets) {
  const sealed = accessKeys.get(accessKeyId);
  return sealed === undefined ? [] : [{ access_key_id: accessKeyId, sealed_secret_access_key: sealed, status: active ? 'active' as const : 'inactive' as const }];
}

function mfaDeviceText(accountId: string, { serialNumber, enabled, unbound }: MfaDevice, { mfaSeeds }: ExportedSecrets) {
  const sealed = mfaSeeds.get(serialNumber);
  return sealed === undefined ? [] : [{ device_name: mfaDeviceName(accountId, serialNumber), sealed_base32_string_seed: sealed, enabled, unbound }];
}

/** What the device was named, of which its serial number is made. */
export const mfaDeviceName = (accountId: string, serialNumber: string): string => serialNumber.slice(mfaSerialNumber(accountId, '').length);

const groupText = (group: Group, names: Names): Texts<'groups'> =>
  ({ group_id: group.groupId, group_name: group.groupName, description: group.description, attached_policies: names.attached(group.attachedPolicies), role_grants: names.granted(group.roleGrants) });

const policyText = (policy: IdentityPolicy): Texts<'policies'> => ({
  policy_id: policy.policyId, policy_name: policy.policyName, path: policy.path, description: policy.description,
  versions: policy.versions.map(({ versionId, document }) => ({ version_id: versionId, policy_document: parsed(document) })),
  default_version_id: policy.defaultVersionId, last_version_number: policy.lastVersionNumber,
});

function trustAgencyText(agency: Agency, names: Names): Texts<'agencies'>[] {
  if (agency.kind !== 'trust') return [];
  return [{
    agency_id: agency.agencyId, agency_name: agency.agencyName, path: agency.path, description: agency.description,
    max_session_duration: agency.maxSessionDurationSeconds, trust_policy: parsed(agency.trustPolicy),
    attached_policies: names.attached(agency.attachedPolicies), tags: tagTexts(agency.tags),
  }];
}

function legacyAgencyText(agency: Agency, names: Names): Texts<'legacy_agencies'>[] {
  if (agency.kind !== 'legacy') return [];
  return [{
    agency_id: agency.agencyId, agency_name: agency.agencyName, trust_domain_id: agency.trustDomainId,
    trust_domain_name: agency.trustDomainName, description: agency.description, duration: agency.validityDays ?? 'FOREVER',
    ...(agency.expiresAt !== undefined && { expire_time: new Date(agency.expiresAt).toISOString() }), max_session_duration: agency.maxSessionDurationSeconds, role_grants: names.granted(agency.roleGrants),
    attached_policies: names.attached(agency.attachedPolicies), tags: tagTexts(agency.tags),
  }];
}

function serviceLinkedAgencyText(agency: Agency): Texts<'service_linked_agencies'>[] {
  if (agency.kind !== 'service-linked') return [];
  return [{
    service_principal: agency.servicePrincipal, agency_id: agency.agencyId, description: agency.description,
    agency_usage_list: agency.usage.map(({ region, resources }) => ({ region, resources: [...resources] })),
  }];
}
