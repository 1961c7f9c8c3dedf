// Commands on custom roles of the older system: create, change, delete (legacy agencies §3).
import { ApiError } from '../../base/api-error.js';
import type { CustomRole } from '../entities.js';
import { allGrants, customRolesPerAccount, customRoleView, grantRefusal, type Held } from '../roles.js';
import { entityField, type Snapshot } from '../snapshot.js';
import { putting, removing, type Change, type Changed } from './change.js';
import { noSuchRole } from './role-grants.js';
import { refuseUsedName } from './rules.js';

export function createCustomRole(account: Snapshot, role: Omit<CustomRole, 'updatedAt'>): Changed<CustomRole> {
  refuseName(account, role.displayName);
  const held = account.roles.size;
  if (held >= customRolesPerAccount) throw new ApiError('quotaExceeded', `the quota is reached: custom policies ${customRolesPerAccount} at most, and ${held} exist`);
  return putting('role', role.roleId, { ...role, updatedAt: role.createdAt });
}

export type CustomRoleUpdate = Partial<Pick<CustomRole, 'displayName' | 'type' | 'description' | 'descriptionCn' | 'document'>>;

/** [choice] Of another type it is only when that fits the scopes for which it is granted, and of other content when whoever has it may. */
export function updateCustomRole(account: Snapshot, roleId: string, update: CustomRoleUpdate, updatedAt: number): Changed<CustomRole> {
  const role = customRole(account, roleId);
  if (update.displayName !== undefined && update.displayName !== role.displayName) refuseName(account, update.displayName);
  const changed: CustomRole = { ...role, ...update, updatedAt };
  const view = customRoleView(account.accountId, changed);
  for (const { holder, grant } of grantsOfRole(account, roleId)) {
    const refusal = grantRefusal(view, grant.scope.kind, holder.kind);
    if (refusal !== undefined) throw new ApiError('stillInUse', `the role \`${role.displayName}\` is granted so that it cannot be changed like this: ${refusal}`);
  }
  return putting('role', roleId, changed);
}

/** [choice] What is granted stands against it, as with identity policies. */
export function deleteCustomRole(account: Snapshot, roleId: string): Change {
  const { displayName } = customRole(account, roleId);
  const { length: grants } = grantsOfRole(account, roleId);
  if (grants > 0) throw new ApiError('stillInUse', `the role \`${displayName}\` is granted ${grants} times to groups or agencies: remove the grants first`);
  return removing(entityField('role', roleId));
}

/** Throws the 403 for a system role and the 404 for none. */
export function customRole(account: Snapshot, roleId: string): CustomRole {
  const role = account.roles.get(roleId);
  if (role !== undefined) return role;
  const system = account.systemRoles.get(roleId);
  if (system !== undefined) throw new ApiError('accessDenied', `\`${system.displayName}\` is a system role: it can be granted, but not changed or deleted`);
  throw noSuchRole(roleId);
}

function refuseName(account: Snapshot, displayName: string): void {
  refuseUsedName(account.roles, 'role', displayName);
  for (const system of account.systemRoles.values()) {
    if (system.displayName === displayName) throw new ApiError('nameInUse', `the role name \`${displayName}\` is already in use: it is that of a system role`);
  }
}

const grantsOfRole = (account: Snapshot, roleId: string): readonly Held[] => allGrants(account).filter(({ grant }) => grant.roleId === roleId);
