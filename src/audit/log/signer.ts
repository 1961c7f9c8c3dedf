// Who signs checkpoints, and whose signatures hold: the audit-signing keys of the ring.
import type { KeyObject } from 'node:crypto';
import type { Keyring } from '../../keyring/keyring.js';
import { signatureLine, type VerifierKey } from '../../tlog/index.js';

export interface LogSigner {
  /** The signature line of a note, under the origin as key name. */
  sign(origin: string, text: string): string;
}

export const signerOf = (privateKey: KeyObject, publicKey: KeyObject): LogSigner => ({ sign: (origin, text) => signatureLine(origin, privateKey, publicKey, text) });

/** Signs with the active key. */
export function logSigner(keyring: Keyring): LogSigner {
  const { key, publicKey } = keyring['audit-signing'].active;
  if (publicKey === undefined) throw new Error('the audit-signing key has no public part');
  return signerOf(key, publicKey);
}

/** The keys of all checkpoints ever signed with a key that the ring still has, the active one first; `name` is the log's. */
export const logVerifiers = (keyring: Keyring, name: string): readonly VerifierKey[] =>
  [...keyring['audit-signing'].byId.values()].flatMap(({ publicKey }) => (publicKey === undefined ? [] : [{ name, publicKey }]));
