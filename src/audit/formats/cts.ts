// An audit event as a trace record: the cloud trace service's fields, and ours for chains and decisions.
import type { AuditEvent, EventSession } from '../event.js';
import { resourceType, serviceType } from './subject.js';

/** What the cloud calls the operations of the older API in its traces (legacy agencies §6). */
const traceNames: Readonly<Record<string, string>> = { CreateAgency: 'createAgency', UpdateAgency: 'updateAgency', DeleteAgency: 'deleteAgency' };

/** Operations by which somebody switches to an agency of the older system. */
const switching: ReadonlySet<string> = new Set(['KeystoneCreateToken', 'CreateTemporaryAccessKey']);

const traceName = ({ operation, issuedSession }: AuditEvent): string =>
  (switching.has(operation) && issuedSession !== undefined ? 'switchRole' : (traceNames[operation] ?? operation));

/** `id` is the event's stable place, `<cell>-<sequence>`. */
export function toTrace(id: string, event: AuditEvent): Readonly<Record<string, unknown>> {
  const { principal } = event;
  return {
    trace_id: id,
    trace_name: traceName(event),
    trace_rating: event.status < 400 ? 'normal' : 'warning',
    trace_type: 'ApiCall',
    service_type: serviceType(event),
    resource_type: resourceType(event),
    ...(event.resource !== undefined && { resource_id: event.resource }),
    ...(event.resourceAccountId !== undefined && { resource_account_id: event.resourceAccountId }),
    source_ip: event.sourceIp,
    time: event.time,
    record_time: event.time,
    code: String(event.status),
    ...(event.errorCode !== undefined && { error_code: event.errorCode }),
    request_id: event.requestId,
    account_id: event.accountId,
    user: {
      id: principal.id,
      ...(principal.userName !== undefined && { user_name: principal.userName }),
      account_id: principal.accountId,
      access_key_id: principal.accessKeyId,
      principal_urn: principal.urn,
      principal_id: principal.id,
      principal_is_root_user: String(principal.isRootUser),
      type: principal.type,
      ...(event.callerSession !== undefined && { session_context: toSession(event.callerSession) }),
    },
    ...(event.request !== undefined && { request: JSON.stringify(event.request) }),
    ...(event.decision !== undefined && { decision: event.decision }),
    ...(event.issuedSession !== undefined && { issued_session: toSession(event.issuedSession) }),
  };
}

function toSession(session: EventSession): Readonly<Record<string, unknown>> {
  return {
    session_id: session.sessionId,
    chain: session.chain,
    ...(session.agencyId !== undefined && { agency_id: session.agencyId }),
    ...(session.rootPrincipal !== undefined && { root_principal: session.rootPrincipal }),
    ...(session.sourceIdentity !== undefined && { source_identity: session.sourceIdentity }),
    ...(session.tags !== undefined && { tags: session.tags.map(([key, value]) => ({ key, value })) }),
    ...(session.expiresAt !== undefined && { expires_at: new Date(session.expiresAt * 1000).toISOString() }),
  };
}
