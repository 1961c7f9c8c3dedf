// Compares the entries of a bundle with the hashes they should have, and names what was edited, deleted, inserted or moved.
import { FormatError } from '../../../tlog/index.js';
import { parseEntry, type LogEntry } from '../entry.js';
import type { CellFindings } from './finding.js';

/** @param start leaf of the first hash */
export function nameDifferences(cell: number, start: number, entries: readonly Buffer[], actual: readonly Buffer[], expected: readonly Buffer[], to: CellFindings): void {
  const { strangers, absent, moved } = aligned(actual, expected);
  for (const at of moved) to.addEvent('reordered', start + at + 1, 'does not stand at its place');
  const missing = new Set(absent);
  const unexplained: number[] = [];
  for (const at of strangers) {
    const claimed = entryOf(entries[at]);
    const place = claimed?.cell === cell ? claimed.sequence - 1 - start : -1;
    if (missing.delete(place)) to.addEvent('changed', start + place + 1, 'was edited: it is not what was signed');
    else unexplained.push(at);
  }
  for (const at of unexplained) {
    const claimed = entryOf(entries[at]);
    const isElsewhere = claimed?.cell === cell && (claimed.sequence <= start || claimed.sequence > start + expected.length);
    if (isElsewhere) to.addEvent('reordered', claimed.sequence, `does not stand at its place, but at leaf ${start + at}`);
    else if (missing.delete(at)) to.addEvent('changed', start + at + 1, 'was edited: it is not what was signed');
    else to.addAtLeaf('inserted', start + at, `an event${claimed === undefined ? '' : ` that calls itself \`${claimed.id}\``} was inserted at leaf ${start + at} of cell ${cell}`);
  }
  for (const at of missing) to.addEvent('deleted', start + at + 1, 'was deleted');
}

interface Alignment {
  /** Positions of entries that none of the hashes belongs to. */
  readonly strangers: readonly number[];
  /** Positions of hashes that no entry belongs to. */
  readonly absent: readonly number[];
  /** Positions of hashes whose entry stands behind one that belongs behind it. */
  readonly moved: readonly number[];
}

function aligned(actual: readonly Buffer[], expected: readonly Buffer[]): Alignment {
  const free = new Map<string, number[]>();
  expected.forEach((hash, at) => free.set(hash.toString('hex'), [...(free.get(hash.toString('hex')) ?? []), at]));
  const strangers: number[] = [];
  const moved: number[] = [];
  let last = -1;
  actual.forEach((hash, at) => {
    const place = free.get(hash.toString('hex'))?.shift();
    if (place === undefined) strangers.push(at);
    else if (place < last) moved.push(place);
    else last = place;
  });
  return { strangers, absent: [...free.values()].flat(), moved };
}

function entryOf(bytes: Buffer | undefined): LogEntry | undefined {
  try {
    return bytes && parseEntry(bytes);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
