// A temporary access key: its token, its session, and whether that session and all its ancestors are alive.
import { ApiError } from '../base/api-error.js';
import { seconds } from '../base/clock.js';
import type { EpochSubject, Epochs } from '../directory/store.js';
import { deriveSessionSecret } from '../keyring/session-secret.js';
import { depthOf, lineage, linkEpochs, linkOf, type Session } from '../sessions/session.js';
import { verificationKey, type ParsedSignature } from '../signing/index.js';
import { sessionUrn } from '../urn/urn.js';
import type { SessionCaller } from './caller.js';
import { authenticationError, type Candidate, type Proved } from './candidate.js';
import type { Guard } from './commit.js';
import type { VerifiedToken, VerifyToken } from './security-token.js';
import type { Services } from './services.js';
import { sessionStanding } from './standing.js';

/** The living session of a temporary key. Throws 401 for a token that is missing, unknown, expired, revoked, or another key's. */
export async function temporaryKey(services: Services, signature: ParsedSignature, verifyToken: VerifyToken, now: number): Promise<Candidate | undefined> {
  const { accessKeyId, securityToken } = signature;
  if (securityToken === undefined) {
    throw new ApiError('securityTokenMissing', `${authenticationError}a temporary access key needs its \`X-Security-Token\``);
  }
  const token = await verifyToken(securityToken, now);
  if (token?.sessionId !== accessKeyId) throw tokenError();
  const session = await services.sessions.find(accessKeyId);
  if (session === undefined || !sameSession(session, token) || seconds(now) >= session.expiresAt) throw tokenError();
  if (depthOf(session) > services.settings.maximumChainDepth) throw tokenError();
  const caller = await livingSession(services, session);
  const secretKey = services.keyring['session-secrets'].byId.get(session.secretKeyId);
  if (caller === undefined || secretKey === undefined) throw tokenError();
  return { key: verificationKey(accessKeyId, deriveSessionSecret(secretKey, accessKeyId)), caller };
}

const tokenError = (): ApiError => new ApiError('unauthenticated', `${authenticationError}decrypt token fail`);

const sameSession = (session: Session, token: VerifiedToken): boolean =>
  session.accountId === token.accountId && session.expiresAt === token.expiresAt;

/** The session as a caller, or undefined when its agency is gone, or it or an ancestor was revoked. */
async function livingSession(services: Services, session: Session): Promise<Proved<SessionCaller> | undefined> {
  const { directory } = services;
  const { accountId } = session;
  const links = lineage(session);
  const subjects = new Map<string, (readonly [EpochSubject, number])[]>([[accountId, []]]);
  for (const link of links) subjects.set(link.accountId, [...(subjects.get(link.accountId) ?? []), ...linkEpochs(link)]);
  const names = (of: string): EpochSubject[] => (subjects.get(of) ?? []).map(([subject]) => subject);
  const sessionIds = links.flatMap((link) => (link.kind === 'session' ? [link.sessionId] : []));

  const ancestors = [...subjects.keys()].filter((id) => id !== accountId);
  const [view, marked, ancestorEpochs] = await Promise.all([
    directory.read(accountId, () => names(accountId)),
    services.sessions.anyMarked(sessionIds),
    Promise.all(ancestors.map(async (id) => [id, await directory.readEpochs(id, names(id))] as const)),
  ]);
  const agency = view?.snapshot.agencies.get(session.agencyId);
  if (view === undefined || agency === undefined || marked) return undefined;

  const current = new Map<string, Epochs>([[accountId, view.epochs], ...ancestorEpochs]);
  const guards: Guard[] = [];
  for (const [id, carried] of subjects) {
    const epochs = current.get(id) ?? new Map<EpochSubject, number>();
    // INVARIANT: a session is dead once a carried epoch is below the subject's current one.
    if (carried.some(([subject, value]) => value < (epochs.get(subject) ?? 0))) return undefined;
    const unique = new Map(carried.map(([subject]) => [subject, (epochs.get(subject) ?? 0)]));
    const own = id === accountId ? { revision: view.snapshot.revision, standsOn: () => sessionStanding(agency, session) } : {};
    guards.push({ accountId: id, ...own, epochs: [...unique] });
  }
  return {
    kind: 'agency-session', session, agency, accountId, accessKeyId: session.sessionId, snapshot: view.snapshot, guards,
    principalUrn: sessionUrn(accountId, session.agencyName, session.agencySessionName),
    principalId: `${session.agencyId}:${session.agencySessionName}`,
    chain: [...session.chain, linkOf(session)],
  };
}
