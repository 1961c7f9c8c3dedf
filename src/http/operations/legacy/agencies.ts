// Agencies of the older system (legacy agencies §2).
import { everyAgency } from '../../../iam/agencies.js';
import * as agencies from '../../../iam/legacy/agencies.js';
import type { Operation } from '../../operation.js';
import { legacyOperation } from './legacy-operation.js';

const all = '/v3.0/OS-AGENCY/agencies';
const one = `${all}/{agency_id}`;

export const agencyOperations: readonly Operation[] = [
  legacyOperation({
    name: 'CreateAgency', method: 'post', path: all, summary: 'Creates a legacy agency, which trusts an account or a cloud service',
    action: 'iam:agencies:createAgency', resource: agencies.newAgencyResource, outlasts: true, refusals: [400, 403, 404, 409],
    body: agencies.createAgencyBody, status: 201, response: agencies.newAgencyResponse, decide: agencies.create,
  }),
  legacyOperation({
    name: 'ListAgencies', method: 'get', path: all, summary: 'Lists the legacy agencies, in the order of their creation',
    action: 'iam:agencies:listAgencies', resource: everyAgency, refusals: [400, 403], query: agencies.listAgenciesQuery, status: 200, response: agencies.agenciesResponse, decide: agencies.list,
  }),
  legacyOperation({
    name: 'ShowAgency', method: 'get', path: one, summary: 'Shows a legacy agency',
    action: 'iam:agencies:getAgency', resource: agencies.namedAgency, refusals: [400, 403, 404], parameters: agencies.agencyPath, status: 200, response: agencies.agencyResponse, decide: agencies.show,
  }),
  legacyOperation({
    name: 'UpdateAgency', method: 'put', path: one, summary: 'Changes the trusted account, the description and the validity of a legacy agency; its sessions go on',
    action: 'iam:agencies:updateAgency', resource: agencies.namedAgency, outlasts: true, refusals: [400, 403, 404],
    parameters: agencies.agencyPath, body: agencies.updateAgencyBody, status: 200, response: agencies.agencyResponse, decide: agencies.update,
  }),
  legacyOperation({
    name: 'DeleteAgency', method: 'delete', path: one, summary: 'Deletes a legacy agency without attached identity policies; its sessions end',
    action: 'iam:agencies:deleteAgency', resource: agencies.namedAgency, refusals: [400, 403, 404, 409], parameters: agencies.agencyPath, status: 204, decide: agencies.remove,
  }),
];
