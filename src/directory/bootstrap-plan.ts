// From a bootstrap file and the accounts as they stand to the changes that make them so; pure, and idempotent.
import { BootstrapError, type BootstrapAccount, type BootstrapFile } from './bootstrap-file.js';
import { documentText, policyVersions, resourceTags } from './bootstrap-documents.js';
import { refuseRepeated, resolve } from './bootstrap-names.js';
import { accountWriter, type AccountWriter, type BootstrapTools, type GeneratedKey, type SharedPlan } from './bootstrap-writer.js';
import { operatorUserId, systemAccountId, type PolicyAttachment, type User } from './entities.js';
import type { Snapshot } from './snapshot.js';
import type { Table } from './table.js';
import type { AccountChange } from './store.js';

export interface BootstrapPlan {
  readonly changes: readonly AccountChange[];
  readonly generatedKeys: readonly GeneratedKey[];
}

/**
 * @param existing the accounts that exist, by id
 * Throws {@link BootstrapError} with the place in the file; nothing is to be written then.
 */
export function planBootstrap(file: BootstrapFile, existing: ReadonlyMap<string, Snapshot>, tools: BootstrapTools): BootstrapPlan {
  const shared: SharedPlan = { tools, accessKeyIds: new Set(), generatedKeys: [] };
  const tenants = new Map([...existing].filter(([id]) => id !== systemAccountId));
  const accounts = resolve({
    entries: file.accounts, place: '/accounts', nameField: 'account_name', idField: 'account_id',
    name: (account) => account.account_name, givenId: (account) => account.account_id,
    existing: tenants, existingName: (snapshot) => snapshot.account.accountName, newId: () => tools.newId(),
  });
  const system = accountWriter(systemAccountId, 'system', existing.get(systemAccountId), shared);
  planSystem(system, file);
  const changes = accounts.map(({ entry, place, id, old }) => {
    const writer = accountWriter(id, entry.account_name, old, shared);
    planAccount(writer, entry, place);
    return writer.change();
  });
  return { changes: [system.change(), ...changes].filter(({ put, remove }) => put.length + remove.length > 0), generatedKeys: shared.generatedKeys };
}

const byId = <Entity>(table: Table<Entity> | undefined): ReadonlyMap<string, Entity> =>
  new Map((table?.ids() ?? []).flatMap((id) => {
    const entity = table?.get(id);
    return entity === undefined ? [] : [[id, entity] as const];
  }));

/** The attachments of an entity: names of the file, with the times of those that are already there. */
type Attach = (names: readonly string[], old: readonly PolicyAttachment[] | undefined, place: string) => readonly PolicyAttachment[];

function planAccount(writer: AccountWriter, account: BootstrapAccount, place: string): void {
  const { current, now, accountId } = writer;
  const attach = planPolicies(writer, account, place);
  const groupIds = planGroups(writer, account, place, attach);
  planAgencies(writer, account, place, attach);
  const rootUserId = planUsers(writer, account, place, { attach, groupIds });
  planServiceControlPolicies(writer, account, place);
  writer.put('account', accountId, {
    accountId, accountName: account.account_name, rootUserId, createdAt: current?.account.createdAt ?? now,
    inOrganization: account.service_control_policies !== undefined,
    asymmetricSignature: current?.account.asymmetricSignature ?? true, quotas: current?.account.quotas ?? {},
  });
}

function planPolicies(writer: AccountWriter, account: BootstrapAccount, place: string): Attach {
  const { current, now } = writer;
  const policies = resolve({
    entries: account.policies, place: `${place}/policies`, nameField: 'policy_name', idField: 'policy_id',
    name: (policy) => policy.policy_name, givenId: (policy) => policy.policy_id,
    existing: byId(current?.policies), existingName: (policy) => policy.policyName, newId: () => writer.newId(),
  });
  for (const { entry, place: at, id, old } of policies) {
    writer.put('policy', id, {
      ...policyVersions(old, documentText('identity', entry.policy_document, `${at}/policy_document`), now),
      policyId: id, policyName: entry.policy_name, path: entry.path, description: entry.description, createdAt: old?.createdAt ?? now,
    });
  }
  const ids = new Map((current?.policies.values() ?? []).map(({ policyId, policyName }) => [policyName, policyId]));
  for (const { entry, id } of policies) ids.set(entry.policy_name, id);
  return (names, old, at) => names.map((name, index) => {
    const policyId = ids.get(name);
    if (policyId === undefined) throw new BootstrapError(`${at}/attached_policies/${index}`, `\`${name}\` is no policy of this account`);
    return old?.find((attachment) => attachment.policyId === policyId) ?? { policyId, attachedAt: now };
  });
}

