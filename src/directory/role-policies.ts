// What roles and policies of the older system grant for a request: compiled once, found by where the request is made (legacy agencies §3).
import { madeOnceOfMember } from '../base/made-once.js';
import type { SystemRole } from '../catalogue/index.js';
import type { NamedPolicy } from '../policy/index.js';
import { compiled } from './compiled-policies.js';
import type { RoleGrant, RoleScope, User } from './entities.js';
import { countsIn, customRoleCatalog } from './roles.js';
import type { Snapshot } from './snapshot.js';

/** Where a request is made. Without a project: at the domain, as requests to global services are. */
export interface RequestScope {
  readonly projectId?: string | undefined;
  /** Only where what is granted for an enterprise project counts for what is asked. */
  readonly enterpriseProjectId?: string | undefined;
  /** What is granted for all projects does not count. */
  readonly direct?: boolean | undefined;
}

export const atDomain: RequestScope = {};

/**
 * The policies that the grants amount to for the request, in the order of the grants. A deleted role grants nothing.
 * [choice] A role that depends on others (`Depends`) allows only where they are granted too; what it denies, it denies
 * in any case.
 * INVARIANT: a grant for one project is worth nothing in another.
 */
export function rolePolicies(snapshot: Snapshot, grants: readonly RoleGrant[], scope: RequestScope): readonly NamedPolicy[] {
  if (grants.length === 0) return none;
  const found = foundGrants(snapshot, grants);
  const key = keyOf(found, scope);
  let policies = found.byScope.get(key);
  if (policies === undefined) found.byScope.set(key, policies = inForce(found.granted.filter((granted) => counts(granted, scope)).map(({ role }) => role)));
  return policies;
}

/** What the grants deny somewhere, wherever that is: for who decides without knowing where a request is made. */
export function roleDenials(snapshot: Snapshot, grants: readonly RoleGrant[]): readonly NamedPolicy[] {
  if (grants.length === 0) return none;
  return distinct(foundGrants(snapshot, grants).granted.map(({ role }) => role)).flatMap(({ policy }) => denialsOf(policy));
}

type GroupMember = Pick<User, 'groupIds'>;

/** The grants of a user's groups: gathered once for as long as the snapshot lives. */
export const userRoleGrants = (snapshot: Snapshot, user: GroupMember): readonly RoleGrant[] => (user.groupIds.length === 0 ? noGrants : grantsOfGroups(snapshot, user));
const grantsOfGroups = madeOnceOfMember((snapshot: Snapshot, user: GroupMember): readonly RoleGrant[] => user.groupIds.flatMap((groupId) => snapshot.groups.get(groupId)?.roleGrants ?? []));

const none: readonly NamedPolicy[] = [];
const noGrants: readonly RoleGrant[] = [];

interface DecidingRole extends Pick<SystemRole, 'roleId' | 'displayName' | 'type' | 'catalog'> {
  readonly policy: NamedPolicy;
}

interface Granted {
  readonly role: DecidingRole;
  readonly scope: RoleScope;
}

interface FoundGrants {
  readonly granted: readonly Granted[];
  /** Projects and enterprise projects that a grant names: all others are alike. */
  readonly named: ReadonlySet<string>;
  readonly byScope: Map<string, readonly NamedPolicy[]>;
}

const foundOf = new WeakMap<Snapshot, WeakMap<readonly RoleGrant[], FoundGrants>>();

/** By the snapshot, since a role may change without the grant of it. */
function foundGrants(snapshot: Snapshot, grants: readonly RoleGrant[]): FoundGrants {
  const known = foundOf.get(snapshot) ?? new WeakMap<readonly RoleGrant[], FoundGrants>();
  foundOf.set(snapshot, known);
  let found = known.get(grants);
  if (found === undefined) {
    const granted = grants.flatMap(({ roleId, scope }): Granted[] => {
      const role = decidingRole(snapshot, roleId);
      return role === undefined ? [] : [{ role, scope }];
    });
    known.set(grants, found = { granted, named: new Set(granted.flatMap(({ scope }) => namedBy(scope))), byScope: new Map() });
  }
  return found;
}

function decidingRole({ roles, systemRoles }: Snapshot, roleId: string): DecidingRole | undefined {
  const role = roles.get(roleId);
  if (role === undefined) return systemRoles.get(roleId);
  const { displayName, type, document } = role;
  return { roleId, displayName, type, catalog: customRoleCatalog, policy: compiled(role, 'role', displayName, document) };
}

function namedBy(scope: RoleScope): readonly string[] {
  if (scope.kind === 'project') return [projectKey(scope.projectId)];
  return scope.kind === 'enterprise-project' ? [enterpriseProjectKey(scope.enterpriseProjectId)] : [];
}

const projectKey = (id: string): string => `project:${id}`;
const enterpriseProjectKey = (id: string): string => `enterprise-project:${id}`;

/** As many keys as the grants tell apart, whatever ids are asked about. */
function keyOf({ named }: FoundGrants, { projectId, enterpriseProjectId, direct }: RequestScope): string {
  const part = (key: string | undefined): string => (key === undefined ? '' : named.has(key) ? key : '*');
  return `${part(projectId && projectKey(projectId))} ${part(enterpriseProjectId && enterpriseProjectKey(enterpriseProjectId))} ${direct === true}`;
}

function counts({ role: { type }, scope }: Granted, { projectId, enterpriseProjectId, direct }: RequestScope): boolean {
  if (!countsIn(type, scope.kind)) return false;
  switch (scope.kind) {
    case 'domain':
      return projectId === undefined;
    case 'project':
      return projectId === scope.projectId;
    case 'all-projects':
      return projectId !== undefined && direct !== true;
    case 'enterprise-project':
      return enterpriseProjectId === scope.enterpriseProjectId;
  }
}

function inForce(granted: readonly DecidingRole[]): readonly NamedPolicy[] {
  const roles = distinct(granted);
  return roles.flatMap(({ policy }) => {
    const isComplete = policy.policy.depends.every(({ catalog, displayName }) => roles.some((other) => other.catalog === catalog && other.displayName === displayName));
    return isComplete ? [policy] : denialsOf(policy);
  });
}

const distinct = (roles: readonly DecidingRole[]): readonly DecidingRole[] => [...new Map(roles.map((role) => [role.roleId, role])).values()];

function denialsOf({ name, policy }: NamedPolicy): readonly NamedPolicy[] {
  const statements = policy.statements.filter(({ source }) => source.effect === 'Deny');
  return statements.length === 0 ? none : [{ name, policy: { ...policy, depends: [], statements } }];
}
