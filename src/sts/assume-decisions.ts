// What both sides of an assume call say: the caller's own policies and the agency's trust policy, one decision per action.
import type { Catalogue } from '../catalogue/index.js';
import type { Agency } from '../directory/entities.js';
import { trustPolicyOf } from '../directory/compiled-policies.js';
import {
  contextFinding, decideTrust, findAmong, foldAscii, type ConditionContext, type ConditionValue, type Decision, type Detail, type FindValue, type PrincipalIdentity,
} from '../policy/index.js';
import type { AgencyName } from '../urn/urn.js';
import { callerPolicies, principalIdentity, type Actor } from './actor.js';
import type { AssumeAgencyInput } from './assume-agency-input.js';
import { findCallerCondition, findResourceCondition, findTag, requestTag, type ConditionEntry, type RequestFacts } from './call-conditions.js';
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
  const principal = principalIdentity(actor);
  const [ofCaller, ofCall] = [findCallerCondition(actor, request), findAssumeCondition(question)];
  const instead = given.length === 0 ? [] : [findAmong(given)];
  const contextWith = (tags: Agency['tags']): ConditionContext => contextFinding([ofCaller, ofCall, findResourceCondition(tags), ...instead]);
  const trust = agency === undefined ? [] : trustDecisions(actor, question, agency, { principal, context: contextWith(agency.tags), detail, now: request.now });
  // An agency of another account shows its tags and its kind only to whom it trusts: else a caller's own policies could ask for them.
  const seesAgency = plan.target?.accountId === actor.accountId || trust.every(({ allowed }) => allowed);
  const seen = seesAgency ? agency : undefined;
  const visible = actor.kind === 'service' || actor.snapshot !== undefined;
  const own = visible ? callerDecisions(actor, question, seen, { principal, context: contextWith(seen?.tags ?? []), detail }) : [];
  return { own, trust };
}

/** @param seen the agency, where the caller's side may know of it */
function callerDecisions(actor: Actor, { input, plan, older }: AssumeQuestion, seen: Agency | undefined, { principal, context, detail }: Ground): readonly Decision[] {
  const policies = callerPolicies(actor);
  const agency = seen?.kind === 'legacy' ? seen : older && { agencyName: older.agencyName, agencyId: undefined };
  return plan.actions.map((action) => (action === assumeAction && agency !== undefined
    ? decideLegacyCaller(actor, { action, agencyUrn: input.agencyUrn, agency, context }, detail)
    : decideAssuming(actor, { principal, action, resource: input.agencyUrn, context, ...policies }, detail)));
}

interface Ground {
  readonly principal: PrincipalIdentity;
  readonly context: ConditionContext;
  readonly detail: Detail;
}

interface TrustGround extends Ground {
  readonly now: number;
}

function trustDecisions(actor: Actor, { input, plan, catalogue }: AssumeQuestion, agency: Agency, { principal, context, detail, now }: TrustGround): readonly Decision[] {
  if (agency.kind === 'legacy') return [decideLegacyTrust(actor, agency, { action: plan.actions[0] ?? assumeAction, agencyUrn: input.agencyUrn, now, catalogue })];
  const trustPolicy = trustPolicyOf(agency);
  return plan.actions.map((action) => decideTrust({ principal, action, agencyUrn: input.agencyUrn, trustPolicy, context }, detail));
}

type Reading = readonly [name: string, read: (input: AssumeRequest) => ConditionValue | undefined];

const readings: ReadonlyMap<string, Reading> = new Map(([
  ['sts:ExternalId', ({ externalId }) => externalId],
  ['sts:SourceIdentity', ({ sourceIdentity }) => sourceIdentity],
  ['sts:AgencySessionName', ({ agencySessionName }) => agencySessionName],
  ['sts:TransitiveTagKeys', ({ transitiveTagKeys }) => (transitiveTagKeys.length > 0 ? transitiveTagKeys : undefined)],
  ['g:TagKeys', ({ tags }) => (tags.length > 0 ? tags.map(({ key }) => key) : undefined)],
] satisfies readonly Reading[]).map((reading) => [foldAscii(reading[0]), reading]));

const withMfa: FindValue = findAmong([['g:MFAPresent', true], ['g:MFAAge', 0]]);

/** Keys of this very request: `sts:`, its own tags, and the MFA code that came with it. */
function findAssumeCondition({ input, mfaVerified }: AssumeQuestion): FindValue {
  const tags = findTag(requestTag, () => input.tags);
  return (folded) => {
    const reading = readings.get(folded);
    if (reading !== undefined) return [reading[0], reading[1](input)];
    return tags(folded) ?? (mfaVerified ? withMfa(folded) : undefined);
  };
}
