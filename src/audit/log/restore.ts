// Puts a checkpoint back that was removed from a log, or replaced by an older one.
import { FormatError, rootOfEdge, tilePath, tileWidth, widthOf } from '../../tlog/index.js';
import { checkpointFile, checkpointOf, type Checkpoint } from './checkpoint.js';
import { writeFiles } from './files.js';
import { folderOf, LogDamagedError, originOf, type LogPlace } from './place.js';
import { readBundle, readEdge } from './tile-files.js';

/**
 * Writes the note, which the caller knows to be the newest that was signed, as the checkpoint. Throws a LogDamagedError,
 * and changes nothing, when the tiles of the log do not fit it, or its last entries are gone.
 */
export async function restoreCheckpoint(place: LogPlace, note: string): Promise<Checkpoint> {
  const folder = folderOf(place);
  const origin = originOf(place);
  const checkpoint = parsed(note, origin);
  const { size, root } = checkpoint;
  if (!rootOfEdge(await readEdge(folder, size)).equals(root)) throw new LogDamagedError(`the tiles of \`${origin}\` do not fit the checkpoint of size ${size}`);
  if (size > 0) {
    const index = Math.floor((size - 1) / tileWidth);
    const tile = { level: 'entries', index, width: widthOf('entries', index, size) } as const;
    if ((await readBundle(folder, tile))?.length !== tile.width) throw new LogDamagedError(`\`${tilePath(tile)}\` is missing or cut`);
  }
  await writeFiles(folder, [{ path: checkpointFile, bytes: Buffer.from(note) }]);
  return checkpoint;
}

function parsed(note: string, origin: string): Checkpoint {
  try {
    return checkpointOf(note, origin).checkpoint;
  } catch (error) {
    if (error instanceof FormatError) throw new LogDamagedError(`the checkpoint to restore cannot be used: ${error.message}`);
    throw error;
  }
}
