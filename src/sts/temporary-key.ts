// A temporary access key: its token, its session, and whether that session and all its ancestors are alive, and the keys they were made with.
import { ApiError } from '../base/api-error.js';
import { seconds } from '../base/clock.js';
import { madeOnce } from '../base/made-once.js';
import type { EpochSubject } from '../directory/store.js';
import type { RingKey } from '../keyring/key.js';
import { deriveSessionSecret } from '../keyring/session-secret.js';
import { dependencesOf, depthOf, isEnded, lineage, linkOf, markedIdsOf, secretKeyIdsOf, type Dependence, type Session } from '../sessions/session.js';
import { verificationKey, type ParsedSignature, type VerificationKey } from '../signing/index.js';
import { sessionUrn } from '../urn/urn.js';
import type { SessionCaller } from './caller.js';
import { authenticationError, type Candidate, type Proved } from './candidate.js';
import type { Guard } from './commit.js';
import type { VerifiedToken, VerifyToken } from './security-token.js';
import type { Reads, Services } from './services.js';
import { sessionStanding } from './standing.js';

/** The living session of a temporary key. Throws 401 for a token that is missing, unknown, expired, revoked, or another key's. */
export async function temporaryKey(
  services: Services, reads: Reads, signature: Pick<ParsedSignature, 'accessKeyId' | 'securityToken'>, verifyToken: VerifyToken, now: number,
): Promise<Candidate | undefined> {
  const { accessKeyId, securityToken } = signature;
  if (securityToken === undefined) {
    throw new ApiError('securityTokenMissing', `${authenticationError}a temporary access key needs its \`X-Security-Token\``);
  }
  const token = await verifyToken(securityToken, now);
  if (token?.sessionId !== accessKeyId) throw tokenError();
  const caller = await presentedSession(services, reads, token, now);
  // The keys of an agency token were handed to nobody.
  if (caller === undefined || caller.session.way === 'legacy-token') throw tokenError();
  const secretKey = services.keyring['session-secrets'].byId.get(caller.session.secretKeyId);
  if (secretKey === undefined) throw tokenError();
  return { key: sessionVerificationKey(caller.session, secretKey), caller };
}

/** The living session that a verified token speaks of, or undefined. */
export async function presentedSession(services: Services, reads: Reads, token: VerifiedToken, now: number): Promise<Proved<SessionCaller> | undefined> {
  const session = await reads.sessions.find(token.sessionId);
  if (session === undefined || !sameSession(session, token) || seconds(now) >= session.expiresAt) return undefined;
  if (depthOf(session) > services.settings.maximumChainDepth) return undefined;
  const { endedIds } = services.keyring['session-secrets'];
  // Who had an ancestor's key could have made the session: it ends with what the key made.
  if (factsOf(session, '').secretKeyIds.some((id) => endedIds?.has(id) === true)) return undefined;
  return livingSession(reads, session);
}

const sessionKeys = new WeakMap<Session, VerificationKey>();

/** Derived once for as long as the session's record is remembered. INVARIANT: what a session's key id names never changes. */
function sessionVerificationKey(session: Session, secretKey: RingKey): VerificationKey {
  const known = sessionKeys.get(session);
  if (known !== undefined) return known;
  const key = verificationKey(session.sessionId, deriveSessionSecret(secretKey, session.sessionId));
  sessionKeys.set(session, key);
  return key;
}

/** What follows from the record alone, found once for as long as it is remembered. */
interface SessionFacts {
  readonly dependences: readonly Dependence[];
  /** Accounts that the session depends on beside its own. */
  readonly ancestorAccounts: readonly string[];
  readonly subjects: ReadonlyMap<string, readonly EpochSubject[]>;
  readonly markedIds: readonly string[];
  readonly secretKeyIds: readonly string[];
  readonly principal: Pick<SessionCaller, 'principalUrn' | 'principalId' | 'chain'>;
}

const factsOf = madeOnce((session: Session): SessionFacts => {
  const dependences = lineage(session).flatMap((link) => dependencesOf(link, session));
  const accountIds = [...new Set([session.accountId, ...dependences.map(({ accountId }) => accountId)])];
  const subjectsOf = (id: string): readonly EpochSubject[] => [...new Set(dependences.filter(({ accountId }) => accountId === id).map(({ subject }) => subject))];
  return {
    dependences,
    ancestorAccounts: accountIds.filter((id) => id !== session.accountId),
    subjects: new Map(accountIds.map((id) => [id, subjectsOf(id)])),
    markedIds: markedIdsOf(lineage(session)),
    secretKeyIds: secretKeyIdsOf(session),
    principal: {
      principalUrn: sessionUrn(session.accountId, session.agencyName, session.agencySessionName),
      principalId: `${session.agencyId}:${session.agencySessionName}`,
      chain: [...session.chain, linkOf(session)],
    },
  };
});

const tokenError = (): ApiError => new ApiError('unauthenticated', `${authenticationError}decrypt token fail`);

const sameSession = (session: Session, token: VerifiedToken): boolean =>
  session.accountId === token.accountId && session.expiresAt === token.expiresAt;

/** The session as a caller, or undefined when its agency is gone, or it or an ancestor was revoked. */
async function livingSession({ directory, sessions }: Reads, session: Session): Promise<Proved<SessionCaller> | undefined> {
  const { accountId } = session;
  const { dependences, ancestorAccounts, subjects: subjectsOf, markedIds, principal } = factsOf(session, '');
  const subjects = (id: string): readonly EpochSubject[] => subjectsOf.get(id) ?? [];
  const [view, marked, ancestorEnds] = await Promise.all([
    directory.read(accountId, () => subjects(accountId)),
    sessions.anyMarked(markedIds),
    Promise.all(ancestorAccounts.map(async (id) => [id, await directory.readEpochs(id, subjects(id))] as const)),
  ]);
  const agency = view?.snapshot.agencies.get(session.agencyId);
  if (view === undefined || agency === undefined || marked) return undefined;

  const guards: Guard[] = [];
  for (const [id, ends] of [[accountId, view], ...ancestorEnds] as const) {
    if (dependences.some((dependence) => dependence.accountId === id && isEnded(dependence, ends))) return undefined;
    const own = id === accountId ? { revision: view.snapshot.revision, standsOn: () => sessionStanding(agency, session) } : {};
    guards.push({ accountId: id, ...own, epochs: subjects(id).map((subject) => [subject, ends.epochs.get(subject) ?? 0]), boundaries: ends.boundaries.text });
  }
  return {
    kind: 'agency-session', session, agency, accountId, accessKeyId: session.sessionId, snapshot: view.snapshot, guards, ...principal,
  };
}
