// Who a request would come from, if its signature verifies.
import { ApiError } from '../base/api-error.js';
import type { VerificationKey } from '../signing/index.js';
import type { Caller, ServiceCaller, SessionCaller, UserCaller } from './caller.js';

/** How every 401 of a signature begins, as clients know it from the gateway. */
export const authenticationError = 'Incorrect IAM authentication information: ';

/** A caller but for what the verified request itself adds. */
export type Proved<T extends Caller> = Omit<T, 'signature' | 'requestHash' | 'verificationKey' | 'sourceIp'>;

export interface Candidate {
  readonly key: VerificationKey;
  readonly caller: Proved<UserCaller> | Proved<ServiceCaller> | Proved<SessionCaller>;
}

/** What memory refuses, or cannot be read with the keys there are now, is read anew; not what cannot be read at all. */
export function forgetRefusal(error: unknown): undefined {
  if (error instanceof ApiError && error.status >= 500) throw error;
}
