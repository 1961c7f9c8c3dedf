// What both sides of an assume call say: the caller's own policies and the agency's trust policy, one decision per action.
import type { TrustingAgency } from '../directory/entities.js';
import { trustPolicyOf } from '../directory/compiled-policies.js';
import { contextOf, decideCaller, decideTrust, type ConditionContext, type Decision, type Detail } from '../policy/index.js';
import type { AgencyName } from '../urn/urn.js';
import { callerPolicies, principalIdentity, type Actor } from './actor.js';
import type { AssumeAgencyInput } from './assume-agency-input.js';
import { callerConditions, resourceConditions, type ConditionEntry, type RequestFacts } from './call-conditions.js';

export const assumeAction = 'sts:agencies:assume';
export const tagAction = 'sts::tagSession';
export const sourceIdentityAction = 'sts::setSourceIdentity';

/**
 * What both sides must allow: assuming, and what else the call does to the session. Inherited tags and an inherited
 * source identity need their action too (STS API §6).
 */
export const assumeActions = (tags: readonly unknown[], sourceIdentity: string | undefined): readonly string[] =>
  [assumeAction, ...(tags.length > 0 ? [tagAction] : []), ...(sourceIdentity !== undefined ? [sourceIdentityAction] : [])];

/** The part of an assume request that policies can ask about; only a simulated one may lack the name. */
export type AssumeRequest = Pick<AssumeAgencyInput, 'agencyUrn' | 'externalId' | 'sourceIdentity' | 'tags' | 'transitiveTagKeys'> & { readonly agencySessionName: string | undefined };

/** What is asked for, with the agency as far as it exists and may be seen. */
export interface AssumeQuestion {
  readonly input: AssumeRequest;
  readonly plan: { readonly target: AgencyName | undefined; readonly actions: readonly string[] };
  readonly agency: TrustingAgency | undefined;
  readonly mfaVerified: boolean;
}

export interface AssumeDecisions {
  /** One per action; none when the actor's account cannot be seen. */
  readonly own: readonly Decision[];
  /** One per action; none without an agency. */
  readonly trust: readonly Decision[];
}

/** Only simulations ask for more than a live call needs. */
export interface DecisionOptions {
  /** Condition values that stand in for those of the call. */
  readonly given?: readonly ConditionEntry[];
  readonly detail?: Detail;
}

export function decideAssume(actor: Actor, question: AssumeQuestion, request: RequestFacts, { given = [], detail = 'denials' }: DecisionOptions = {}): AssumeDecisions {
  const { plan, agency } = question;
  let requestEntries: readonly ConditionEntry[] | undefined;
  const entriesWith = (tags: TrustingAgency['tags']): readonly ConditionEntry[] => {
    requestEntries ??= [...callerConditions(actor, request), ...assumeConditions(question)];
    return [...requestEntries, ...resourceConditions(tags), ...given];
  };
  const contextWith = (tags: TrustingAgency['tags']): ConditionContext => contextOf(() => entriesWith(tags));
  const trust = agency === undefined ? [] : trustDecisions(actor, question, agency, contextWith(agency.tags), detail);
  // An agency of another account shows its tags only to whom it trusts: else a caller's own policy could ask for them.
  const seesTags = plan.target?.accountId === actor.accountId || trust.every(({ allowed }) => allowed);
  const visible = actor.kind === 'service' || actor.snapshot !== undefined;
  const own = visible ? callerDecisions(actor, question, contextWith(seesTags ? (agency?.tags ?? []) : []), detail) : [];
  return { own, trust };
}

function callerDecisions(actor: Actor, { input, plan }: AssumeQuestion, context: ConditionContext, detail: Detail): readonly Decision[] {
  const policies = callerPolicies(actor);
  const principal = principalIdentity(actor);
  return plan.actions.map((action) => decideCaller({ principal, action, resource: input.agencyUrn, context, ...policies }, detail));
}

function trustDecisions(actor: Actor, { input, plan }: AssumeQuestion, agency: TrustingAgency, context: ConditionContext, detail: Detail): readonly Decision[] {
  const principal = principalIdentity(actor);
  const trustPolicy = trustPolicyOf(agency);
  return plan.actions.map((action) => decideTrust({ principal, action, agencyUrn: input.agencyUrn, trustPolicy, context }, detail));
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
