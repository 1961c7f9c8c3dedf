// The custom roles of an account in a bootstrap file, and the grants of roles to its groups and legacy agencies.
import { PolicyError } from '../policy/index.js';
import { BootstrapError, type BootstrapAccount, type BootstrapRoleGrant } from './bootstrap-file.js';
import { byId, resolve } from './bootstrap-names.js';
import type { NamedProjects } from './bootstrap-projects.js';
import type { AccountWriter } from './bootstrap-writer.js';
import type { CustomRole, RoleGrant, RoleScope } from './entities.js';
import { checkRoleDocument } from './role-document.js';
import { customRolesPerAccount, customRoleView, grantRefusal, isSameGrant, systemRoleView, type RoleView } from './roles.js';

/** The grants of a group or an agency: those of the file, or where it gives none, those that are there. */
export type GrantRoles = (grants: readonly BootstrapRoleGrant[] | undefined, old: readonly RoleGrant[] | undefined, holder: 'agency' | 'group', place: string) => readonly RoleGrant[];

export function planRoles(writer: AccountWriter, account: BootstrapAccount, place: string, projects: NamedProjects): GrantRoles {
  const roles = rolesByName(writer, planCustomRoles(writer, account, place));
  return (grants, old, holder, at) => {
    if (grants === undefined) return old ?? [];
    const granted: RoleGrant[] = [];
    grants.forEach((entry, index) => {
      const grantAt = `${at}/role_grants/${index}`;
      const role = roles.get(entry.role);
      if (role === undefined) throw new BootstrapError(`${grantAt}/role`, `\`${entry.role}\` is no role of this account`);
      const grant: RoleGrant = { roleId: role.roleId, scope: scopeOf(entry, projects, `${grantAt}/scope`) };
      const refusal = grantRefusal(role, grant.scope.kind, holder);
      if (refusal !== undefined) throw new BootstrapError(grantAt, refusal);
      if (granted.some((other) => isSameGrant(other, grant))) throw new BootstrapError(grantAt, `\`${entry.role}\` is given twice for one scope`);
      granted.push(grant);
    });
    // In whatever order: they are a set.
    return old?.length === granted.length && granted.every((grant) => old.some((other) => isSameGrant(other, grant))) ? old : granted;
  };
}

/** Every custom role that the account has afterwards. */
function planCustomRoles(writer: AccountWriter, account: BootstrapAccount, place: string): readonly CustomRole[] {
  const { current, now } = writer;
  const systemNames = new Set([...writer.catalogue.systemRoles.values()].map(({ displayName }) => displayName));
  const roles = new Map((current?.roles.values() ?? []).map((role) => [role.roleId, role]));
  const resolved = resolve({
    entries: account.roles, place: `${place}/roles`, nameField: 'display_name', idField: 'role_id', name: (entry) => entry.display_name, givenId: (entry) => entry.role_id,
    existing: byId(current?.roles), existingName: ({ displayName }) => displayName, newId: () => writer.newId(),
  });
  for (const { entry, place: at, id, old } of resolved) {
    if (systemNames.has(entry.display_name)) throw new BootstrapError(`${at}/display_name`, `\`${entry.display_name}\` is the name of a system role`);
    if (writer.catalogue.systemRoles.has(id)) throw new BootstrapError(`${at}/role_id`, `\`${id}\` is the id of a system role`);
    const changed: Omit<CustomRole, 'updatedAt'> = {
      roleId: id, displayName: entry.display_name, type: entry.type, description: entry.description ?? old?.description ?? '', descriptionCn: entry.description_cn ?? old?.descriptionCn ?? '',
      document: roleText(entry.policy, `${at}/policy`), createdAt: old?.createdAt ?? now,
    };
    const isSame = old !== undefined && old.displayName === changed.displayName && old.type === changed.type && old.description === changed.description && old.descriptionCn === changed.descriptionCn && old.document === changed.document;
    const role: CustomRole = { ...changed, updatedAt: isSame ? old.updatedAt : now };
    roles.set(id, role);
    writer.put('role', id, role);
  }
  if (account.roles.length > 0 && roles.size > customRolesPerAccount) throw new BootstrapError(`${place}/roles`, `would make it ${roles.size} custom roles of the account, ${customRolesPerAccount} at most`);
  return [...roles.values()];
}

function roleText(document: Readonly<Record<string, unknown>>, place: string): string {
  const text = JSON.stringify(document);
  try {
    checkRoleDocument(text);
  } catch (error) {
    if (error instanceof PolicyError) throw new BootstrapError(`${place}${error.pointer}`, error.message);
    throw error;
  }
  return text;
}

/** By display name, by the internal name of a system role, and by id; of two that share a name, in this order. */
function rolesByName({ accountId, catalogue }: AccountWriter, custom: readonly CustomRole[]): ReadonlyMap<string, RoleView> {
  const views = [...custom.map((role) => customRoleView(accountId, role)), ...[...catalogue.systemRoles.values()].map(systemRoleView)];
  const byName = new Map<string, RoleView>();
  for (const name of ['displayName', 'name', 'roleId'] as const) for (const view of views) if (!byName.has(view[name])) byName.set(view[name], view);
  return byName;
}

function scopeOf({ scope }: BootstrapRoleGrant, projects: NamedProjects, place: string): RoleScope {
  if (scope === 'domain') return { kind: 'domain' };
  if (scope === 'all_projects') return { kind: 'all-projects' };
  if ('project' in scope) {
    const projectId = projects.project(scope.project);
    if (projectId === undefined) throw new BootstrapError(`${place}/project`, `\`${scope.project}\` is no project of this account`);
    return { kind: 'project', projectId };
  }
  const enterpriseProjectId = projects.enterpriseProject(scope.enterprise_project);
  if (enterpriseProjectId === undefined) throw new BootstrapError(`${place}/enterprise_project`, `\`${scope.enterprise_project}\` is no enterprise project of this account`);
  return { kind: 'enterprise-project', enterpriseProjectId };
}
