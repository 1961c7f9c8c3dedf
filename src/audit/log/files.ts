// Files of the log on disk: durable once written, whole or not there, and never read through a symbolic link.
import { constants } from 'node:fs';
import { lstat, mkdir, mkdtemp, open, readdir, rename, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../../base/sync-folder.js';
import { LogDamagedError } from './place.js';

/** [choice]: the owner writes, the group (auditors) reads; no setting changes that. */
const fileMode = 0o640;
const folderMode = 0o750;

/** Begins the name of the folder in which an append writes its files before they take their places. */
export const workFolderPrefix = '.new-';
const abandonedAfterMilliseconds = 3_600_000;

export interface NewFile {
  /** Path in the cell's folder. */
  readonly path: string;
  readonly bytes: Buffer;
}

/** What {@link writeFiles} does. */
export type WriteFiles = (files: readonly NewFile[]) => Promise<void>;

/** Lets write into a log as often as `use` likes. @param synced folders that need no sync of those above them; what is found to be so is added */
export async function writing<Result>(folder: string, use: (write: WriteFiles) => Promise<Result>, synced: Set<string> = new Set()): Promise<Result> {
  const work = await makeWorkFolder(folder);
  try {
    return await use((files) => writeAll(folder, join(work, 'file'), files, synced));
  } finally {
    // Empty, unless something failed. What is left behind by a full disk or a kill is removed by a later append.
    await rmdir(work).catch(() => removeQuietly(work));
  }
}

/** Writes all files and then syncs their folders; when it returns they survive a power cut. Existing files are replaced. */
export const writeFiles = (folder: string, files: readonly NewFile[]): Promise<void> => writing(folder, (write) => write(files));

async function makeWorkFolder(folder: string): Promise<string> {
  const make = (): Promise<string> => mkdtemp(join(folder, workFolderPrefix));
  try {
    return await make();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    await makeFolder(folder);
    return make();
  }
}

/** From so many files on some are written at once: only who has much to write is in a hurry. */
const manyFiles = 9;
/** INVARIANT: fewer than the threads that a process has for what blocks, four where nothing else is said: a disk that hangs leaves one. */
const filesAtOnce = 3;

async function writeAll(folder: string, temporary: string, files: readonly NewFile[], synced: Set<string>): Promise<void> {
  const folders = new Set<string>();
  const left = [...files].reverse();
  const writeSome = async (own: string): Promise<void> => {
    for (let file = left.pop(); file !== undefined; file = left.pop()) {
      const target = join(folder, file.path);
      await writeNew(own, file.bytes);
      await takePlace(own, target, synced);
      folders.add(dirname(target));
    }
  };
  // All have ended before a failure is told: nothing is written any more then.
  const results = await Promise.allSettled(Array.from({ length: files.length < manyFiles ? 1 : filesAtOnce }, (_, lane) => writeSome(`${temporary}${lane}`).catch((error: unknown) => {
    left.length = 0;
    throw error;
  })));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  for (const changed of [...folders]) {
    for (let at = changed; !synced.has(at) && at.length > folder.length;) folders.add((at = dirname(at)));
  }
  for (const changed of folders) await syncFolder(changed);
  if (synced.size > mostSynced) synced.clear();
  for (const changed of folders) synced.add(changed);
}

/** Each bundle that is begun adds two. */
const mostSynced = 100;

/** Most folders are there: to make them first would be one operation more for each file. */
async function takePlace(temporary: string, target: string, synced: Set<string>): Promise<void> {
  try {
    await rename(temporary, target);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    const first = await mkdir(dirname(target), { recursive: true, mode: folderMode });
    // Somebody else made it: nothing is known of what stands above it.
    if (first === undefined) synced.clear();
    else for (const known of synced) if (known.startsWith(first)) synced.delete(known);
    await rename(temporary, target);
  }
}

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: folderMode });
  // The name of a new folder stands in the one above it.
  if (first !== undefined) await syncFolder(dirname(first));
}

async function writeNew(path: string, bytes: Buffer): Promise<void> {
  const handle = await open(path, 'wx', fileMode);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Undefined when there is no such file. Throws a LogDamagedError for a symbolic link, a folder, or anything else that is no plain file. */
export const readPlainFile = (path: string): Promise<Buffer | undefined> => withPlainFile(path, readWhole);

/** As `readFile` of the handle, which asks for the size again. What is written behind it meanwhile is left out. */
async function readWhole(handle: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await handle.read(bytes, at, size - at, at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

/** What `use` gives of the open file; undefined and the errors are those of {@link readPlainFile}. */
export async function withPlainFile<T>(path: string, use: (handle: FileHandle, size: number) => Promise<T>): Promise<T | undefined> {
  let handle;
  try {
    // Without blocking: a named pipe in place of a file would never open.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (!found.isFile()) throw new LogDamagedError(`\`${path}\` is no plain file`);
    return await use(handle, found.size);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP' || code === 'ENOTDIR' || code === 'EISDIR' || code === 'ENXIO') throw new LogDamagedError(`\`${path}\` is no plain file`);
    if (code === 'EACCES' || code === 'EPERM') throw new LogDamagedError(`\`${path}\` cannot be read: ${code}`);
    throw error;
  } finally {
    await handle?.close();
  }
}

/** Throws a LogDamagedError for a symbolic link or anything else that is no folder; one that is not there is none. */
export async function requirePlainFolder(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (found?.isDirectory() === false) throw new LogDamagedError(`\`${path}\` is no plain folder`);
}

export const errorCode = (error: unknown): string | undefined => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined);

/** Removes the work folders of appends that were killed. Ages are told by the file system's own clock. Best effort. */
export async function removeAbandoned(folder: string, newest: string): Promise<void> {
  try {
    const { mtimeMs: now } = await stat(join(folder, newest));
    for (const name of await readdir(folder)) {
      if (!name.startsWith(workFolderPrefix)) continue;
      const path = join(folder, name);
      if (now - (await stat(path)).mtimeMs > abandonedAfterMilliseconds) await rm(path, { recursive: true, force: true });
    }
  } catch {
    // They only take a little space, and are looked for again later.
  }
}

/** Best effort: what cannot be removed only takes space. */
export const removeQuietly = (path: string): Promise<void> => rm(path, { recursive: true, force: true }).catch(() => undefined);
