// Identifiers that the service makes: accounts and entities, access keys, sessions.
import type { Random } from '../base/clock.js';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** `length` characters of base32, five random bits each. */
function base32(random: Random, length: number): string {
  let text = '';
  const bytes = random.bytes(length);
  for (let at = 0; at < length; at += 1) text += alphabet.charAt((bytes[at] ?? 0) & 31);
  return text;
}

/** Id of an account, user, group, policy or agency: 32 hexadecimal characters. */
export const newEntityId = (random: Random): string => random.bytes(16).toString('hex');

/** Id of a permanent access key: `HPUA` and 16 characters. */
export const newAccessKeyId = (random: Random): string => `HPUA${base32(random, 16)}`;

/** Secret of a permanent access key: 40 characters. */
export const newSecretAccessKey = (random: Random): string => random.bytes(30).toString('base64url');

/** Seed of a virtual MFA device: 160 random bits in base32, as RFC 4226 §4 recommends. */
export const newMfaSeed = (random: Random): string => base32(random, 32);

/** The largest number of cells whose number fits into a session id. */
export const maximumCells = 32 * 32;

/**
 * Id of a session, which is also its access key id: `HST`, two characters that tell the cell, 15 random ones.
 * The cell stands in the id so that a temporary key leads to its record without a look-up.
 */
export function newSessionId(cell: number, random: Random): string {
  return `HST${cellText(cell)}${base32(random, 15)}`;
}

const cellText = (cell: number): string => `${alphabet.charAt(cell >> 5)}${alphabet.charAt(cell & 31)}`;

/** Id of a user's token: `HTUT`, two characters that tell the cell of a mark that ends it, 14 random ones. It leads to no record. */
export const newUserTokenId = (cell: number, random: Random): string => `HTUT${cellText(cell)}${base32(random, 14)}`;

/** Id of temporary keys made from a user's token: `HTUK` and 16 characters. */
export const newUserKeysId = (random: Random): string => `HTUK${base32(random, 16)}`;

export const isUserKeysId = (id: string): boolean => /^HTUK[A-Z2-7]{16}$/.test(id);

/** The cell of a session id, or undefined when the text is no session id. */
export function cellOfSessionId(id: string): number | undefined {
  return /^HST[A-Z2-7]{17}$/.test(id) ? cellAt(id, 3) : undefined;
}

/** The cell of the mark of a session or of a user's token, or undefined when the text is the id of neither. */
export const cellOfMarkedId = (id: string): number | undefined => cellOfSessionId(id) ?? (/^HTUT[A-Z2-7]{16}$/.test(id) ? cellAt(id, 4) : undefined);

const cellAt = (id: string, at: number): number => alphabet.indexOf(id.charAt(at)) * 32 + alphabet.indexOf(id.charAt(at + 1));

/** Permanent and temporary access key ids alike. */
export const isAccessKeyId = (text: string): boolean => /^[A-Za-z0-9]{8,40}$/.test(text);
