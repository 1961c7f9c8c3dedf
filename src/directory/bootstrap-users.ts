// The users and groups of an account in a bootstrap file, the root user among them.
import { planAccessKeys } from './bootstrap-access-keys.js';
import { BootstrapError, type BootstrapAccount } from './bootstrap-file.js';
import { resourceTags } from './bootstrap-documents.js';
import { planMfaDevices } from './bootstrap-mfa-devices.js';
import { byId, refuseRepeated, resolve } from './bootstrap-names.js';
import type { Attach } from './bootstrap-policies.js';
import type { GrantRoles } from './bootstrap-roles.js';
import type { AccountWriter } from './bootstrap-writer.js';
import type { User } from './entities.js';

/** Writes the groups, and gives the ids of all groups of the account by their names. */
export function planGroups(writer: AccountWriter, account: BootstrapAccount, place: string, { attach, grant }: GroupParts): ReadonlyMap<string, string> {
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
      groupId: id, groupName: entry.group_name, description: entry.description ?? old?.description ?? '',
      attachedPolicies: attach(entry.attached_policies, old?.attachedPolicies, at), roleGrants: grant(entry.role_grants, old?.roleGrants, 'group', at), createdAt: old?.createdAt ?? now,
    });
  }
  writer.refuseOverMaximum('groups', `${place}/groups`);
  return ids;
}

interface GroupParts {
  readonly attach: Attach;
  readonly grant: GrantRoles;
}

interface UserParts {
  readonly attach: Attach;
  readonly groupIds: ReadonlyMap<string, string>;
}

/** Writes the users, the root user among them, and returns the root user's id. */
export function planUsers(writer: AccountWriter, account: BootstrapAccount, place: string, { attach, groupIds }: UserParts): string {
  const { current, now } = writer;
  const ordinary = new Map([...byId(current?.users)].filter(([, user]) => !user.isRootUser));
  const oldRoot = (current?.users.values() ?? []).find(({ isRootUser }) => isRootUser);
  const { userId: rootUserId, userName: rootName } = planRootUser(writer, account, `${place}/root_user`, oldRoot);
  const users = resolve({
    entries: account.users, place: `${place}/users`, nameField: 'user_name', idField: 'user_id',
    name: (user) => user.user_name, givenId: (user) => user.user_id,
    existing: ordinary, existingName: (user) => user.userName, newId: () => writer.newId(),
  });
  for (const { entry, place: at, id, old } of users) {
    if (entry.user_name === rootName || id === rootUserId) throw new BootstrapError(`${at}/user_name`, `\`${entry.user_name}\` is the account's root user`);
    const groups = new Set<string>();
    writer.put('user', id, {
      userId: id, userName: entry.user_name, enabled: entry.enabled ?? old?.enabled ?? true, isRootUser: false, description: entry.description ?? old?.description ?? '',
      tags: resourceTags(entry.tags, old?.tags, `${at}/tags`),
      groupIds: entry.groups?.map((name, index) => {
        refuseRepeated(groups, name, `${at}/groups/${index}`);
        const groupId = groupIds.get(name);
        if (groupId === undefined) throw new BootstrapError(`${at}/groups/${index}`, `\`${name}\` is no group of this account`);
        return groupId;
      }) ?? old?.groupIds ?? [],
      attachedPolicies: attach(entry.attached_policies, old?.attachedPolicies, at), ...passwordOf(writer, entry, old), createdAt: old?.createdAt ?? now,
    });
    planAccessKeys(writer, { kind: 'user', id, name: entry.user_name }, entry.access_keys, `${at}/access_keys`);
    planMfaDevices(writer, { userId: id, userName: entry.user_name }, entry.mfa_devices, `${at}/mfa_devices`);
  }
  writer.refuseOverMaximum('users', `${place}/users`);
  return rootUserId;
}

/** A password that fits the hash which is there changes nothing; none of either leaves it. */
function passwordOf({ shared: { tools } }: AccountWriter, { password, password_hash: hash }: Passwords, old: User | undefined): Pick<User, 'passwordHash'> {
  const kept = old?.passwordHash;
  if (password !== undefined) return { passwordHash: kept !== undefined && tools.isPassword(kept, password) ? kept : tools.hashPassword(password) };
  const passwordHash = hash ?? kept ?? '';
  return passwordHash === '' ? {} : { passwordHash };
}

interface Passwords {
  readonly password?: string | undefined;
  readonly password_hash?: string | undefined;
}

function planRootUser(writer: AccountWriter, account: BootstrapAccount, place: string, old: User | undefined): Pick<User, 'userId' | 'userName'> {
  const root = account.root_user;
  const userName = root?.user_name ?? old?.userName ?? account.account_name;
  if (old !== undefined && root?.user_id !== undefined && root.user_id !== old.userId) {
    throw new BootstrapError(`${place}/user_id`, `the root user exists with the id \`${old.userId}\``);
  }
  const ordinary = (writer.current?.users.values() ?? []).find((user) => !user.isRootUser && user.userName === userName);
  if (ordinary !== undefined) throw new BootstrapError(`${place}/user_name`, `\`${userName}\` is another user of the account`);
  const userId = old?.userId ?? root?.user_id ?? writer.newId();
  writer.put('user', userId, {
    userId, userName, enabled: true, isRootUser: true, description: root?.description ?? old?.description ?? '', tags: resourceTags(root?.tags, old?.tags, `${place}/tags`), groupIds: [], attachedPolicies: [],
    ...passwordOf(writer, root ?? {}, old), createdAt: old?.createdAt ?? writer.now,
  });
  planAccessKeys(writer, { kind: 'user', id: userId, name: userName }, root?.access_keys ?? [], `${place}/access_keys`);
  planMfaDevices(writer, { userId, userName }, root?.mfa_devices ?? [], `${place}/mfa_devices`);
  return { userId, userName };
}
