// Grants of roles to agencies and groups: on the domain, a project, all projects and an enterprise project (legacy agencies §3).
import { z } from 'zod';
import * as enterprise from '../../../iam/legacy/enterprise-project-grants.js';
import * as grants from '../../../iam/legacy/grants.js';
import { adviceHeader } from '../../../iam/legacy/advice.js';
import { rolesResponse } from '../../../iam/legacy/role-answer.js';
import * as assignments from '../../../iam/legacy/role-assignments.js';
import type { Snapshot } from '../../../directory/snapshot.js';
import type { Resource } from '../../../sts/own-action.js';
import type { Operation, OperationHeader } from '../../operation.js';
import { legacyOperation } from './legacy-operation.js';

const advice: readonly OperationHeader[] = [{ name: adviceHeader, description: 'of roles that grant an agency more than it needs: which ones, why, and what to grant instead' }];

type Name = keyof typeof grants.named;

interface Scoped extends grants.Granting {
  readonly holderKind: 'agency' | 'group';
  /** Where it counts, as the summary says. */
  readonly where: string;
  /** Up to the holder, and what stands behind the role, if anything. */
  readonly path: string;
  readonly behind?: string;
  /** Members of the path but the role. */
  readonly members: readonly Name[];
  /** Names of the operations and of their actions: granting, looking for one, listing, taking away; those that the API lacks are absent. */
  readonly names: readonly [grant: string, check: string | undefined, list: string, revoke: string];
  readonly actions: readonly [grant: string, check: string, list: string, revoke: string];
}

/** Path parameters by their names. */
const parameters = (members: readonly Name[]) => z.object(Object.fromEntries(members.map((name) => [name, grants.named[name]] as const)));

function grantsFor({ holderKind, where, path, behind = '', members, names, actions, ...granting }: Scoped): readonly Operation[] {
  const [grant, check, list, revoke] = names;
  const one = { path: `${path}/roles/{role_id}${behind}`, parameters: parameters([...members, 'role_id']) };
  const resource = (account: Snapshot, { path: named }: { readonly path: grants.Named }): Resource => grants.holderResource(account, granting.holder(named));
  const ofAgency = holderKind === 'agency' ? { answerHeaders: advice } : {};
  const selfOf = (named: grants.Named): string => `${path}/roles${behind}`.replaceAll(/\{(\w+)\}/g, (_braces, name: string) => Object.entries(named).find(([key]) => key === name)?.[1] ?? '');
  return [
    legacyOperation({
      name: grant, method: 'put', ...one, summary: `Grants a role to one ${holderKind} ${where}`, ...ofAgency,
      action: actions[0], resource, outlasts: true, refusals: [400, 403, 404, 409], status: 204, decide: grants.grant(granting),
    }),
    ...(check === undefined ? [] : [legacyOperation({
      name: check, method: 'head', ...one, summary: `Tells whether a role is granted to one ${holderKind} ${where}`,
      action: actions[1], resource, refusals: [400, 403, 404], status: 204, decide: grants.check(granting),
    })]),
    legacyOperation({
      name: list, method: 'get', path: `${path}/roles${behind}`, parameters: parameters(members), summary: `Lists the roles that are granted to one ${holderKind} ${where}`, ...ofAgency,
      action: actions[2], resource, refusals: [400, 403, 404], status: 200, response: rolesResponse, decide: grants.list(granting, selfOf),
    }),
    legacyOperation({
      // Without a role that denies, the holder may do more.
      name: revoke, method: 'delete', ...one, summary: `Takes a role away from one ${holderKind} ${where}`,
      action: actions[3], resource, outlasts: true, refusals: [400, 403, 404], status: 204, decide: grants.revoke(granting),
    }),
  ];
}

const permissions = (holder: 'Agency' | 'Group', where: string): Scoped['actions'] => [
  `iam:permissions:grantRoleTo${holder}${where}`, `iam:permissions:checkRoleFor${holder}${where}`, `iam:permissions:listRolesFor${holder}${where}`, `iam:permissions:revokeRoleFrom${holder}${where}`,
];
const toAgency = { holderKind: 'agency', holder: grants.ofAgency } as const;
const toGroup = { holderKind: 'group', holder: grants.ofGroup } as const;
const domain = { where: 'on the domain, for global services', scope: grants.onDomain } as const;
const project = { where: 'on a project', scope: grants.onProject } as const;
const allProjects = { where: 'on all projects, those to come included', scope: grants.onAllProjects, behind: '/inherited_to_projects' } as const;
const enterpriseProject = { where: 'on an enterprise project', scope: grants.onEnterpriseProject } as const;
const onEnterpriseProjects = '/v3.0/OS-PERMISSION/subjects/agency/scopes/enterprise-project/role-assignments';

