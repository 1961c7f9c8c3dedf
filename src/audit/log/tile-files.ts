// Reads the tiles and bundles of a cell's log from their files.
import { join } from 'node:path';
import { decodeBundle, decodeHashes, FormatError, hashSize, lookupInTiles, rightEdge, tilePath, tileWidth, type Edge, type HashLookup, type Tile } from '../../tlog/index.js';
import { readPlainFile } from './files.js';
import { LogDamagedError } from './place.js';

export type HashTile = Tile & { readonly level: number };

/** Undefined when there is no file. A partial tile may have been removed since the full one stands: its hashes begin that one. */
export async function readHashTile(folder: string, tile: HashTile): Promise<readonly Buffer[] | undefined> {
  const found = await readTile(folder, tile);
  return found && hashesOf(tile, found);
}

/** Undefined when there is no file; a list that is too long or too short when the file is. */
export async function readBundle(folder: string, tile: Tile & { readonly level: 'entries' }): Promise<readonly Buffer[] | undefined> {
  const found = await readTile(folder, tile);
  return found && entriesOf(tile, found);
}

/** What a file of the tile, or of the full one, holds. */
export interface TileBytes {
  readonly bytes: Buffer;
  readonly width: number;
}

export async function readTile(folder: string, tile: Tile): Promise<TileBytes | undefined> {
  const bytes = await readPlainFile(join(folder, tilePath(tile)));
  if (bytes !== undefined) return { bytes, width: tile.width };
  const full = tile.width === tileWidth ? undefined : await readPlainFile(join(folder, tilePath({ ...tile, width: tileWidth })));
  return full && { bytes: full, width: tileWidth };
}

export const hashesOf = (tile: HashTile, { bytes, width }: TileBytes): readonly Buffer[] =>
  damagedAt(tile, () => decodeHashes(bytes, width).slice(0, tile.width).map(copied));

export const entriesOf = (tile: Tile, { bytes, width }: TileBytes): readonly Buffer[] =>
  damagedAt(tile, () => (width === tile.width ? decodeBundle(bytes) : decodeBundle(bytes).slice(0, tile.width)));

function damagedAt<Value>(tile: Tile, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) throw new LogDamagedError(`\`${tilePath(tile)}\` is damaged: ${error.message}`);
    throw error;
  }
}

/** Hashes are kept longer than the file they came from. */
const copied = (hash: Buffer): Buffer => Buffer.from(hash.subarray(0, hashSize));

export async function presentHashTile(folder: string, tile: HashTile): Promise<readonly Buffer[]> {
  return (await readHashTile(folder, tile)) ?? missing(tile);
}

export function missing(tile: Tile): never {
  throw new LogDamagedError(`\`${tilePath(tile)}\` is missing`);
}

/** Any hash of a log of this size. A file is read once; what comes from it is not proved before it led to a known root. */
export function hashLookup(folder: string, size: number): HashLookup {
  const read = new Map<string, Promise<readonly Buffer[]>>();
  return lookupInTiles(size, (tile) => {
    const path = tilePath(tile);
    const known = read.get(path) ?? presentHashTile(folder, tile);
    read.set(path, known);
    return known;
  });
}

/** One file after the other: a disk that hangs takes one thread of the process. */
export async function readEdge(folder: string, size: number): Promise<Edge> {
  const edge: (readonly Buffer[])[] = [];
  for (const tile of rightEdge(size)) edge.push(tile.width === 0 ? [] : await presentHashTile(folder, tile));
  return edge;
}
