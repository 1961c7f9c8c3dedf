// Tiles (c2sp.org/tlog-tiles): which hashes and entries stand in which file of a log, and what that file is called.
import { FormatError } from './format-error.js';
import { hashSize, rootOver } from './hash.js';
import type { HashLookup } from './tree.js';

/** Hashes of a full tile, entries of a full bundle. */
export const tileWidth = 256;
const tileHeight = 8;

export interface Tile {
  /** Tile level of hashes; `entries` are the bundles below level 0. */
  readonly level: number | 'entries';
  readonly index: number;
  /** 1 to 256; below that the tile is partial. */
  readonly width: number;
}

/** Path within the log, such as `tile/0/x001/x234/067.p/112`. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index);
  const elements = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  const name = elements.map((element, at) => (at < elements.length - 1 ? `x${element}` : element)).join('/');
  return `tile/${level}/${name}${width < tileWidth ? `.p/${width}` : ''}`;
}

const pattern = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/;

/** Undefined for a path that no tile has. */
export function parseTilePath(path: string): Tile | undefined {
  const match = pattern.exec(path);
  if (match === null) return undefined;
  const tile: Tile = {
    level: match[1] === 'entries' ? match[1] : Number(match[1]),
    index: Number(match[2]?.replace(/\D/g, '')),
    width: Number(match[3] ?? tileWidth),
  };
  // Formatting again refuses superfluous zeros, a width of 0, and an index beyond what a number holds.
  return Number.isSafeInteger(tile.index) && tile.width > 0 && tilePath(tile) === path ? tile : undefined;
}

/** How many complete subtrees of the tile level's height the first `size` leaves have. */
export const hashesAt = (level: Tile['level'], size: number): number => Math.floor(size / tileWidth ** (level === 'entries' ? 0 : level));

/** Width of a tile in a log of `size` leaves; 0 when there is none. */
export const widthOf = (level: Tile['level'], index: number, size: number): number => Math.min(tileWidth, Math.max(0, hashesAt(level, size) - index * tileWidth));

/** The last tile of each level that is not full, from level 0 on; its width is 0 where the last one is full. */
export function rightEdge(size: number): readonly (Tile & { readonly level: number })[] {
  const edge = [];
  for (let level = 0; hashesAt(level, size) > 0; level += 1) {
    const hashes = hashesAt(level, size);
    edge.push({ level, index: Math.floor(hashes / tileWidth), width: hashes % tileWidth });
  }
  return edge;
}

/** Looks up any hash of a log of `size` leaves in its tiles. */
export function lookupInTiles(size: number, readTile: (tile: Tile & { readonly level: number }) => Promise<readonly Buffer[]>): HashLookup {
  return async (height, position) => {
    const level = Math.floor(height / tileHeight);
    const count = 2 ** (height % tileHeight);
    const first = position * count;
    const index = Math.floor(first / tileWidth);
    const hashes = await readTile({ level, index, width: widthOf(level, index, size) });
    const at = first - index * tileWidth;
    if (hashes.length < at + count) throw new RangeError(`a log of ${size} entries has no hash ${position} at height ${height}`);
    return rootOver(hashes.slice(at, at + count));
  };
}

export const encodeHashes = (hashes: readonly Buffer[]): Buffer => Buffer.concat(hashes);

export function decodeHashes(bytes: Buffer, width: number): readonly Buffer[] {
  if (bytes.length !== width * hashSize) throw new FormatError(`a tile of ${width} hashes must have ${width * hashSize} bytes, not ${bytes.length}`);
  return Array.from({ length: width }, (_, at) => bytes.subarray(at * hashSize, (at + 1) * hashSize));
}
