// The decision logic: the caller's own side, and the trust policy of an agency (policy language §9).
import type { ConditionContext } from './context.js';
import type { Decision, Side } from './decision.js';
import { evaluate, type NamedPolicy, type PolicySet, type Verdict } from './evaluate.js';
import { explainVerdict, type Explanation } from './explain.js';
import type { PrincipalIdentity } from './principals.js';
import { splitUrn } from './resources.js';
import type { Request } from './statement.js';
import { foldAscii } from './text.js';

/** May the caller do this, as far as its own account is concerned? */
export interface CallerQuestion {
  readonly principal: PrincipalIdentity;
  readonly action: string;
  /** A URN, or a path such as `/iam/agencies/<id>`; undefined: the action has no resource type. */
  readonly resource: string | undefined;
  /** Of a user: its own and its groups'; of a session: the agency's. Roles of the older system that count for the request are among them. */
  readonly identityPolicies: readonly NamedPolicy[];
  /** The inline `policy` of the session. */
  readonly sessionPolicy?: NamedPolicy;
  /** `policy_ids`: a union among themselves, intersected with the rest; an empty list allows nothing. */
  readonly sessionPolicyIds?: readonly NamedPolicy[];
  /** undefined: no organization, or the caller is exempt; an empty list allows nothing. */
  readonly serviceControlPolicies: readonly NamedPolicy[] | undefined;
  readonly context: ConditionContext;
}

/** Does the agency trust the caller with this action? */
export interface TrustQuestion {
  readonly principal: PrincipalIdentity;
  readonly action: string;
  readonly agencyUrn: string;
  readonly trustPolicy: NamedPolicy;
  readonly context: ConditionContext;
}

/** `denials`: only a denial lists the context it used. `always`: an allow does too, at the price of a second evaluation. */
export type Detail = 'denials' | 'always';

/**
 * Any explicit Deny wins; then every side must allow: SCPs (if any), identity policies (not needed by a root user),
 * session policies (if any). A service has no side of its own and is always allowed here.
 */
export function decideCaller(question: CallerQuestion, detail: Detail = 'denials'): Decision {
  const { principal, action, resource } = question;
  const sets = principal.kind === 'service' ? [] : callerSets(question);
  const request = { foldedAction: foldAscii(action), resource: requestResource(resource), principal: undefined, context: question.context };
  return decide({ sets, request, action, resource, allowedBy: 'identity', detail });
}

/** The trust policy must allow, whoever calls: also the root user and the agency's own account [choice]. */
export function decideTrust(question: TrustQuestion, detail: Detail = 'denials'): Decision {
  const { principal, action, agencyUrn, context } = question;
  const sets: PolicySet[] = [{ side: 'trust', policies: [question.trustPolicy], required: true }];
  const request = { foldedAction: foldAscii(action), resource: requestResource(agencyUrn), principal, context };
  return decide({ sets, request, action, resource: agencyUrn, allowedBy: 'trust', detail });
}

function callerSets(question: CallerQuestion): PolicySet[] {
  const { principal, identityPolicies, sessionPolicy, sessionPolicyIds, serviceControlPolicies } = question;
  const sets: PolicySet[] = [];
  if (serviceControlPolicies !== undefined) sets.push({ side: 'service-control', policies: serviceControlPolicies, required: true });
  sets.push({ side: 'identity', policies: identityPolicies, required: principal.kind !== 'root' });
  // [choice] agency ∩ policy ∩ policy_ids, the narrower of two readings: each is a set of its own.
  if (sessionPolicy !== undefined) sets.push({ side: 'session', policies: [sessionPolicy], required: true });
  if (sessionPolicyIds !== undefined) sets.push({ side: 'session', policies: sessionPolicyIds, required: true });
  return sets;
}

/** A path asks policies of the older system: only their uris name one. */
function requestResource(resource: string | undefined): Request['resource'] {
  if (resource === undefined) return 'none';
  return resource.startsWith('/') ? { uri: resource } : (splitUrn(resource) ?? 'malformed');
}

interface Case {
  readonly sets: readonly PolicySet[];
  readonly request: Request;
  readonly action: string;
  readonly resource: string | undefined;
  readonly allowedBy: Side;
  readonly detail: Detail;
}

const unexplained: Explanation = { failedConditions: [], usedContext: {} };

function decide({ sets, request, action, resource, allowedBy, detail }: Case): Decision {
  const verdict: Verdict = evaluate(sets, request);
  const { effect, hit } = verdict;
  const allowed = effect === 'allow';
  const { failedConditions, usedContext } = allowed && detail === 'denials' ? unexplained : explainVerdict(sets, request);
  const side = verdict.set?.side ?? allowedBy;
  if (hit === undefined) return { allowed, side, effect, action, resource, failedConditions, usedContext };
  const { sid } = hit.statement.source;
  const statement = { policy: hit.policy, index: hit.index, ...(sid === undefined ? {} : { sid }) };
  return { allowed, side, effect, action, resource, statement, failedConditions, usedContext };
}
