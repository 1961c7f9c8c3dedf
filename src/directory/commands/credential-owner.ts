// Whose access keys and MFA devices a command may change.
import { ApiError } from '../../base/api-error.js';
import type { User } from '../entities.js';
import type { Snapshot } from '../snapshot.js';
import { found } from './rules.js';

/**
 * The user whose access keys or MFA devices are to be changed. Throws the 404, and the 403 for those of the root user
 * unless it acts itself: who could make them could become root.
 * @param actingUserId undefined: no user acts
 */
export function credentialOwner(account: Snapshot, userId: string, actingUserId: string | undefined): User {
  const user = found(account.users, 'user', userId);
  if (user.isRootUser && actingUserId !== userId) {
    throw new ApiError('accessDenied', 'access keys and MFA devices of the root user are managed by the root user itself only');
  }
  return user;
}
