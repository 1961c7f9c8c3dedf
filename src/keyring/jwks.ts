// The public keys that tokens are verified with, as a JWK set (RFC 7517).
import type { KeyObject } from 'node:crypto';
import type { Keyring } from './keyring.js';

/** A public key with all that a verifier binds to its id: the one algorithm it is for, and its use. */
export interface PublicJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly kid: string;
  readonly alg: string;
  readonly use: 'sig';
}

export interface JwkSet {
  readonly keys: readonly PublicJwk[];
}

/** Every token-signing key of the ring, the active one first. */
export function jwkSet(keyring: Keyring): JwkSet {
  const { byId } = keyring['token-signing'];
  return { keys: [...byId.values()].flatMap(({ id, publicKey }) => (publicKey === undefined ? [] : [publicJwk(id, publicKey)])) };
}

function publicJwk(kid: string, publicKey: KeyObject): PublicJwk {
  const { kty, crv, x } = publicKey.export({ format: 'jwk' });
  if (kty === undefined || crv === undefined || x === undefined) throw new Error(`the key \`${kid}\` has no public form`);
  return { kty, crv, x, kid, alg: 'EdDSA', use: 'sig' };
}
