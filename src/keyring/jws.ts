// Compact JWS with the ring's token-signing keys: signed with node:crypto, verified with jose.
import { sign } from 'node:crypto';
import { jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import type { RingKey } from './key.js';
import type { KeySet } from './keyring.js';

const algorithm = 'EdDSA';

/** What a token must be, beside having a good signature. */
export interface JwsExpectation {
  readonly typ: string;
  readonly issuer: string;
  readonly audience: string;
  /** Milliseconds since the epoch. A token is invalid from the very second of its `exp`. */
  readonly now: number;
  readonly maximumLength: number;
}

/**
 * Signs claims as a compact JWS (RFC 7515) with the active key.
 * `crypto.sign` on the bare key costs half of what jose's WebCrypto path costs; tests prove that jose accepts the result.
 */
export function signJws(keys: KeySet, typ: string, claims: Readonly<Record<string, unknown>>): string {
  const input = `${encodedHeader(keys.active, typ)}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${input}.${sign(null, Buffer.from(input), keys.active.key).toString('base64url')}`;
}

const headers = new WeakMap<RingKey, Map<string, string>>();

/** A header never changes for a key and type: it is encoded once. */
function encodedHeader(key: RingKey, typ: string): string {
  const ofKey = headers.get(key) ?? new Map<string, string>();
  headers.set(key, ofKey);
  let header = ofKey.get(typ);
  if (header === undefined) {
    header = Buffer.from(JSON.stringify({ alg: algorithm, kid: key.id, typ })).toString('base64url');
    ofKey.set(typ, header);
  }
  return header;
}

const compactForm = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const requiredClaims = ['iss', 'aud', 'sub', 'jti', 'iat', 'exp'];

/**
 * The claims of a token that this ring signed, or undefined for anything else: another algorithm or type, an unknown
 * key id, header members beside alg, kid and typ (so no `jku`, `x5u`, `jwk`, `crit`), a bent signature, a wrong
 * issuer or audience, a missing or odd time, an expired token.
 */
export async function verifyJws(keys: KeySet, token: string, expected: JwsExpectation): Promise<JWTPayload | undefined> {
  if (token.length > expected.maximumLength || !compactForm.test(token) || !hasCanonicalSignature(token)) return undefined;
  const options: JWTVerifyOptions = {
    algorithms: [algorithm],
    typ: expected.typ,
    issuer: expected.issuer,
    currentDate: new Date(expected.now),
    requiredClaims,
  };
  try {
    const { payload } = await jwtVerify(token, (header) => {
      const key = typeof header.kid === 'string' ? keys.byId.get(header.kid)?.publicKey : undefined;
      if (key === undefined || Object.keys(header).length !== 3) throw new Error('not a header of ours');
      return key;
    }, options);
    // One audience, not one of several: a token for others as well is not a token for us.
    const timesAreWhole = Number.isSafeInteger(payload.iat) && Number.isSafeInteger(payload.exp);
    return payload.aud === expected.audience && timesAreWhole ? payload : undefined;
  } catch {
    return undefined;
  }
}

/** Base64url leaves bits of the last character open: sixteen texts would carry one Ed25519 signature. */
function hasCanonicalSignature(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}
