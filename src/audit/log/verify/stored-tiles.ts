// The hash tiles of a log while it is verified: read once each, in order, and undefined where they are missing or damaged.
import { rightEdge, rootOfEdge, rootOver, tileWidth, widthOf, type Edge } from '../../../tlog/index.js';
import { LogDamagedError } from '../place.js';
import { readHashTile } from '../tile-files.js';

export interface StoredTiles {
  tile(level: number, index: number): Promise<readonly Buffer[] | undefined>;
  /** True when these hashes, in place of the tile, fit what stands above it: the parent's hash or, at the right edge, the root. */
  fits(level: number, index: number, hashes: readonly Buffer[]): Promise<boolean>;
}

export function storedTiles(folder: string, size: number, root: Buffer): StoredTiles {
  const last = new Map<number, { readonly index: number; readonly hashes: readonly Buffer[] | undefined }>();
  async function tile(level: number, index: number): Promise<readonly Buffer[] | undefined> {
    const known = last.get(level);
    if (known?.index === index) return known.hashes;
    const hashes = await readOrUndefined(folder, { level, index, width: widthOf(level, index, size) });
    last.set(level, { index, hashes });
    return hashes;
  }
  /** Undefined when a tile of the edge that is not replaced cannot be read. */
  async function edgeWith(replaced: number, hashes: readonly Buffer[]): Promise<Edge | undefined> {
    const rows: (readonly Buffer[])[] = [];
    for (const { level, index, width } of rightEdge(size)) {
      const row = width === 0 ? [] : level === replaced ? hashes : await tile(level, index);
      if (row === undefined) return undefined;
      rows.push(row);
    }
    return rows;
  }
  return {
    tile,
    async fits(level, index, hashes) {
      const width = widthOf(level, index, size);
      if (hashes.length !== width) return false;
      if (width === tileWidth) return (await tile(level + 1, Math.floor(index / tileWidth)))?.[index % tileWidth]?.equals(rootOver(hashes)) === true;
      const edge = await edgeWith(level, hashes);
      return edge !== undefined && rootOfEdge(edge).equals(root);
    },
  };
}

async function readOrUndefined(folder: string, tile: Parameters<typeof readHashTile>[1]): Promise<readonly Buffer[] | undefined> {
  try {
    return await readHashTile(folder, tile);
  } catch (error) {
    if (error instanceof LogDamagedError) return undefined;
    throw error;
  }
}
