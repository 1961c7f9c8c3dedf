// What both sides of an assume call say: the caller's own policies and the agency's trust policy, one decision per action.
import type { Catalogue } from '../catalogue/index.js';
import type { Agency } from '../directory/entities.js';
import { trustPolicyOf } from '../directory/compiled-policies.js';
import { contextOf, decideTrust, type ConditionContext, type Decision, type Detail } from '../policy/index.js';
import type { AgencyName } from '../urn/urn.js';
import { callerPolicies, principalIdentity, type Actor } from './actor.js';
import type { AssumeAgencyInput } from './assume-agency-input.js';
import { callerConditions, resourceConditions, type ConditionEntry, type RequestFacts } from './call-conditions.js';
import { decideAssuming, decideLegacyCaller } from './legacy-permission.js';
import { decideLegacyTrust } from './legacy-trust.js';

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
  readonly agency: Agency | undefined;
  readonly mfaVerified: boolean;
  readonly catalogue: Pick<Catalogue, 'trustedService'>;
  /** Of the ways in of the older system: the agency that was asked for. Permission of the older system counts, whether there is such an agency or not. */
  readonly older?: { readonly agencyName: string } | undefined;
}

export interface AssumeDecisions {
  /** One per action; none when the actor's account cannot be seen. */
  readonly own: readonly Decision[];
  /** One per action, of a legacy agency of assuming it alone; none without an agency. */
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
  const entriesWith = (tags: Agency['tags']): readonly ConditionEntry[] => {
    requestEntries ??= [...callerConditions(actor, request), ...assumeConditions(question)];
    return [...requestEntries, ...resourceConditions(tags), ...given];
  };
  const contextWith = (tags: Agency['tags']): ConditionContext => contextOf(() => entriesWith(tags));
  const trust = agency === undefined ? [] : trustDecisions(actor, question, agency, { context: contextWith(agency.tags), detail, now: request.now });
  // An agency of another account shows its tags and its kind only to whom it trusts: else a caller's own policies could ask for them.
  const seesAgency = plan.target?.accountId === actor.accountId || trust.every(({ allowed }) => allowed);
  const seen = seesAgency ? agency : undefined;
  const visible = actor.kind === 'service' || actor.snapshot !== undefined;
  const own = visible ? callerDecisions(actor, question, seen, contextWith(seen?.tags ?? []), detail) : [];
  return { own, trust };
}

/** @param seen the agency, where the caller's side may know of it */
function callerDecisions(actor: Actor, { input, plan, older }: AssumeQuestion, seen: Agency | undefined, context: ConditionContext, detail: Detail): readonly Decision[] {
  const policies = callerPolicies(actor);
  const principal = principalIdentity(actor);
  const agency = seen?.kind === 'legacy' ? seen : older && { agencyName: older.agencyName, agencyId: undefined };
  return plan.actions.map((action) => (action === assumeAction && agency !== undefined
    ? decideLegacyCaller(actor, { action, agencyUrn: input.agencyUrn, agency, context }, detail)
    : decideAssuming(actor, { principal, action, resource: input.agencyUrn, context, ...policies }, detail)));
}

interface TrustGround {
  readonly context: ConditionContext;
  readonly detail: Detail;
  readonly now: number;
}

function trustDecisions(actor: Actor, { input, plan, catalogue }: AssumeQuestion, agency: Agency, { context, detail, now }: TrustGround): readonly Decision[] {
  if (agency.kind === 'legacy') return [decideLegacyTrust(actor, agency, { action: plan.actions[0] ?? assumeAction, agencyUrn: input.agencyUrn, now, catalogue })];
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
