// Roles and policies of the older system: those that can be granted, and custom ones (legacy agencies §3).
import * as custom from '../../../iam/legacy/custom-roles.js';
import { roleResponse, rolesResponse } from '../../../iam/legacy/role-answer.js';
import * as roles from '../../../iam/legacy/roles.js';
import type { Operation } from '../../operation.js';
import { legacyOperation } from './legacy-operation.js';

const all = '/v3.0/OS-ROLE/roles';
const one = { path: `${all}/{role_id}`, parameters: custom.rolePath } as const;

export const roleOperations: readonly Operation[] = [
  legacyOperation({
    name: 'KeystoneListPermissions', method: 'get', path: '/v3/roles', summary: 'Lists system roles and policies, or with the id of the account its custom ones',
    action: 'iam:roles:listRoles', refusals: [400, 403], query: roles.listRolesQuery, status: 200, response: rolesResponse, decide: roles.list,
  }),
  legacyOperation({
    name: 'KeystoneShowPermission', method: 'get', path: '/v3/roles/{role_id}', summary: 'Shows a role or policy, system or custom, with its document',
    action: 'iam:roles:getRole', refusals: [400, 403, 404], parameters: custom.rolePath, status: 200, response: roleResponse, decide: roles.show,
  }),
  legacyOperation({
    name: 'CreateCloudServiceCustomPolicy', method: 'post', path: all, summary: 'Creates a custom policy of version 1.1',
    action: 'iam:roles:createRole', outlasts: true, refusals: [400, 403, 409], body: custom.createRoleBody, status: 201, response: roleResponse, decide: custom.create,
  }),
  legacyOperation({
    name: 'ListCustomPolicies', method: 'get', path: all, summary: 'Lists the custom policies of version 1.1, in the order of their creation',
    action: 'iam:roles:listRoles', refusals: [400, 403], query: custom.listRolesQuery, status: 200, response: rolesResponse, decide: custom.list,
  }),
  legacyOperation({
    name: 'ShowCustomPolicy', method: 'get', ...one, summary: 'Shows a custom policy of version 1.1, with its document',
    action: 'iam:roles:getRole', refusals: [400, 403, 404], status: 200, response: roleResponse, decide: custom.show,
  }),
  legacyOperation({
    name: 'UpdateCloudServiceCustomPolicy', method: 'patch', ...one, summary: 'Changes a custom policy of version 1.1',
    action: 'iam:roles:updateRole', outlasts: true, refusals: [400, 403, 404, 409], body: custom.updateRoleBody, status: 200, response: roleResponse, decide: custom.update,
  }),
  legacyOperation({
    name: 'DeleteCustomPolicy', method: 'delete', ...one, summary: 'Deletes a custom policy of version 1.1 that is granted to nobody',
    action: 'iam:roles:deleteRole', outlasts: true, refusals: [400, 403, 404, 409], status: 200, decide: custom.remove,
  }),
];
