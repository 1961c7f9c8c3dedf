// A session as far as its record, or the event of its issue, tells of it.
import type { AuditEvent } from '../../audit/event.js';
import { seconds } from '../../base/clock.js';
import { timestamp } from '../../iam/fields.js';
import type { Session } from '../../sessions/session.js';
import type { SessionStatus } from '../../sessions/view.js';
import { agencyUrn, parseAgencyUrn, sessionUrn } from '../../urn/urn.js';
import type { SessionSummary } from './answers.js';

export interface SeenSession {
  readonly sessionId: string;
  /** Account that owns the agency. */
  readonly accountId: string;
  readonly agencyName: string;
  readonly agencyUrn: string;
  readonly agencyId: string | undefined;
  readonly agencySessionName: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly assumedBy: string;
  readonly rootPrincipal: string | undefined;
  /** Ids from the long-term access key to the parent. */
  readonly chain: readonly string[];
  readonly sourceIdentity: string | undefined;
  readonly tags: readonly { readonly key: string; readonly value: string; readonly transitive?: boolean; readonly inherited?: boolean }[];
}

export function seenInRecord(session: Session): SeenSession {
  return { ...session, agencyUrn: agencyUrn(session.accountId, session.agencyPath, session.agencyName), chain: session.chain.map((link) => (link.kind === 'key' ? link.accessKeyId : link.sessionId)) };
}

/** Undefined for an event that issued no session. */
export function seenInEvent({ operation, issuedSession, resource = '', request, principal, time }: AuditEvent): SeenSession | undefined {
  const agency = parseAgencyUrn(resource);
  if (operation !== 'AssumeAgency' || issuedSession === undefined || agency === undefined) return undefined;
  const { sessionId, chain, sourceIdentity, tags = [], expiresAt, agencyId, rootPrincipal } = issuedSession;
  const name = request?.['session_name'];
  return {
    sessionId, chain, agencyId, sourceIdentity,
    accountId: agency.accountId, agencyName: agency.name, agencyUrn: resource, agencySessionName: typeof name === 'string' ? name : '',
    issuedAt: seconds(time), expiresAt: expiresAt ?? seconds(time), assumedBy: principal.urn,
    // Events of older releases tell it of the first session of a chain only: there it is who assumed.
    rootPrincipal: rootPrincipal ?? (chain.length === 1 ? principal.urn : undefined),
    tags: tags.map(([key, value]) => ({ key, value })),
  };
}

export function summaryOf(session: SeenSession, status: SessionStatus): SessionSummary {
  const { sessionId, accountId, agencyId, agencySessionName, assumedBy, rootPrincipal, chain, sourceIdentity } = session;
  return {
    session_id: sessionId, urn: sessionUrn(accountId, session.agencyName, agencySessionName), account_id: accountId, ...(agencyId !== undefined && { agency_id: agencyId }),
    agency_urn: session.agencyUrn, agency_session_name: agencySessionName, status,
    issued_at: timestamp(session.issuedAt * 1000), expires_at: timestamp(session.expiresAt * 1000), depth: chain.length, assumed_by: assumedBy,
    ...(rootPrincipal !== undefined && { root_principal: rootPrincipal }), access_key_id: chain[0] ?? '', ...(sourceIdentity !== undefined && { source_identity: sourceIdentity }),
    tags: session.tags.map(({ key, value, transitive, inherited }) => ({ key, value, ...(transitive !== undefined && { transitive }), ...(inherited !== undefined && { inherited }) })),
  };
}
