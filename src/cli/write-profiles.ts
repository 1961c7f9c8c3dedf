// Writing profiles: all or nothing, for the owner alone, without losing what another process writes meanwhile.
import { mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { syncFolder } from '../base/sync-folder.js';
import { CommandError, systemErrorCode, usageError } from './command-error.js';
import { readStoredFile, storedProfile, type Profile } from './profile-file.js';
import { quote } from './text.js';

/**
 * Adds or replaces the given profiles, removes those given as undefined, and keeps all others. The file has mode 0600 and is replaced in one step; its
 * folder is made, with mode 0700, where it is missing. Throws a CommandError when the file in place is malformed or
 * open to others, or cannot be written.
 */
export async function writeProfiles(file: string, profiles: Readonly<Record<string, Profile | undefined>>): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await replaceFile(file, async () => {
      const stored = (await readStoredFile(file)) ?? { profiles: {} };
      const added = Object.entries(profiles).map(([name, profile]) => [name, profile === undefined ? undefined : storedProfile(profile)] as const);
      // A member that is undefined is left out of the text.
      return `${JSON.stringify({ ...stored, profiles: { ...stored.profiles, ...Object.fromEntries(added) } }, undefined, 2)}\n`;
    });
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw usageError(`profile file ${quote(file)} cannot be written: ${systemErrorCode(error)}`);
  }
}

/** The new file is its own lock: who makes it reads the old one, writes, and renames it into place. */
async function replaceFile(file: string, content: () => Promise<string>): Promise<void> {
  const newFile = `${file}.lock`;
  const handle = await openLock(newFile);
  try {
    await handle.writeFile(await content());
    await handle.sync();
    await rename(newFile, file);
  } catch (error) {
    await rm(newFile, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(file));
}

const waitMilliseconds = 50;
const patienceMilliseconds = 5_000;
// A write takes milliseconds, on a bad disk seconds; an older lock was left by a process that was killed. Far above
// both, since to take a lock from a living process would put a half-written file in place.
const staleMilliseconds = 60_000;

async function openLock(lock: string): Promise<FileHandle> {
  for (let waited = 0; waited < patienceMilliseconds; waited += waitMilliseconds) {
    try {
      return await open(lock, 'wx', 0o600);
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    }
    await removeStale(lock);
    await sleep(waitMilliseconds);
  }
  throw usageError(`${quote(lock)} is in the way: another process writes profiles, or was killed while it did (then it is ignored after a minute)`);
}

async function removeStale(lock: string): Promise<void> {
  const status = await stat(lock).catch(() => undefined);
  // The system's clock on purpose: it also made the file's time.
  if (status !== undefined && Date.now() - status.mtimeMs > staleMilliseconds) await rm(lock, { force: true });
}
