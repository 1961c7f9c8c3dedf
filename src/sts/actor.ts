// Whom a decision is about: what it needs of a caller, live or simulated, and what of that binds it.
import { attachedPolicies, boundServiceControlPolicies, grantedPolicy, userPolicies } from '../directory/compiled-policies.js';
import { atDomain, rolePolicies, userRoleGrants, type RequestScope } from '../directory/role-policies.js';
import type { Snapshot } from '../directory/snapshot.js';
import { foldTagKey } from '../directory/tag-key.js';
import type { Agency, ResourceTag, RoleGrant, User } from '../directory/entities.js';
import type { CallerQuestion, NamedPolicy, PrincipalIdentity } from '../policy/index.js';
import { inlinePolicy } from './session-policy.js';
import type { Session, TokenScope } from '../sessions/session.js';
import { agencyUrn, serviceLinkedPath } from '../urn/urn.js';

interface Common {
  readonly accountId: string;
  /** As in `g:PrincipalUrn`. */
  readonly principalUrn: string;
  /** The actor's account; undefined when who asks may not see it, as may be in a simulation. Never so of a live caller. */
  readonly snapshot: Snapshot | undefined;
}

export interface UserActor extends Common {
  readonly kind: 'user';
  /** Of a user that cannot be seen: what its URN says. */
  readonly user: Pick<User, 'tags' | 'groupIds' | 'attachedPolicies'> & { readonly userName: string | undefined; readonly userId: string | undefined; readonly isRootUser: boolean | undefined };
  /** Of a user's temporary credentials: how the user logged in, and when; seconds since the epoch. */
  readonly temporary?: { readonly issuedAt: number; readonly methods: readonly string[] } | undefined;
  /** Of a user's temporary credentials: what narrows them. */
  readonly narrowedBy?: { readonly scope: TokenScope | undefined; readonly sessionPolicy: string | undefined } | undefined;
}

/** When the code of the login was verified that the actor's credentials come from; undefined without one. */
export const loginMfaAt = ({ temporary }: Pick<UserActor, 'temporary'>): number | undefined => (temporary?.methods.includes('totp') === true ? temporary.issuedAt : undefined);

export interface ServiceActor extends Common {
  readonly kind: 'service';
  readonly servicePrincipal: string;
}

export interface SessionActor extends Common {
  readonly kind: 'agency-session';
  readonly session: SessionFacts;
  /** Only legacy agencies are granted roles. */
  readonly agency: Pick<Agency, 'path' | 'agencyName' | 'tags' | 'attachedPolicies'> & { readonly roleGrants?: readonly RoleGrant[] };
}

/** What decisions ask of a session. */
export type SessionFacts = Pick<Session, 'tags' | 'sourceIdentity' | 'mfaAuthenticatedAt' | 'issuedAt' | 'sessionPolicy' | 'sessionPolicyIds' | 'scope'>;

export type Actor = UserActor | ServiceActor | SessionActor;

export function principalIdentity(actor: Actor): PrincipalIdentity {
  const { principalUrn: urn, accountId } = actor;
  switch (actor.kind) {
    case 'user':
      return { kind: actor.user.isRootUser === true ? 'root' : 'user', urn, accountId };
    case 'service':
      return { kind: 'service', urn, accountId, servicePrincipal: actor.servicePrincipal };
    case 'agency-session':
      return { kind: 'agency-session', urn, accountId, agencyUrn: agencyUrn(accountId, actor.agency.path, actor.agency.agencyName) };
  }
}

/** The actor's tags; a session tag overrides the agency's own tag of that key (STS API §6.1). */
export function principalTags(actor: Actor): readonly ResourceTag[] {
  switch (actor.kind) {
    case 'user':
      return actor.user.tags;
    case 'service':
      return [];
    case 'agency-session': {
      const overridden = new Set(actor.session.tags.map(({ key }) => foldTagKey(key)));
      return [...actor.agency.tags.filter(({ key }) => !overridden.has(foldTagKey(key))), ...actor.session.tags];
    }
  }
}

type BindingPolicies = Pick<CallerQuestion, 'identityPolicies' | 'sessionPolicy' | 'sessionPolicyIds' | 'serviceControlPolicies'>;

/**
 * Everything that bounds what the actor may do, for {@link CallerQuestion}. What it has of the older system's roles joins
 * its identity policies.
 * @param scope where the request is made; asked only of an actor with roles
 */
