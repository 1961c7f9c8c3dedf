// The public keys that tokens are verified with, as a JWK set (RFC 7517).
import type { RingKey, SignatureAlgorithm } from './key.js';
import type { Keyring } from './keyring.js';

/** A public key with all that a verifier binds to its id: the one algorithm it is for, and its use. */
export interface PublicJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  /** On P-256 only. */
  readonly y?: string;
  readonly kid: string;
  readonly alg: SignatureAlgorithm;
  readonly use: 'sig';
}

export interface JwkSet {
  readonly keys: readonly PublicJwk[];
}

/** Every token-signing key that verifies, published ahead of its use or still in use. */
export function jwkSet(keyring: Keyring): JwkSet {
  return { keys: [...keyring['token-signing'].byId.values()].map(publicJwk) };
}

function publicJwk({ id, publicKey, algorithm }: RingKey): PublicJwk {
  const { kty, crv, x, y } = publicKey?.export({ format: 'jwk' }) ?? {};
  if (kty === undefined || crv === undefined || x === undefined || algorithm === undefined) throw new Error(`the key \`${id}\` has no public form`);
  return { kty, crv, x, ...(y !== undefined && { y }), kid: id, alg: algorithm, use: 'sig' };
}
