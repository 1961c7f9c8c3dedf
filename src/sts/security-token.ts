// The security token: a signed JWT that says what the session record says, as far as offline verifiers need it.
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Keyring } from '../keyring/keyring.js';
import { keyIdOf, signJws, verifyJws } from '../keyring/jws.js';
import type { EcdsaPublicJwk } from '../signing/index.js';
import type { KeyLink, Session, SessionTag } from '../sessions/session.js';
import { sessionUrn } from '../urn/urn.js';
import { accountHandle, handleKeys } from './account-handle.js';
import { statusListUri } from './status-publication.js';

/** INVARIANT: no other kind of token that the ring signs has this type. */
const securityTokenType = 'agency-session+jwt';
export const maximumTokenBytes = 4096;

/**
 * Signs the token of a session, at most 4,096 bytes long. Where all of it does not fit, its tags, and at last its chain
 * as well, stand in it as digests (`tags_digest`, `chain_digest`), which tell an offline verifier that it cannot decide
 * what would need them. Names and ids of ordinary length leave room for the chain always.
 */
export function issueSecurityToken(keyring: Keyring, issuer: string, session: Session, confirmationKey: EcdsaPublicJwk | undefined): string {
  for (const form of forms) {
    const token = signJws(keyring['token-signing'], securityTokenType, tokenClaims(keyring, issuer, session, confirmationKey, form));
    if (token.length <= maximumTokenBytes) return token;
  }
  // INVARIANT: no credentials are answered that this service would not accept itself; the longest names leave 800 bytes.
  throw new Error(`the security token of session \`${session.sessionId}\` is larger than ${maximumTokenBytes} bytes`);
}

const forms = ['whole', 'tags-digest', 'both-digests'] as const;
type Form = (typeof forms)[number];

/** Registered claims where one exists (RFC 7519, RFC 8693 `act`, RFC 7800 `cnf`, token status list); ours under `agency_sts`. */
function tokenClaims(keyring: Keyring, issuer: string, session: Session, confirmationKey: EcdsaPublicJwk | undefined, form: Form) {
  const { sessionPolicy, sessionPolicyIds } = session;
  // Member by member: each that may be absent costs twice as much where it is spread.
  const own: Record<string, unknown> = {
    account: session.accountId,
    agency: session.agencyId,
    session_name: session.agencySessionName,
    root: session.rootPrincipal,
    depth: session.chain.length,
    chain_started: session.chainStartedAt,
    epochs: [session.epochs.account, session.epochs.agency, ...sourceEpoch(session)],
    handles: handlesOf(keyring, session),
    secret_key: session.secretKeyId,
  };
  if (session.sourceIdentity !== undefined) own['source_identity'] = session.sourceIdentity;
  if (session.mfaAuthenticatedAt !== undefined) own['mfa'] = session.mfaAuthenticatedAt;
  if (sessionPolicy !== undefined || sessionPolicyIds.length > 0) own['policies_digest'] = digest([sessionPolicy ?? null, ...sessionPolicyIds]);
  const chain = compactChain(session);
  if (form === 'both-digests') own['chain_digest'] = digest(chain);
  else own['chain'] = chain;
  if (session.tags.length > 0) {
    const tags = session.tags.map(compactTag);
    if (form === 'whole') own['tags'] = tags;
    else own['tags_digest'] = digest(tags);
  }
  const claims: Record<string, unknown> = {
    iss: issuer,
    aud: issuer,
    sub: sessionUrn(session.accountId, session.agencyName, session.agencySessionName),
    jti: session.sessionId,
    iat: session.issuedAt,
    exp: session.expiresAt,
    act: { sub: session.assumedBy },
    status: { status_list: { idx: session.status.index, uri: statusListUri(issuer, session.status.list) } },
  };
  if (confirmationKey !== undefined) claims['cnf'] = { jwk: confirmationKey };
  claims['agency_sts'] = own;
  return claims;
}

/** The id of their key, then the handle of each account of the chain and of the session, in the order in which they first appear there. */
function handlesOf(keyring: Keyring, session: Session): readonly string[] {
  const { active } = handleKeys(keyring);
  const accountIds = session.chain.map(({ accountId }) => accountId);
  accountIds.push(session.accountId);
  return [active.id, ...accountIds.filter((accountId, at) => accountIds.indexOf(accountId) === at).map((accountId) => accountHandle(active, accountId))];
}

/** An account that stood before is told by its place among the accounts, a time of issue by the seconds since the chain began. */
function compactChain({ chain, chainStartedAt }: Session): readonly (readonly (string | number | null)[])[] {
  const seen: string[] = [];
  const account = (accountId: string): string | number => {
    const place = seen.indexOf(accountId);
    if (place < 0) seen.push(accountId);
    return place < 0 ? accountId : place;
  };
  return chain.map((link) => (link.kind === 'key'
    ? [link.accessKeyId, account(link.accountId), link.ownerId, link.epochs.account, link.epochs.owner, link.epochs.key, ...keyTail(link)]
    : [link.sessionId, account(link.accountId), link.agencyId, link.epochs.account, link.epochs.agency, link.status.list, link.status.index, link.issuedAt - chainStartedAt, ...sourceEpoch(link)]));
}
const sourceEpoch = ({ epochs: { source } }: Pick<Session, 'epochs'> | Session['chain'][number]): readonly number[] => (source === undefined ? [] : [source]);
const keyTail = (link: KeyLink): readonly (string | number | null)[] => (link.token === undefined ? sourceEpoch(link) : [link.epochs.source ?? null, link.token.tokenId, link.token.epoch, link.token.status.list, link.token.status.index, link.token.passwordEpoch]);
const compactTag = ({ key, value, transitive }: SessionTag): readonly [string, string, number] => [key, value, transitive ? 1 : 0];
const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('base64url');

export interface VerifiedToken {
  readonly sessionId: string;
  readonly accountId: string;
  readonly expiresAt: number;
}

export type VerifyToken = (token: string, now: number) => Promise<VerifiedToken | undefined>;

/** Verifies tokens; remembers the last ones, since one token comes with every request of its session. */
export function securityTokenVerifier(keyring: Keyring, issuer: string): VerifyToken {
  // Keyed by the whole text: only the very same bytes skip the signature check, never a variant of them.
  const verified = new LRUCache<string, VerifiedToken & { readonly keyId: string }>({ max: 10_000 });
  return async (token, now) => {
    const known = verified.get(token);
    const keyId = known?.keyId ?? keyIdOf(token);
    // INVARIANT: with its key a token is dead, remembered or not.
    if (keyId === undefined || !keyring['token-signing'].byId.has(keyId)) return undefined;
    if (known !== undefined) return now < known.expiresAt * 1000 ? known : undefined;
    const result = await readSecurityToken(keyring, issuer, token, now);
    if (result !== undefined) verified.set(token, { ...result, keyId });
    return result;
  };
}

/** Verifies a token once; undefined for anything but a good one that has not expired. */
export async function readSecurityToken(keyring: Keyring, issuer: string, token: string, now: number): Promise<VerifiedToken | undefined> {
  const claims = await verifyJws(keyring['token-signing'], token, { typ: securityTokenType, issuer, audience: issuer, now, maximumLength: maximumTokenBytes });
  const own: unknown = claims?.['agency_sts'];
  if (claims === undefined || typeof claims.jti !== 'string' || typeof claims.exp !== 'number') return undefined;
  if (typeof own !== 'object' || own === null || !('account' in own) || typeof own.account !== 'string') return undefined;
  return { sessionId: claims.jti, accountId: own.account, expiresAt: claims.exp };
}
