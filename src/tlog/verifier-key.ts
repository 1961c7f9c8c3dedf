// Verifier keys of signed notes: the public half of an Ed25519 key with its name, `<name>+<key id in hex>+<base64>`.
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { decodeBase64 } from './base64.js';
import { FormatError } from './format-error.js';

const ed25519 = Buffer.of(1);
const publicKeyBytes = 32;

export interface VerifierKey {
  readonly name: string;
  readonly publicKey: KeyObject;
}

/** Four bytes (c2sp.org/signed-note): SHA-256 of name, newline, signature type and public key. */
export const keyId = ({ name, publicKey }: VerifierKey): Buffer =>
  createHash('sha256').update(`${name}\n`).update(ed25519).update(rawPublicKey(publicKey)).digest().subarray(0, 4);

export const formatVerifierKey = (key: VerifierKey): string =>
  `${key.name}+${keyId(key).toString('hex')}+${Buffer.concat([ed25519, rawPublicKey(key.publicKey)]).toString('base64')}`;

/** Throws a FormatError for anything but an Ed25519 key whose id fits. */
export function parseVerifierKey(text: string): VerifierKey {
  // The base64 may hold further plus signs, the name and the id none.
  const match = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text);
  const [, name = '', id, encoded = ''] = match ?? [];
  if (match === null || !isKeyName(name)) throw new FormatError('a verifier key must look like `<name>+<8 hexadecimal digits>+<base64>`');
  const bytes = decodeBase64('the last part of the verifier key', encoded);
  if (bytes.length !== publicKeyBytes + 1 || bytes[0] !== ed25519[0]) throw new FormatError('the verifier key is not an Ed25519 key');
  const key: VerifierKey = { name, publicKey: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.subarray(1).toString('base64url') }, format: 'jwk' }) };
  if (keyId(key).toString('hex') !== id) throw new FormatError('the key id of the verifier key does not belong to its name and key');
  return key;
}

/** Neither empty, nor with spaces, plus signs or control characters. */
export const isKeyName = (name: string): boolean => /^[^\s+\p{Cc}]+$/u.test(name);

const rawPublicKey = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
