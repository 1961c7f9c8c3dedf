// An operation of the older API: on the caller's own account as those of the IAM v5 API, with errors in one of two forms.
import { iamOperation } from '../iam/iam-operation.js';

/** `/v3` answers errors as Keystone does, everything else as `/v3.0`. */
const familyOf = (path: string): 'legacy' | 'keystone' => (path.startsWith('/v3/') ? 'keystone' : 'legacy');

export const legacyOperation: typeof iamOperation = (declared) => ({ ...iamOperation(declared), family: familyOf(declared.path) });
