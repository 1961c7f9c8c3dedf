// Secrets on their way between installations: opened here and sealed for a key, and the other way round.
import { readFile } from 'node:fs/promises';
import { systemErrorCode, usageError } from '../cli/command-error.js';
import { BootstrapError, checkBootstrapFile, type BootstrapFile } from '../directory/bootstrap-file.js';
import { sealedSecrets, withSecrets, type SealedSecret } from '../directory/bootstrap-secrets.js';
import { accessKeyPlace, mfaSeedPlace } from '../directory/entities.js';
import { mfaDeviceName, type ExportedSecrets } from '../directory/export.js';
import type { Snapshot } from '../directory/snapshot.js';
import { exportOpener, exportSealer, type SealForExport } from '../keyring/export-envelope.js';
import type { Keyring } from '../keyring/keyring.js';
import { open, type Place } from '../keyring/seal.js';

/** What is bound to a sealed secret. Not the account: a file may be made the file of another one. */
const subjectOf = ({ kind, id }: Pick<SealedSecret, 'kind' | 'id'>): string => `${kind}:${id}`;

export const readSealer = (path: string): Promise<SealForExport> => readKey('--seal-to', path, exportSealer);

/** All secrets of the account's access keys and MFA devices. */
export async function exportedSecrets({ accountId, accessKeys, mfaDevices }: Snapshot, keyring: Keyring, seal: SealForExport): Promise<ExportedSecrets> {
  const opened = (place: Place, text: string): string => {
    const secret = open(keyring['secret-sealing'], place, text);
    if (secret === undefined) throw new Error(`the secret \`${place.join('/')}\` does not open with the key ring`);
    return secret.toString('utf8');
  };
  const keys = accessKeys.values().map(async ({ accessKeyId, owner, sealedSecret }) =>
    [accessKeyId, await seal(subjectOf({ kind: 'access-key', id: accessKeyId }), opened(accessKeyPlace(accountId, owner.id, accessKeyId), sealedSecret))] as const);
  const seeds = mfaDevices.values().map(async ({ serialNumber, userId, sealedSeed }) =>
    [serialNumber, await seal(subjectOf({ kind: 'mfa-seed', id: mfaDeviceName(accountId, serialNumber) }), opened(mfaSeedPlace(accountId, userId, serialNumber), sealedSeed))] as const);
  return { accessKeys: new Map(await Promise.all(keys)), mfaSeeds: new Map(await Promise.all(seeds)) };
}

/** The file with its sealed secrets opened. Throws {@link BootstrapError} at the first that this key does not open. */
export async function unsealedFile(file: BootstrapFile, privateKeyPath: string): Promise<BootstrapFile> {
  const openSealed = await readKey('--unseal-with', privateKeyPath, exportOpener);
  const secrets = new Map<string, string>();
  for (const sealed of sealedSecrets(file)) {
    const secret = await openSealed(subjectOf(sealed), sealed.sealed);
    if (secret === undefined) throw new BootstrapError(sealed.place, 'does not open: it was altered or moved, or it is sealed for another key');
    secrets.set(sealed.place, secret);
  }
  return checkBootstrapFile(withSecrets(file, ({ place }) => secrets.get(place) ?? ''));
}

async function readKey<Use>(option: string, path: string, use: (text: string) => Promise<Use>): Promise<Use> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw usageError(`\`${option}\`: \`${path}\` cannot be read: ${systemErrorCode(error)}`);
  });
  return use(text).catch((error: unknown) => {
    throw usageError(`\`${option}\`: \`${path}\` is of no use: ${error instanceof Error ? error.message : 'malformed'}`);
  });
}
