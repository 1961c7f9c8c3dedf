// A session as far as its record, or the event of its issue, tells of it.
import type { AuditEvent } from '../../audit/event.js';
import { seconds } from '../../base/clock.js';
import { timestamp } from '../../iam/fields.js';
import type { Session } from '../../sessions/session.js';
import type { SessionStatus } from '../../sessions/view.js';
import { agencyUrn, parseAgencyUrn, parseUrn, sessionUrn } from '../../urn/urn.js';
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
  readonly way?: Session['way'];
  readonly scope?: Session['scope'];
  readonly sessionUserName?: Session['sessionUserName'];
  readonly tags: readonly { readonly key: string; readonly value: string; readonly transitive?: boolean; readonly inherited?: boolean }[];
}

export function seenInRecord(session: Session): SeenSession {
  return { ...session, agencyUrn: agencyUrn(session.accountId, session.agencyPath, session.agencyName), chain: session.chain.map((link) => (link.kind === 'key' ? link.accessKeyId : link.sessionId)) };
}

/** Undefined for an event that issued no session. */
export function seenInEvent({ issuedSession, resource = '', request, principal, time }: AuditEvent): SeenSession | undefined {
  const target = targetOf(resource);
  if (issuedSession === undefined || target === undefined) return undefined;
  const { accountId, agencyName, path } = target;
  const { sessionId, chain, sourceIdentity, tags = [], expiresAt, agencyId, rootPrincipal } = issuedSession;
  const name = request?.['session_name'] ?? target.agencySessionName;
  return {
    sessionId, chain, agencyId, sourceIdentity,
    accountId, agencyName, agencyUrn: agencyUrn(accountId, path, agencyName), agencySessionName: typeof name === 'string' ? name : '',
    issuedAt: seconds(time), expiresAt: expiresAt ?? seconds(time), assumedBy: principal.urn,
    // Events of older releases tell it of the first session of a chain only: there it is who assumed.
    rootPrincipal: rootPrincipal ?? (chain.length === 1 ? principal.urn : undefined),
    tags: tags.map(([key, value]) => ({ key, value })),
  };
}

interface Target {
  readonly accountId: string;
  readonly agencyName: string;
  readonly path: string;
  readonly agencySessionName?: string;
}

/** The agency, or, of keys made from a token, the session that they continue: agencies with tokens have no path. */
function targetOf(resource: string): Target | undefined {
  const agency = parseAgencyUrn(resource);
  if (agency !== undefined) return { accountId: agency.accountId, agencyName: agency.name, path: agency.path };
  const { type, accountId = '', path = '' } = parseUrn(resource) ?? {};
  const [agencyName, agencySessionName] = path.split('/');
  return type !== 'assumed-agency' || agencyName === undefined || agencySessionName === undefined ? undefined : { accountId, agencyName, path: '', agencySessionName };
}

export function summaryOf(session: SeenSession, status: SessionStatus): SessionSummary {
  const { sessionId, accountId, agencyId, agencySessionName, assumedBy, rootPrincipal, chain, sourceIdentity, way, scope, sessionUserName } = session;
  return {
    session_id: sessionId, urn: sessionUrn(accountId, session.agencyName, agencySessionName), account_id: accountId, ...(agencyId !== undefined && { agency_id: agencyId }),
    agency_urn: session.agencyUrn, agency_session_name: agencySessionName, status,
    issued_at: timestamp(session.issuedAt * 1000), expires_at: timestamp(session.expiresAt * 1000), depth: chain.length, assumed_by: assumedBy,
    ...(rootPrincipal !== undefined && { root_principal: rootPrincipal }), access_key_id: chain[0] ?? '', ...(sourceIdentity !== undefined && { source_identity: sourceIdentity }),
    ...(way !== undefined && { way }), ...(scope !== undefined && { scope: scope.kind === 'project' ? scope.projectId : 'domain' }), ...(sessionUserName !== undefined && { session_user_name: sessionUserName }),
    tags: session.tags.map(({ key, value, transitive, inherited }) => ({ key, value, ...(transitive !== undefined && { transitive }), ...(inherited !== undefined && { inherited }) })),
  };
}
