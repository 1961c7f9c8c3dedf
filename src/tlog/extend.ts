// Adds leaves to a tree of which only the right edge is known: the tiles that this makes, and the new edge.
import { emptyRoot, nodeHash, rootOver } from './hash.js';
import { tileWidth, type Tile } from './tiles.js';

/** The hashes of the last tile that is not full, for each tile level from 0 on; none where the last one is full. */
export type Edge = readonly (readonly Buffer[])[];

export interface NewTile extends Tile {
  readonly level: number;
  readonly hashes: readonly Buffer[];
}

export interface Extended {
  /** Every tile, full or partial, that the old tree did not have. */
  readonly tiles: readonly NewTile[];
  readonly edge: Edge;
}

/** @param size leaves of the old tree, whose right edge is `edge` */
export function extendTree(size: number, edge: Edge, leafHashes: readonly Buffer[]): Extended {
  const tiles: NewTile[] = [];
  const newEdge: (readonly Buffer[])[] = [];
  let fresh = leafHashes;
  for (let level = 0; fresh.length > 0 || level < edge.length; level += 1) {
    const row = [...(edge[level] ?? []), ...fresh];
    const first = Math.floor(size / tileWidth ** (level + 1));
    const roots: Buffer[] = [];
    for (let at = 0; fresh.length > 0 && at < row.length; at += tileWidth) {
      const hashes = row.slice(at, at + tileWidth);
      tiles.push({ level, index: first + at / tileWidth, width: hashes.length, hashes });
      if (hashes.length === tileWidth) roots.push(rootOver(hashes));
    }
    newEdge.push(row.slice(roots.length * tileWidth));
    fresh = roots;
  }
  return { tiles, edge: newEdge };
}

/** The root of the tree with this right edge: all that is left of it stands in hashes of the edge. */
export function rootOfEdge(edge: Edge): Buffer {
  let root: Buffer | undefined;
  for (const hashes of edge) for (const part of completeParts(hashes)) root = root === undefined ? part : nodeHash(part, root);
  return root ?? emptyRoot;
}

/** The roots of the complete subtrees over a row of hashes, right to left: the smallest comes first. */
function completeParts(row: readonly Buffer[]): readonly Buffer[] {
  const parts: Buffer[] = [];
  let end = row.length;
  for (let width = 1; end > 0; width *= 2) {
    if (end % (width * 2) === 0) continue;
    parts.push(rootOver(row.slice(end - width, end)));
    end -= width;
  }
  return parts;
}