export function callerPolicies(actor: Actor, scope: () => RequestScope = () => atDomain): BindingPolicies {
  const { snapshot } = actor;
  if (actor.kind === 'service') return { identityPolicies: [], serviceControlPolicies: undefined };
  // INVARIANT: nobody's side is decided without its account.
  if (snapshot === undefined) throw new Error(`the account of \`${actor.principalUrn}\` cannot be seen`);
  const bound = boundServiceControlPolicies(snapshot);
  const joined = (policies: readonly NamedPolicy[], grants: readonly RoleGrant[]): readonly NamedPolicy[] => (grants.length === 0 ? policies : [...policies, ...rolePolicies(snapshot, grants, scope())]);
  if (actor.kind === 'user') {
    const identityPolicies = joined(userPolicies(snapshot, actor.user), roleGrantsOf(actor, snapshot));
    return { identityPolicies, serviceControlPolicies: bound, ...(actor.narrowedBy !== undefined && userNarrowing(actor.narrowedBy, scope)) };
  }
  const { agency, session } = actor;
  const identityPolicies = joined(attachedPolicies(snapshot, agency.attachedPolicies), roleGrantsOf(actor, snapshot));
  const serviceControlPolicies = agency.path.startsWith(serviceLinkedPath) ? undefined : bound;
  const isNarrowed = session.sessionPolicy !== undefined || session.sessionPolicyIds.length > 0 || session.scope !== undefined;
  return { identityPolicies, serviceControlPolicies, ...(isNarrowed && sessionNarrowing(session, snapshot, scope)) };
}

/** INVARIANT: what needs permission from an empty list of policies is denied, whoever asks. */
const nothing: Pick<CallerQuestion, 'sessionPolicyIds'> = { sessionPolicyIds: [] };

function userNarrowing({ scope, sessionPolicy }: UserActor['narrowedBy'] & {}, requestScope: () => RequestScope): Pick<CallerQuestion, 'sessionPolicy' | 'sessionPolicyIds'> {
  return { ...(sessionPolicy !== undefined && { sessionPolicy: inlinePolicy(sessionPolicy) }), ...(isOutOfScope(scope, requestScope) && nothing) };
}

/** A token of the older system grants what lies in its scope: a project, or the domain and so what lies in no project. */
const isOutOfScope = (scope: TokenScope | undefined, requestScope: () => RequestScope): boolean =>
  scope !== undefined && (scope.kind === 'project' ? scope.projectId : undefined) !== requestScope().projectId;

const placeOf = (projectId: string | undefined): string => (projectId === undefined ? 'the domain' : `the project \`${projectId}\``);

/** Why credentials made from a token are worth nothing for a request; undefined: it lies in their scope, or they have none. */
export function outOfScope(actor: UserActor | SessionActor, scope: () => RequestScope = () => atDomain): string | undefined {
  const bound = tokenScopeOf(actor);
  if (bound === undefined || !isOutOfScope(bound, scope)) return undefined;
  return `the credentials are of a token for ${placeOf(bound.kind === 'project' ? bound.projectId : undefined)}, and the request belongs to ${placeOf(scope().projectId)}`;
}

/** What the token was for that the actor's credentials were made from; undefined: they are bound to no place. */
export const tokenScopeOf = (actor: UserActor | SessionActor): TokenScope | undefined => (actor.kind === 'user' ? actor.narrowedBy?.scope : actor.session.scope);

const noGrants: readonly RoleGrant[] = [];

/** Roles that the actor was granted: a user's groups, or the agency of a session. */
export const roleGrantsOf = (actor: UserActor | SessionActor, snapshot: Snapshot): readonly RoleGrant[] =>
  (actor.kind === 'user' ? userRoleGrants(snapshot, actor.user) : (actor.agency.roleGrants ?? noGrants));

/**
 * The session's own policies. Policies named by id act in their present default version; one that was deleted since
 * grants nothing.
 */
function sessionNarrowing({ sessionPolicy, sessionPolicyIds, scope }: SessionFacts, snapshot: Snapshot, requestScope: () => RequestScope): Pick<CallerQuestion, 'sessionPolicy' | 'sessionPolicyIds'> {
  return {
    ...(sessionPolicy !== undefined && { sessionPolicy: inlinePolicy(sessionPolicy) }),
    ...(sessionPolicyIds.length > 0 && {
      sessionPolicyIds: sessionPolicyIds.flatMap((id) => grantedPolicy(snapshot, id) ?? []),
    }),
    ...(isOutOfScope(scope, requestScope) && nothing),
  };
}
