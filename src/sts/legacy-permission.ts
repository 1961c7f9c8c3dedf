// What a caller's own account must say before the caller assumes a legacy agency: the action of today, or what the older system has for it.
import { administratorsGroup, type LegacyAgency } from '../directory/entities.js';
import { decideCaller, type CallerQuestion, type ConditionContext, type Decision, type Detail } from '../policy/index.js';
import { callerPolicies, principalIdentity, type Actor } from './actor.js';

interface Permission {
  readonly action: string;
  readonly resource: string;
}

/** Ids as this service makes them, and as others write them (UUIDs). */
const looksLikeId = (name: string): boolean => /^[0-9a-f]{32}$|^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name);

type NamedAgency = Pick<LegacyAgency, 'agencyName'> & { readonly agencyId: string | undefined };

const agentOperator = 'identity:assume role';
/** Of custom policies, newer and older, which name the agency by its id or by its name (legacy agencies §3). */
const fineGrained = ['iam:agencies:assume', 'iam:tokens:assume'];
const uriOf = (name: string): string => `/iam/agencies/${name}`;
const on = (resources: readonly (string | undefined)[]): readonly Permission[] =>
  fineGrained.flatMap((action) => resources.flatMap((resource) => (resource === undefined ? [] : [{ action, resource }])));

/** [choice] A name that could be meant as an id counts for nothing: else whoever called an agency by the id of another could be switched to in its place. */
const olderAllows = ({ agencyId, agencyName }: NamedAgency, urn: string): readonly Permission[] =>
  [{ action: agentOperator, resource: urn }, ...on([agencyId && uriOf(agencyId), looksLikeId(agencyName) ? undefined : uriOf(agencyName)])];

/** Whatever a Deny could mean, by URN as policies of today name agencies. */
const olderDenies = ({ agencyId, agencyName }: NamedAgency, urn: string): readonly Permission[] =>
  [{ action: agentOperator, resource: urn }, ...on([agencyId && uriOf(agencyId), uriOf(agencyName), urn])];

export interface LegacyPermissionQuestion {
  /** Of today: `sts:agencies:assume`. */
  readonly action: string;
  readonly agencyUrn: string;
  /** Without an id: of an agency that is not known to exist. */
  readonly agency: NamedAgency;
  readonly context: ConditionContext;
}

/**
 * Any one permission is enough, and so is membership in the group of administrators; an explicit Deny of any of them
 * wins. The older permissions are given by policies of the older versions alone: an Allow of `iam:*:*` in the language of
 * today speaks of the actions of today, and makes nobody an Agent Operator. Service control policies are written in the language of today and must allow its action.
 */
export function decideLegacyCaller(actor: Actor, { action, agencyUrn, agency, context }: LegacyPermissionQuestion, detail: Detail): Decision {
  const policies = callerPolicies(actor);
  const identity = principalIdentity(actor);
  const principal = isAdministrator(actor) ? { ...identity, kind: 'root' as const } : identity;
  const today = decideAssuming(actor, { principal, action, resource: agencyUrn, context, ...policies }, detail);
  if (actor.kind === 'service') return today;
  const denied = [today, ...olderDenies(agency, agencyUrn).map((permission) => decideCaller({ principal, ...permission, context, ...policies }, detail))].find(({ effect }) => effect === 'explicit-deny');
  if (denied !== undefined) return denied;
  if (today.allowed || today.side === 'service-control') return today;
  // [choice] The older permissions are for users: no session leads on from agency to agency by them.
  if (actor.kind !== 'user') return today;
  const unbound = { ...policies, identityPolicies: policies.identityPolicies.filter(({ policy: { version } }) => version !== '5.0'), serviceControlPolicies: undefined };
  return olderAllows(agency, agencyUrn).map((permission) => decideCaller({ principal, ...permission, context, ...unbound }, detail)).find(({ allowed }) => allowed) ?? today;
}

/**
 * [choice] By the roles of a legacy agency its sessions lead nowhere further: that takes an identity policy. What the
 * roles deny, they deny.
 */
export function decideAssuming(actor: Actor, question: CallerQuestion, detail: Detail): Decision {
  const decision = decideCaller(question, detail);
  if (!decision.allowed || actor.kind !== 'agency-session' || (actor.agency.roleGrants ?? []).length === 0) return decision;
  return decideCaller({ ...question, identityPolicies: question.identityPolicies.filter(({ policy: { version } }) => version === '5.0') }, detail);
}

const isAdministrator = (actor: Actor): boolean =>
  actor.kind === 'user' && actor.user.groupIds.some((groupId) => actor.snapshot?.groups.get(groupId)?.groupName === administratorsGroup);
