// Commands on users: create, change, delete (IAM v5 API §5).
import { ApiError } from '../../base/api-error.js';
import type { User } from '../entities.js';
import { entityField, type Snapshot } from '../snapshot.js';
import { accessKeysOf } from './access-keys.js';
import { putting, removing, type Change, type Changed } from './change.js';
import { mfaDevicesOf } from './mfa-devices.js';
import { refuseRootOfOthers } from './root-user.js';
import { found, refuseOverQuota, refuseUsedName } from './rules.js';

export type NewUser = Pick<User, 'userId' | 'userName' | 'enabled' | 'description' | 'createdAt'>;

export function createUser(account: Snapshot, user: NewUser): Changed<User> {
  refuseUsedName(account.users, 'user', user.userName);
  refuseOverQuota(account, 'users', account.users.size, 'users');
  return putting('user', user.userId, { ...user, isRootUser: false, tags: [], groupIds: [], attachedPolicies: [] });
}

export type UserUpdate = Partial<Pick<User, 'userName' | 'description' | 'enabled'>>;

/** Policies and people know a user by its name: that of the root user is its own affair. @param actingUserId undefined: no user acts */
export function updateUser(account: Snapshot, userId: string, update: UserUpdate, actingUserId: string | undefined): Changed<User> {
  const user = found(account.users, 'user', userId);
  if (user.isRootUser && update.enabled === false) throw new ApiError('accessDenied', 'the root user cannot be disabled');
  if (update.userName !== undefined || update.description !== undefined) refuseRootOfOthers(user, actingUserId, 'the name and the description');
  if (update.userName !== undefined && update.userName !== user.userName) refuseUsedName(account.users, 'user', update.userName);
  return putting('user', userId, { ...user, ...update });
}

/** [choice] What the user signs in with goes along; what it may do stands against it, as with agencies. */
export function deleteUser(account: Snapshot, userId: string): Change {
  const user = found(account.users, 'user', userId);
  if (user.isRootUser) throw new ApiError('accessDenied', 'the root user cannot be deleted');
  const { attachedPolicies: { length: attached }, groupIds: { length: groups } } = user;
  if (attached + groups > 0) {
    throw new ApiError('stillInUse', `the user \`${user.userName}\` has ${attached} attached policies and is in ${groups} groups: detach them and take it out of the groups first`);
  }
  return removing(
    entityField('user', userId),
    ...accessKeysOf(account, userId).map(({ accessKeyId }) => entityField('key', accessKeyId)),
    ...mfaDevicesOf(account, userId).map(({ serialNumber }) => entityField('mfa', serialNumber)),
  );
}
