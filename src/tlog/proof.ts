// Inclusion proofs as text (c2sp.org/tlog-proof@v1): index, hashes and the checkpoint that they lead to.
import { decodeBase64 } from './base64.js';
import { parseCheckpoint, parseNumber, type CheckpointText } from './checkpoint.js';
import { FormatError } from './format-error.js';
import { hashSize, leafHash } from './hash.js';
import { parseNote, verifyNote } from './note.js';
import { verifyInclusion } from './tree.js';
import type { VerifierKey } from './verifier-key.js';

const header = 'c2sp.org/tlog-proof@v1';
/** No tree that numbers can count is higher. */
const maximumHashes = 63;

export interface LogProof {
  /** The place of the entry in the log, from 0. */
  readonly index: number;
  readonly hashes: readonly Buffer[];
  /** The whole signed checkpoint. */
  readonly checkpoint: string;
}

export const formatProof = ({ index, hashes, checkpoint }: LogProof): string =>
  [header, `index ${index}`, ...hashes.map((hash) => hash.toString('base64')), '', checkpoint].join('\n');

/** Extra data, which no signature covers, is skipped. */
export function parseProof(text: string): LogProof {
  const end = text.indexOf('\n\n');
  if (end < 0) throw new FormatError('a proof must have an empty line before its checkpoint');
  const [first, ...lines] = text.slice(0, end).split('\n');
  if (first !== header) throw new FormatError(`a proof must begin with the line \`${header}\``);
  const [index = '', ...hashes] = lines[0]?.startsWith('extra ') === true ? lines.slice(1) : lines;
  if (!index.startsWith('index ')) throw new FormatError('a proof must have a line `index <number>`');
  if (hashes.length > maximumHashes) throw new FormatError(`a proof must have at most ${maximumHashes} hashes`);
  return { index: parseNumber('the index of the proof', index.slice('index '.length)), hashes: hashes.map(parseHash), checkpoint: text.slice(end + 2) };
}

function parseHash(line: string): Buffer {
  const hash = decodeBase64('a hash of the proof', line);
  if (hash.length !== hashSize) throw new FormatError(`a hash of the proof must have ${hashSize} bytes, not ${hash.length}`);
  return hash;
}

/**
 * The checkpoint that proves the entry; throws a FormatError that says what is wrong otherwise.
 * @param keysOf the keys that may sign for a log with this origin
 */
export function verifyProof(proof: LogProof, entry: Buffer, keysOf: (origin: string) => readonly VerifierKey[]): CheckpointText {
  const note = parseNote(proof.checkpoint);
  const checkpoint = parseCheckpoint(note.text);
  if (verifyNote(note, keysOf(checkpoint.origin)).length === 0) throw new FormatError('the checkpoint of the proof is not signed by a known key');
  const { size, root } = checkpoint;
  if (!verifyInclusion({ leafHash: leafHash(entry), index: proof.index, size, proof: proof.hashes }, root)) {
    throw new FormatError('the proof does not lead from the entry to the checkpoint');
  }
  return checkpoint;
}
