// An agency session: who assumed which agency, through which chain, with which tags and limits.
import type { EpochSubject } from '../directory/store.js';

export interface SessionTag {
  readonly key: string;
  readonly value: string;
  /** Transitive tags reach every later session of the chain and cannot be overridden there. */
  readonly transitive: boolean;
  readonly inherited: boolean;
}

/** Place of a session in a status list; never given twice. */
export interface StatusIndex {
  readonly list: string;
  readonly index: number;
}

/** Start of every chain: the long-term access key, with the epochs read before the decision. */
export interface KeyLink {
  readonly kind: 'key';
  readonly accessKeyId: string;
  readonly accountId: string;
  /** User id, or service principal. */
  readonly ownerId: string;
  readonly ownerKind: 'user' | 'service';
  readonly epochs: { readonly account: number; readonly owner: number; readonly key: number };
}

/** A session of the chain as its descendants carry it. */
export interface SessionLink {
  readonly kind: 'session';
  readonly sessionId: string;
  readonly accountId: string;
  readonly agencyId: string;
  readonly status: StatusIndex;
  readonly epochs: { readonly account: number; readonly agency: number };
}

/** From the long-term key to the parent of the session that carries it. */
export type Chain = readonly [KeyLink, ...SessionLink[]];

export interface Session {
  readonly sessionId: string;
  /** Account that owns the agency. */
  readonly accountId: string;
  readonly agencyId: string;
  readonly agencyName: string;
  readonly agencyPath: string;
  readonly agencySessionName: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** When the first session of the chain was issued; its own `issuedAt` for that one. */
  readonly chainStartedAt: number;
  /** URN of who assumed, and of the chain's long-term principal. */
  readonly assumedBy: string;
  readonly rootPrincipal: string;
  readonly chain: Chain;
  readonly tags: readonly SessionTag[];
  readonly sourceIdentity: string | undefined;
  /** When the MFA code was verified with which this very session was obtained. */
  readonly mfaAuthenticatedAt: number | undefined;
  /** Documents that narrow the session; the inline one as it was given. */
  readonly sessionPolicy: string | undefined;
  readonly sessionPolicyIds: readonly string[];
  /** Whether session policies narrow it or an ancestor. */
  readonly isNarrowed: boolean;
  readonly secretKeyId: string;
  readonly status: StatusIndex;
  readonly epochs: { readonly account: number; readonly agency: number };
}

/** How many assume calls lead from the long-term key to the session; 1 for the first. */
export const depthOf = (session: Pick<Session, 'chain'>): number => session.chain.length;

/** The session as a link for its own descendants. */
export const linkOf = (session: Session): SessionLink => ({
  kind: 'session',
  sessionId: session.sessionId,
  accountId: session.accountId,
  agencyId: session.agencyId,
  status: session.status,
  epochs: session.epochs,
});

/** The epochs that a link depends on, as the link carries them. */
export function linkEpochs(link: KeyLink | SessionLink): readonly (readonly [EpochSubject, number])[] {
  return link.kind === 'session'
    ? [['account', link.epochs.account], [`agency:${link.agencyId}`, link.epochs.agency]]
    : [['account', link.epochs.account], [`user:${link.ownerId}`, link.epochs.owner], [`key:${link.accessKeyId}`, link.epochs.key]];
}

/** Links of the session and all its ancestors: one dead link, and the session is dead. */
export const lineage = (session: Session): readonly (KeyLink | SessionLink)[] => [...session.chain, linkOf(session)];
