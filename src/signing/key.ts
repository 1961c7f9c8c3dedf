// What a signature is verified with: a secret prepared once, and what is derived from it on first use.
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { deriveEcdsaPrivateKey, deriveScopeKey, ecdsaPublicJwkOf, type EcdsaPublicJwk } from './derive.js';

/**
 * Made once per access key and worth caching: derived keys are computed on first use and kept.
 * Holds the secret in a KeyObject, so that printing or serialising it shows nothing.
 */
export interface VerificationKey {
  readonly accessKeyId: string;
  /** False: does the same work and never verifies. */
  readonly isUsable: boolean;
  /** The HMAC key of the plain algorithms; undefined where only a derived or public key is known. */
  readonly secretKey: KeyObject | undefined;
  /** The HMAC key of `YYYYMMDD/region/service`; undefined where it cannot be known. */
  scopeKey(scope: string): KeyObject | undefined;
  /** Undefined where it cannot be known. */
  publicJwk(): EcdsaPublicJwk | undefined;
  publicKey(): KeyObject | undefined;
}

// One scope per day, and two days while their skew windows overlap.
const keptScopeKeys = 4;

/**
 * The key of a permanent or temporary access key. An empty secret gives a key that never verifies.
 * @param secretAccessKey as shown to its owner; its UTF-8 bytes are the HMAC key
 */
export function verificationKey(accessKeyId: string, secretAccessKey: string): VerificationKey {
  if (secretAccessKey === '') return { ...dummyVerificationKey(), accessKeyId };
  return keyOf(accessKeyId, createSecretKey(secretAccessKey, 'utf8'), true);
}

/**
 * For unknown access keys: the same work, never a match. Make it once and keep it, as known keys are kept, so that
 * its derived keys are as warm as theirs.
 */
export function dummyVerificationKey(): VerificationKey {
  return keyOf('unknown', createSecretKey('unusable'.repeat(5), 'utf8'), false);
}

/**
 * For relying parties that know only the public key of a session (`cnf`): verifies SDK-ECDSA-P256-SHA256 alone.
 * Throws if the JWK is no point of the curve.
 */
export function publicVerificationKey(accessKeyId: string, jwk: EcdsaPublicJwk): VerificationKey {
  const publicKey = createPublicKey({ format: 'jwk', key: { ...jwk } });
  return {
    accessKeyId,
    isUsable: true,
    secretKey: undefined,
    scopeKey: () => undefined,
    publicJwk: () => jwk,
    publicKey: () => publicKey,
  };
}

/** For relying parties that were handed the derived key of one scope: verifies V11-HMAC-SHA256 of that scope alone. */
export function scopeVerificationKey(accessKeyId: string, scope: string, derivedKey: string): VerificationKey {
  const key = createSecretKey(derivedKey, 'utf8');
  return {
    accessKeyId,
    isUsable: derivedKey !== '',
    secretKey: undefined,
    scopeKey: (asked) => (asked === scope ? key : undefined),
    publicJwk: () => undefined,
    publicKey: () => undefined,
  };
}

function keyOf(accessKeyId: string, secretKey: KeyObject, isUsable: boolean): VerificationKey {
  const scopeKeys = new Map<string, KeyObject>();
  let jwk: EcdsaPublicJwk | undefined;
  let publicKey: KeyObject | undefined;
  const publicJwk = () => (jwk ??= ecdsaPublicJwkOf(deriveEcdsaPrivateKey(accessKeyId, secretKey)));
  return {
    accessKeyId,
    isUsable,
    secretKey,
    scopeKey(scope) {
      const known = scopeKeys.get(scope);
      if (known !== undefined) return known;
      const derived = createSecretKey(deriveScopeKey(accessKeyId, secretKey, scope), 'utf8');
      if (scopeKeys.size >= keptScopeKeys) scopeKeys.clear();
      scopeKeys.set(scope, derived);
      return derived;
    },
    publicJwk,
    publicKey: () => (publicKey ??= createPublicKey({ format: 'jwk', key: { ...publicJwk() } })),
  };
}

/**
 * The public key for a token's `cnf` (request signatures §7). Throws if the key was made of a derived V11 key, which
 * has none.
 */
export function ecdsaPublicJwk(key: VerificationKey): EcdsaPublicJwk {
  const jwk = key.publicJwk();
  if (jwk === undefined) throw new Error(`access key \`${key.accessKeyId}\` has no P-256 key`);
  return jwk;
}
