// Sealing: AES-256-GCM with the place of the value as associated data, so that a moved value does not open.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Random } from '../base/clock.js';
import type { KeySet } from './keyring.js';

const nonceBytes = 12;
const tagBytes = 16;

/** Where a sealed value belongs; every part is bound to it. */
export type Place = readonly string[];

/** `<key id>.<base64url of nonce, ciphertext, tag>`. */
export function seal(keys: KeySet, place: Place, plaintext: Buffer, random: Random): string {
  const nonce = random.bytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', keys.active.key, nonce);
  cipher.setAAD(associatedData(keys.active.id, place));
  const sealed = Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return `${keys.active.id}.${sealed.toString('base64url')}`;
}

/** The plaintext, or undefined when the text was altered, moved, or sealed with a key that is not in the ring. */
export function open(keys: KeySet, place: Place, text: string): Buffer | undefined {
  const dot = text.indexOf('.');
  const key = keys.byId.get(text.slice(0, Math.max(dot, 0)));
  const sealed = Buffer.from(text.slice(dot + 1), 'base64url');
  // The decoder skips what is no base64url: one sealed value has one text.
  const isCanonical = sealed.toString('base64url') === text.slice(dot + 1);
  if (key === undefined || !isCanonical || sealed.length < nonceBytes + tagBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key.key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(associatedData(key.id, place));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

const associatedData = (keyId: string, place: Place): Buffer => Buffer.from(JSON.stringify([keyId, ...place]));
