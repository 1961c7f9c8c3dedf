// The key ring on disk: one file per key, mode 0600, made at the first start.
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock, Random } from '../base/clock.js';
import { syncFolder } from '../base/sync-folder.js';
import { generateKey, keyPurposes, parseKey, type KeyFile, type KeyPurpose, type RingKey } from './key.js';
import { keyringOf, refuseSharedKeys, type Keyring } from './keyring.js';

/** Reads the ring; throws an error that names the file when one is readable for others or malformed. */
export async function loadKeyring(directory: string): Promise<Keyring> {
  return keyringOf(await readKeys(directory));
}

/** All keys of the folder, of whatever state; throws like {@link loadKeyring}, and when one appears twice. */
export async function loadKeys(directory: string): Promise<readonly RingKey[]> {
  const keys = await readKeys(directory);
  refuseSharedKeys(keys);
  return keys;
}

/** What is wrong with the files, one by one, or with one key that is in two of them; empty when they can be loaded. */
export async function keyFileTroubles(directory: string): Promise<readonly string[]> {
  const results = await Promise.allSettled((await keyFileNames(directory)).map((name) => readKey(join(directory, name))));
  const troubles = results.flatMap((result) => (result.status === 'rejected' ? [result.reason instanceof Error ? result.reason.message : String(result.reason)] : []));
  if (troubles.length > 0) return troubles;
  return loadKeys(directory).then(() => [], (error: unknown) => [error instanceof Error ? error.message : String(error)]);
}

/** True when the folder holds no key at all, as before the first start. */
export async function isEmptyKeyring(directory: string): Promise<boolean> {
  return (await keyFileNames(directory)).length === 0;
}

/**
 * Makes one key for each of the purposes that has none yet. A lock folder keeps two starts at once from making
 * two rings; the later one waits and finds the keys there.
 */
export async function createMissingKeys(directory: string, clock: Clock, random: Random, purposes: readonly KeyPurpose[] = keyPurposes): Promise<readonly KeyPurpose[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lock = join(directory, '.lock');
  await takeLock(lock);
  try {
    const present = new Set((await readKeys(directory)).map((key) => key.purpose));
    const missing = purposes.filter((purpose) => !present.has(purpose));
    for (const purpose of missing) await writeKey(directory, generateKey(purpose, clock.now(), random));
    // What is sealed with a key is durable from now on, so the key's name must be, and that of a folder just made.
    if (missing.length > 0) for (const folder of [directory, dirname(directory)]) await syncFolder(folder);
    return missing;
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/** True when the folder has a key of this purpose. */
export const hasKey = async (directory: string, purpose: KeyPurpose): Promise<boolean> => (await readKeys(directory)).some((key) => key.purpose === purpose);

/** Writes a new key beside the others, durably, and gives it as it is read then. */
export async function addKey(directory: string, file: KeyFile): Promise<RingKey> {
  await writeKey(directory, file);
  await syncFolder(directory);
  return readKey(join(directory, fileName(file.purpose, file.kid)));
}

/** True when the file is gone. False for one that this process may not remove. */
export async function removeKey(directory: string, { id }: Pick<RingKey, 'id'>): Promise<boolean> {
  try {
    const names = (await keyFileNames(directory)).filter((name) => name.endsWith(`.${id}.json`));
    for (const name of names) await rm(join(directory, name), { force: true });
    if (names.length > 0) await syncFolder(directory);
    return true;
  } catch {
    return false;
  }
}

const fileName = (purpose: KeyPurpose, id: string): string => `${purpose}.${id}.json`;

async function writeKey(directory: string, key: KeyFile): Promise<void> {
  const target = join(directory, fileName(key.purpose, key.kid));
  const handle = await open(`${target}.new`, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(key, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${target}.new`, target);
}

const lockPatienceMilliseconds = 10_000;

async function takeLock(path: string): Promise<void> {
  for (let waited = 0; ; waited += 50) {
    try {
      await mkdir(path);
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      if (waited >= lockPatienceMilliseconds) {
        throw new Error(`\`${path}\` is in the way: another start is making keys, or was killed while it did; remove it if none is`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function readKeys(directory: string): Promise<RingKey[]> {
  const names = await keyFileNames(directory);
  return Promise.all(names.map((name) => readKey(join(directory, name))));
}

async function keyFileNames(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith('.json')).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function readKey(path: string): Promise<RingKey> {
  const handle = await open(path, 'r');
  try {
    const { mode } = await handle.stat();
    if ((mode & 0o077) !== 0) throw new Error('it is open to other users of the machine; its mode must be 0600');
    return parseKey(await handle.readFile('utf8'));
  } catch (error) {
    throw new Error(`\`${path}\` is no usable key file: ${error instanceof Error ? error.message : 'unreadable'}`);
  } finally {
    await handle.close();
  }
}
