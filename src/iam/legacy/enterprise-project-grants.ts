// Grants to agencies on enterprise projects, many in one call; and who has any there (legacy agencies §3).
import { z } from 'zod';
import { found } from '../../directory/commands/rules.js';
import { grantRoles, revokeRoles, type Assignment } from '../../directory/commands/role-grants.js';
import { entityId } from '../../directory/names.js';
import { enterpriseProjectAt } from '../../directory/projects.js';
import type { Snapshot } from '../../directory/snapshot.js';
import type { Resource } from '../../sts/own-action.js';
import type { Ground, Result } from '../account-call.js';
import { agencyResource } from '../agencies.js';
import { agencyAdvice } from './advice.js';
import { timeAsText } from './fields.js';
import { named, onEnterpriseProject } from './grants.js';
import { rolesOf } from './role-answer.js';

export const assignmentsBody = z.object({
  role_assignments: z.array(z.object({ agency_id: entityId, enterprise_project_id: entityId, role_id: entityId })).min(1).max(250),
});

interface Assigned {
  readonly body: z.output<typeof assignmentsBody>;
}

/** Each of the agencies must be allowed. */
export function everyAgencyOf(account: Snapshot, { body }: Assigned): Resource {
  const [first = '', ...others] = new Set(body.role_assignments.map(({ agency_id: id }) => id));
  return { ...agencyResource(account, first), also: others.map((id) => agencyResource(account, id)) };
}

const assignmentsOf = (ground: Ground, { body }: Assigned): readonly Assignment[] =>
  body.role_assignments.map(({ agency_id: id, role_id: roleId, ...project }) => ({ kind: 'agency', id, grant: { roleId, scope: onEnterpriseProject(ground, project) } }));

export function grant(ground: Ground, input: Assigned): Result<undefined> {
  const assignments = assignmentsOf(ground, input);
  return { body: undefined, change: grantRoles(ground.account, assignments), headers: agencyAdvice(ground.services, rolesOf(ground.account, assignments.map((one) => one.grant))) };
}

export const revoke = (ground: Ground, input: Assigned): Result<undefined> => ({ body: undefined, change: revokeRoles(ground.account, assignmentsOf(ground, input)) });

export const groupPath = z.object({ group_id: named.group_id });
export const enterpriseProjectPath = z.object({ enterprise_project_id: named.enterprise_project_id });

/** The cloud writes the name of the list with a hyphen. */
export const projectsOfGroupResponse = z.object({ 'enterprise-projects': z.array(z.object({ project_id: z.string() })) });
export const groupsOfProjectResponse = z.object({ groups: z.array(z.object({ group_id: z.string(), group_name: z.string(), group_desc: z.string(), created_time: z.string() })) });

export function projectsOfGroup({ account }: Ground, { path }: { readonly path: z.output<typeof groupPath> }): Result<z.infer<typeof projectsOfGroupResponse>> {
  const ids = found(account.groups, 'group', path.group_id).roleGrants.flatMap(({ scope }) => (scope.kind === 'enterprise-project' ? [scope.enterpriseProjectId] : []));
  return { body: { 'enterprise-projects': [...new Set(ids)].filter((id) => enterpriseProjectAt(account, id) !== undefined).map((id) => ({ project_id: id })) } };
}

export function groupsOfProject(ground: Ground, { path }: { readonly path: z.output<typeof enterpriseProjectPath> }): Result<z.infer<typeof groupsOfProjectResponse>> {
  onEnterpriseProject(ground, path);
  const groups = ground.account.groups.values().filter(({ roleGrants }) => roleGrants.some(({ scope }) => scope.kind === 'enterprise-project' && scope.enterpriseProjectId === path.enterprise_project_id));
  return { body: { groups: groups.map(({ groupId, groupName, description, createdAt }) => ({ group_id: groupId, group_name: groupName, group_desc: description, created_time: timeAsText(createdAt) })) } };
}
