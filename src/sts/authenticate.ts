// From a signed request to its caller: which key, whose key, alive, and really the signer.
import { ApiError } from '../base/api-error.js';
import { seconds } from '../base/clock.js';
import { accessKeyPlace, type AccessKey } from '../directory/entities.js';
import type { AccountView, EpochSubject, Epochs } from '../directory/store.js';
import { open } from '../keyring/seal.js';
import { deriveSessionSecret } from '../keyring/session-secret.js';
import { lineage, linkEpochs, linkOf, type KeyLink, type Session } from '../sessions/session.js';
import {
  canonicalRequestForDisplay, dummyVerificationKey, parseSignedRequest, verificationKey, verifySignature,
  type ParsedSignature, type ReceivedRequest, type SignatureRefusal, type VerificationKey,
} from '../signing/index.js';
import { cellOfSessionId } from '../urn/ids.js';
import { sessionUrn, userUrn } from '../urn/urn.js';
import type { Caller, ServiceCaller, SessionCaller, UserCaller } from './caller.js';
import type { Guard } from './commit.js';
import { securityTokenVerifier, type VerifiedToken } from './security-token.js';
import type { Services } from './services.js';

export const maximumSkewSeconds = 900;
/** [choice] Failures of one key from one address in five minutes, after which the answer no longer helps with the signature. */
const failuresUntilSilence = 20;
const prefix = 'Incorrect IAM authentication information: ';

export type Authenticate = (request: ReceivedRequest, sourceIp: string) => Promise<Caller>;

/** The part of a caller that is known once its key is proved; the signature is added by the door. */
type Proved<T extends Caller> = Omit<T, 'signature' | 'verificationKey' | 'sourceIp'>;
interface Candidate {
  readonly key: VerificationKey;
  readonly caller: Proved<UserCaller> | Proved<ServiceCaller> | Proved<SessionCaller>;
}

/** Throws {@link ApiError} 401; unknown key, disabled key and wrong signature give one code and one text. */
export function authenticator(services: Services): Authenticate {
  const { settings, clock } = services;
  const verifyToken = securityTokenVerifier(services.keyring, settings.issuer);
  const dummyKey = dummyVerificationKey();
  const options = { maximumSkewSeconds, region: settings.region, service: settings.serviceName, allowUnsignedPayload: settings.allowUnsignedPayload };

  return async (request, sourceIp) => {
    const now = clock.now();
    const parsed = parseSignedRequest(request, { ...options, now });
    if (!parsed.ok) throw refusalError(parsed.refusal, parsed.message, request, now);
    const { signature } = parsed;
    const candidate = cellOfSessionId(signature.accessKeyId) === undefined
      ? await permanentKey(services, signature)
      : await temporaryKey(services, signature, verifyToken, now);
    // An unknown key costs the same work, so that time does not tell it from a wrong signature.
    const verified = verifySignature(request, signature, candidate?.key ?? dummyKey);
    if (!verified || candidate === undefined) throw await signatureFailure(services, request, signature, sourceIp);
    return { ...candidate.caller, signature, verificationKey: candidate.key, sourceIp };
  };
}

async function permanentKey(services: Services, signature: ParsedSignature): Promise<Candidate | undefined> {
  if (signature.securityToken !== undefined) {
    throw new ApiError('unauthenticated', `${prefix}\`X-Security-Token\` belongs to temporary access keys, and this one is permanent`);
  }
  const { accessKeyId } = signature;
  const view = (await viewOfAccessKey(services, accessKeyId, false)) ?? (await viewOfAccessKey(services, accessKeyId, true));
  const accessKey = view?.snapshot.accessKeys.get(accessKeyId);
  if (view === undefined || accessKey?.active !== true) return undefined;

  const { snapshot, epochs } = view;
  const { accountId } = snapshot;
  const link: KeyLink = {
    kind: 'key', accessKeyId, accountId, ownerId: accessKey.owner.id, ownerKind: accessKey.owner.kind,
    epochs: { account: epoch(epochs, 'account'), owner: epoch(epochs, `user:${accessKey.owner.id}`), key: epoch(epochs, `key:${accessKeyId}`) },
  };
  const common = {
    accountId, accessKeyId, snapshot, chain: [link] as const,
    guards: [{ accountId, revision: snapshot.revision, epochs: linkEpochs(link) }],
  };
  const key = permanentVerificationKey(services, accountId, accessKey);
  if (accessKey.owner.kind === 'service') {
    const servicePrincipal = accessKey.owner.id;
    if (!snapshot.services.has(servicePrincipal)) return undefined;
    return { key, caller: { kind: 'service', servicePrincipal, principalUrn: servicePrincipal, principalId: servicePrincipal, ...common } };
  }
  const user = snapshot.users.get(accessKey.owner.id);
  if (user?.enabled !== true) return undefined;
  return { key, caller: { kind: 'user', user, principalUrn: userUrn(accountId, user.userName), principalId: user.userId, ...common } };
}

