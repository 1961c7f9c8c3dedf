// Trust agencies (IAM v5 API §2).
import * as agencies from '../../../iam/agencies.js';
import type { Operation } from '../../operation.js';
import { iamOperation } from './iam-operation.js';

export const agencyOperations: readonly Operation[] = [
  iamOperation({
    name: 'CreateAgencyV5', method: 'post', path: '/v5/agencies', summary: 'Creates a trust agency',
    action: 'iam:agencies:createV5', resource: agencies.newAgencyResource, outlasts: true, refusals: [400, 403, 409],
    body: agencies.createAgencyBody, status: 201, response: agencies.agencyResponse, decide: agencies.create,
  }),
  iamOperation({
    name: 'ListAgenciesV5', method: 'get', path: '/v5/agencies', summary: 'Lists the agencies of all kinds, in the order of their creation',
    action: 'iam:agencies:listV5', resource: agencies.everyAgency, refusals: [400, 403],
    query: agencies.listAgenciesQuery, status: 200, response: agencies.agenciesResponse, decide: agencies.list,
  }),
  iamOperation({
    name: 'GetAgencyV5', method: 'get', path: '/v5/agencies/{agency_id}', summary: 'Shows an agency of any kind, with its tags',
    action: 'iam:agencies:getV5', resource: (account, { path }) => agencies.agencyResource(account, path.agency_id), refusals: [400, 403, 404],
    parameters: agencies.agencyPath, status: 200, response: agencies.agencyWithTagsResponse, decide: agencies.get,
  }),
  iamOperation({
    name: 'UpdateAgencyV5', method: 'put', path: '/v5/agencies/{agency_id}', summary: 'Changes the description and the longest session of a trust agency',
    action: 'iam:agencies:updateV5', resource: (account, { path }) => agencies.agencyResource(account, path.agency_id), outlasts: true, refusals: [400, 403, 404],
    parameters: agencies.agencyPath, body: agencies.updateAgencyBody, status: 200, decide: agencies.update,
  }),
  iamOperation({
    name: 'UpdateTrustPolicyV5', method: 'put', path: '/v5/agencies/{agency_id}/trust-policy', summary: 'Replaces the trust policy of a trust agency',
    action: 'iam:agencies:updateTrustPolicyV5', resource: (account, { path }) => agencies.agencyResource(account, path.agency_id), outlasts: true, refusals: [400, 403, 404],
    parameters: agencies.agencyPath, body: agencies.updateTrustPolicyBody, status: 200, decide: agencies.updateTrustPolicy,
  }),
  iamOperation({
    name: 'DeleteAgencyV5', method: 'delete', path: '/v5/agencies/{agency_id}', summary: 'Deletes a trust agency without attached policies; its sessions end',
    action: 'iam:agencies:deleteV5', resource: (account, { path }) => agencies.agencyResource(account, path.agency_id), refusals: [400, 403, 404, 409],
    parameters: agencies.agencyPath, status: 204, decide: agencies.remove,
  }),
];