export const grantOperations: readonly Operation[] = [
  ...grantsFor({
    ...toAgency, ...domain, path: '/v3.0/OS-AGENCY/domains/{domain_id}/agencies/{agency_id}', members: ['domain_id', 'agency_id'], actions: permissions('Agency', 'OnDomain'),
    names: ['AssociateAgencyWithDomainPermission', 'CheckDomainPermissionForAgency', 'ListDomainPermissionsForAgency', 'RemoveDomainPermissionFromAgency'],
  }),
  ...grantsFor({
    ...toAgency, ...project, path: '/v3.0/OS-AGENCY/projects/{project_id}/agencies/{agency_id}', members: ['project_id', 'agency_id'], actions: permissions('Agency', 'OnProject'),
    names: ['AssociateAgencyWithProjectPermission', 'CheckProjectPermissionForAgency', 'ListProjectPermissionsForAgency', 'RemoveProjectPermissionFromAgency'],
  }),
  ...grantsFor({
    ...toAgency, ...allProjects, path: '/v3.0/OS-INHERIT/domains/{domain_id}/agencies/{agency_id}', members: ['domain_id', 'agency_id'], actions: permissions('Agency', ''),
    names: ['AssociateAgencyWithAllProjectsPermission', 'CheckAllProjectsPermissionForAgency', 'ListAllProjectsPermissionsForAgency', 'RemoveAllProjectsPermissionFromAgency'],
  }),
  legacyOperation({
    name: 'AssociateRoleToAgencyOnEnterpriseProject', method: 'put', path: onEnterpriseProjects, summary: 'Grants roles to agencies on enterprise projects: all of them or none', answerHeaders: advice,
    action: 'iam:permissions:grantRoleToAgencyOnEnterpriseProject', resource: enterprise.everyAgencyOf, outlasts: true, refusals: [400, 403, 404, 409], body: enterprise.assignmentsBody, status: 204, decide: enterprise.grant,
  }),
  legacyOperation({
    name: 'RevokeRoleFromAgencyOnEnterpriseProject', method: 'delete', path: onEnterpriseProjects, summary: 'Takes roles away from agencies on enterprise projects: all of them or none',
    action: 'iam:permissions:revokeRoleFromAgencyOnEnterpriseProject', resource: enterprise.everyAgencyOf, outlasts: true, refusals: [400, 403, 404], body: enterprise.assignmentsBody, status: 204, decide: enterprise.revoke,
  }),
  legacyOperation({
    name: 'ShowDomainRoleAssignments', method: 'get', path: '/v3.0/OS-PERMISSION/role-assignments', summary: 'Lists what is granted to agencies and groups of the account, for every scope', answerHeaders: advice,
    action: 'iam:permissions:listRoleAssignments', refusals: [400, 403], query: assignments.listAssignmentsQuery, status: 200, response: assignments.assignmentsResponse, decide: assignments.list,
  }),
  ...grantsFor({
    ...toGroup, ...domain, path: '/v3/domains/{domain_id}/groups/{group_id}', members: ['domain_id', 'group_id'], actions: permissions('Group', 'OnDomain'),
    names: ['KeystoneAssociateGroupWithDomainPermission', 'KeystoneCheckDomainPermissionForGroup', 'KeystoneListDomainPermissionsForGroup', 'KeystoneRemoveDomainPermissionFromGroup'],
  }),
  ...grantsFor({
    ...toGroup, ...project, path: '/v3/projects/{project_id}/groups/{group_id}', members: ['project_id', 'group_id'], actions: permissions('Group', 'OnProject'),
    names: ['KeystoneAssociateGroupWithProjectPermission', 'KeystoneCheckProjectPermissionForGroup', 'KeystoneListProjectPermissionsForGroup', 'KeystoneRemoveProjectPermissionFromGroup'],
  }),
  ...grantsFor({
    ...toGroup, ...allProjects, path: '/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}', members: ['domain_id', 'group_id'], actions: permissions('Group', ''),
    names: ['UpdateDomainGroupInheritRole', 'KeystoneCheckroleForGroup', 'KeystoneListAllProjectPermissionsForGroup', 'DeleteDomainGroupInheritedRole'],
  }),
  ...grantsFor({
    ...toGroup, ...enterpriseProject, path: '/v3.0/OS-PERMISSION/enterprise-projects/{enterprise_project_id}/groups/{group_id}', members: ['enterprise_project_id', 'group_id'],
    actions: permissions('Group', 'OnEnterpriseProject'), names: ['AssociateRoleToGroupOnEnterpriseProject', undefined, 'ListRolesForGroupOnEnterpriseProject', 'RevokeRoleFromGroupOnEnterpriseProject'],
  }),
  legacyOperation({
    name: 'ListEnterpriseProjectsForGroup', method: 'get', path: '/v3.0/OS-PERMISSION/groups/{group_id}/enterprise-projects', summary: 'Lists the enterprise projects on which a group is granted roles',
    action: 'iam:permissions:listEnterpriseProjectsForGroup', resource: (account, { path }) => grants.holderResource(account, grants.ofGroup(path)), refusals: [400, 403, 404],
    parameters: enterprise.groupPath, status: 200, response: enterprise.projectsOfGroupResponse, decide: enterprise.projectsOfGroup,
  }),
  legacyOperation({
    name: 'ListGroupsForEnterpriseProject', method: 'get', path: '/v3.0/OS-PERMISSION/enterprise-projects/{enterprise_project_id}/groups', summary: 'Lists the groups that are granted roles on an enterprise project',
    action: 'iam:permissions:listGroupsOnEnterpriseProject', refusals: [400, 403, 404],
    parameters: enterprise.enterpriseProjectPath, status: 200, response: enterprise.groupsOfProjectResponse, decide: enterprise.groupsOfProject,
  }),
];
