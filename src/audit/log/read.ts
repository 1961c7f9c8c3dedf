// Reads from a cell's log: entries, and proofs that they belong to it.
import { formatProof, inclusionProof as proofHashes, leafHash, tilePath, tileWidth, verifyInclusion, widthOf } from '../../tlog/index.js';
import type { Checkpoint } from './checkpoint.js';
import { eventId } from './entry.js';
import { folderOf, LogDamagedError, originOf, PrunedError, type LogPlace } from './place.js';
import { readMinimumIndex } from './minimum-index.js';
import { hashLookup, presentHashTile, readBundle } from './tile-files.js';

/**
 * The entries of the leaves [from, to) of a log of at least `size` entries. Throws a PrunedError for entries that were
 * removed, and a LogDamagedError that names the event when one is not what its hash says.
 */
export async function readEntries(place: LogPlace, size: number, from: number, to: number): Promise<readonly Buffer[]> {
  if (from < 0 || to > size) throw new RangeError(`a log of ${size} entries has no leaves [${from}, ${to})`);
  const entries: Buffer[] = [];
  for (let index = Math.floor(from / tileWidth); index * tileWidth < to; index += 1) {
    const start = index * tileWidth;
    entries.push(...(await checkedBundle(place, index, size)).slice(Math.max(0, from - start), to - start));
  }
  return entries;
}

async function checkedBundle(place: LogPlace, index: number, size: number): Promise<readonly Buffer[]> {
  const folder = folderOf(place);
  const tile = { level: 'entries', index, width: widthOf('entries', index, size) } as const;
  const entries = await readBundle(folder, tile);
  if (entries === undefined) throw await absent(place, tilePath(tile), index * tileWidth);
  const hashes = await presentHashTile(folder, { ...tile, level: 0 });
  const wrong = hashes.findIndex((hash, at) => entries[at] === undefined || !leafHash(entries[at]).equals(hash));
  if (wrong >= 0) throw new LogDamagedError(`event \`${eventId(place.cell, index * tileWidth + wrong + 1)}\` is not what was sealed`);
  return entries;
}

async function absent(place: LogPlace, path: string, index: number): Promise<Error> {
  const minimum = await readMinimumIndex(place);
  return index < minimum
    ? new PrunedError(`the events of \`${originOf(place)}\` before \`${eventId(place.cell, minimum + 1)}\` were removed, as the log keeps no older ones`)
    : new LogDamagedError(`\`${path}\` is missing`);
}

/** Proof (c2sp.org/tlog-proof@v1) that the entry at a leaf index stands in the tree of the checkpoint. It needs the entry no more. */
export async function inclusionProof(place: LogPlace, checkpoint: Checkpoint, index: number): Promise<string> {
  if (index < 0 || index >= checkpoint.size) throw new RangeError(`a log of ${checkpoint.size} entries has no leaf ${index}`);
  const lookup = hashLookup(folderOf(place), checkpoint.size);
  const hashes = await proofHashes(lookup, index, checkpoint.size);
  if (!verifyInclusion({ leafHash: await lookup(0, index), index, size: checkpoint.size, proof: hashes }, checkpoint.root)) {
    throw new LogDamagedError(`the tiles of \`${originOf(place)}\` do not prove event \`${eventId(place.cell, index + 1)}\``);
  }
  return formatProof({ index, hashes, checkpoint: checkpoint.note });
}