function planGroups(writer: AccountWriter, account: BootstrapAccount, place: string, attach: Attach): ReadonlyMap<string, string> {
  const { current, now } = writer;
  const ids = new Map((current?.groups.values() ?? []).map(({ groupId, groupName }) => [groupName, groupId]));
  const groups = resolve({
    entries: account.groups, place: `${place}/groups`, nameField: 'group_name', idField: 'group_id',
    name: (group) => group.group_name, givenId: (group) => group.group_id,
    existing: byId(current?.groups), existingName: (group) => group.groupName, newId: () => writer.newId(),
  });
  for (const { entry, place: at, id, old } of groups) {
    ids.set(entry.group_name, id);
    writer.put('group', id, {
      groupId: id, groupName: entry.group_name, description: entry.description,
      attachedPolicies: attach(entry.attached_policies, old?.attachedPolicies, at), createdAt: old?.createdAt ?? now,
    });
  }
  return ids;
}

function planAgencies(writer: AccountWriter, account: BootstrapAccount, place: string, attach: Attach): void {
  const { current, now } = writer;
  const agencies = resolve({
    entries: account.agencies, place: `${place}/agencies`, nameField: 'agency_name', idField: 'agency_id',
    name: (agency) => agency.agency_name, givenId: (agency) => agency.agency_id,
    existing: byId(current?.agencies), existingName: (agency) => agency.agencyName, newId: () => writer.newId(),
  });
  for (const { entry, place: at, id, old } of agencies) {
    writer.put('agency', id, {
      kind: 'trust', agencyId: id, agencyName: entry.agency_name, path: entry.path, description: entry.description,
      maxSessionDurationSeconds: entry.max_session_duration, trustPolicy: documentText('trust', entry.trust_policy, `${at}/trust_policy`),
      tags: resourceTags(entry.tags, `${at}/tags`), attachedPolicies: attach(entry.attached_policies, old?.attachedPolicies, at),
      createdAt: old?.createdAt ?? now,
    });
  }
}

interface UserParts {
  readonly attach: Attach;
  readonly groupIds: ReadonlyMap<string, string>;
}

/** Writes the users, the root user among them, and returns the root user's id. */
function planUsers(writer: AccountWriter, account: BootstrapAccount, place: string, { attach, groupIds }: UserParts): string {
  const { current, now } = writer;
  const ordinary = new Map([...byId(current?.users)].filter(([, user]) => !user.isRootUser));
  const oldRoot = (current?.users.values() ?? []).find(({ isRootUser }) => isRootUser);
  const rootUserId = planRootUser(writer, account, `${place}/root_user`, oldRoot);
  const rootName = account.root_user?.user_name ?? account.account_name;
  const users = resolve({
    entries: account.users, place: `${place}/users`, nameField: 'user_name', idField: 'user_id',
    name: (user) => user.user_name, givenId: (user) => user.user_id,
    existing: ordinary, existingName: (user) => user.userName, newId: () => writer.newId(),
  });
  for (const { entry, place: at, id, old } of users) {
    if (entry.user_name === rootName || id === rootUserId) throw new BootstrapError(`${at}/user_name`, `\`${entry.user_name}\` is the account's root user`);
    writer.put('user', id, {
      userId: id, userName: entry.user_name, enabled: entry.enabled, isRootUser: false, description: entry.description,
      tags: resourceTags(entry.tags, `${at}/tags`),
      groupIds: entry.groups.map((name, index) => {
        const groupId = groupIds.get(name);
        if (groupId === undefined) throw new BootstrapError(`${at}/groups/${index}`, `\`${name}\` is no group of this account`);
        return groupId;
      }),
      attachedPolicies: attach(entry.attached_policies, old?.attachedPolicies, at), createdAt: old?.createdAt ?? now,
    });
    writer.accessKeys({ kind: 'user', id, name: entry.user_name }, entry.access_keys, `${at}/access_keys`);
    writer.mfaDevices(id, entry.mfa_devices, `${at}/mfa_devices`);
  }
  return rootUserId;
}

