// Commands on groups and on who is in them (IAM v5 API §5).
import { ApiError } from '../../base/api-error.js';
import type { Group, User } from '../entities.js';
import { entityField, type Snapshot } from '../snapshot.js';
import type { Tables } from '../table.js';
import { putting, removing, type Change, type Changed } from './change.js';
import { found, refuseOverQuota, refuseUsedName } from './rules.js';

export type NewGroup = Pick<Group, 'groupId' | 'groupName' | 'description' | 'createdAt'>;

export function createGroup(account: Snapshot, group: NewGroup): Changed<Group> {
  refuseUsedName(account.groups, 'group', group.groupName);
  refuseOverQuota(account, 'groups', account.groups.size, 'groups');
  return putting('group', group.groupId, { ...group, attachedPolicies: [], roleGrants: [] });
}

export type GroupUpdate = Partial<Pick<Group, 'groupName' | 'description'>>;

export function updateGroup(account: Snapshot, groupId: string, update: GroupUpdate): Changed<Group> {
  const group = found(account.groups, 'group', groupId);
  if (update.groupName !== undefined && update.groupName !== group.groupName) refuseUsedName(account.groups, 'group', update.groupName);
  return putting('group', groupId, { ...group, ...update });
}

export function deleteGroup(account: Snapshot, groupId: string): Change {
  const { groupName, attachedPolicies: { length: attached } } = found(account.groups, 'group', groupId);
  const users = userCount(account.users, groupId);
  if (attached + users > 0) {
    throw new ApiError('stillInUse', `the group \`${groupName}\` has ${attached} attached policies and ${users} users: detach them and take the users out first`);
  }
  return removing(entityField('group', groupId));
}

/** [choice] A user that is in the group already stays in it: adding it again is no error. */
export function addUserToGroup(account: Snapshot, groupId: string, userId: string): Changed<User> {
  found(account.groups, 'group', groupId);
  const user = found(account.users, 'user', userId);
  if (user.isRootUser) throw new ApiError('accessDenied', 'the root user cannot be put into groups');
  if (user.groupIds.includes(groupId)) return putting('user', userId, user);
  refuseOverQuota(account, 'groupsPerUser', user.groupIds.length, 'groups of a user');
  return putting('user', userId, { ...user, groupIds: [...user.groupIds, groupId] });
}

/** [choice] Throws the 404 for a user that is not in the group. */
export function removeUserFromGroup(account: Snapshot, groupId: string, userId: string): Changed<User> {
  const { groupName } = found(account.groups, 'group', groupId);
  const user = found(account.users, 'user', userId);
  if (!user.groupIds.includes(groupId)) throw new ApiError('entityNotFound', `the user \`${user.userName}\` is not in the group \`${groupName}\``);
  return putting('user', userId, { ...user, groupIds: user.groupIds.filter((id) => id !== groupId) });
}

const countsByTable = new WeakMap<Tables['user'], ReadonlyMap<string, number>>();

/** How many users a group has; all groups are counted at once, and again only when a user has changed. */
export function userCount(users: Tables['user'], groupId: string): number {
  let counts = countsByTable.get(users);
  if (counts === undefined) {
    counts = countUsers(users);
    countsByTable.set(users, counts);
  }
  return counts.get(groupId) ?? 0;
}

function countUsers(users: Tables['user']): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const id of users.values().flatMap(({ groupIds }) => groupIds)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
