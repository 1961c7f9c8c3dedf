// Minting: a session with its id, secret and token, and the answer that carries them.
import { seconds } from '../base/clock.js';
import type { Agency } from '../directory/entities.js';
import type { AccountView, EpochSubject } from '../directory/store.js';
import { deriveSessionSecret } from '../keyring/session-secret.js';
import type { Chain, Session, SessionTag, SessionWay, TokenScope } from '../sessions/session.js';
import { ecdsaPublicJwk, verificationKey, type EcdsaPublicJwk } from '../signing/index.js';
import { sessionUrn } from '../urn/urn.js';
import type { AssumeAgencyInput } from './assume-agency-input.js';
import type { Caller } from './caller.js';
import type { CallContext } from './outcome.js';
import { issueSecurityToken } from './security-token.js';
import type { Services } from './services.js';

/** The answer of AssumeAgency (STS API §2.1, §2.2), wire names. */
export interface IssuedCredentials {
  readonly source_identity?: string;
  readonly assumed_agency: { readonly urn: string; readonly id: string };
  readonly credentials: {
    readonly access_key_id: string;
    readonly secret_access_key: string;
    readonly security_token: string;
    readonly expiration: string;
  };
}

export interface Grant {
  readonly input: AssumeAgencyInput;
  readonly view: Pick<AccountView, 'snapshot' | 'epochs'>;
  readonly agency: Agency;
  readonly duration: number;
  readonly tags: readonly SessionTag[];
  readonly sourceIdentity: string | undefined;
  readonly mfaVerified: boolean;
  readonly chain: Chain;
  readonly way?: SessionWay | undefined;
  readonly scope?: TokenScope | undefined;
  readonly sessionUserName?: string | undefined;
}

export interface SessionKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly securityToken: string;
}

/** The credentials of a session that was just made; they are good once it is committed, not before. */
export function sessionKeys(services: Services, caller: Caller, session: Session): SessionKeys {
  const secretKey = services.keyring['session-secrets'].byId.get(session.secretKeyId);
  if (secretKey === undefined) throw new Error(`the key that session \`${session.sessionId}\` was made with is gone`);
  const secret = deriveSessionSecret(secretKey, session.sessionId);
  const confirmationKey = services.settings.alwaysConfirm || caller.signature.algorithm === 'SDK-ECDSA-P256-SHA256' ? publicKeyOf(session.sessionId, secret) : undefined;
  return { accessKeyId: session.sessionId, secretAccessKey: secret, securityToken: issueSecurityToken(services.keyring, services.settings.issuer, session, confirmationKey) };
}

export function issuedCredentials(services: Services, caller: Caller, session: Session): IssuedCredentials {
  const { accessKeyId, secretAccessKey, securityToken } = sessionKeys(services, caller, session);
  const credentials = {
    assumed_agency: { urn: sessionUrn(session.accountId, session.agencyName, session.agencySessionName), id: `${session.agencyId}:${session.agencySessionName}` },
    credentials: { access_key_id: accessKeyId, secret_access_key: secretAccessKey, security_token: securityToken, expiration: timeText(session.expiresAt) },
  };
  return session.sourceIdentity === undefined ? credentials : { source_identity: session.sourceIdentity, ...credentials };
}

/** Many sessions of one second end in one second. */
let latestTime = { seconds: 0, text: '' };
function timeText(time: number): string {
  if (latestTime.seconds !== time) latestTime = { seconds: time, text: new Date(time * 1000).toISOString() };
  return latestTime.text;
}

/**
 * The key that verifies the session's own ECDSA signatures without a secret. Only callers that sign this way get it,
 * unless a setting says otherwise: deriving it costs more than the rest of the answer together.
 */
const publicKeyOf = (sessionId: string, secret: string): EcdsaPublicJwk => ecdsaPublicJwk(verificationKey(sessionId, secret));

export async function newSession(services: Services, caller: Caller, grant: Grant, call: CallContext): Promise<Session> {
  const { input, view, agency } = grant;
  const { accountId } = view.snapshot;
  const issuedAt = seconds(call.now);
  const secretKeyId = services.keyring['session-secrets'].active.id;
  const epoch = (subject: EpochSubject): number => view.epochs.get(subject) ?? 0;
  const parent = caller.kind === 'agency-session' ? caller.session : undefined;
  const epochs = { account: epoch('account'), agency: epoch(`agency:${agency.agencyId}`) };
  const session: Session = {
    sessionId: services.sessionIds.newSessionId(accountId),
    accountId,
    agencyId: agency.agencyId,
    agencyName: agency.agencyName,
    agencyPath: agency.path,
    agencySessionName: input.agencySessionName,
    issuedAt,
    expiresAt: issuedAt + grant.duration,
    chainStartedAt: parent?.chainStartedAt ?? (caller.kind === 'user' ? caller.temporary?.issuedAt : undefined) ?? issuedAt,
    assumedBy: caller.principalUrn,
    rootPrincipal: parent?.rootPrincipal ?? caller.principalUrn,
    chain: grant.chain,
    tags: grant.tags,
    sourceIdentity: grant.sourceIdentity,
    mfaAuthenticatedAt: grant.mfaVerified ? issuedAt : undefined,
    sessionPolicy: input.policy,
    sessionPolicyIds: input.policyIds,
    isNarrowed: input.policy !== undefined || input.policyIds.length > 0 || parent?.isNarrowed === true || (caller.kind === 'user' && caller.narrowedBy?.sessionPolicy !== undefined),
    secretKeyId,
    status: await services.sessionIds.nextStatusIndex(accountId),
    epochs: grant.sourceIdentity === undefined ? epochs : { ...epochs, source: epoch(`source:${grant.sourceIdentity}`) },
  };
  return grant.way === undefined ? session : { ...session, way: grant.way, scope: grant.scope, sessionUserName: grant.sessionUserName };
}
