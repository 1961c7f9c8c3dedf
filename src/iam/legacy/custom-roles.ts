// Custom roles of the older system, which its API calls custom policies (legacy agencies §3).
import { z } from 'zod';
import { createCustomRole, customRole, deleteCustomRole, updateCustomRole } from '../../directory/commands/custom-roles.js';
import type { CustomRole } from '../../directory/entities.js';
import { entityId, roleDisplayName } from '../../directory/names.js';
import { checkRoleDocument } from '../../directory/role-document.js';
import { customRoleView } from '../../directory/roles.js';
import type { Snapshot } from '../../directory/snapshot.js';
import { PolicyError } from '../../policy/index.js';
import { newEntityId } from '../../urn/ids.js';
import type { Ground, Result } from '../account-call.js';
import { bothOrNeither, description, links, pageOfList, pages } from './fields.js';
import { roleAnswer, type roleResponse, type rolesResponse, type RoleAnswer } from './role-answer.js';

/** As an object; kept as JSON text. */
const document = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  try {
    checkRoleDocument(JSON.stringify(value));
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    context.addIssue({ code: 'custom', message: error.message, params: { cause: 'malformedPolicyDocument' } });
  }
});
const type = z.enum(['AX', 'XA']);

export const createRoleBody = z.object({
  role: z.object({ display_name: roleDisplayName, type, description: description.default(''), description_cn: description.default(''), policy: document }),
});
export const updateRoleBody = z.object({
  role: z.object({ display_name: roleDisplayName.optional(), type: type.optional(), description: description.optional(), description_cn: description.optional(), policy: document.optional() }),
});
export const rolePath = z.object({ role_id: entityId });
export const listRolesQuery = z.object(pages(300)).refine(...bothOrNeither);

interface OfRole {
  readonly path: z.output<typeof rolePath>;
}

const answer = ({ accountId }: Snapshot, role: CustomRole): { role: RoleAnswer } => ({ role: roleAnswer(accountId, customRoleView(accountId, role)) });

export function create({ account, services, call }: Ground, { body: { role } }: { readonly body: z.output<typeof createRoleBody> }): Result<z.infer<typeof roleResponse>> {
  const change = createCustomRole(account, {
    roleId: newEntityId(services.random), displayName: role.display_name, type: role.type, description: role.description, descriptionCn: role.description_cn,
    document: JSON.stringify(role.policy), createdAt: call.now,
  });
  return { body: answer(account, change.entity), change };
}

export function update({ account, call }: Ground, { path, body: { role } }: OfRole & { readonly body: z.output<typeof updateRoleBody> }): Result<z.infer<typeof roleResponse>> {
  const change = updateCustomRole(account, path.role_id, {
    ...(role.display_name !== undefined && { displayName: role.display_name }), ...(role.type !== undefined && { type: role.type }),
    ...(role.description !== undefined && { description: role.description }), ...(role.description_cn !== undefined && { descriptionCn: role.description_cn }),
    ...(role.policy !== undefined && { document: JSON.stringify(role.policy) }),
  }, call.now);
  return { body: answer(account, change.entity), change };
}

export const remove = ({ account }: Ground, { path }: OfRole): Result<undefined> => ({ body: undefined, change: deleteCustomRole(account, path.role_id) });

export const show = ({ account }: Ground, { path }: OfRole): Result<z.infer<typeof roleResponse>> => ({ body: answer(account, customRole(account, path.role_id)) });

/** In the order of their creation. */
export function list({ account }: Ground, { query }: { readonly query: z.output<typeof listRolesQuery> }): Result<z.infer<typeof rolesResponse>> {
  const roles = account.roles.values();
  return {
    body: { roles: pageOfList(roles, query).map((role) => roleAnswer(account.accountId, customRoleView(account.accountId, role))), links: links('/v3.0/OS-ROLE/roles'), total_number: roles.length },
  };
}
