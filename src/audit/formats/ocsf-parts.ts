// The objects of the OCSF schema that an event is made of: who acted, by which session, and on what.
import { isAccountId, parseUrn } from '../../urn/urn.js';
import type { AuditEvent, EventPrincipal, EventSession } from '../event.js';
import { resourceType } from './subject.js';

type Fields = Readonly<Record<string, unknown>>;

/** What the schema counts by: where it has no number for a kind, `Other` with the kind's own name. */
function userType({ type, isRootUser }: EventPrincipal): Fields {
  if (isRootUser) return { type_id: 2, type: 'Admin' };
  if (type === 'User') return { type_id: 1, type: 'User' };
  return type === 'Service' ? { type_id: 4, type: 'Service' } : { type_id: 99, type };
}

function toUser(principal: EventPrincipal): Fields {
  return {
    uid: principal.urn,
    uid_alt: principal.id,
    ...(principal.userName !== undefined && { name: principal.userName }),
    ...userType(principal),
    account: { uid: principal.accountId },
    ...(principal.accessKeyId !== '' && { programmatic_credentials: [{ uid: principal.accessKeyId }] }),
  };
}

export function toActor({ principal, callerSession, status, decision }: AuditEvent): Fields {
  const authorization = status === 403 ? 'denied' : status < 400 && decision === 'allowed' ? decision : undefined;
  return {
    user: toUser(principal),
    // The id of a session's principal is the agency's id, a colon and the session's name (STS API §7).
    ...(callerSession !== undefined && { session: { ...toSession(callerSession), uid_alt: principal.urn, issuer: principal.id.split(':', 1)[0] } }),
    ...(authorization !== undefined && { authorizations: [{ decision: authorization }] }),
  };
}

/** The credential of a session is the long-term access key that its chain begins with: what to look for when a key leaked. */
function toSession({ sessionId, chain: [accessKeyId], expiresAt, agencyId }: EventSession): Fields {
  return {
    uid: sessionId,
    ...(accessKeyId !== undefined && { credential_uid: accessKeyId }),
    ...(expiresAt !== undefined && { expiration_time: expiresAt * 1000 }),
    ...(agencyId !== undefined && { issuer: agencyId }),
  };
}

/** The session that began, or was to be ended. */
export function toSubjectSession({ issuedSession, time, request }: AuditEvent): Fields {
  if (issuedSession !== undefined) return { session: { ...toSession(issuedSession), created_time: time } };
  const sessionId = request?.session_id;
  return typeof sessionId === 'string' ? { session: { uid: sessionId } } : {};
}

/** Whom a session was asked for, or taken from: what was named, else the caller itself. */
export function toSubject(event: AuditEvent): Fields {
  const { resource, principal, operation } = event;
  if (resource !== undefined) return { uid: resource, type_id: 99, type: resourceType(event), ...toOwner(event) };
  return operation === 'AssumeAgency' ? toUser(principal) : toRevoked(event);
}

/** Whose sessions were to end: of the caller's account those of a user, an agency or an access key, or all. */
function toRevoked({ principal, request }: AuditEvent): Fields {
  const id = request?.user_id ?? request?.agency_id;
  const accessKeyId = request?.access_key_id;
  return {
    ...(typeof id === 'string' && { uid: id }),
    account: { uid: principal.accountId },
    ...(typeof accessKeyId === 'string' && { programmatic_credentials: [{ uid: accessKeyId }] }),
  };
}

/** An operation that names no entity is about the other account, if it has one, as a whole. */
export function toResources(event: AuditEvent): Fields {
  const uid = event.resource ?? event.resourceAccountId;
  if (uid === undefined) return {};
  const owner = toOwner(event);
  return { resources: [{ uid, type: resourceType(event), role_id: 1, role: 'Target', ...('account' in owner && { owner }) }] };
}

/** The account that the URN names, whether or not there is one; else the other account that the call concerns. */
function toOwner({ resource, resourceAccountId }: AuditEvent): Fields {
  const named = parseUrn(resource ?? '')?.accountId ?? '';
  const uid = isAccountId(named) ? named : resourceAccountId;
  return uid === undefined ? {} : { account: { uid } };
}
