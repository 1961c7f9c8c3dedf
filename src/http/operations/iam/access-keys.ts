// Access keys of users (IAM v5 API §6).
import * as accessKeys from '../../../iam/access-keys.js';
import { userPath, userResource } from '../../../iam/users.js';
import type { Operation } from '../../operation.js';
import { iamOperation } from './iam-operation.js';

export const accessKeyOperations: readonly Operation[] = [
  iamOperation({
    name: 'CreateAccessKeyV5', method: 'post', path: '/v5/users/{user_id}/access-keys', summary: 'Creates an access key of a user; its secret is in this answer only',
    action: 'iam:credentials:createCredentialV5', resource: userResource, outlasts: true, refusals: [400, 403, 404, 409],
    parameters: userPath, status: 201, response: accessKeys.newAccessKeyResponse, decide: accessKeys.create,
  }),
  iamOperation({
    name: 'ListAccessKeysV5', method: 'get', path: '/v5/users/{user_id}/access-keys', summary: 'Lists the access keys of a user, without secrets',
    action: 'iam:credentials:listCredentialsV5', resource: userResource, refusals: [400, 403, 404],
    parameters: userPath, query: accessKeys.listAccessKeysQuery, status: 200, response: accessKeys.accessKeysResponse, decide: accessKeys.list,
  }),
  iamOperation({
    name: 'UpdateAccessKeyV5', method: 'put', path: '/v5/users/{user_id}/access-keys/{access_key_id}', summary: 'Switches an access key on or off',
    action: 'iam:credentials:updateCredentialV5', resource: userResource, outlasts: true, refusals: [400, 403, 404],
    parameters: accessKeys.accessKeyPath, body: accessKeys.updateAccessKeyBody, status: 200, response: accessKeys.accessKeyResponse, decide: accessKeys.update,
  }),
  iamOperation({
    name: 'DeleteAccessKeyV5', method: 'delete', path: '/v5/users/{user_id}/access-keys/{access_key_id}', summary: 'Deletes an access key',
    action: 'iam:credentials:deleteCredentialV5', resource: userResource, refusals: [400, 403, 404],
    parameters: accessKeys.accessKeyPath, status: 204, decide: accessKeys.remove,
  }),
  iamOperation({
    name: 'ShowAccessKeyLastUsedV5', method: 'get', path: '/v5/users/{user_id}/access-keys/{access_key_id}/last-used', summary: 'Shows when an access key was used last, to a minute',
    action: 'iam:credentials:showAccessKeyLastUsedV5', resource: userResource, refusals: [400, 403, 404],
    parameters: accessKeys.accessKeyPath, status: 200, response: accessKeys.accessKeyLastUsedResponse, decide: accessKeys.lastUsed,
  }),
];
