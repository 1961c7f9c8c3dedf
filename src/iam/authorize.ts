// Whether a caller may do something in its own account; a denial carries its sealed reason.
import { ApiError } from '../base/api-error.js';
import { describe } from '../policy/index.js';
import { encodeAuthorizationMessage } from '../sts/authorization-message.js';
import type { SessionCaller, UserCaller } from '../sts/caller.js';
import { decideOwn, type Resource } from '../sts/own-action.js';
import type { Services } from '../sts/services.js';

export interface Asked {
  readonly action: string;
  /** Undefined: the action has no resource. */
  readonly resource: Resource | undefined;
  /** Whether what the operation makes lasts beyond the caller: a key, a trust, a permission. */
  readonly outlasts: boolean;
}

/** Throws the 403. */
export function authorize(services: Services, caller: UserCaller | SessionCaller, { action, resource, outlasts }: Asked, now: number): void {
  const decision = decideOwn(caller, action, resource, now);
  const failure = decision.allowed ? undefined : describe(decision);
  const refusal = failure ?? (outlasts && isNarrowed(caller) ? outlastingRefusal : undefined);
  if (refusal === undefined) return;
  const target = resource === undefined ? '' : ` on \`${resource.urn}\``;
  const message = `access denied: \`${caller.principalUrn}\` is not authorized to perform \`${action}\`${target}: ${refusal}`;
  const reason = {
    failure: refusal, principal: caller.principalUrn, action, ...(resource !== undefined && { resource: resource.urn }), ...(failure !== undefined && { decision }),
  };
  throw new ApiError('accessDenied', message, encodeAuthorizationMessage(services.keyring, services.random, caller.accountId, reason));
}

/**
 * [choice] Keys, trust and permissions bind nobody to the session policies under which they were made: whoever is
 * narrowed by such policies could shed them that way.
 */
const outlastingRefusal = 'a session that session policies narrow may not make what would outlast them: keys, trust or permissions';

const isNarrowed = (caller: UserCaller | SessionCaller): boolean =>
  caller.kind === 'agency-session' && (caller.session.sessionPolicy !== undefined || caller.session.sessionPolicyIds.length > 0);
