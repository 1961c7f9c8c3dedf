// What a caller's own account must say before the caller assumes a legacy agency: the action of today, or what the older system has for it.
import type { LegacyAgency } from '../directory/entities.js';
import { decideCaller, type ConditionContext, type Decision, type Detail } from '../policy/index.js';
import { callerPolicies, principalIdentity, type Actor } from './actor.js';

/** [choice] Members of the group of this name may switch to every agency that trusts their account, as in the cloud. */
const administratorsGroup = 'admin';

interface Permission {
  readonly action: string;
  readonly resource: string;
}

/** Agent Operator, and the actions of custom policies, newer and older, which name the agency by its id or by its name (legacy agencies §3). */
const olderPermissions = ({ agencyId, agencyName }: Pick<LegacyAgency, 'agencyName'> & { readonly agencyId: string | undefined }, urn: string): readonly Permission[] => [
  { action: 'identity:assume role', resource: urn },
  ...['iam:agencies:assume', 'iam:tokens:assume'].flatMap((action) => [agencyId, agencyName].flatMap((name) => (name === undefined ? [] : [{ action, resource: `/iam/agencies/${name}` }]))),
];

export interface LegacyPermissionQuestion {
  /** Of today: `sts:agencies:assume`. */
  readonly action: string;
  readonly agencyUrn: string;
  /** Without an id: of an agency that is not known to exist. */
  readonly agency: Pick<LegacyAgency, 'agencyName'> & { readonly agencyId: string | undefined };
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
  const today = decideCaller({ principal, action, resource: agencyUrn, context, ...policies }, detail);
  if (actor.kind === 'service') return today;
  const older = olderPermissions(agency, agencyUrn);
  const denied = [today, ...older.map((permission) => decideCaller({ principal, ...permission, context, ...policies }, detail))].find(({ effect }) => effect === 'explicit-deny');
  if (denied !== undefined) return denied;
  if (today.allowed || today.side === 'service-control') return today;
  const unbound = { ...policies, identityPolicies: policies.identityPolicies.filter(({ policy: { version } }) => version !== '5.0'), serviceControlPolicies: undefined };
  return older.map((permission) => decideCaller({ principal, ...permission, context, ...unbound }, detail)).find(({ allowed }) => allowed) ?? today;
}

const isAdministrator = (actor: Actor): boolean =>
  actor.kind === 'user' && actor.user.groupIds.some((groupId) => actor.snapshot?.groups.get(groupId)?.groupName === administratorsGroup);
