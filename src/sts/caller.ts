// The authenticated caller of one request, as every operation sees it.
import { madeOnce } from '../base/made-once.js';
import type { EventPrincipal, EventSession } from '../audit/event.js';
import type { Snapshot } from '../directory/snapshot.js';
import type { Agency, User } from '../directory/entities.js';
import type { VerificationKey, ParsedSignature } from '../signing/index.js';
import type { Chain, Session } from '../sessions/session.js';
import type { ServiceActor, SessionActor, UserActor } from './actor.js';
import type { Guard, MfaStep } from './commit.js';

/** What a request was proved by. A token signs nothing: who has it could have written any header. */
export type Proof = Pick<ParsedSignature, 'header' | 'scope'> & { readonly algorithm: ParsedSignature['algorithm'] | 'token' };

interface Common {
  readonly principalId: string;
  readonly accessKeyId: string;
  /** The caller's account as it was read for this request. */
  readonly snapshot: Snapshot;
  /** The chain that a session assumed by this caller carries. */
  readonly chain: Chain;
  /** What of the read must still hold when the call is committed. */
  readonly guards: readonly Guard[];
  readonly signature: Proof;
  /** Hash of the canonical request that the signature fits: what was signed, whatever it looked like on the way. Undefined, as the key is, where a token came in its place. */
  readonly requestHash: string | undefined;
  readonly verificationKey: VerificationKey | undefined;
  /** Address the request came from. */
  readonly sourceIp: string;
}

/** Of a user's credentials that end: a token, the login that makes one, or keys made from one. */
export interface TemporaryUser {
  readonly kind: 'login' | 'token' | 'keys';
  /** When the token was issued, in seconds since the epoch, and when these credentials end. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Of a login: the code that came with the password, to be burnt by the commit. */
  readonly mfaStep?: MfaStep | undefined;
  /** How the user proved who it is when the token was issued. */
  readonly methods: readonly string[];
}

export type UserCaller = UserActor & Common & { readonly user: User; readonly temporary?: TemporaryUser | undefined };
export type ServiceCaller = ServiceActor & Common;
export type SessionCaller = SessionActor & Common & { readonly session: Session; readonly agency: Agency };

export type Caller = UserCaller | ServiceCaller | SessionCaller;

export function eventPrincipal(caller: Caller): EventPrincipal {
  const { accountId, principalUrn: urn, principalId: id, accessKeyId } = caller;
  switch (caller.kind) {
    case 'user':
      return { accountId, urn, id, accessKeyId, type: 'User', isRootUser: caller.user.isRootUser, userName: caller.user.userName };
    case 'service':
      return { accountId, urn, id, accessKeyId, type: 'Service', isRootUser: false };
    case 'agency-session':
      return { accountId, urn, id, accessKeyId, type: 'AssumedAgency', isRootUser: false };
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

interface EventSessions {
  readonly own: EventSession;
  /** As another account sees it: what the chain hands on, not the tags that end with that session. */
  readonly handedOn: EventSession;
}

const sessionsInEvents = madeOnce((session: Session): EventSessions =>
  ({ own: eventSession(session), handedOn: eventSession({ ...session, tags: session.tags.filter(({ transitive }) => transitive) }) }));

/** Of a caller: written once for as long as the session's record is remembered. */
export const eventSessions = (session: Session): EventSessions => sessionsInEvents(session, '');

/** The session that a call issued: its event outlives its record. */
export const issuedEventSession = (session: Session): EventSession => ({ ...eventSession(session), agencyId: session.agencyId, rootPrincipal: session.rootPrincipal });

/** Credentials that end by themselves: what they assume is a chain (STS API §4). */
export const isTemporary = (caller: Caller): boolean => caller.kind === 'agency-session' || (caller.kind === 'user' && caller.temporary !== undefined);
