// Compact JWS with the ring's token-signing keys: signed as fast as can be, verified with jose.
import { sign } from 'node:crypto';
import { jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { derToRaw, isLowS } from '../base/ecdsa-signature.js';
import { signEd25519 } from './ed25519.js';
import { signatureAlgorithms, type RingKey } from './key.js';
import { standingKey, type KeySet } from './keyring.js';

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
 * Jose's way by WebCrypto costs twice as much as `crypto.sign`, and four times as much as libsodium; tests prove that
 * jose accepts the result.
 */
export const signJws = (keys: KeySet, typ: string, claims: Readonly<Record<string, unknown>>): string => signed(keys.active, typ, claims);

/** The same with {@link standingKey}: what is told of sessions that exist goes on when no new one can be made. */
export const signJwsWithStanding = (keys: KeySet, typ: string, claims: Readonly<Record<string, unknown>>): string => signed(standingKey(keys), typ, claims);

function signed(key: RingKey, typ: string, claims: Readonly<Record<string, unknown>>): string {
  const input = `${encodedHeader(key, typ)}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${input}.${signature(key, Buffer.from(input)).toString('base64url')}`;
}

/** The bare key and DER: an options object would be imported anew for each signature by Node 24, at thrice the cost. */
const signature = ({ key, algorithm }: RingKey, input: Buffer): Buffer => (algorithm === 'ES256' ? derToRaw(sign('sha256', input, key)) : signEd25519(input, key));

const headers = new WeakMap<RingKey, Map<string, string>>();

/** A header never changes for a key and type: it is encoded once. */
function encodedHeader(key: RingKey, typ: string): string {
  const ofKey = headers.get(key) ?? new Map<string, string>();
  headers.set(key, ofKey);
  let header = ofKey.get(typ);
  if (header === undefined) {
    header = Buffer.from(JSON.stringify({ alg: key.algorithm, kid: key.id, typ })).toString('base64url');
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
    algorithms: [...signatureAlgorithms],
    typ: expected.typ,
    issuer: expected.issuer,
    currentDate: new Date(expected.now),
    requiredClaims,
  };
  try {
    const { payload } = await jwtVerify(token, (header) => {
      const key = typeof header.kid === 'string' ? keys.byId.get(header.kid) : undefined;
      if (key?.publicKey === undefined || Object.keys(header).length !== 3) throw new Error('not a header of ours');
      // INVARIANT: a key has one algorithm, and the token does not choose it.
      if (header.alg !== key.algorithm) throw new Error('another algorithm than that of the key');
      if (key.algorithm === 'ES256' && !isLowS(signatureOf(token))) throw new Error('the other signature of the same');
      return key.publicKey;
    }, options);
    // One audience, not one of several: a token for others as well is not a token for us.
    const timesAreWhole = Number.isSafeInteger(payload.iat) && Number.isSafeInteger(payload.exp);
    return payload.aud === expected.audience && timesAreWhole ? payload : undefined;
  } catch {
    return undefined;
  }
}

const signatureOf = (token: string): Buffer => Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url');

/** Base64url leaves bits of the last character open: sixteen texts would carry one Ed25519 signature. */
const hasCanonicalSignature = (token: string): boolean => signatureOf(token).toString('base64url') === token.slice(token.lastIndexOf('.') + 1);

/** The key id that a token names, whatever it is worth. */
export function keyIdOf(token: string): string | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString('utf8'));
    return typeof header === 'object' && header !== null && 'kid' in header && typeof header.kid === 'string' ? header.kid : undefined;
  } catch {
    return undefined;
  }
}
