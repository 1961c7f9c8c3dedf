// Users (IAM v5 API §5).
import * as users from '../../../iam/users.js';
import type { Operation } from '../../operation.js';
import { iamOperation } from './iam-operation.js';

export const userOperations: readonly Operation[] = [
  iamOperation({
    name: 'CreateUserV5', method: 'post', path: '/v5/users', summary: 'Creates a user, without permissions and without access keys',
    action: 'iam:users:createUserV5', resource: users.newUserResource, refusals: [400, 403, 409],
    body: users.createUserBody, status: 201, response: users.userResponse, decide: users.create,
  }),
  iamOperation({
    name: 'ListUsersV5', method: 'get', path: '/v5/users', summary: 'Lists the users of the account or of a group, in the order of their creation',
    action: 'iam:users:listUsersV5', resource: users.everyUser, refusals: [400, 403, 404],
    query: users.listUsersQuery, status: 200, response: users.usersResponse, decide: users.list,
  }),
  iamOperation({
    name: 'ShowUserV5', method: 'get', path: '/v5/users/{user_id}', summary: 'Shows a user, with its tags',
    action: 'iam:users:getUserV5', resource: users.userResource, refusals: [400, 403, 404],
    parameters: users.userPath, status: 200, response: users.userWithTagsResponse, decide: users.get,
  }),
  iamOperation({
    // Switching on and renaming can widen: policies name users.
    name: 'UpdateUserV5', method: 'put', path: '/v5/users/{user_id}', summary: 'Changes the name and the description of a user, and whether it is enabled; those of the root user only it itself changes',
    action: 'iam:users:updateUserV5', resource: users.updatedUserResource, outlasts: true, refusals: [400, 403, 404, 409],
    parameters: users.userPath, body: users.updateUserBody, status: 200, response: users.userResponse, decide: users.update,
  }),
  iamOperation({
    name: 'DeleteUserV5', method: 'delete', path: '/v5/users/{user_id}', summary: 'Deletes a user without policies and groups, with its access keys and MFA devices',
    action: 'iam:users:deleteUserV5', resource: users.userResource, refusals: [400, 403, 404, 409],
    parameters: users.userPath, status: 204, decide: users.remove,
  }),
  iamOperation({
    name: 'ShowUserLastLoginV5', method: 'get', path: '/v5/users/{user_id}/last-login', summary: 'Shows when a user logged in last: never, since there are no passwords here',
    action: 'iam:users:showUserLastLoginV5', resource: users.userResource, refusals: [400, 403, 404],
    parameters: users.userPath, status: 200, response: users.userLastLoginResponse, decide: users.lastLogin,
  }),
];
