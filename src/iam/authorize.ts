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
  const questions = resource === undefined ? [{ asked: action, target: resource }] : [{ asked: action, target: resource }, ...(resource.also ?? []).map((target) => ({ asked: target.action ?? action, target }))];
  const denied = questions.map(({ asked, target }) => ({ asked, decision: decideOwn(caller, asked, target, now) })).find(({ decision: { allowed } }) => !allowed);
  const decision = denied?.decision;
  const missing = denied?.asked ?? action;
  const refusal = decision !== undefined ? describe(decision) : outlasts && isNarrowed(caller) ? outlastingRefusal : undefined;
  if (refusal === undefined) return;
  // The URN stands in the sealed reason only: it has the name of what was asked for by its id.
  const message = `access denied: \`${caller.principalUrn}\` is not authorized to perform \`${missing}\`: ${refusal}`;
  const urn = decision?.resource ?? resource?.urn;
  const reason = { failure: refusal, principal: caller.principalUrn, action: missing, ...(urn !== undefined && { resource: urn }), ...(decision !== undefined && { decision }) };
  throw new ApiError('accessDenied', message, encodeAuthorizationMessage(services.keyring, services.random, caller.accountId, reason));
}

/**
 * [choice] Keys, trust and permissions bind nobody to the session policies under which they were made: whoever is
 * narrowed by such policies, or assumed an agency while being so, could shed them that way.
 */
const outlastingRefusal = 'a session that session policies narrow, or narrowed before it in its chain, may not make what would outlast them: keys, trust or permissions';

const isNarrowed = (caller: UserCaller | SessionCaller): boolean => (caller.kind === 'agency-session' ? caller.session.isNarrowed : caller.narrowedBy?.sessionPolicy !== undefined);
