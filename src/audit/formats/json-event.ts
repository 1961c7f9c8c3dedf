// An audit event under full names, nothing added and nothing left out: for whoever wants to read all of it.
import type { AuditEvent, EventPrincipal, EventSession } from '../event.js';

// INVARIANT: every field has its name here, by type: an event that gains a field gains it in this format, or does not compile.
const eventNames: Readonly<Record<keyof AuditEvent, string>> = {
  accountId: 'account_id', time: 'time', requestId: 'request_id', operation: 'operation', principal: 'principal', resourceAccountId: 'resource_account_id',
  resource: 'resource', sourceIp: 'source_ip', status: 'status', errorCode: 'error_code', decision: 'decision', request: 'request',
  callerSession: 'caller_session', issuedSession: 'issued_session',
};
const principalNames: Readonly<Record<keyof EventPrincipal, string>> = {
  accountId: 'account_id', urn: 'urn', id: 'id', type: 'type', isRootUser: 'is_root_user', accessKeyId: 'access_key_id', userName: 'user_name',
};
const sessionNames: Readonly<Record<keyof EventSession, string>> = {
  sessionId: 'session_id', chain: 'chain', sourceIdentity: 'source_identity', tags: 'tags', expiresAt: 'expires_at',
  agencyId: 'agency_id', rootPrincipal: 'root_principal',
};

/** `time` in milliseconds, `expires_at` in seconds since the epoch; absent parts stay absent. */
export function toJsonEvent(id: string, event: AuditEvent): Readonly<Record<string, unknown>> {
  const { principal, callerSession, issuedSession } = event;
  return {
    id,
    ...renamed(event, eventNames),
    principal: renamed(principal, principalNames),
    ...(callerSession !== undefined && { caller_session: toSession(callerSession) }),
    ...(issuedSession !== undefined && { issued_session: toSession(issuedSession) }),
  };
}

const toSession = (session: EventSession): Readonly<Record<string, unknown>> => ({
  ...renamed(session, sessionNames),
  ...(session.tags !== undefined && { tags: session.tags.map(([key, value]) => ({ key, value })) }),
});

const renamed = <Value extends object>(value: Value, names: Readonly<Record<keyof Value & string, string>>): Readonly<Record<string, unknown>> =>
  // The names of a record by `keyof Value` are fields of the value; the language gives them as plain texts.
  Object.fromEntries((Object.keys(names) as (keyof Value & string)[]).flatMap((field) => (value[field] === undefined ? [] : [[names[field], value[field]]])));
