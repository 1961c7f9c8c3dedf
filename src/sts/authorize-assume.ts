// Whether an assume call is allowed, and if not, what its caller may know of the reason.
import { ApiError } from '../base/api-error.js';
import { describe, type Decision } from '../policy/index.js';
import { assumeAction, decideAssume, type AssumeQuestion } from './assume-decisions.js';
import { encodeAuthorizationMessage, type DenialReason } from './authorization-message.js';
import { requestFacts } from './call-conditions.js';
import type { Caller } from './caller.js';
import type { CallContext } from './outcome.js';
import type { Services } from './services.js';

/** The side that refused and why; `foreign` is a reason that only the target's account may know. */
export interface Denial {
  readonly error: ApiError;
  readonly decision: string;
  readonly foreign: boolean;
}

/**
 * The first denial of either side; undefined when both allow all actions. Throws 404 for an absent agency of the
 * caller's own account, once the caller's side allows the call.
 */
export function authorizeAssume(services: Services, caller: Caller, question: AskedQuestion, call: CallContext): Denial | undefined {
  const { plan, agency, asked } = question;
  const ownTarget = plan.target?.accountId === caller.accountId;
  const { own, trust } = decideAssume(caller, question, requestFacts(caller, call.now));

  const ownDenial = own.find(({ allowed }) => !allowed);
  if (ownDenial !== undefined) return denial(services, caller, question, { failure: describe(ownDenial), decision: ownDenial, foreign: false });
  if (agency === undefined && ownTarget) throw new ApiError('agencyNotFound', `the agency \`${asked}\` cannot be found`);
  const trustDenial = trust.find(({ allowed }) => !allowed);
  if (agency !== undefined && trustDenial === undefined) return undefined;
  const failure = trustDenial !== undefined ? describe(trustDenial) : plan.target === undefined ? '`agency_urn` names no agency' : 'the agency does not exist';
  return denial(services, caller, question, { failure, decision: trustDenial, foreign: !ownTarget });
}

/** A question, and the agency as the caller named it: nothing else of its name is told. */
export interface AskedQuestion extends AssumeQuestion {
  readonly asked: string;
}

interface Reason {
  readonly failure: string;
  readonly decision: Decision | undefined;
  readonly foreign: boolean;
}

/**
 * INVARIANT: whatever an account other than the caller's refuses, the caller gets one text and one length of sealed reason.
 */
function denial(services: Services, caller: Caller, { asked, plan }: AskedQuestion, { failure, decision, foreign }: Reason): Denial {
  // What names no account concerns the caller alone, who may read why; to look at, it is like the rest.
  const reader = foreign ? (plan.target?.accountId ?? caller.accountId) : caller.accountId;
  const reason: DenialReason = {
    failure, principal: caller.principalUrn, action: decision?.action ?? assumeAction, resource: asked,
    ...(decision !== undefined && { decision: { ...decision, resource: asked } }),
  };
  const [action, because] = foreign ? [assumeAction, 'the agency is absent or does not allow it'] : [reason.action, failure];
  const message = `\`${caller.principalUrn}\` is not authorized to perform \`${action}\` on \`${asked}\`: ${because}`;
  return {
    error: new ApiError('accessDenied', message, encodeAuthorizationMessage(services.keyring, services.random, reader, reason)),
    decision: `${reason.action}: ${failure}`,
    foreign,
  };
}
