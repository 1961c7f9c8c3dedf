// Looks at every file in a cell's folder: does it belong there, and does it say the same as the others?
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { leafHash, parseTilePath, tilePath, widthOf, type Tile } from '../../../tlog/index.js';
import { checkpointFile } from '../checkpoint.js';
import { workFolderPrefix } from '../files.js';
import { minimumIndexFile } from '../minimum-index.js';
import { cellFolderName, LogDamagedError } from '../place.js';
import { prunedFolder } from '../prune.js';
import { readBundle, readHashTile, type HashTile } from '../tile-files.js';
import type { CellFindings } from './finding.js';

export interface VerifiedFiles {
  readonly folder: string;
  readonly cell: number;
  readonly size: number;
}

/** Returns how many files hold something behind the checkpoint: a crash while appending leaves such. */
export async function checkFiles(log: VerifiedFiles, to: CellFindings): Promise<number> {
  let behind = 0;
  const blamed = new Set(to.all().flatMap(({ file }) => file ?? []));
  for await (const { path, isPlain } of filesIn(log.folder, '')) {
    const tile = parseTilePath(path);
    const file = `${cellFolderName(log.cell)}/${path}`;
    if (!isPlain) to.add('foreign-file', `\`${file}\` is no plain file`, { file });
    else if (tile === undefined) {
      if (!isKnown(path, log.size)) to.add('foreign-file', `\`${file}\` does not belong to the log`, { file });
    } else if (tile.width > widthOf(tile.level, tile.index, log.size)) behind += 1;
    else if (!blamed.has(`${cellFolderName(log.cell)}/${tilePath(hashesNow(log, tile))}`) && !(await isBeginning(log, tile))) to.add('damaged-file', `\`${file}\` does not say the same as the files of the log as it is now`, { file });
  }
  return behind;
}

async function* filesIn(folder: string, path: string): AsyncGenerator<{ readonly path: string; readonly isPlain: boolean }> {
  for (const entry of await entriesOf(join(folder, path))) {
    const inner = path === '' ? entry.name : `${path}/${entry.name}`;
    if (!entry.isDirectory()) yield { path: inner, isPlain: entry.isFile() };
    else if (path !== '' || !entry.name.startsWith(workFolderPrefix)) yield* filesIn(folder, inner);
  }
}

/** Partial files go away while a log is written to. */
const entriesOf = (folder: string) => readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
  throw error;
});

/** Checkpoints that were kept when the log was pruned are verified by their signatures; a crash may leave one that is not needed yet. */
function isKnown(path: string, size: number): boolean {
  if (path === checkpointFile || path === minimumIndexFile) return true;
  const index = Number(/^(?:[1-9]\d{0,15})$/.exec(path.startsWith(`${prunedFolder}/`) ? path.slice(prunedFolder.length + 1) : '')?.[0]);
  return index <= size;
}

function hashesNow({ size }: VerifiedFiles, { level, index }: Tile): HashTile {
  const hashLevel = level === 'entries' ? 0 : level;
  return { level: hashLevel, index, width: widthOf(hashLevel, index, size) };
}

/** A partial file says what the first part of the tile says that is not partial any more, or less so. */
async function isBeginning(log: VerifiedFiles, tile: Tile): Promise<boolean> {
  const tileNow = hashesNow(log, tile);
  // The tile as it is now was verified with the tree.
  if (tile.width === tileNow.width) return true;
  const { folder } = log;
  const { level } = tileNow;
  try {
    const now = await readHashTile(folder, tileNow);
    const part = tile.level === 'entries' ? (await readBundle(folder, { ...tile, level: tile.level }))?.map(leafHash) : await readHashTile(folder, { ...tile, level });
    // What is missing is said where the tree is verified.
    return now === undefined || part === undefined || (part.length === tile.width && part.every((hash, at) => now[at]?.equals(hash) === true));
  } catch (error) {
    if (error instanceof LogDamagedError) return false;
    throw error;
  }
}
