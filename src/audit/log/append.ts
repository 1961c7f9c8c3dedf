// Appends events to a cell's log: tiles and bundles first, and only when they are durable the checkpoint that promises them.
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { emptyRoot, encodeBundle, encodeHashes, extendTree, leafHash, maximumEntryBytes, rootOfEdge, tilePath, tileWidth, treeRoot, type Edge, type Extended, type Tile } from '../../tlog/index.js';
import { checkpointFile, readUnverifiedCheckpoint, signedCheckpoint, type Checkpoint } from './checkpoint.js';
import { removeAbandoned, removeQuietly, writeFiles, type NewFile } from './files.js';
import { folderOf, LogDamagedError, originOf, type LogPlace } from './place.js';
import { hashLookup, readBundle, readEdge } from './tile-files.js';
import type { LogSigner } from './signer.js';

const pieceSize = 128;

/**
 * Appends entries behind the checkpoint `from` and returns the new checkpoint, which is durable then. The same entries
 * give the same bytes in every file, so it may be repeated after a crash, and run twice at once. Throws a
 * LogDamagedError, and signs nothing, when the files do not fit `from`, or hold other events behind it.
 */
export async function appendEntries(place: LogPlace, signer: LogSigner, from: Checkpoint | undefined, entries: readonly Buffer[]): Promise<Checkpoint> {
  const tooLong = entries.findIndex(({ length }) => length > maximumEntryBytes);
  if (tooLong >= 0) throw new RangeError(`an entry of the log must have at most ${maximumEntryBytes} bytes: the one of leaf ${(from?.size ?? 0) + tooLong} has ${entries[tooLong]?.length ?? 0}`);
  const folder = folderOf(place);
  const old = { size: from?.size ?? 0, root: from?.root ?? emptyRoot };
  const edge = await readEdge(folder, old.size);
  if (!rootOfEdge(edge).equals(old.root)) throw new LogDamagedError(`the tiles of \`${originOf(place)}\` do not give the root of its checkpoint of size ${old.size}`);
  const begun = await begunBundle(folder, old.size, edge);

  const hashes = await leafHashes(entries);
  const extended = extendTree(old.size, edge, hashes);
  const checkpoint = signedCheckpoint(place, signer, { size: old.size + entries.length, root: rootOfEdge(extended.edge) });
  const standing = { ...old, edge, hashes, isNew: from === undefined };
  await standsAhead(place, standing, checkpoint);
  await writeFiles(folder, [...hashFiles(extended), ...bundleFiles(old.size - begun.length, [...begun, ...entries])]);
  // Asked again: another writer may have gone on since, and an older checkpoint must not replace its.
  if (!(await standsAhead(place, standing, checkpoint))) await writeFiles(folder, [{ path: checkpointFile, bytes: Buffer.from(checkpoint.note) }]);
  await removeSuperseded(folder, old.size, checkpoint.size);
  await removeAbandoned(folder, checkpointFile);
  return checkpoint;
}

/** What else the process does meanwhile waits for one piece at most. */
async function leafHashes(entries: readonly Buffer[]): Promise<readonly Buffer[]> {
  const hashes: Buffer[] = [];
  for (let at = 0; at < entries.length; at += pieceSize) {
    if (at > 0) await setImmediate();
    for (const entry of entries.slice(at, at + pieceSize)) hashes.push(leafHash(entry));
  }
  return hashes;
}

/** The entries of the last bundle if it is not full; refused when one of them is not what was signed. */
async function begunBundle(folder: string, size: number, edge: Edge): Promise<readonly Buffer[]> {
  const width = size % tileWidth;
  if (width === 0) return [];
  const tile = { level: 'entries', index: Math.floor(size / tileWidth), width } as const;
  const entries = (await readBundle(folder, tile)) ?? [];
  const hashes = edge[0] ?? [];
  if (entries.length !== width || entries.some((entry, at) => hashes[at]?.equals(leafHash(entry)) !== true)) {
    throw new LogDamagedError(`the entries of \`${tilePath(tile)}\` are not those that were signed`);
  }
  return entries;
}

interface Standing {
  readonly size: number;
  readonly root: Buffer;
  readonly edge: Edge;
  readonly hashes: readonly Buffer[];
  /** No checkpoint was known when the append began. */
  readonly isNew: boolean;
}

/**
 * True when the checkpoint on disk is of a larger tree already. Throws when it is missing, of an older size,
 * or of a tree that is not a part or a continuation of the new one. What it says of larger trees need not be verified:
 * it only keeps this append from writing an older one.
 */
async function standsAhead(place: LogPlace, { size, root, edge, hashes, isNew }: Standing, next: Checkpoint): Promise<boolean> {
  const found = await readUnverifiedCheckpoint(place);
  const origin = originOf(place);
  if (found === undefined) {
    if (isNew) return false;
    throw new LogDamagedError(`the checkpoint of \`${origin}\` is gone`);
  }
  if (found.size < size) throw new LogDamagedError(`the checkpoint of \`${origin}\` has size ${found.size}, but ${size} was signed already`);
  const expected = found.size === size ? root : found.size <= next.size ? rootOfEdge(extendTree(size, edge, hashes.slice(0, found.size - size)).edge) : next.root;
  const actual = found.size <= next.size ? found.root : await treeRoot(hashLookup(folderOf(place), found.size), next.size);
  if (!actual.equals(expected)) throw new LogDamagedError(`\`${origin}\` holds other events behind size ${size}: its checkpoint has size ${found.size}`);
  return found.size > next.size;
}

const hashFiles = ({ tiles }: Extended): readonly NewFile[] => tiles.map(({ hashes, ...tile }) => ({ path: tilePath(tile), bytes: encodeHashes(hashes) }));

/** @param start leaf of the first entry: a multiple of the width */
function bundleFiles(start: number, entries: readonly Buffer[]): readonly NewFile[] {
  const files: NewFile[] = [];
  for (let at = 0; at < entries.length; at += tileWidth) {
    const bundle = entries.slice(at, at + tileWidth);
    files.push({ path: tilePath({ level: 'entries', index: (start + at) / tileWidth, width: bundle.length }), bytes: encodeBundle(bundle) });
  }
  return files;
}

/** Removes the partial files of tiles that are full by now. */
async function removeSuperseded(folder: string, from: number, to: number): Promise<void> {
  const partialFolder = (level: Tile['level'], index: number): string => join(folder, `${tilePath({ level, index, width: tileWidth })}.p`);
  for (let level = 0, span = tileWidth; Math.floor(to / span) > Math.floor(from / span); level += 1, span *= tileWidth) {
    for (let index = Math.floor(from / span); index < Math.floor(to / span); index += 1) {
      await removeQuietly(partialFolder(level, index));
      if (level === 0) await removeQuietly(partialFolder('entries', index));
    }
  }
}
