// A temporary access key: its token, its session, and whether that session and all its ancestors are alive, and the keys they were made with.
import { ApiError } from '../base/api-error.js';
import { seconds } from '../base/clock.js';
import { madeOnce } from '../base/made-once.js';
import type { EndOfSessions, EpochSubject } from '../directory/store.js';
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
  if (endedIds !== undefined && factsOf(session, '').secretKeyIds.some((id) => endedIds.has(id))) return undefined;
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
  /** Its own account first, then the others that it depends on. */
  readonly accounts: readonly [AccountFacts, ...AccountFacts[]];
  readonly markedIds: readonly string[];
  readonly secretKeyIds: readonly string[];
  readonly principal: Pick<SessionCaller, 'principalUrn' | 'principalId' | 'chain'>;
}

/** What of one account the session depends on. */
interface AccountFacts {
  readonly accountId: string;
  readonly dependences: readonly Dependence[];
  readonly subjects: readonly EpochSubject[];
  /** What the session carries, which while it lives is what there is. */
  readonly epochs: Guard['epochs'];
}

const factsOf = madeOnce((session: Session): SessionFacts => {
  const all = lineage(session).flatMap((link) => dependencesOf(link, session));
  const factsOfAccount = (accountId: string): AccountFacts => {
    const dependences = all.filter((dependence) => dependence.accountId === accountId);
    const epochs = new Map(dependences.map(({ subject, epoch }) => [subject, epoch]));
    return { accountId, dependences, subjects: [...epochs.keys()], epochs: [...epochs] };
  };
  const others = new Set(all.map(({ accountId }) => accountId).filter((id) => id !== session.accountId));
  return {
    accounts: [factsOfAccount(session.accountId), ...[...others].map(factsOfAccount)],
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
  const { accounts: [own, ...others], markedIds, principal } = factsOf(session, '');
  const [view, marked, ...ends] = await Promise.all([
    directory.read(own.accountId, () => own.subjects), sessions.anyMarked(markedIds), ...others.map((each) => directory.readEpochs(each.accountId, each.subjects)),
  ]);
  const agency = view?.snapshot.agencies.get(session.agencyId);
  if (view === undefined || agency === undefined || marked || hasEnded(own, view)) return undefined;

  const { snapshot } = view;
  const guards: Guard[] = [{
    accountId: own.accountId, revision: snapshot.revision, standsOn: () => sessionStanding(agency, session), epochs: own.epochs, boundaries: view.boundaries.text,
  }];
  for (const [index, other] of others.entries()) {
    const found = ends[index];
    if (found === undefined || hasEnded(other, found)) return undefined;
    guards.push({ accountId: other.accountId, epochs: other.epochs, boundaries: found.boundaries.text });
  }
  return { kind: 'agency-session', session, agency, accountId: own.accountId, accessKeyId: session.sessionId, snapshot, guards, ...principal };
}

function hasEnded({ dependences }: AccountFacts, ends: EndOfSessions): boolean {
  for (const dependence of dependences) if (isEnded(dependence, ends)) return true;
  return false;
}