/** The account that has the key, as far as the hint leads to it: a remembered hint can be out of date. */
async function viewOfAccessKey(services: Services, accessKeyId: string, fresh: boolean): Promise<AccountView | undefined> {
  const accountId = await services.directory.accountOfAccessKey(accessKeyId, fresh);
  if (accountId === undefined) return undefined;
  const view = await services.directory.read(accountId, (snapshot) => {
    const key = snapshot.accessKeys.get(accessKeyId);
    return key === undefined ? [] : ['account', `user:${key.owner.id}`, `key:${accessKeyId}`];
  });
  return view?.snapshot.accessKeys.has(accessKeyId) === true ? view : undefined;
}

async function temporaryKey(
  services: Services, signature: ParsedSignature, verifyToken: ReturnType<typeof securityTokenVerifier>, now: number,
): Promise<Candidate | undefined> {
  const { accessKeyId, securityToken } = signature;
  if (securityToken === undefined) {
    throw new ApiError('securityTokenMissing', `${prefix}a temporary access key needs its \`X-Security-Token\``);
  }
  const token = await verifyToken(securityToken, now);
  if (token?.sessionId !== accessKeyId) throw tokenError();
  const session = await services.sessions.find(accessKeyId);
  if (session === undefined || !sameSession(session, token) || seconds(now) >= session.expiresAt) throw tokenError();
  const caller = await livingSession(services, session);
  const secretKey = services.keyring['session-secrets'].byId.get(session.secretKeyId);
  if (caller === undefined || secretKey === undefined) throw tokenError();
  return { key: verificationKey(accessKeyId, deriveSessionSecret(secretKey, accessKeyId)), caller };
}

const tokenError = (): ApiError => new ApiError('unauthenticated', `${prefix}decrypt token fail`);

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
    if (carried.some(([subject, value]) => value < epoch(epochs, subject))) return undefined;
    const unique = new Map(carried.map(([subject]) => [subject, epoch(epochs, subject)]));
    guards.push({ accountId: id, ...(id === accountId && { revision: view.snapshot.revision }), epochs: [...unique] });
  }
  return {
    kind: 'agency-session', session, agency, accountId, accessKeyId: session.sessionId, snapshot: view.snapshot, guards,
    principalUrn: sessionUrn(accountId, session.agencyName, session.agencySessionName),
    principalId: `${session.agencyId}:${session.agencySessionName}`,
    chain: [...session.chain, linkOf(session)],
  };
}

const epoch = (epochs: Epochs, subject: EpochSubject): number => epochs.get(subject) ?? 0;

const permanentKeys = new WeakMap<AccessKey, VerificationKey>();

/** Opened once per key record; the record is immutable and goes with its snapshot. */
function permanentVerificationKey(services: Services, accountId: string, accessKey: AccessKey): VerificationKey {
  const known = permanentKeys.get(accessKey);
  if (known !== undefined) return known;
  const { accessKeyId, owner, sealedSecret } = accessKey;
  const secret = open(services.keyring['secret-sealing'], accessKeyPlace(accountId, owner.id, accessKeyId), sealedSecret);
  if (secret === undefined) throw new Error(`the secret of access key \`${accessKeyId}\` does not open with the key ring`);
  const key = verificationKey(accessKeyId, secret.toString('utf8'));
  permanentKeys.set(accessKey, key);
  return key;
}

/**
 * The one answer to an unknown key, a disabled key and a wrong signature. Failures are counted per key and address;
 * a valid signature always passes, so nobody can lock an owner out.
 */
async function signatureFailure(services: Services, request: ReceivedRequest, signature: ParsedSignature, sourceIp: string): Promise<ApiError> {
  const failures = await services.signatureFailures.count([signature.accessKeyId, sourceIp]);
  if (failures > failuresUntilSilence) return new ApiError('unauthenticated', `${prefix}AK access failed to reach the limit,forbidden.`);
  return new ApiError('unauthenticated', `${prefix}verify aksk signature fail, canonicalRequest:${canonicalRequestForDisplay(request, signature)}`);
}

function refusalError(refusal: SignatureRefusal, message: string, request: ReceivedRequest, now: number): ApiError {
  if (refusal !== 'date_out_of_range') return new ApiError('unauthenticated', `${prefix}${message}`);
  const header = request.rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'x-sdk-date');
  const serverTime = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
  return new ApiError('signatureExpired', `${prefix}signature expired, signature time:${request.rawHeaders[header + 1] ?? ''},server time:${serverTime}`);
}
