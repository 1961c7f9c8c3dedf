// The audit of the caller's account: its events, proofs of them, and the keys that sign the log.
import * as event from '../../../oversight/audit/event.js';
import * as list from '../../../oversight/audit/list-events.js';
import type { Operation } from '../../operation.js';
import { iamOperation } from '../iam/iam-operation.js';

export const auditOperations: readonly Operation[] = [
  iamOperation({
    name: 'ListAuditEvents', method: 'get', path: '/v1/audit/events', summary: 'Lists the audit events of the account, sealed and not yet sealed ones alike',
    action: list.listEventsAction, refusals: [400, 403], query: list.listEventsQuery, status: 200, response: list.listEventsResponse, decide: list.listEvents,
  }),
  iamOperation({
    name: 'GetAuditEvent', method: 'get', path: '/v1/audit/events/{event_id}', summary: 'Shows an audit event of the account',
    action: event.getEventAction, refusals: [400, 403, 404], parameters: event.eventPath, status: 200, response: event.eventResponse, decide: event.getEvent,
  }),
  iamOperation({
    name: 'GetAuditEventProof', method: 'get', path: '/v1/audit/events/{event_id}/proof', summary: 'Proves that an audit event of the account stands in the log',
    action: event.getEventAction, refusals: [400, 403, 404, 409], parameters: event.eventPath, status: 200, response: event.proofResponse, decide: event.getEventProof,
  }),
  iamOperation({
    name: 'ListAuditKeys', method: 'get', path: '/v1/audit/keys', summary: 'Lists the public keys with which the audit log can be checked',
    action: null, refusals: [403], status: 200, response: event.keysResponse, decide: event.listKeys,
  }),
];
