// An audit event as an event of the Open Cybersecurity Schema Framework: API Activity (6003) or Authentication (3002).
import { isIP } from 'node:net';
import type { AuditEvent, EventSession } from '../event.js';
import { activityOf, authenticationClass } from './ocsf-activity.js';
import { toActor, toResources, toSubject, toSubjectSession } from './ocsf-parts.js';
import { serviceType } from './subject.js';

type Fields = Readonly<Record<string, unknown>>;

const schemaVersion = '1.9.0';
const product = 'agency-sts';

/**
 * Times in milliseconds since the epoch. Source: OCSF schema 1.9.0 with its cloud profile; all attributes that are used
 * are in 1.6.0 too. What the schema has no attribute for stands in `unmapped`, under the names of the `jsonl` format.
 */
export function toOcsf(id: string, event: AuditEvent): Fields {
  const activity = activityOf(event.operation);
  const isAuthentication = activity.class.uid === authenticationClass;
  return {
    category_uid: activity.category.uid,
    category_name: activity.category.name,
    class_uid: activity.class.uid,
    class_name: activity.class.name,
    activity_id: activity.id,
    activity_name: activity.name,
    type_uid: activity.class.uid * 100 + activity.id,
    type_name: `${activity.class.name}: ${activity.name}`,
    ...outcome(event),
    time: event.time,
    metadata: {
      version: schemaVersion,
      profiles: ['cloud'],
      product: { name: product, vendor_name: product },
      uid: id,
      event_code: event.operation,
      correlation_uid: event.requestId,
      log_name: 'audit',
      tenant_uid: event.accountId,
    },
    cloud: { provider: product, account: { uid: event.accountId } },
    api: toApi(event),
    actor: toActor(event),
    src_endpoint: toEndpoint(event),
    ...(isAuthentication ? { user: toSubject(event), service: { name: serviceType(event) }, ...toSubjectSession(event) } : toResources(event)),
    ...unmapped(event, isAuthentication),
  };
}

/**
 * [choice] A command on the machine itself comes from no address: the service stands for itself. What a trusted proxy
 * took over unread is a name: an event must not fall out of a strict reader because a caller made up an address.
 */
function toEndpoint({ sourceIp }: AuditEvent): Fields {
  if (sourceIp === '') return { svc_name: product };
  return isIP(sourceIp) !== 0 && !sourceIp.includes('%') ? { ip: sourceIp } : { name: sourceIp };
}

/** [choice] A refusal is Low, for a caller who tries doors; everything that was allowed is Informational. */
function outcome({ status, errorCode, decision }: AuditEvent): Fields {
  return {
    ...(status < 400 ? { severity_id: 1, severity: 'Informational', status_id: 1, status: 'Success' } : { severity_id: 2, severity: 'Low', status_id: 2, status: 'Failure' }),
    status_code: errorCode ?? String(status),
    ...(decision !== undefined && { status_detail: decision }),
  };
}

function toApi(event: AuditEvent): Fields {
  const { operation, requestId, request, status, errorCode, decision } = event;
  return {
    operation,
    service: { name: serviceType(event) },
    request: { uid: requestId, ...(request !== undefined && { data: request }) },
    response: {
      code: status,
      ...(errorCode !== undefined && { error: errorCode }),
      ...(status >= 400 && decision !== undefined && { error_message: decision }),
    },
  };
}

/** An Authentication has no `resources` to name the other account in. */
function unmapped({ resourceAccountId, callerSession, issuedSession }: AuditEvent, isAuthentication: boolean): Fields {
  const rest = {
    ...(isAuthentication && resourceAccountId !== undefined && { resource_account_id: resourceAccountId }),
    ...(callerSession !== undefined && { caller_session: inheritance(callerSession) }),
    ...(issuedSession !== undefined && { issued_session: inheritance(issuedSession) }),
  };
  return Object.keys(rest).length === 0 ? {} : { unmapped: rest };
}

const inheritance = ({ chain, sourceIdentity, tags, rootPrincipal }: EventSession): Fields => ({
  chain,
  ...(rootPrincipal !== undefined && { root_principal: rootPrincipal }),
  ...(sourceIdentity !== undefined && { source_identity: sourceIdentity }),
  ...(tags !== undefined && { tags: tags.map(([key, value]) => ({ key, value })) }),
});
