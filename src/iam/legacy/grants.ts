// Granting roles of the older system to agencies and groups, looking at what is granted, and taking it away (legacy agencies §3).
import { z } from 'zod';
import { ApiError } from '../../base/api-error.js';
import { checkGrant, grantRoles, holderOf, revokeRoles, type HolderName } from '../../directory/commands/role-grants.js';
import type { RoleScope } from '../../directory/entities.js';
import { entityId } from '../../directory/names.js';
import { enterpriseProjectAt, projectAt } from '../../directory/projects.js';
import { isSameScope } from '../../directory/roles.js';
import type { Snapshot } from '../../directory/snapshot.js';
import type { Resource } from '../../sts/own-action.js';
import type { Ground, Result } from '../account-call.js';
import { agencyResource } from '../agencies.js';
import { groupResource } from '../groups.js';
import { agencyAdvice } from './advice.js';
import { links, refuseOtherDomain } from './fields.js';
import { roleAnswer, rolesOf, type rolesResponse } from './role-answer.js';

/** What the paths of grants name, each under the name of the wire; those of one operation have some of these. */
export const named = { domain_id: entityId, project_id: entityId, enterprise_project_id: entityId, agency_id: entityId, group_id: entityId, role_id: entityId } as const;

export type Named = { readonly [Name in keyof typeof named]?: string | undefined };

/** Who is granted roles, and for which scope, by the path of an operation. */
export interface Granting {
  readonly holder: (path: Named) => HolderName;
  /** Throws the 403 for another account and the 404 for a project that the account does not have. */
  readonly scope: (ground: Ground, path: Named) => RoleScope;
}

export const ofAgency = ({ agency_id: id = '' }: Named): HolderName => ({ kind: 'agency', id });
export const ofGroup = ({ group_id: id = '' }: Named): HolderName => ({ kind: 'group', id });

export function onDomain({ account }: Ground, { domain_id: id }: Named): RoleScope {
  refuseOtherDomain(account, id);
  return { kind: 'domain' };
}

export function onAllProjects({ account }: Ground, { domain_id: id }: Named): RoleScope {
  refuseOtherDomain(account, id);
  return { kind: 'all-projects' };
}

export function onProject({ account, services }: Ground, { project_id: projectId = '' }: Named): RoleScope {
  if (projectAt(account, services.settings.regions, projectId) === undefined) throw new ApiError('entityNotFound', `the project \`${projectId}\` cannot be found`);
  return { kind: 'project', projectId };
}

export function onEnterpriseProject({ account }: Ground, { enterprise_project_id: enterpriseProjectId = '' }: Named): RoleScope {
  if (enterpriseProjectAt(account, enterpriseProjectId) === undefined) throw new ApiError('entityNotFound', `the enterprise project \`${enterpriseProjectId}\` cannot be found`);
  return { kind: 'enterprise-project', enterpriseProjectId };
}

export const holderResource = (account: Snapshot, { kind, id }: HolderName): Resource => (kind === 'agency' ? agencyResource(account, id) : groupResource(account, { path: { group_id: id } }));

interface OfPath {
  readonly path: Named;
}

const assignmentOf = ({ holder, scope }: Granting, ground: Ground, path: Named) => ({ ...holder(path), grant: { roleId: path.role_id ?? '', scope: scope(ground, path) } });

export const grant = (granting: Granting) => (ground: Ground, { path }: OfPath): Result<undefined> => {
  const assignment = assignmentOf(granting, ground, path);
  const change = grantRoles(ground.account, [assignment]);
  return { body: undefined, change, ...(assignment.kind === 'agency' && { headers: agencyAdvice(ground.services, rolesOf(ground.account, [assignment.grant])) }) };
};

export const revoke = (granting: Granting) => (ground: Ground, { path }: OfPath): Result<undefined> =>
  ({ body: undefined, change: revokeRoles(ground.account, [assignmentOf(granting, ground, path)]) });

export const check = (granting: Granting) => (ground: Ground, { path }: OfPath): Result<undefined> => {
  const assignment = assignmentOf(granting, ground, path);
  checkGrant(holderOf(ground.account, assignment), assignment.grant);
  return { body: undefined };
};

/** In the order in which they were granted. @param self path of the list */
export const list = ({ holder, scope }: Granting, self: (path: Named) => string) => (ground: Ground, { path }: OfPath): Result<z.infer<typeof rolesResponse>> => {
  const { account, services } = ground;
  const name = holder(path);
  const wanted = scope(ground, path);
  const roles = rolesOf(account, holderOf(account, name).roleGrants.filter((one) => isSameScope(one.scope, wanted)));
  return {
    body: { roles: roles.map((role) => roleAnswer(account.accountId, role)), links: links(self(path)), total_number: roles.length },
    ...(name.kind === 'agency' && { headers: agencyAdvice(services, roles) }),
  };
};