function planRootUser(writer: AccountWriter, account: BootstrapAccount, place: string, old: User | undefined): string {
  const root = account.root_user;
  const userName = root?.user_name ?? account.account_name;
  if (old !== undefined && root?.user_id !== undefined && root.user_id !== old.userId) {
    throw new BootstrapError(`${place}/user_id`, `the root user exists with the id \`${old.userId}\``);
  }
  const ordinary = (writer.current?.users.values() ?? []).find((user) => !user.isRootUser && user.userName === userName);
  if (ordinary !== undefined) throw new BootstrapError(`${place}/user_name`, `\`${userName}\` is another user of the account`);
  const userId = old?.userId ?? root?.user_id ?? writer.newId();
  writer.put('user', userId, {
    userId, userName, enabled: true, isRootUser: true, description: '', tags: [], groupIds: [], attachedPolicies: [], createdAt: old?.createdAt ?? writer.now,
  });
  writer.accessKeys({ kind: 'user', id: userId, name: userName }, root?.access_keys ?? [], `${place}/access_keys`);
  writer.mfaDevices(userId, root?.mfa_devices ?? [], `${place}/mfa_devices`);
  return userId;
}

/** Exactly the SCPs of the file: they bind the account, so none may linger. */
function planServiceControlPolicies(writer: AccountWriter, account: BootstrapAccount, place: string): void {
  const names = new Set<string>();
  account.service_control_policies?.forEach((policy, index) => {
    const at = `${place}/service_control_policies/${index}`;
    refuseRepeated(names, policy.name, `${at}/name`);
    writer.put('scp', policy.name, { name: policy.name, document: documentText('service-control', policy.policy_document, `${at}/policy_document`) });
  });
  for (const { name } of writer.current?.serviceControlPolicies.values() ?? []) if (!names.has(name)) writer.remove('scp', name);
}

/** Registered services and the operator, in the account that is nobody's. */
function planSystem(writer: AccountWriter, file: BootstrapFile): void {
  const { current, now } = writer;
  writer.put('account', systemAccountId, { accountId: systemAccountId, accountName: 'system', rootUserId: '', createdAt: current?.account.createdAt ?? now, inOrganization: false, asymmetricSignature: true, quotas: {} });
  writer.put('user', operatorUserId, {
    userId: operatorUserId, userName: 'operator', enabled: true, isRootUser: false, description: '', tags: [], groupIds: [], attachedPolicies: [],
    createdAt: current?.users.get(operatorUserId)?.createdAt ?? now,
  });
  writer.accessKeys({ kind: 'user', id: operatorUserId, name: 'operator' }, file.operator?.access_keys ?? [], '/operator/access_keys');
  const principals = new Set((current?.services.ids() ?? []).map((principal) => principal.toLowerCase()));
  const named = new Set<string>();
  file.services.forEach(({ service_principal: servicePrincipal, access_keys: keys }, index) => {
    const place = `/services/${index}`;
    // Policies compare service principals without case, so two spellings would be one service.
    refuseRepeated(named, servicePrincipal.toLowerCase(), `${place}/service_principal`);
    if (principals.has(servicePrincipal.toLowerCase()) && current?.services.has(servicePrincipal) !== true) {
      throw new BootstrapError(`${place}/service_principal`, `\`${servicePrincipal}\` is registered in another spelling`);
    }
    writer.put('service', servicePrincipal, { servicePrincipal, createdAt: current?.services.get(servicePrincipal)?.createdAt ?? now });
    writer.accessKeys({ kind: 'service', id: servicePrincipal, name: servicePrincipal }, keys, `${place}/access_keys`);
  });
}
