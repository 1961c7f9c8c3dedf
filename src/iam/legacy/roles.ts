// Roles and policies of the older system as they can be granted: system ones, and with the account's id custom ones (legacy agencies §3).
import { z } from 'zod';
import { noSuchRole } from '../../directory/commands/role-grants.js';
import { customRoleView, roleAt, systemRoleView, type RoleView } from '../../directory/roles.js';
import type { Ground, Result } from '../account-call.js';
import { rolePath } from './custom-roles.js';
import { bothOrNeither, domainId, links, pageOfList, pages, refuseOtherDomain } from './fields.js';
import { isFineGrained, roleAnswer, type roleResponse, type rolesResponse } from './role-answer.js';

export const listRolesQuery = z.object({
  domain_id: domainId.optional(), name: z.string().optional(), display_name: z.string().optional(), catalog: z.string().optional(),
  type: z.enum(['domain', 'project', 'all']).optional(), permission_type: z.enum(['policy', 'role']).optional(), ...pages(300),
}).refine(...bothOrNeither);

type Query = z.output<typeof listRolesQuery>;

const ofTypes: Readonly<Record<NonNullable<Query['type']>, readonly RoleView['type'][]>> = { domain: ['AX', 'AA'], project: ['XA', 'AA'], all: ['AX', 'XA', 'AA'] };

/** With a domain its custom ones, in the order of their creation; without one the system ones, by display name. */
export function list({ account }: Ground, { query }: { readonly query: Query }): Result<z.infer<typeof rolesResponse>> {
  const { domain_id: domain, name, display_name: displayName, catalog, type, permission_type: kind } = query;
  refuseOtherDomain(account, domain);
  const all = domain === undefined
    ? [...account.systemRoles.values()].map(systemRoleView).sort((one, other) => (one.displayName < other.displayName ? -1 : 1))
    : account.roles.values().map((role) => customRoleView(account.accountId, role));
  const wanted = all.filter((role) => (name === undefined || role.name === name) && (displayName === undefined || role.displayName === displayName) && (catalog === undefined || role.catalog === catalog)
    && (type === undefined || ofTypes[type].includes(role.type)) && (kind === undefined || isFineGrained(role) === (kind === 'policy')));
  return { body: { roles: pageOfList(wanted, query).map((role) => roleAnswer(account.accountId, role)), links: links('/v3/roles'), total_number: wanted.length } };
}

export function show({ account }: Ground, { path }: { readonly path: z.output<typeof rolePath> }): Result<z.infer<typeof roleResponse>> {
  const role = roleAt(account, path.role_id);
  if (role === undefined) throw noSuchRole(path.role_id);
  return { body: { role: roleAnswer(account.accountId, role) } };
}
