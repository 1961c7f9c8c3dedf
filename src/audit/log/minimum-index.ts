// The minimum index of a pruned log (c2sp.org/tlog-tiles): a signed note, for else a deletion could pass for pruning.
import { join } from 'node:path';
import { FormatError, formatNote, parseNote, parseNumber, verifyNote, type Note, type VerifierKey } from '../../tlog/index.js';
import { keysFor } from './checkpoint.js';
import { readPlainFile } from './files.js';
import { folderOf, LogDamagedError, originOf, type LogPlace } from './place.js';
import type { LogSigner } from './signer.js';

export const minimumIndexFile = 'minimum-index';

/** The first line keeps the note from passing for a checkpoint. */
const title = (origin: string): string => `${origin}/${minimumIndexFile}`;

export function signedMinimumIndex(place: LogPlace, signer: LogSigner, index: number): string {
  const origin = originOf(place);
  const text = `${title(origin)}\n${index}\n`;
  return formatNote(text, signer.sign(origin, text));
}

/** 0 in a log that was never pruned. Its signature is not read: who needs it asks for {@link verifiedMinimumIndex}. */
export async function readMinimumIndex(place: LogPlace): Promise<number> {
  const text = await readMinimumIndexNote(place);
  try {
    return text === undefined ? 0 : minimumIndexOf(text, originOf(place)).index;
  } catch (error) {
    if (error instanceof FormatError) throw new LogDamagedError(`the minimum index of \`${originOf(place)}\` cannot be used: ${error.message}`);
    throw error;
  }
}

export const readMinimumIndexNote = async (place: LogPlace): Promise<string | undefined> => (await readPlainFile(join(folderOf(place), minimumIndexFile)))?.toString();

/** Throws a FormatError unless one of the keys signed the note for this origin. */
export function verifiedMinimumIndex(text: string, origin: string, verifiers: readonly VerifierKey[]): number {
  const { note, index } = minimumIndexOf(text, origin);
  if (verifyNote(note, keysFor(origin, verifiers)).length === 0) throw new FormatError('it is not signed by a known key');
  return index;
}

function minimumIndexOf(text: string, origin: string): { readonly note: Note; readonly index: number } {
  const note = parseNote(text);
  const [first, index = '', ...rest] = note.text.split('\n');
  if (first !== title(origin) || rest.length !== 1) throw new FormatError('it is no minimum index of this log');
  return { note, index: parseNumber('the minimum index', index) };
}
