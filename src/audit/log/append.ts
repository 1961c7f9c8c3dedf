// Appends events to a cell's log: tiles and bundles first, and only when they are durable the checkpoint that promises them.
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { emptyRoot, encodeBundle, encodeHashes, extendTree, leafHash, maximumEntryBytes, rightEdge, rootOfEdge, tilePath, tileWidth, treeRoot, type Edge, type Extended, type Tile } from '../../tlog/index.js';
import { checkpointFile, readUnverifiedCheckpoint, signedCheckpoint, type Checkpoint } from './checkpoint.js';
import { removeAbandoned, removeQuietly, writing, type NewFile } from './files.js';
import type { LogMemory } from './memory.js';
import { folderOf, LogDamagedError, originOf, type LogPlace } from './place.js';
import type { LogSigner } from './signer.js';
import { standingEdge } from './standing-edge.js';
import { hashLookup } from './tile-files.js';

const pieceSize = 128;

/**
 * Appends entries behind the checkpoint `from` and returns the new checkpoint, which is durable then. The same entries
 * give the same bytes in every file, so it may be repeated after a crash, and run twice at once. Throws a
 * LogDamagedError, and signs nothing, when the files do not fit `from`, or hold other events behind it.
 * @param memory of this process; it spares work, and changes nothing else
 */
export async function appendEntries(place: LogPlace, signer: LogSigner, from: Checkpoint | undefined, entries: readonly Buffer[], memory?: LogMemory): Promise<Checkpoint> {
  const tooLong = entries.findIndex(({ length }) => length > maximumEntryBytes);
  if (tooLong >= 0) throw new RangeError(`an entry of the log must have at most ${maximumEntryBytes} bytes: the one of leaf ${(from?.size ?? 0) + tooLong} has ${entries[tooLong]?.length ?? 0}`);
  const folder = folderOf(place);
  const old = { size: from?.size ?? 0, root: from?.root ?? emptyRoot };
  const { edge, begun } = await standingEdge(place, old, memory);

  const hashes = await leafHashes(entries);
  const extended = extendTree(old.size, edge, hashes);
  const checkpoint = signedCheckpoint(place, signer, { size: old.size + entries.length, root: rootOfEdge(extended.edge) });
  const standing = { ...old, edge, hashes, isNew: from === undefined };
  const files = [...hashFiles(extended), ...bundleFiles(old.size - begun.length, [...begun, ...entries])];
  await standsAhead(place, standing, checkpoint);
  const synced = memory?.synced.get(originOf(place)) ?? new Set<string>();
  // Until the append has left all in order again.
  memory?.synced.delete(originOf(place));
  await writing(folder, async (write) => {
    await write(files);
    // Asked again: another writer may have gone on since, and an older checkpoint must not replace its.
    if (!(await standsAhead(place, standing, checkpoint))) await write([{ path: checkpointFile, bytes: Buffer.from(checkpoint.note) }]);
  }, synced);
  await removeSuperseded(folder, old.size, checkpoint.size);
  await tidy(place, memory);
  if (memory !== undefined) {
    remember(place, memory, { checkpoint, edge: extended.edge, files });
    memory.synced.set(originOf(place), synced);
  }
  return checkpoint;
}

const tidyMilliseconds = 3_600_000;

async function tidy(place: LogPlace, memory: LogMemory | undefined): Promise<void> {
  const now = performance.now();
  if (now - (memory?.tidied.get(originOf(place)) ?? -Infinity) < tidyMilliseconds) return;
  memory?.tidied.set(originOf(place), now);
  await removeAbandoned(folderOf(place), checkpointFile);
}

/** @param files that were written: a file of the edge that is not among them stands there from before */
function remember(place: LogPlace, memory: LogMemory, { checkpoint, edge, files }: { readonly checkpoint: Checkpoint; readonly edge: Edge; readonly files: readonly NewFile[] }): void {
  const { size, root } = checkpoint;
  const written = new Map(files.map(({ path, bytes }) => [path, bytes]));
  const ofEdge = new Map(rightEdge(size).map((tile) => [tilePath(tile), written.get(tilePath(tile)) ?? encodeHashes(edge[tile.level] ?? [])]));
  const bundle = tilePath({ level: 'entries', index: Math.floor(size / tileWidth), width: size % tileWidth });
  memory.edges.set(originOf(place), { size, root, files: ofEdge.set(bundle, written.get(bundle) ?? Buffer.alloc(0)) });
  memory.checkpoints.set(originOf(place), checkpoint);
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
