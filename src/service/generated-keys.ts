// Generated access keys as profiles in a file that only its owner reads: the only place where their secrets can be seen.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readProfiles, type Profile } from '../cli/profile-file.js';
import { writeProfiles } from '../cli/write-profiles.js';
import type { GeneratedKey } from '../directory/bootstrap-writer.js';
import type { KeepKeys } from './bootstrap.js';
import type { Settings } from './settings.js';

export const credentialsFile = (settings: Settings): string => join(settings.STS_DATA_DIR, 'credentials.json');

/** The newest key of an owner has the owner's name; an older one goes on under its name and id. */
export const generatedKeysKeeper = (settings: Settings): KeepKeys => async (keys) => {
  if (keys.length === 0) return () => Promise.resolve();
  const file = credentialsFile(settings);
  await mkdir(settings.STS_DATA_DIR, { recursive: true, mode: 0o700 });
  const before = (await readProfiles(file)) ?? new Map<string, Profile>();
  const profiles = new Map(before);
  for (const { accountName, ownerName, accessKeyId, secretAccessKey } of keys) {
    const name = `${accountName}/${ownerName}`;
    const older = profiles.get(name);
    if (older !== undefined) profiles.set(besideName(name, older), older);
    profiles.set(name, { accessKeyId, secretAccessKey });
  }
  await writeProfiles(file, Object.fromEntries(profiles));
  return () => forget(file, before, keys);
};

const besideName = (name: string, { accessKeyId }: Profile): string => `${name}/${accessKeyId}`;

/** Takes the keys out again, wherever they stand by now, and gives the names that they took back to whom they belonged. */
async function forget(file: string, before: ReadonlyMap<string, Profile>, keys: readonly GeneratedKey[]): Promise<void> {
  const ids = new Set(keys.map(({ accessKeyId }) => accessKeyId));
  const changes = new Map<string, Profile | undefined>();
  for (const [name, { accessKeyId }] of (await readProfiles(file)) ?? []) {
    if (!ids.has(accessKeyId)) continue;
    const older = before.get(name);
    changes.set(name, older);
    if (older !== undefined) changes.set(besideName(name, older), before.get(besideName(name, older)));
  }
  await writeProfiles(file, Object.fromEntries(changes));
}
