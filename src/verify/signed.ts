// A compact JWS of the service: its signature, type, issuer and times, checked with the key and the algorithm that its key id stands for.
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { isLowS } from '../base/ecdsa-signature.js';
import type { KeySet } from './key-set.js';
import { Refused } from './refusal.js';

export interface Expected {
  readonly typ: string;
  readonly issuer: string;
  /** Milliseconds since the epoch; a text is invalid from the very second of its `exp`. */
  readonly now: number;
  readonly mostBytes: number;
}

const compactForm = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export type SignedClaims = JWTPayload & { readonly iat: number; readonly exp: number };

/**
 * The claims, or `expired`, or undefined for anything else: no key of the set, another algorithm or type, header members
 * beside alg, kid and typ (so no `jku`, `x5u`, `jwk`, `crit`, `b64`), a bent signature or the other one of the two that
 * ES256 has, odd times. Throws {@link Refused} when the keys cannot be had.
 */
export async function signedClaims(keys: KeySet, text: string, { typ, issuer, now, mostBytes }: Expected): Promise<SignedClaims | 'expired' | undefined> {
  if (text.length > mostBytes || !compactForm.test(text) || !hasCanonicalSignature(text)) return undefined;
  const header = headerOf(text);
  if (header === undefined || header.typ !== typ) return undefined;
  const key = await keys.find(header.kid);
  if (key === undefined || key.algorithm !== header.alg) return undefined;
  if (key.algorithm === 'ES256' && !isLowS(signatureOf(text))) return undefined;
  try {
    const { payload } = await jwtVerify(text, key.key, { algorithms: [key.algorithm], typ, issuer, currentDate: new Date(now), requiredClaims: ['iss', 'sub', 'iat', 'exp'] });
    const { iat, exp } = payload;
    return Number.isSafeInteger(iat) && Number.isSafeInteger(exp) && iat !== undefined && exp !== undefined ? { ...payload, iat, exp } : undefined;
  } catch (error) {
    if (error instanceof Refused) throw error;
    return error instanceof errors.JWTExpired ? 'expired' : undefined;
  }
}

/** Exactly these three members. */
function headerOf(text: string): { readonly alg: string; readonly kid: string; readonly typ: string } | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(text.slice(0, text.indexOf('.')), 'base64url').toString('utf8'));
    if (typeof header !== 'object' || header === null || Object.keys(header).length !== 3) return undefined;
    if (!('alg' in header) || !('kid' in header) || !('typ' in header)) return undefined;
    const { alg, kid, typ } = header;
    return typeof alg === 'string' && typeof kid === 'string' && typeof typ === 'string' ? { alg, kid, typ } : undefined;
  } catch {
    return undefined;
  }
}

const signatureOf = (text: string): Buffer => Buffer.from(text.slice(text.lastIndexOf('.') + 1), 'base64url');

/** Base64url leaves bits of the last character open: sixteen texts would carry one Ed25519 signature. */
const hasCanonicalSignature = (text: string): boolean => signatureOf(text).toString('base64url') === text.slice(text.lastIndexOf('.') + 1);
