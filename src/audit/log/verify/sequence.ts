// Follows the ids inside the entries of a log: each must be the next one of its cell, whatever the hashes say.
import { FormatError } from '../../../tlog/index.js';
import { eventId, parseEntry, type LogEntry } from '../entry.js';
import type { CellFindings } from './finding.js';

export interface SequenceCheck {
  check(entry: Buffer, leaf: number): void;
  /** Goes on at a leaf, when what stands before it was judged otherwise. */
  skipTo(leaf: number): void;
  /** Says which events are missing at the end of a log of this size. */
  end(size: number): void;
}

/** A larger gap is named as a range. */
const mostNamedOneByOne = 16;

export function sequenceCheck(cell: number, to: CellFindings): SequenceCheck {
  let next = 1;
  /** Left out so far; one that comes later was moved, not deleted. */
  const missing = new Set<number>();
  const leaveOut = (before: number): void => {
    if (before - next > mostNamedOneByOne) to.addRange('deleted', next - 1, before - 1, 'were deleted');
    else for (let sequence = next; sequence < before; sequence += 1) missing.add(sequence);
  };
  return {
    check(bytes, leaf) {
      const entry = parsed(bytes);
      if (entry === undefined) {
        to.addEvent('malformed', leaf + 1, 'is no event');
        next += 1;
      } else if (entry.cell !== cell) {
        to.addAtLeaf('inserted', leaf, `event \`${entry.id}\` was inserted at leaf ${leaf} of cell ${cell}`);
      } else if (missing.delete(entry.sequence)) {
        to.addEvent('reordered', entry.sequence, `does not stand at its place, but behind \`${eventId(cell, next - 1)}\``);
      } else if (entry.sequence < next) {
        to.addAtLeaf('inserted', leaf, `event \`${entry.id}\` stands again at leaf ${leaf}`);
      } else {
        leaveOut(entry.sequence);
        next = entry.sequence + 1;
      }
    },
    skipTo: (leaf) => (next = leaf + 1),
    end(size) {
      leaveOut(size + 1);
      for (const sequence of missing) to.addEvent('deleted', sequence, 'was deleted');
    },
  };
}

function parsed(bytes: Buffer): LogEntry | undefined {
  try {
    return parseEntry(bytes);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
