// Where the embedded server of a data folder keeps its files, its socket among them.
import { chmod, lstat, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Places {
  /** The real path (no links), as the server itself reports it. */
  readonly folder: string;
  readonly configurationFile: string;
  readonly logFile: string;
  readonly pidFile: string;
  /** Holds the socket's path when it could not stand in the folder. */
  readonly pointerFile: string;
}

/** Bytes; the kernel takes 103 (macOS) or 107 (Linux). */
const longestSocketPath = 100;

export async function openPlaces(dataDir: string): Promise<Places> {
  const folder = join(dataDir, 'redis');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // A folder that was there before may be open to others.
  await chmod(folder, 0o700);
  return placesIn(await realpath(folder));
}

/** Looks without making anything. */
export async function existingPlaces(dataDir: string): Promise<Places | undefined> {
  const folder = await realpath(join(dataDir, 'redis')).catch(() => undefined);
  return folder === undefined ? undefined : placesIn(folder);
}

/** True when a server of this folder has written anything. */
export async function hasEmbeddedData(dataDir: string): Promise<boolean> {
  return stat(join(dataDir, 'redis', 'appendonlydir')).then(() => true, () => false);
}

function placesIn(folder: string): Places {
  return {
    folder,
    configurationFile: join(folder, 'redis.conf'),
    logFile: join(folder, 'redis.log'),
    pidFile: join(folder, 'redis.pid'),
    pointerFile: join(folder, 'redis.sock.path'),
  };
}

/** The socket that a server of this folder uses now or used last. */
export async function currentSocketPath(places: Places): Promise<string | undefined> {
  const inFolder = join(places.folder, 'redis.sock');
  if (Buffer.byteLength(inFolder) <= longestSocketPath) return inFolder;
  const pointer = await readFile(places.pointerFile, 'utf8').catch(() => '');
  return pointer.trim() === '' ? undefined : pointer.trim();
}

/** Makes sure that the socket has a folder that nobody else can enter. */
export async function prepareSocketPath(places: Places): Promise<string> {
  const current = await currentSocketPath(places);
  if (current !== undefined && (await isPrivateFolder(dirname(current)))) return current;
  const base = Buffer.byteLength(tmpdir()) <= 64 ? tmpdir() : '/tmp';
  const socketPath = join(await mkdtemp(join(base, 'agency-sts-')), 'redis.sock');
  await writeFile(places.pointerFile, `${socketPath}\n`, { mode: 0o600 });
  return socketPath;
}

/** After the server has ended: removes what would only point to nowhere. */
export async function removeSocket(places: Places, socketPath: string): Promise<void> {
  await rm(socketPath, { force: true });
  await rm(places.pidFile, { force: true });
  if (dirname(socketPath) === places.folder) return;
  await rm(dirname(socketPath), { recursive: true, force: true });
  await rm(places.pointerFile, { force: true });
}

async function isPrivateFolder(folder: string): Promise<boolean> {
  try {
    const stats = await lstat(folder);
    return stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o077) === 0;
  } catch {
    return false;
  }
}
