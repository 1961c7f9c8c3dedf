// Tokens of the older system: signed texts that speak of an agency session or of a user, each of a type of its own.
import { signJws, verifyJws } from '../keyring/jws.js';
import type { Keyring } from '../keyring/keyring.js';
import type { Session, StatusIndex, TokenScope } from '../sessions/session.js';
import { sessionUrn, userUrn } from '../urn/urn.js';
import { maximumTokenBytes, type VerifiedToken } from './security-token.js';

/** INVARIANT: none of them is accepted in the place of another one, or of a security token. */
const agencyTokenType = 'agency-token+jwt';
const userTokenType = 'user-token+jwt';
const userKeysType = 'user-keys+jwt';

/** Credentials of a user that end by themselves: there is no record of them, all of it stands in the token. */
export interface UserGrant {
  readonly kind: 'token' | 'keys';
  /** Of keys, the access key id. */
  readonly id: string;
  readonly accountId: string;
  readonly userId: string;
  readonly userName: string;
  /** When the token was issued, of keys that which they were made from; seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly epochs: { readonly account: number; readonly owner: number; readonly key: number; readonly password: number };
  /** Marked when the token ends, and of keys that which they were made from. */
  readonly status: StatusIndex;
  /** Absent: the token is bound to nothing. */
  readonly scope: TokenScope | undefined;
  /** How the user proved who it is to get the token. */
  readonly methods: readonly string[];
  /** Of keys: the token that they were made from, the key that their secret is derived from, and what narrows them. */
  readonly keys?: { readonly tokenId: string; readonly tokenEpoch: number; readonly secretKeyId: string; readonly sessionPolicy: string | undefined } | undefined;
}

export function issueAgencyToken(keyring: Keyring, issuer: string, session: Session): string {
  const { sessionId, accountId, agencyName, agencySessionName, issuedAt, expiresAt } = session;
  return signJws(keyring['token-signing'], agencyTokenType, {
    iss: issuer, aud: issuer, sub: sessionUrn(accountId, agencyName, agencySessionName), jti: sessionId, iat: issuedAt, exp: expiresAt, agency_sts: { account: accountId },
  });
}

/** At most 4,096 bytes long; undefined where the session policy of keys does not fit. */
export function issueUserToken(keyring: Keyring, issuer: string, { kind, id, accountId, userId, userName, issuedAt, expiresAt, epochs, status, scope, methods, keys }: UserGrant): string | undefined {
  const token = signJws(keyring['token-signing'], kind === 'token' ? userTokenType : userKeysType, {
    iss: issuer, aud: issuer, sub: userUrn(accountId, userName), jti: id, iat: issuedAt, exp: expiresAt,
    agency_sts: {
      account: accountId, user: userId, epochs: [epochs.account, epochs.owner, epochs.key, epochs.password], status: [status.list, status.index], methods,
      ...(scope !== undefined && { scope: scope.kind === 'project' ? scope.projectId : '' }),
      ...(keys !== undefined && { token: keys.tokenId, token_epoch: keys.tokenEpoch, secret_key: keys.secretKeyId, ...(keys.sessionPolicy !== undefined && { policy: keys.sessionPolicy }) }),
    },
  });
  return token.length > maximumTokenBytes ? undefined : token;
}

export type AuthToken = ({ readonly kind: 'agency' } & VerifiedToken) | { readonly kind: 'user'; readonly grant: UserGrant };

/** Undefined for anything but a good token that has not expired. @param now milliseconds since the epoch */
export async function readAuthToken(keyring: Keyring, issuer: string, token: string, now: number): Promise<AuthToken | undefined> {
  const agency = await claimsOf(keyring, issuer, token, agencyTokenType, now);
  const accountId = agency?.own['account'];
  if (agency !== undefined) return typeof accountId === 'string' ? { kind: 'agency', sessionId: agency.id, accountId, expiresAt: agency.expiresAt } : undefined;
  const grant = await readGrant(keyring, issuer, token, 'token', now);
  return grant === undefined ? undefined : { kind: 'user', grant };
}

/** What temporary keys of a user bring along as their security token. */
export const readUserKeys = (keyring: Keyring, issuer: string, token: string, now: number): Promise<UserGrant | undefined> => readGrant(keyring, issuer, token, 'keys', now);

async function readGrant(keyring: Keyring, issuer: string, token: string, kind: UserGrant['kind'], now: number): Promise<UserGrant | undefined> {
  const claims = await claimsOf(keyring, issuer, token, kind === 'token' ? userTokenType : userKeysType, now);
  try {
    return claims === undefined ? undefined : grantOf(kind, claims);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

class Malformed extends Error {}

function grantOf(kind: UserGrant['kind'], claims: OwnClaims): UserGrant {
  const { own, id, issuedAt, expiresAt, subject } = claims;
  const [account, owner, key, password] = Array.isArray(own['epochs']) ? own['epochs'].map(whole) : [];
  if (account === undefined || owner === undefined || key === undefined || password === undefined) throw new Malformed();
  const status: unknown = own['status'];
  // Array.isArray() tells of the items only that they may be anything.
  const [list, index] = Array.isArray(status) ? (status as readonly unknown[]) : [];
  const scope = own['scope'];
  const policy = own['policy'];
  return {
    kind, id, accountId: text(own['account']), userId: text(own['user']), userName: subject.slice(subject.lastIndexOf(':') + 1), issuedAt, expiresAt, epochs: { account, owner, key, password }, status: { list: text(list), index: whole(index) },
    scope: scope === undefined ? undefined : scope === '' ? { kind: 'domain' } : { kind: 'project', projectId: text(scope) },
    methods: Array.isArray(own['methods']) ? own['methods'].map(text) : [],
    ...(kind === 'keys' && { keys: { tokenId: text(own['token']), tokenEpoch: whole(own['token_epoch']), secretKeyId: text(own['secret_key']), sessionPolicy: policy === undefined ? undefined : text(policy) } }),
  };
}

interface OwnClaims {
  readonly id: string;
  readonly subject: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly own: Readonly<Record<string, unknown>>;
}

async function claimsOf(keyring: Keyring, issuer: string, token: string, typ: string, now: number): Promise<OwnClaims | undefined> {
  const claims = await verifyJws(keyring['token-signing'], token, { typ, issuer, audience: issuer, now, maximumLength: maximumTokenBytes });
  if (claims === undefined) return undefined;
  const { jti, sub, iat, exp, agency_sts: own } = claims;
  if (typeof jti !== 'string' || typeof sub !== 'string' || typeof iat !== 'number' || typeof exp !== 'number' || typeof own !== 'object' || own === null) return undefined;
  return { id: jti, subject: sub, issuedAt: iat, expiresAt: exp, own: Object.fromEntries(Object.entries(own)) };
}

function text(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new Malformed();
  return value;
}

function whole(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new Malformed();
  return value;
}
