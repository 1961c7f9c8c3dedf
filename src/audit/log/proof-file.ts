// The proof of one event as a file: the entry, and the way from it to a signed checkpoint. It needs nothing else but the public key.
import { z } from 'zod';
import { FormatError, parseProof, verifyProof, type CheckpointText, type VerifierKey } from '../../tlog/index.js';
import { keysFor, type Checkpoint } from './checkpoint.js';
import { eventId, parseEntry, type LogEntry } from './entry.js';
import { cellOfOrigin, type LogPlace } from './place.js';
import { inclusionProof, readEntries } from './read.js';

const proofFile = z.object({ event_id: z.string(), entry: z.base64(), proof: z.string() });
export type ProofFile = z.infer<typeof proofFile>;

/** @param index leaf of the event: its sequence number less one */
export async function makeProofFile(place: LogPlace, checkpoint: Checkpoint, index: number): Promise<ProofFile> {
  const [entry] = await readEntries(place, checkpoint.size, index, index + 1);
  if (entry === undefined) throw new RangeError(`a log of ${checkpoint.size} entries has no leaf ${index}`);
  return { event_id: eventId(place.cell, index + 1), entry: entry.toString('base64'), proof: await inclusionProof(place, checkpoint, index) };
}

export interface ProvedEvent {
  readonly entry: LogEntry;
  readonly checkpoint: CheckpointText;
}

/** The event that the file proves; throws a FormatError that says why it proves none. */
export function checkProofFile(text: string, verifiers: readonly VerifierKey[]): ProvedEvent {
  const file = parsed(text);
  const bytes = Buffer.from(file.entry, 'base64');
  const proof = parseProof(file.proof);
  const checkpoint = verifyProof(proof, bytes, (origin) => keysFor(origin, verifiers));
  const entry = parseEntry(bytes);
  if (entry.id !== file.event_id) throw new FormatError(`the proof is of event \`${entry.id}\`, not of \`${file.event_id}\``);
  // Its own place is part of an event: else the log itself would be wrong.
  if (entry.cell !== cellOfOrigin(checkpoint.origin)?.cell || entry.sequence !== proof.index + 1) {
    throw new FormatError(`event \`${entry.id}\` stands at leaf ${proof.index} of \`${checkpoint.origin}\`, where it does not belong`);
  }
  return { entry, checkpoint };
}

function parsed(text: string): ProofFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new FormatError('the proof file is not JSON');
  }
  const result = proofFile.safeParse(json);
  if (!result.success) throw new FormatError(`the proof file is wrong: ${result.error.issues.map(({ path, message }) => `\`${path.join('.')}\`: ${message}`).join(', ')}`);
  return result.data;
}
