// An agency session: who assumed which agency, through which chain, with which tags and limits.
import type { EndOfSessions, EpochSubject } from '../directory/store.js';

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
  /** `source`: of the source identity, where the first hop set one. */
  readonly epochs: { readonly account: number; readonly owner: number; readonly key: number; readonly source?: number | undefined };
  /** Of a user's token, and of a key that was made from one: what ends the token ends the key. */
  readonly token?: LinkToken | undefined;
}

/** A user's token as what descends from it carries it. */
export interface LinkToken {
  readonly tokenId: string;
  /** Of the subject `key:<token id>`. */
  readonly epoch: number;
  /** Of the user's password: all that it gave ends when it changes. */
  readonly passwordEpoch: number;
  /** That is marked when the token ends. */
  readonly status: StatusIndex;
}

/** A session of the chain as its descendants carry it. */
export interface SessionLink {
  readonly kind: 'session';
  readonly sessionId: string;
  readonly accountId: string;
  readonly agencyId: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly status: StatusIndex;
  readonly epochs: SessionEpochs;
  /** Of the key that its secret is derived from; unknown of an ancestor in an older record. */
  readonly secretKeyId?: string | undefined;
}

/** Of the account and the agency, and of the source identity where there is one. */
export interface SessionEpochs {
  readonly account: number;
  readonly agency: number;
  readonly source?: number | undefined;
}

/** From the long-term key to the parent of the session that carries it. */
export type Chain = readonly [KeyLink, ...SessionLink[]];

/** How a session came about where it was not by AssumeAgency: as a token of the older system, or as its temporary keys. */
export type SessionWay = 'legacy-token' | 'legacy-keys';

/** What a token of the older system is for: the domain, or one project; its permissions elsewhere are not in it. */
export type TokenScope = { readonly kind: 'domain' } | { readonly kind: 'project'; readonly projectId: string };

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
  readonly epochs: SessionEpochs;
  /** Absent: AssumeAgency. */
  readonly way?: SessionWay | undefined;
  /** Absent: everywhere. */
  readonly scope?: TokenScope | undefined;
  /** Name of the enterprise user on whose behalf it was asked for, as it was given (legacy agencies §4b). */
  readonly sessionUserName?: string | undefined;
}

/** How many assume calls lead from the long-term key to the session; 1 for the first. */
export const depthOf = (session: Pick<Session, 'chain'>): number => session.chain.length;

/** The session as a link for its own descendants. */
export const linkOf = (session: Session): SessionLink => ({
  kind: 'session',
  sessionId: session.sessionId,
  accountId: session.accountId,
  agencyId: session.agencyId,
  issuedAt: session.issuedAt,
  status: session.status,
  epochs: session.epochs,
  secretKeyId: session.secretKeyId,
});

/** One subject that a link depends on: the epoch that the link carries, and when what it ends was issued. */
export interface Dependence {
  readonly accountId: string;
  readonly subject: EpochSubject;
  readonly epoch: number;
  readonly issuedAt: number;
}

/** What a link depends on. What a key issued is the first session of the chain, so its time counts for the key's link. */
export function dependencesOf(link: KeyLink | SessionLink, { chainStartedAt, sourceIdentity }: Pick<Session, 'chainStartedAt' | 'sourceIdentity'>): readonly Dependence[] {
  const { accountId, epochs: { source } } = link;
  const issuedAt = link.kind === 'session' ? link.issuedAt : chainStartedAt;
  const own: readonly (readonly [EpochSubject, number])[] = link.kind === 'session'
    ? [[`agency:${link.agencyId}`, link.epochs.agency]]
    : [[`user:${link.ownerId}`, link.epochs.owner], [`key:${link.accessKeyId}`, link.epochs.key], ...tokenSubjects(link)];
  const ofSource: readonly (readonly [EpochSubject, number])[] = source === undefined || sourceIdentity === undefined ? [] : [[`source:${sourceIdentity}`, source]];
  return [['account', link.epochs.account] as const, ...own, ...ofSource].map(([subject, epoch]) => ({ accountId, subject, epoch, issuedAt }));
}

/** The subject of a token that is the key itself is the key's. */
const tokenSubjects = ({ accessKeyId, ownerId, token }: KeyLink): readonly (readonly [EpochSubject, number])[] => (token === undefined ? [] : [
  [`password:${ownerId}`, token.passwordEpoch], ...(token.tokenId === accessKeyId ? [] : [[`key:${token.tokenId}`, token.epoch] as const]),
]);

/** Links of the session and all its ancestors: one dead link, and the session is dead. */
export const lineage = (session: Session): readonly (KeyLink | SessionLink)[] => [...session.chain, linkOf(session)];

/** The chain, with the epoch of the source identity that its last link sets. */
export function withSourceEpoch(chain: Chain, source: number): Chain {
  const [key, ...sessions] = chain;
  const last = sessions.pop();
  return last === undefined ? [{ ...key, epochs: { ...key.epochs, source } }] : [key, ...sessions, { ...last, epochs: { ...last.epochs, source } }];
}

/** Ids of the sessions of a chain. */
export const sessionsOf = (chain: readonly (KeyLink | SessionLink)[]): readonly string[] => chain.flatMap((link) => (link.kind === 'session' ? [link.sessionId] : []));

/** Ids of what ends the chain by a mark: its sessions, and the user's token that it begins with. */
export function markedIdsOf(chain: readonly (KeyLink | SessionLink)[]): readonly string[] {
  const ids: string[] = [];
  for (const link of chain) {
    if (link.kind === 'session') ids.push(link.sessionId);
    else if (link.token !== undefined) ids.push(link.token.tokenId);
  }
  return ids;
}

/** Keys that the secrets of the session and of its ancestors are derived from, where they are known. */
export const secretKeyIdsOf = (session: Session): readonly string[] =>
  lineage(session).flatMap((link) => (link.kind === 'session' && link.secretKeyId !== undefined ? [link.secretKeyId] : []));

/** Ids of the session and of all sessions that it descends from. */
export const sessionIdsOf = (session: Session): readonly string[] => sessionsOf(lineage(session));

/** INVARIANT: a session is dead once a carried epoch is not the subject's current one, or a link of it was issued before the subject's boundary. */
export const isEnded = ({ subject, epoch, issuedAt }: Dependence, { epochs, boundaries }: EndOfSessions): boolean =>
  epoch !== (epochs.get(subject) ?? 0) || issuedAt < (boundaries.of.get(subject) ?? 0);
