// What of the root user only the root user itself may change.
import { ApiError } from '../../base/api-error.js';
import type { User } from '../entities.js';

/** @param actingUserId undefined: no user acts @param what of the user is to be changed, as in `the tags` */
export function refuseRootOfOthers(user: User, actingUserId: string | undefined, what: string): void {
  if (user.isRootUser && actingUserId !== user.userId) throw new ApiError('accessDenied', `${what} of the root user can be changed only by the root user itself`);
}
