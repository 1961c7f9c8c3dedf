// The checkpoint of a cell's log: the signed note that says how many events the log has and what they hash to.
import { join } from 'node:path';
import { FormatError, formatCheckpoint, formatNote, parseCheckpoint, parseNote, verifyNote, type CheckpointText, type Note, type VerifierKey } from '../../tlog/index.js';
import { readPlainFile } from './files.js';
import type { LogMemory } from './memory.js';
import { cellOfOrigin, folderOf, LogDamagedError, originOf, type LogPlace } from './place.js';
import type { LogSigner } from './signer.js';

export interface Checkpoint {
  readonly size: number;
  readonly root: Buffer;
  /** The whole signed text. */
  readonly note: string;
}

export const checkpointFile = 'checkpoint';

/**
 * The checkpoint on disk, its signature checked; undefined when the cell has no log yet. Throws a LogDamagedError when
 * it is no checkpoint of this log, or not signed by one of the keys.
 */
export async function readCheckpoint(place: LogPlace, verifiers: readonly VerifierKey[], memory?: LogMemory): Promise<Checkpoint | undefined> {
  const bytes = await readPlainFile(join(folderOf(place), checkpointFile));
  return bytes && damagedBy(place, () => verifiedCheckpoint(bytes.toString(), originOf(place), verifiers, memory));
}

/** The same with its signature unread: only its form and its origin are right. */
export async function readUnverifiedCheckpoint(place: LogPlace): Promise<Checkpoint | undefined> {
  const bytes = await readPlainFile(join(folderOf(place), checkpointFile));
  return bytes && damagedBy(place, () => checkpointOf(bytes.toString(), originOf(place)).checkpoint);
}

/**
 * Throws a FormatError unless the note is a checkpoint of this origin that one of the keys signed.
 * @param memory of notes that one of these keys signed here or was found to have signed: to verify one again takes 230 microseconds
 */
export function verifiedCheckpoint(text: string, origin: string, verifiers: readonly VerifierKey[], memory?: LogMemory): Checkpoint {
  const known = memory?.checkpoints.get(origin);
  if (known?.note === text) return known;
  const { note, checkpoint } = checkpointOf(text, origin);
  if (verifyNote(note, keysFor(origin, verifiers)).length === 0) throw new FormatError('it is not signed by a known key (after a rotation the older keys are needed too)');
  memory?.checkpoints.set(origin, checkpoint);
  return checkpoint;
}

/** The keys that signed the checkpoint. */
export const signersOf = (place: LogPlace, { note }: Checkpoint, verifiers: readonly VerifierKey[]): readonly VerifierKey[] =>
  verifyNote(parseNote(note), keysFor(originOf(place), verifiers));

/** INVARIANT: a key named `<name>` signs for the cells of `<name>` only, each under the cell's origin as its key name. */
export function keysFor(origin: string, verifiers: readonly VerifierKey[]): readonly VerifierKey[] {
  const name = cellOfOrigin(origin)?.name;
  return verifiers.filter((key) => key.name === name).map(({ publicKey }) => ({ name: origin, publicKey }));
}

export function signedCheckpoint(place: LogPlace, signer: LogSigner, { size, root }: Pick<CheckpointText, 'size' | 'root'>): Checkpoint {
  const origin = originOf(place);
  const text = formatCheckpoint({ origin, size, root });
  return { size, root, note: formatNote(text, signer.sign(origin, text)) };
}

export function checkpointOf(text: string, origin: string): { readonly note: Note; readonly checkpoint: Checkpoint } {
  const note = parseNote(text);
  const { origin: found, size, root } = parseCheckpoint(note.text);
  if (found !== origin) throw new FormatError(`its origin is \`${found}\`, not \`${origin}\``);
  return { note, checkpoint: { size, root, note: text } };
}

function damagedBy<Value>(place: LogPlace, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) throw new LogDamagedError(`the checkpoint of \`${originOf(place)}\` cannot be used: ${error.message}`);
    throw error;
  }
}
