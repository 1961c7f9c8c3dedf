// The two sides of an assume call: what the caller's own policies say, and what the agency's trust policy says.
import { ApiError } from '../base/api-error.js';
import type { Agency } from '../directory/entities.js';
import { trustPolicyOf } from '../directory/snapshot.js';
import { contextOf, decideCaller, decideTrust, describe, type ConditionContext, type Decision } from '../policy/index.js';
import type { AssumeAgencyInput } from './assume-agency-input.js';
import type { Plan } from './assume-agency.js';
import { encodeAuthorizationMessage, type DenialReason } from './authorization-message.js';
import { callerConditions, resourceConditions, type ConditionEntry } from './call-conditions.js';
import { callerPolicies, principalIdentity, type Caller } from './caller.js';
import type { CallContext } from './outcome.js';
import type { Services } from './services.js';

export const assumeAction = 'sts:agencies:assume';
export const tagAction = 'sts::tagSession';
export const sourceIdentityAction = 'sts::setSourceIdentity';

/** What is asked for, with the agency as far as it exists. */
export interface AssumeQuestion {
  readonly input: AssumeAgencyInput;
  readonly plan: Plan;
  readonly agency: Agency | undefined;
  readonly mfaVerified: boolean;
}

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
export function authorizeAssume(services: Services, caller: Caller, question: AssumeQuestion, call: CallContext): Denial | undefined {
  const { input, plan, agency } = question;
  const ownTarget = plan.target?.accountId === caller.accountId;
  const requestEntries = [...callerConditions(caller, call.now), ...assumeConditions(question)];
  const trust = agency === undefined ? [] : trustDecisions(caller, question, agency, contextOf([...requestEntries, ...resourceConditions(agency.tags)]));
  const trusted = agency !== undefined && trust.every(({ allowed }) => allowed);
  // An agency of another account shows its tags only to whom it trusts: else a caller's own policy could ask for them.
  const visibleTags = agency !== undefined && (ownTarget || trusted) ? agency.tags : [];
  const own = callerDecisions(caller, question, contextOf([...requestEntries, ...resourceConditions(visibleTags)]));

  const ownDenial = own.find(({ allowed }) => !allowed);
  if (ownDenial !== undefined) return denial(services, caller, question, caller.accountId, describe(ownDenial), ownDenial);
  if (agency === undefined && ownTarget) throw new ApiError('agencyNotFound', `the agency \`${input.agencyUrn}\` cannot be found`);
  const trustDenial = trust.find(({ allowed }) => !allowed);
  if (trusted) return undefined;
  const failure = trustDenial === undefined ? 'the agency does not exist' : describe(trustDenial);
  return denial(services, caller, question, plan.target?.accountId ?? '', failure, trustDenial);
}

/**
 * INVARIANT: whatever an account other than the caller's refuses, the caller gets one text and one length of sealed reason.
 */
function denial(
  services: Services, caller: Caller, { input }: AssumeQuestion, accountId: string, failure: string, decision: Decision | undefined,
): Denial {
  const foreign = accountId !== caller.accountId;
  const reason: DenialReason = {
    failure, principal: caller.principalUrn, action: decision?.action ?? assumeAction, resource: input.agencyUrn,
    ...(decision !== undefined && { decision }),
  };
  const [action, because] = foreign ? [assumeAction, 'the agency is absent or does not allow it'] : [reason.action, failure];
  const message = `\`${caller.principalUrn}\` is not authorized to perform \`${action}\` on \`${input.agencyUrn}\`: ${because}`;
  return {
    error: new ApiError('accessDenied', message, encodeAuthorizationMessage(services.keyring, services.random, accountId, reason)),
    decision: `${reason.action}: ${failure}`,
    foreign,
  };
}

function callerDecisions(caller: Caller, { input, plan }: AssumeQuestion, context: ConditionContext): readonly Decision[] {
  const policies = callerPolicies(caller);
  const principal = principalIdentity(caller);
  return plan.actions.map((action) => decideCaller({ principal, action, resource: input.agencyUrn, context, ...policies }));
}

function trustDecisions(caller: Caller, { input, plan }: AssumeQuestion, agency: Agency, context: ConditionContext): readonly Decision[] {
  const principal = principalIdentity(caller);
  const trustPolicy = trustPolicyOf(agency);
  return plan.actions.map((action) => decideTrust({ principal, action, agencyUrn: input.agencyUrn, trustPolicy, context }));
}

/** Keys of this very request: `sts:`, its own tags, and the MFA code that came with it. */
function assumeConditions({ input, mfaVerified }: AssumeQuestion): readonly ConditionEntry[] {
  return [
    ['sts:ExternalId', input.externalId],
    ['sts:SourceIdentity', input.sourceIdentity],
    ['sts:AgencySessionName', input.agencySessionName],
    ['sts:TransitiveTagKeys', input.transitiveTagKeys.length > 0 ? input.transitiveTagKeys : undefined],
    ['g:TagKeys', input.tags.length > 0 ? input.tags.map(({ key }) => key) : undefined],
    ...input.tags.map(({ key, value }): ConditionEntry => [`g:RequestTag/${key}`, value]),
    ...(mfaVerified ? ([['g:MFAPresent', true], ['g:MFAAge', 0]] satisfies ConditionEntry[]) : []),
  ];
}
