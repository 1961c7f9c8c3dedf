// Service-linked agencies, for the principals of an account and for the services themselves (IAM v5 API §3).
import { agencyPath, agencyResponse } from '../../../iam/agencies.js';
import * as linked from '../../../iam/service-linked-agencies.js';
import * as deletion from '../../../iam/service-linked-deletion.js';
import { operation, type Operation } from '../../operation.js';
import { namedAccount } from '../headers.js';

const common = { family: 'iam', authentication: 'signature', headers: [namedAccount] } as const;

export const serviceLinkedAgencyOperations: readonly Operation[] = [
  operation({
    ...common, name: 'CreateServiceLinkedAgencyV5', method: 'put', path: '/v5/service-linked-agencies', summary: 'Creates the service-linked agency of a service, or shows the one that exists',
    action: linked.createAction, refusals: [400, 403, 404, 409], body: linked.createBody, status: 201, response: agencyResponse, handle: linked.create,
  }),
  operation({
    ...common, name: 'DeleteServiceLinkedAgencyV5', method: 'delete', path: '/v5/service-linked-agencies/{agency_id}', summary: 'Deletes a service-linked agency that nothing needs any more; for its service only',
    action: linked.deleteAction, refusals: [400, 403, 404], parameters: agencyPath, status: 202, response: deletion.deletionResponse, handle: deletion.remove,
  }),
  operation({
    ...common, name: 'GetServiceLinkedAgencyDeletionStatusV5', method: 'get', path: '/v5/service-linked-agencies/deletion-task/{deletion_task_id}', summary: 'Shows what came of a deletion',
    action: deletion.statusAction, refusals: [400, 403, 404], parameters: deletion.taskPath, status: 200, response: deletion.statusResponse, handle: deletion.getStatus,
  }),
  operation({
    ...common, name: 'SetServiceLinkedAgencyUsage', method: 'put', path: '/v1/service-linked-agencies/{agency_id}/usage', summary: 'Says which resources still need a service-linked agency; for its service only',
    action: linked.deleteAction, refusals: [400, 403, 404], parameters: agencyPath, body: linked.usageBody, status: 204, handle: linked.reportUsage,
  }),
];
