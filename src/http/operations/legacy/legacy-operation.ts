// An operation of the older API: on the caller's own account, guarded by an action of its own, with errors in one of two forms.
import type { z } from 'zod';
import { callOnAccount, type AccountCall } from '../../../iam/account-call.js';
import { operation, type Input, type Operation } from '../../operation.js';

/** `/v3` answers errors as Keystone does, everything else as `/v3.0`. */
const familyOf = (path: string): 'legacy' | 'keystone' => (path.startsWith('/v3/') ? 'keystone' : 'legacy');

type LegacyOperation<Path extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Answer extends z.ZodType> =
  Omit<Operation<Path, Query, Body, Answer>, 'family' | 'authentication' | 'action' | 'handle' | 'refine'>
  & AccountCall<Input<z.output<Path>, z.output<Query>, z.output<Body>>, z.input<Answer>>;

export function legacyOperation<Path extends z.ZodType = z.ZodUndefined, Query extends z.ZodType = z.ZodUndefined, Body extends z.ZodType = z.ZodUndefined, Answer extends z.ZodType = z.ZodUndefined>(
  { resource, outlasts, decide, ...declared }: LegacyOperation<Path, Query, Body, Answer>,
): Operation {
  return operation<Path, Query, Body, Answer>({
    ...declared,
    family: familyOf(declared.path),
    authentication: 'signature',
    handle: (services, caller, input, call) => callOnAccount({ action: declared.action, resource, outlasts, decide }, services, caller, input, call),
  });
}
