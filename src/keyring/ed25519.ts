// Ed25519 signatures (RFC 8032): made by libsodium where it is installed, which takes half of OpenSSL's time, else by OpenSSL.
import { sign, type KeyObject } from 'node:crypto';
import { createRequire } from 'node:module';

/** What is used of the package `sodium-native`, which comes without types. */
export interface Sodium {
  /** Memory that is kept out of swap and dumps, and zeroed when it is let go. */
  sodium_malloc(length: number): Buffer;
  sodium_mprotect_readonly(memory: Buffer): void;
  crypto_sign_seed_keypair(publicKey: Buffer, secretKey: Buffer, seed: Buffer): void;
  crypto_sign_detached(signature: Buffer, message: Buffer, secretKey: Buffer): void;
}

export type SignEd25519 = (message: Buffer, key: KeyObject) => Buffer;

const seedLength = 32;
const signatureLength = 64;
const probe = Buffer.from('agency-sts');

/**
 * Signs with libsodium: 24 µs a signature in place of 55 (Node 24), for there is one right signature only, and both
 * libraries find it. Without it OpenSSL signs.
 */
export function ed25519Signer(sodium: Sodium | undefined): SignEd25519 {
  if (sodium === undefined) return (message, key) => sign(null, message, key);
  const secretKeys = new WeakMap<KeyObject, Buffer>();
  return (message, key) => {
    let secretKey = secretKeys.get(key);
    if (secretKey === undefined) secretKeys.set(key, secretKey = secretKeyOf(sodium, key));
    return signedBy(sodium, message, secretKey);
  };
}

function secretKeyOf(sodium: Sodium, key: KeyObject): Buffer {
  // RFC 8410 §7: the seed is the end of the key's encoding.
  const encoded = key.export({ format: 'der', type: 'pkcs8' });
  const secretKey = sodium.sodium_malloc(2 * seedLength);
  sodium.crypto_sign_seed_keypair(Buffer.alloc(seedLength), secretKey, encoded.subarray(-seedLength));
  encoded.fill(0);
  sodium.sodium_mprotect_readonly(secretKey);
  // INVARIANT: no library signs with a key that does not sign with it as OpenSSL does.
  if (!signedBy(sodium, probe, secretKey).equals(sign(null, probe, key))) throw new Error('libsodium and OpenSSL sign differently with the same key');
  return secretKey;
}

function signedBy(sodium: Sodium, message: Buffer, secretKey: Buffer): Buffer {
  const signature = Buffer.allocUnsafe(signatureLength);
  sodium.crypto_sign_detached(signature, message, secretKey);
  return signature;
}

/** The package, or why it is not used: it is an optional one, and has no binary for every machine. */
export function loadSodium(): { readonly sodium: Sodium } | { readonly sodium?: undefined; readonly reason: string } {
  try {
    // What is required has no type; the package is pinned, and each key is tried before it signs.
    return { sodium: createRequire(import.meta.url)('sodium-native') as Sodium };
  } catch (error) {
    return { reason: String(error) };
  }
}

const loaded = loadSodium();

export const signEd25519 = ed25519Signer(loaded.sodium);

/** Why OpenSSL signs in place of libsodium; undefined: libsodium signs. */
export const withoutSodium = loaded.sodium === undefined ? loaded.reason : undefined;
