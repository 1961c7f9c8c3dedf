// Verifies a log from its entries up to the signed root, tile by tile: what differs is found at the lowest level that can be proved.
import { leafHash, rootOfEdge, rootOver, tilePath, tileWidth, widthOf, type Edge } from '../../../tlog/index.js';
import { LogDamagedError, cellFolderName } from '../place.js';
import { readBundle } from '../tile-files.js';
import { nameDifferences } from './align.js';
import type { CellFindings } from './finding.js';
import { sequenceCheck } from './sequence.js';
import { storedTiles } from './stored-tiles.js';

export interface VerifiedTree {
  readonly folder: string;
  readonly cell: number;
  readonly size: number;
  /** Signed. */
  readonly root: Buffer;
  /** Leaves before it have no entries any more. */
  readonly minimumIndex: number;
  /** The tree of the first so many leaves is known to be as an older checkpoint says. */
  readonly provedSize: number;
}

/** Holds one tile per level, whatever the size of the log. */
export async function checkTree(tree: VerifiedTree, to: CellFindings): Promise<void> {
  const { folder, cell, size, root, minimumIndex } = tree;
  const tiles = storedTiles(folder, size, root);
  const ids = sequenceCheck(cell, to);
  const file = (level: number | 'entries', index: number): { readonly file: string } => ({ file: `${cellFolderName(cell)}/${tilePath({ level, index, width: widthOf(level, index, size) })}` });
  const rows: (Buffer[] | undefined)[] = [];

  async function rise(level: number, index: number, hash: Buffer): Promise<void> {
    const row = (rows[level + 1] ??= []);
    row.push(hash);
    if (row.length < tileWidth) return;
    const above = Math.floor(index / tileWidth);
    const judged = await judge(level + 1, above, row);
    rows[level + 1] = [];
    await rise(level + 1, above, rootOver(judged));
  }

  /** The hashes to go on with: those of the level below, or those on disk where these are proved and the others are not. */
  async function judge(level: number, index: number, computed: readonly Buffer[]): Promise<readonly Buffer[]> {
    const stored = await tiles.tile(level, index);
    if (stored !== undefined && sameHashes(stored, computed)) return stored;
    if (stored === undefined) {
      to.add('missing-file', `\`${file(level, index).file}\` is missing or damaged`, file(level, index));
      return computed;
    }
    if (!(await tiles.fits(level, index, stored)) && (await tiles.fits(level, index, computed))) {
      to.add('damaged-file', `\`${file(level, index).file}\` was changed; the events below it are as they were signed`, file(level, index));
      return computed;
    }
    const span = tileWidth ** level;
    stored.forEach((hash, at) => {
      if (computed[at]?.equals(hash) === true) return;
      const start = (index * tileWidth + at) * span;
      to.addRange('changed-range', narrowed(start, start + span), start + span, 'are not what was signed: one of them or more were changed, together with their hashes');
    });
    return stored;
  }
  const narrowed = (start: number, end: number): number => (tree.provedSize < end ? Math.max(start, tree.provedSize) : start);

  /** The hashes of the entries of a bundle, or where these differ the ones to go on with. */
  async function judgeBundle(index: number): Promise<readonly Buffer[]> {
    const start = index * tileWidth;
    const end = Math.min(start + tileWidth, size);
    const stored = await tiles.tile(0, index);
    if (stored === undefined) to.add('missing-file', `\`${file(0, index).file}\` is missing or damaged`, file(0, index));
    const entries = await readOrUndefined(index, end - start);
    if (entries === undefined) {
      if (end > minimumIndex) to.addRange('missing-file', start, end, `are gone: \`${file('entries', index).file}\` is missing or damaged`, file('entries', index));
      ids.skipTo(end);
      return stored ?? [];
    }
    const computed = entries.map(leafHash);
    const differs = stored !== undefined && !sameHashes(stored, computed);
    if (differs && !(await onlyTileChanged(index, stored, computed))) {
      nameDifferences(cell, start, entries, computed, stored, to);
      ids.skipTo(end);
      return stored;
    }
    if (differs) to.add('damaged-file', `\`${file(0, index).file}\` was changed; the events in it are as they were signed`, file(0, index));
    entries.forEach((entry, at) => ids.check(entry, start + at));
    return computed;
  }
  const onlyTileChanged = async (index: number, stored: readonly Buffer[], computed: readonly Buffer[]): Promise<boolean> =>
    !(await tiles.fits(0, index, stored)) && (await tiles.fits(0, index, computed));

  async function readOrUndefined(index: number, width: number): Promise<readonly Buffer[] | undefined> {
    try {
      return await readBundle(folder, { level: 'entries', index, width });
    } catch (error) {
      if (error instanceof LogDamagedError) return undefined;
      throw error;
    }
  }

  for (let index = 0; index * tileWidth < size; index += 1) {
    const hashes = await judgeBundle(index);
    const width = widthOf(0, index, size);
    // Without entries and without their hashes: the hash above them still shows whether all else is whole.
    const hash = hashes.length === width ? rootOver(hashes) : (await tiles.tile(1, Math.floor(index / tileWidth)))?.[index % tileWidth];
    if (hash === undefined) return;
    if (width === tileWidth) await rise(0, index, hash);
    else rows[0] = [...hashes];
  }
  ids.end(size);
  const edge: Edge = await Promise.all(Array.from(rows, async (row = [], level) =>
    (level === 0 || row.length === 0 ? row : judge(level, Math.floor(Math.floor(size / tileWidth ** level) / tileWidth), row))));
  if (!rootOfEdge(edge).equals(root)) to.addRange('changed-range', narrowed(0, size), size, 'are not what was signed: they do not hash to the root of the checkpoint');
}

const sameHashes = (one: readonly Buffer[], other: readonly Buffer[]): boolean => one.length === other.length && one.every((hash, at) => other[at]?.equals(hash) === true);
