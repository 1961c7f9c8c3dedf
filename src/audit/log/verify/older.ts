// Compares a log with checkpoints of it that were signed earlier: what was cut, and whether it is still the same log.
import { emptyRoot, FormatError, parseCheckpoint, parseNote, treeRoot, type VerifierKey } from '../../../tlog/index.js';
import { verifiedCheckpoint, type Checkpoint } from '../checkpoint.js';
import { eventId } from '../entry.js';
import { cellOfOrigin, LogDamagedError } from '../place.js';
import { hashLookup } from '../tile-files.js';
import type { CellFindings } from './finding.js';

export interface OlderCheckpoint extends Checkpoint {
  readonly name: string;
  readonly cell: number;
}

/** Throws a FormatError unless the note is a checkpoint of some cell that one of the keys signed. */
export function parseOlderCheckpoint(text: string, verifiers: readonly VerifierKey[]): OlderCheckpoint {
  const { origin } = parseCheckpoint(parseNote(text).text);
  const of = cellOfOrigin(origin);
  if (of === undefined) throw new FormatError(`\`${origin}\` is no origin of a cell's log`);
  return { ...of, ...verifiedCheckpoint(text, origin, verifiers) };
}

/** The largest size up to which the log is proved to be what older checkpoints say; 0 when none does. */
export async function checkOlder(folder: string, now: Checkpoint, older: readonly OlderCheckpoint[], to: CellFindings): Promise<number> {
  let proved = 0;
  for (const { cell, size, root } of older) {
    if (size > now.size) {
      to.addRange('cut', now.size, size, `were cut off: a checkpoint of size ${size} was signed, that of the log has size ${now.size}`);
    } else if (size === now.size) {
      if (!root.equals(now.root)) to.add('fork', `two different logs of ${size} events were signed for cell ${cell}`);
    } else {
      const found = await rootAt(folder, now.size, size);
      if (found?.equals(root) === true) proved = Math.max(proved, size);
      else to.add('fork', `the events up to \`${eventId(cell, size)}\` are not those of the checkpoint of size ${size} that was signed earlier`);
    }
  }
  return proved;
}

async function rootAt(folder: string, now: number, size: number): Promise<Buffer | undefined> {
  try {
    return size === 0 ? emptyRoot : await treeRoot(hashLookup(folder, now), size);
  } catch (error) {
    if (error instanceof LogDamagedError) return undefined;
    throw error;
  }
}
