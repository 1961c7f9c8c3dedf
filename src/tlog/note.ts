// Signed notes (c2sp.org/signed-note): a text, an empty line, and one line per signature.
import { sign, verify, type KeyObject } from 'node:crypto';
import { decodeBase64 } from './base64.js';
import { FormatError } from './format-error.js';
import { isKeyName, keyId, type VerifierKey } from './verifier-key.js';

/** Larger notes are refused unread; 16 signatures of 5 kB must fit. */
const maximumCharacters = 262_144;
const maximumSignatures = 100;

export interface NoteSignature {
  readonly name: string;
  readonly keyId: Buffer;
  readonly signature: Buffer;
}

export interface Note {
  /** With its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A signature line with its newline. */
export function signatureLine(name: string, privateKey: KeyObject, publicKey: KeyObject, text: string): string {
  if (!isKeyName(name)) throw new FormatError('a key name must hold neither spaces nor plus signs');
  const signature = Buffer.concat([keyId({ name, publicKey }), sign(null, Buffer.from(text), privateKey)]);
  return `— ${name} ${signature.toString('base64')}\n`;
}

/** The whole note. */
export const formatNote = (text: string, signatureLines: string): string => `${text}\n${signatureLines}`;

/** Checks the form only; a note is worth nothing before {@link verifyNote}. */
export function parseNote(note: string): Note {
  if (note.length > maximumCharacters) throw new FormatError(`a note must have at most ${maximumCharacters} characters`);
  if (/[\0-\x09\x0b-\x1f\p{Cs}]/u.test(note)) throw new FormatError('a note must not hold control characters');
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) throw new FormatError('a note must have a text, an empty line and signatures, and end with a newline');
  const lines = note.slice(end + 2).split('\n').slice(0, -1);
  if (lines.length === 0 || lines.length > maximumSignatures) throw new FormatError(`a note must have 1 to ${maximumSignatures} signatures`);
  return { text: note.slice(0, end + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): NoteSignature {
  const [dash, name = '', encoded = '', ...more] = line.split(' ');
  const bytes = decodeBase64('the signature', encoded);
  if (dash !== '—' || !isKeyName(name) || bytes.length < 5 || more.length > 0) throw new FormatError('a signature line of a note must look like `— <key name> <base64>`');
  return { name, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

/**
 * The keys that signed the note. Signatures of unknown keys are ignored; empty when no known key signed it, and when
 * a signature under the name and id of a known key is wrong.
 */
export function verifyNote({ text, signatures }: Note, keys: readonly VerifierKey[]): readonly VerifierKey[] {
  const signers: VerifierKey[] = [];
  for (const { name, keyId: id, signature } of signatures) {
    const key = keys.find((known) => known.name === name && keyId(known).equals(id));
    if (key === undefined) continue;
    if (!verify(null, Buffer.from(text), key.publicKey, signature)) return [];
    signers.push(key);
  }
  return signers;
}
