// Groups, and who is in them (IAM v5 API §5).
import * as groups from '../../../iam/groups.js';
import type { Operation } from '../../operation.js';
import { iamOperation } from './iam-operation.js';

export const groupOperations: readonly Operation[] = [
  iamOperation({
    name: 'CreateGroupV5', method: 'post', path: '/v5/groups', summary: 'Creates a group, without users and without policies',
    action: 'iam:groups:createGroupV5', resource: groups.newGroupResource, refusals: [400, 403, 409],
    body: groups.createGroupBody, status: 201, response: groups.groupResponse, decide: groups.create,
  }),
  iamOperation({
    name: 'ListGroupsV5', method: 'get', path: '/v5/groups', summary: 'Lists the groups of the account or of a user, in the order of their creation',
    action: 'iam:groups:listGroupsV5', resource: groups.everyGroup, refusals: [400, 403, 404],
    query: groups.listGroupsQuery, status: 200, response: groups.groupsResponse, decide: groups.list,
  }),
  iamOperation({
    name: 'ShowGroupSummary', method: 'get', path: '/v5/groups-summary', summary: 'Lists groups as ListGroupsV5 does, with the number of their users',
    action: 'iam:groups:listGroupsV5', resource: groups.everyGroup, refusals: [400, 403, 404],
    query: groups.listGroupsQuery, status: 200, response: groups.groupSummaryResponse, decide: groups.summary,
  }),
  iamOperation({
    name: 'ShowGroupV5', method: 'get', path: '/v5/groups/{group_id}', summary: 'Shows a group',
    action: 'iam:groups:getGroupV5', resource: groups.groupResource, refusals: [400, 403, 404],
    parameters: groups.groupPath, status: 200, response: groups.groupResponse, decide: groups.get,
  }),
  iamOperation({
    // Renaming can widen: policies name groups.
    name: 'UpdateGroupV5', method: 'put', path: '/v5/groups/{group_id}', summary: 'Changes the name and the description of a group',
    action: 'iam:groups:updateGroupV5', resource: groups.updatedGroupResource, outlasts: true, refusals: [400, 403, 404, 409],
    parameters: groups.groupPath, body: groups.updateGroupBody, status: 200, response: groups.groupResponse, decide: groups.update,
  }),
  iamOperation({
    name: 'DeleteGroupV5', method: 'delete', path: '/v5/groups/{group_id}', summary: 'Deletes a group without users and policies',
    action: 'iam:groups:deleteGroupV5', resource: groups.groupResource, refusals: [400, 403, 404, 409],
    parameters: groups.groupPath, status: 204, decide: groups.remove,
  }),
  iamOperation({
    name: 'AddUserToGroupV5', method: 'post', path: '/v5/groups/{group_id}/add-user', summary: 'Puts a user into a group',
    action: 'iam:permissions:addUserToGroupV5', resource: groups.joinedGroupResource, outlasts: true, refusals: [400, 403, 404, 409],
    parameters: groups.groupPath, body: groups.memberBody, status: 200, decide: groups.addUser,
  }),
  iamOperation({
    // Leaving a group can widen: its policies may deny.
    name: 'RemoveUserFromGroupV5', method: 'post', path: '/v5/groups/{group_id}/remove-user', summary: 'Takes a user out of a group',
    action: 'iam:permissions:removeUserFromGroupV5', resource: groups.groupResource, outlasts: true, refusals: [400, 403, 404],
    parameters: groups.groupPath, body: groups.memberBody, status: 200, decide: groups.removeUser,
  }),
];
