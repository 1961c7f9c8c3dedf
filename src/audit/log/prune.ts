// Removes the entries of a log that are older than it has to keep; every hash stays, so all that is left can still be proved.
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { rootOfEdge, tilePath, tileWidth } from '../../tlog/index.js';
import type { Checkpoint } from './checkpoint.js';
import { removeQuietly, writeFiles } from './files.js';
import { minimumIndexFile, readMinimumIndex, signedMinimumIndex } from './minimum-index.js';
import { folderOf, LogDamagedError, originOf, type LogPlace } from './place.js';
import type { LogSigner } from './signer.js';
import { readEdge } from './tile-files.js';

/** Holds, per minimum index, the checkpoint of the moment when it was set. */
export const prunedFolder = 'pruned';

/**
 * Removes the full bundles whose leaves are all before `before`, and returns the first leaf that is kept. What is to
 * go is signed for first: a crash leaves entries that could be gone, never a gap without a note.
 */
export async function pruneEntries(place: LogPlace, checkpoint: Checkpoint, before: number, signer: LogSigner): Promise<number> {
  const folder = folderOf(place);
  const kept = await readMinimumIndex(place);
  const minimum = Math.floor(Math.min(before, checkpoint.size) / tileWidth) * tileWidth;
  if (minimum > kept) {
    if (!rootOfEdge(await readEdge(folder, checkpoint.size)).equals(checkpoint.root)) {
      throw new LogDamagedError(`the tiles of \`${originOf(place)}\` do not give the root of its checkpoint of size ${checkpoint.size}`);
    }
    await writeFiles(folder, [{ path: `${prunedFolder}/${minimum}`, bytes: Buffer.from(checkpoint.note) }]);
    await writeFiles(folder, [{ path: minimumIndexFile, bytes: Buffer.from(signedMinimumIndex(place, signer, minimum)) }]);
  }
  const standing = Math.max(minimum, kept);
  await removeBundles(folder, standing);
  return standing;
}

/** From the oldest on: so those that a crash left are always the newest, without a gap. */
async function removeBundles(folder: string, minimum: number): Promise<void> {
  const paths: string[] = [];
  for (let index = minimum / tileWidth - 1; index >= 0; index -= 1) {
    const path = join(folder, tilePath({ level: 'entries', index, width: tileWidth }));
    if (!(await exists(path))) break;
    paths.unshift(path);
  }
  for (const path of paths) {
    await removeQuietly(`${path}.p`);
    await removeQuietly(path);
  }
}

const exists = (path: string): Promise<boolean> => lstat(path).then(() => true, () => false);
