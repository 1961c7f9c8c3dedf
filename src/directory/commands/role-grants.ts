// Commands that grant roles of the older system to groups and agencies, and take them away (legacy agencies §3).
import { ApiError } from '../../base/api-error.js';
import type { RoleGrant } from '../entities.js';
import { grantRefusal, grantsPerHolder, isSameGrant, roleAt, type RoleHolder } from '../roles.js';
import type { Snapshot } from '../snapshot.js';
import { putting, type Change } from './change.js';
import { legacyAgency } from './legacy-agencies.js';
import { found } from './rules.js';

export type HolderKind = 'agency' | 'group';

export interface HolderName {
  readonly kind: HolderKind;
  readonly id: string;
}

/** Throws the 404. */
export const holderOf = (account: Snapshot, { kind, id }: HolderName): RoleHolder => (kind === 'agency' ? legacyAgency(account, id) : found(account.groups, 'group', id));

export interface Assignment extends HolderName {
  readonly grant: RoleGrant;
}

/** All or none. A role that is granted for the scope already stays so. */
export const grantRoles = (account: Snapshot, assignments: readonly Assignment[]): Change => changedHolders(account, assignments, (holder, { kind, grant }) => {
  const role = roleAt(account, grant.roleId);
  if (role === undefined) throw noSuchRole(grant.roleId);
  const refusal = grantRefusal(role, grant.scope.kind, kind);
  if (refusal !== undefined) throw new ApiError('invalidField', `\`role_id\`: ${refusal}`);
  if (holder.roleGrants.some((one) => isSameGrant(one, grant))) return holder.roleGrants;
  const held = holder.roleGrants.length;
  if (held >= grantsPerHolder) throw new ApiError('quotaExceeded', `the quota is reached: permissions of one ${kind} ${grantsPerHolder} at most, and \`${nameOf(holder)}\` has ${held}`);
  return [...holder.roleGrants, grant];
});

/** All or none; also of a role that the catalogue no longer has. Throws the 404 for what is not granted. */
export const revokeRoles = (account: Snapshot, assignments: readonly Assignment[]): Change => changedHolders(account, assignments, (holder, { grant }) => {
  checkGrant(holder, grant);
  return holder.roleGrants.filter((one) => !isSameGrant(one, grant));
});

/** Throws the 404. */
export function checkGrant(holder: RoleHolder, grant: RoleGrant): void {
  if (!holder.roleGrants.some((one) => isSameGrant(one, grant))) throw new ApiError('entityNotFound', `the role \`${grant.roleId}\` is not granted to \`${nameOf(holder)}\` for this scope`);
}

export const noSuchRole = (roleId: string): ApiError => new ApiError('entityNotFound', `the role \`${roleId}\` cannot be found`);

function changedHolders(account: Snapshot, assignments: readonly Assignment[], granted: (holder: RoleHolder, assignment: Assignment) => readonly RoleGrant[]): Change {
  const changed = new Map<string, RoleHolder>();
  for (const assignment of assignments) {
    const holder = changed.get(`${assignment.kind}:${assignment.id}`) ?? holderOf(account, assignment);
    changed.set(`${assignment.kind}:${assignment.id}`, { ...holder, roleGrants: granted(holder, assignment) });
  }
  const changes = [...changed.values()].map((holder) => ('groupId' in holder ? putting('group', holder.groupId, holder) : putting('agency', holder.agencyId, holder)));
  return { put: changes.flatMap(({ put }) => put), remove: [] };
}

const nameOf = (holder: RoleHolder): string => ('groupId' in holder ? holder.groupName : holder.agencyName);
