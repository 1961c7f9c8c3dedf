// Roles and policies of the older system in one form: custom ones of the account, system ones of the catalogue.
import type { SystemRole, Texts } from '../catalogue/index.js';
import { matchesGlob, parsePolicy } from '../policy/index.js';
import type { CustomRole, Group, LegacyAgency, RoleGrant, RoleScope } from './entities.js';
import type { Snapshot } from './snapshot.js';

export interface RoleView {
  readonly roleId: string;
  /** The internal name: of a custom one made of its id. */
  readonly name: string;
  readonly displayName: string;
  readonly type: SystemRole['type'];
  readonly catalog: string;
  readonly description: Texts;
  readonly document: string;
  /** Undefined: a system role. */
  readonly custom: CustomRole | undefined;
}

/** Of all custom roles. */
export const customRoleCatalog = 'CUSTOMED';

export function customRoleView(accountId: string, role: CustomRole): RoleView {
  const { roleId, displayName, type, document, description, descriptionCn } = role;
  return { roleId, name: `custom_${accountId}_${roleId}`, displayName, type, catalog: customRoleCatalog, description: { enUs: description, zhCn: descriptionCn }, document, custom: role };
}

export function systemRoleView(role: SystemRole): RoleView {
  const { roleId, name, displayName, type, catalog, description, document } = role;
  return { roleId, name, displayName, type, catalog, description, document, custom: undefined };
}

/** Undefined when the account has no such role. */
export function roleAt({ accountId, roles, systemRoles }: Pick<Snapshot, 'accountId' | 'roles' | 'systemRoles'>, roleId: string): RoleView | undefined {
  const custom = roles.get(roleId);
  if (custom !== undefined) return customRoleView(accountId, custom);
  const system = systemRoles.get(roleId);
  return system === undefined ? undefined : systemRoleView(system);
}

/** Who can be granted roles. */
export type RoleHolder = Group | LegacyAgency;

export interface Held {
  readonly holder: { readonly kind: 'agency' | 'group'; readonly id: string };
  readonly grant: RoleGrant;
}

/** All grants of the account: those of agencies in the order of their creation, then those of groups. */
export function allGrants({ agencies, groups }: Snapshot): readonly Held[] {
  const heldBy = (kind: Held['holder']['kind'], id: string, grants: readonly RoleGrant[]): readonly Held[] => grants.map((grant) => ({ holder: { kind, id }, grant }));
  return [
    ...agencies.values().flatMap((agency) => (agency.kind === 'legacy' ? heldBy('agency', agency.agencyId, agency.roleGrants) : [])),
    ...groups.values().flatMap(({ groupId, roleGrants }) => heldBy('group', groupId, roleGrants)),
  ];
}

export const isSameScope = (one: RoleScope, other: RoleScope): boolean => scopeKey(one) === scopeKey(other);

const scopeKey = (scope: RoleScope): string => {
  switch (scope.kind) {
    case 'project':
      return `project:${scope.projectId}`;
    case 'enterprise-project':
      return `enterprise-project:${scope.enterpriseProjectId}`;
    default:
      return scope.kind;
  }
};

export const isSameGrant = (one: RoleGrant, other: RoleGrant): boolean => one.roleId === other.roleId && isSameScope(one.scope, other.scope);

/** Names of system roles that agencies cannot have: nobody may switch on from agency to agency by way of them. */
const neverOfAgencies: ReadonlySet<string> = new Set(['te_agency']);
const neverOfAgenciesInProjects: ReadonlySet<string> = new Set(['secu_admin']);

/** [choice] What `te_agency` is refused for: by what name the older system calls assuming an agency. */
const leadingOn = ['identity:assume role', 'iam:agencies:assume', 'iam:tokens:assume'];

/** The first of them that a document allows, on whatever resource and under whatever condition. */
function leadsOn(document: string): string | undefined {
  const { statements } = parsePolicy('role', document);
  return leadingOn.find((action) => statements.some(({ source, actions, exceptions = [] }) =>
    source.effect === 'Allow' && actions.some((one) => matchesGlob(one, action)) !== source.action.negated && !exceptions.some((one) => matchesGlob(one, action))));
}

const scopesOfType: Readonly<Record<RoleView['type'], readonly RoleScope['kind'][]>> = {
  AX: ['domain', 'enterprise-project'], XA: ['project', 'all-projects', 'enterprise-project'], AA: ['domain', 'project', 'all-projects', 'enterprise-project'], XX: [],
};

/** Whether a role of the type counts in such scopes: elsewhere it is not granted, and grants nothing (legacy agencies §3). */
export const countsIn = (type: RoleView['type'], scope: RoleScope['kind']): boolean => scopesOfType[type].includes(scope);

/** Why a role cannot be granted for a scope; undefined: it can (legacy agencies §3). */
export function grantRefusal(role: Pick<RoleView, 'name' | 'displayName' | 'type' | 'custom' | 'document'>, scope: RoleScope['kind'], holder: 'agency' | 'group'): string | undefined {
  const { name, displayName, type } = role;
  if (holder === 'agency' && neverOfAgencies.has(name)) return `\`${displayName}\` (${name}) cannot be granted to an agency`;
  if (holder === 'agency' && scope !== 'domain' && neverOfAgenciesInProjects.has(name)) return `\`${displayName}\` (${name}) cannot be granted to an agency for projects`;
  const leading = holder === 'agency' && role.custom !== undefined ? leadsOn(role.document) : undefined;
  if (leading !== undefined) return `\`${displayName}\` allows \`${leading}\`, and so cannot be granted to an agency: nobody may switch on from agency to agency by way of it`;
  return countsIn(type, scope) ? undefined : `\`${displayName}\` is of the type ${type}, which cannot be granted for ${scopeTexts[scope]}`;
}

const scopeTexts: Readonly<Record<RoleScope['kind'], string>> = {
  domain: 'the domain (global services)', project: 'a project', 'all-projects': 'all projects', 'enterprise-project': 'an enterprise project',
};

/** Not adjustable (legacy agencies §6): grants of one agency or group, and custom roles of an account. */
export const grantsPerHolder = 200;
export const customRolesPerAccount = 200;
