// What of an account the side of its caller stands on: who that is, and everything that callerPolicies() finds.
import type { Agency, PolicyAttachment, RoleGrant, User } from '../directory/entities.js';
import type { Snapshot } from '../directory/snapshot.js';
import type { Session } from '../sessions/session.js';
import type { Relied } from './commit.js';

/**
 * Of every caller: the account's own record, its service control policies and its projects, those to come included. Which
 * project a region stands for, and what it is called, is asked for tokens, roles and `g:ProjectName` alike.
 */
const common: readonly Relied[] = ['account:*', 'scp:*', 'project:*'];

/** @param accessKeyId of a permanent key */
export function userStanding(snapshot: Snapshot, { userId, groupIds, attachedPolicies }: User, accessKeyId?: string): readonly Relied[] {
  const ofGroups = groupIds.flatMap((groupId): readonly Relied[] => {
    const group = snapshot.groups.get(groupId);
    return [`group:${groupId}`, ...policies(group?.attachedPolicies ?? []), ...roles(group?.roleGrants ?? [])];
  });
  return [...common, 'mfa:*', ...(accessKeyId === undefined ? [] : [`key:${accessKeyId}` as const]), `user:${userId}`, ...policies(attachedPolicies), ...ofGroups];
}

export const serviceStanding = (servicePrincipal: string, accessKeyId: string): readonly Relied[] => [...common, `key:${accessKeyId}`, `service:${servicePrincipal}`];

export const sessionStanding = (agency: Agency, { sessionPolicyIds }: Session): readonly Relied[] =>
  [...common, `agency:${agency.agencyId}`, ...policies(agency.attachedPolicies), ...roles(agency.kind === 'legacy' ? agency.roleGrants : []), ...sessionPolicyIds.map((policyId): Relied => `policy:${policyId}`)];

/** Of an agency that is to be assumed: without one, on the fact that there is none. A token of it is for one of its account's projects. */
export const targetStanding = (agency: Agency | undefined, policyIds: readonly string[]): readonly Relied[] =>
  ['account:*', 'project:*', agency === undefined ? 'agency:*' : `agency:${agency.agencyId}`, ...policyIds.map((policyId): Relied => `policy:${policyId}`)];

const roles = (grants: readonly RoleGrant[]): readonly Relied[] => grants.map(({ roleId }): Relied => `role:${roleId}`);

const policies = (attachments: readonly PolicyAttachment[]): readonly Relied[] => attachments.map(({ policyId }): Relied => `policy:${policyId}`);
