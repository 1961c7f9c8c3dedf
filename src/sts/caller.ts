// The authenticated caller of one request, as every operation sees it.
import type { EventPrincipal, EventSession } from '../audit/event.js';
import type { Snapshot } from '../directory/snapshot.js';
import type { Agency, User } from '../directory/entities.js';
import type { VerificationKey, ParsedSignature } from '../signing/index.js';
import type { Chain, Session } from '../sessions/session.js';
import type { ServiceActor, SessionActor, UserActor } from './actor.js';
import type { Guard } from './commit.js';

interface Common {
  readonly principalId: string;
  readonly accessKeyId: string;
  /** The caller's account as it was read for this request. */
  readonly snapshot: Snapshot;
  /** The chain that a session assumed by this caller carries. */
  readonly chain: Chain;
  /** What of the read must still hold when the call is committed. */
  readonly guards: readonly Guard[];
  readonly signature: ParsedSignature;
  /** Hash of the canonical request that the signature fits: what was signed, whatever it looked like on the way. */
  readonly requestHash: string;
  readonly verificationKey: VerificationKey;
  /** Address the request came from. */
  readonly sourceIp: string;
}

export type UserCaller = UserActor & Common & { readonly user: User };
export type ServiceCaller = ServiceActor & Common;
export type SessionCaller = SessionActor & Common & { readonly session: Session; readonly agency: Agency };

export type Caller = UserCaller | ServiceCaller | SessionCaller;

export function eventPrincipal(caller: Caller): EventPrincipal {
  const common = { accountId: caller.accountId, urn: caller.principalUrn, id: caller.principalId, accessKeyId: caller.accessKeyId };
  switch (caller.kind) {
    case 'user':
      return { ...common, type: 'User', isRootUser: caller.user.isRootUser, userName: caller.user.userName };
    case 'service':
      return { ...common, type: 'Service', isRootUser: false };
    case 'agency-session':
      return { ...common, type: 'AssumedAgency', isRootUser: false };
  }
}

export function eventSession(session: Session): EventSession {
  return {
    sessionId: session.sessionId,
    chain: session.chain.map((link) => (link.kind === 'key' ? link.accessKeyId : link.sessionId)),
    expiresAt: session.expiresAt,
    ...(session.sourceIdentity !== undefined && { sourceIdentity: session.sourceIdentity }),
    ...(session.tags.length > 0 && { tags: session.tags.map(({ key, value }) => [key, value] as const) }),
  };
}

/** The session that a call issued: its event outlives its record. */
export const issuedEventSession = (session: Session): EventSession => ({ ...eventSession(session), agencyId: session.agencyId, rootPrincipal: session.rootPrincipal });
