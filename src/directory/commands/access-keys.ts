// Commands on the access keys of users: create, switch on and off, delete (IAM v5 API §6).
import { ApiError } from '../../base/api-error.js';
import type { AccessKey } from '../entities.js';
import { accessKeysPerUser } from '../quotas.js';
import { entityField, type Snapshot } from '../snapshot.js';
import { putting, removing, type Change, type Changed } from './change.js';
import { credentialOwner } from './credential-owner.js';
import { found } from './rules.js';

export const isAccessKeyOf = ({ owner }: AccessKey, userId: string): boolean => owner.kind === 'user' && owner.id === userId;

/** A look at each key of the account: cheaper than the copy of the table that a change makes. */
export const accessKeysOf = ({ accessKeys }: Snapshot, userId: string): readonly AccessKey[] => accessKeys.values().filter((key) => isAccessKeyOf(key, userId));

/** Throws the same 404 for a key of another user as for none. */
export function accessKeyOf(account: Snapshot, userId: string, accessKeyId: string): AccessKey {
  const { userName } = found(account.users, 'user', userId);
  const key = account.accessKeys.get(accessKeyId);
  if (key === undefined || !isAccessKeyOf(key, userId)) throw new ApiError('entityNotFound', `the user \`${userName}\` has no access key \`${accessKeyId}\``);
  return key;
}

export interface NewAccessKey extends Pick<AccessKey, 'accessKeyId' | 'sealedSecret' | 'createdAt'> {
  readonly userId: string;
}

export function createAccessKey(account: Snapshot, { userId, ...key }: NewAccessKey, actingUserId: string | undefined): Changed<AccessKey> {
  const { userName } = credentialOwner(account, userId, actingUserId);
  const held = accessKeysOf(account, userId).length;
  if (held >= accessKeysPerUser) throw new ApiError('quotaExceeded', `the quota is reached: access keys of a user ${accessKeysPerUser} at most, and \`${userName}\` has ${held}`);
  return putting('key', key.accessKeyId, { ...key, owner: { kind: 'user', id: userId }, active: true });
}

export interface AccessKeyName {
  readonly userId: string;
  readonly accessKeyId: string;
}

export function switchAccessKey(account: Snapshot, { userId, accessKeyId }: AccessKeyName, active: boolean, actingUserId: string | undefined): Changed<AccessKey> {
  credentialOwner(account, userId, actingUserId);
  return putting('key', accessKeyId, { ...accessKeyOf(account, userId, accessKeyId), active });
}

export function deleteAccessKey(account: Snapshot, { userId, accessKeyId }: AccessKeyName, actingUserId: string | undefined): Change {
  credentialOwner(account, userId, actingUserId);
  return removing(entityField('key', accessKeyOf(account, userId, accessKeyId).accessKeyId));
}
