// Every grant of a role in the account, in one list (legacy agencies §3).
import { z } from 'zod';
import type { RoleGrant } from '../../directory/entities.js';
import { allGrants, type Held } from '../../directory/roles.js';
import type { Snapshot } from '../../directory/snapshot.js';
import type { Ground, Result } from '../account-call.js';
import { agencyAdvice } from './advice.js';
import { aBoolean, bothOrNeither, domainId, pageOfList, pages, refuseOtherDomain } from './fields.js';
import { rolesOf } from './role-answer.js';

const id = z.string().min(1).max(64);

export const listAssignmentsQuery = z.object({
  domain_id: domainId, role_id: id.optional(), subject: z.enum(['user', 'group', 'agency']).optional(), 'subject.user_id': id.optional(), 'subject.group_id': id.optional(), 'subject.agency_id': id.optional(),
  scope: z.enum(['project', 'domain', 'enterprise_project']).optional(), 'scope.project_id': id.optional(), 'scope.domain_id': id.optional(), 'scope.enterprise_projects_id': id.optional(),
  is_inherited: aBoolean.optional().describe('of grants on the domain: true those on all projects, false those on global services'),
  include_group: aBoolean.optional().describe('with `subject.user_id`: also what the groups of the user have; users have nothing of their own'), ...pages(50),
}).refine(...bothOrNeither);

const named = z.object({ id: z.string() });
export const assignmentsResponse = z.object({
  total_num: z.int(),
  role_assignments: z.array(z.object({
    agency: named.optional(), group: named.optional(), role: named, is_inherited: z.boolean(),
    scope: z.object({ project: named.optional(), domain: named.optional(), enterprise_project: named.optional() }),
  })),
});

type Query = z.output<typeof listAssignmentsQuery>;

/** Agencies in the order of their creation, then groups. */
export function list({ account, services }: Ground, { query }: { readonly query: Query }): Result<z.infer<typeof assignmentsResponse>> {
  refuseOtherDomain(account, query.domain_id);
  refuseOtherDomain(account, query['scope.domain_id'], 'scope.domain_id');
  const wanted = allGrants(account).filter(({ holder, grant }) => isSubject(account, query, holder) && isScope(query, grant) && (query.role_id === undefined || grant.roleId === query.role_id));
  const page = pageOfList(wanted, query);
  return {
    body: { total_num: wanted.length, role_assignments: page.map((one) => assignment(account.accountId, one)) },
    headers: agencyAdvice(services, rolesOf(account, page.filter(({ holder }) => holder.kind === 'agency').map(({ grant }) => grant))),
  };
}

function isSubject({ users }: Snapshot, query: Query, { kind, id: subjectId }: Held['holder']): boolean {
  const { subject, 'subject.user_id': userId, 'subject.group_id': groupId, 'subject.agency_id': agencyId } = query;
  if (agencyId !== undefined && !(kind === 'agency' && subjectId === agencyId)) return false;
  if (groupId !== undefined && !(kind === 'group' && subjectId === groupId)) return false;
  if (userId !== undefined) return kind === 'group' && query.include_group === true && users.get(userId)?.groupIds.includes(subjectId) === true;
  return subject === undefined || subject === kind;
}

/** `is_inherited` makes a difference only where grants on the domain are asked for, as in the cloud. */
function isScope(query: Query, { scope }: RoleGrant): boolean {
  const { 'scope.project_id': projectId, 'scope.domain_id': domain, 'scope.enterprise_projects_id': enterpriseProjectId } = query;
  if (projectId !== undefined && !(scope.kind === 'project' && scope.projectId === projectId)) return false;
  if (enterpriseProjectId !== undefined && !(scope.kind === 'enterprise-project' && scope.enterpriseProjectId === enterpriseProjectId)) return false;
  if (query.scope === 'project') return scope.kind === 'project';
  if (query.scope === 'enterprise_project') return scope.kind === 'enterprise-project';
  return query.scope === undefined && domain === undefined ? true : scope.kind === (query.is_inherited === true ? 'all-projects' : 'domain');
}

function assignment(accountId: string, { holder, grant: { roleId, scope } }: Held): z.infer<typeof assignmentsResponse>['role_assignments'][number] {
  const common = { [holder.kind]: { id: holder.id }, role: { id: roleId }, is_inherited: scope.kind === 'all-projects' };
  switch (scope.kind) {
    case 'project':
      return { ...common, scope: { project: { id: scope.projectId } } };
    case 'enterprise-project':
      return { ...common, scope: { enterprise_project: { id: scope.enterpriseProjectId } } };
    default:
      return { ...common, scope: { domain: { id: accountId } } };
  }
}
