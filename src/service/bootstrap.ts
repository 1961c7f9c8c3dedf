// Applies a bootstrap file to the directory, and keeps the access keys that had to be generated.
import { readFile } from 'node:fs/promises';
import { ApiError } from '../base/api-error.js';
import { BootstrapError, parseBootstrapFile, type BootstrapFile } from '../directory/bootstrap-file.js';
import { planBootstrap, type BootstrapPlan } from '../directory/bootstrap-plan.js';
import { throwAwayTools } from '../directory/bootstrap-snapshots.js';
import type { BootstrapCatalogue, BootstrapTools, GeneratedKey } from '../directory/bootstrap-writer.js';
import { accessKeyPlace, mfaSeedPlace, systemAccountId } from '../directory/entities.js';
import type { Snapshot } from '../directory/snapshot.js';
import type { AccountChange } from '../directory/store.js';
import { hashPassword, isPassword } from '../keyring/password.js';
import { open, seal, type Place } from '../keyring/seal.js';
import { claimsOf } from '../redis/access-keys.js';
import { changesOfOneCommit } from '../redis/commit-apart.js';
import { accountIds } from '../redis/directory-store.js';
import { newAccessKeyId, newEntityId, newSecretAccessKey } from '../urn/ids.js';
import type { Composition } from './composition.js';
import { refuseForeignKeys } from './foreign-keys.js';
import { machineEvent } from './machine-event.js';

const maximumTries = 3;

export const readBootstrapFile = async (path: string): Promise<BootstrapFile> => parseBootstrapFile(await readFile(path, 'utf8'));

/** What the file changes, without changing it. */
export async function planFor(file: BootstrapFile, composition: Composition): Promise<BootstrapPlan> {
  const plan = planBootstrap(file, await existingAccounts(composition), bootstrapTools(composition));
  await refuseForeignKeys(file, plan, composition);
  await refuseUsedIds(file, plan, composition);
  return plan;
}

/** What was issued in the name of a deleted account must not find another one in its place. */
async function refuseUsedIds(file: BootstrapFile, { changes }: BootstrapPlan, { services: { directory } }: Composition): Promise<void> {
  for (const { accountId } of changes.filter(({ expectedRevision }) => expectedRevision === undefined)) {
    const index = file.accounts.findIndex((account) => account.account_id === accountId);
    // One that was made at this very moment exists: the plan is made again then.
    if (index < 0 || !(await directory.wasUsed(accountId)) || (await directory.read(accountId, () => [])) !== undefined) continue;
    throw new BootstrapError(`/accounts/${index}/account_id`, `\`${accountId}\` was an account that is deleted: its id cannot be used again`);
  }
}

/** Throws what applying the file to an empty directory would throw; needs no state and no keys. */
export function planForEmptyDirectory(file: BootstrapFile, catalogue: BootstrapCatalogue, regions: readonly string[]): void {
  planBootstrap(file, new Map(), throwAwayTools(0, catalogue, regions));
}

/** Keeps generated keys; what it gives takes them out again. */
export type KeepKeys = (keys: readonly GeneratedKey[]) => Promise<() => Promise<void>>;

/**
 * Applies the file, all of it or nothing; again and again gives the same accounts. On a cluster, where one commit
 * changes the accounts of one cell, a failure in between leaves a part of it, and whoever applies it again does the
 * rest: the system account, which tells whether the directory is empty, comes last.
 *
 * Generated keys are kept before they are written: their secrets are sealed then, and who could not keep them could
 * never use them. Those of a commit that wrote nothing are taken out again; when a write fails otherwise it may have
 * been done, and they stay.
 */
export async function applyBootstrap(
  file: BootstrapFile, composition: Composition, keep: KeepKeys = () => Promise.resolve(() => Promise.resolve()),
): Promise<BootstrapPlan> {
  const done: { changes: AccountChange[]; generatedKeys: GeneratedKey[] } = { changes: [], generatedKeys: [] };
  for (let attempt = 1; attempt <= maximumTries; attempt += 1) {
    const plan = await planFor(file, composition);
    if (await applyPlan(plan, composition, keep, done)) return done;
  }
  throw new ApiError('tooManyConflicts', 'the accounts kept changing while the bootstrap file was applied');
}

/** False when an account had changed meanwhile; what was done until then is added to `done`. */
async function applyPlan({ changes, generatedKeys }: BootstrapPlan, { redis, names, store, services }: Composition, keep: KeepKeys, done: { changes: AccountChange[]; generatedKeys: GeneratedKey[] }): Promise<boolean> {
  const systemLast = [...changes].sort((one, other) => Number(one.accountId === systemAccountId) - Number(other.accountId === systemAccountId));
  for (const group of changesOfOneCommit(redis, systemLast, names)) {
    const written = new Set(claimsOf(group).map(({ accessKeyId }) => accessKeyId));
    const keys = generatedKeys.filter(({ accessKeyId }) => written.has(accessKeyId));
    const forget = await keep(keys);
    const events = group.map(({ accountId }) => machineEvent('ApplyBootstrapFile', accountId, services));
    const commit = { callerAccountId: systemAccountId, guards: [], unmarkedSessions: [], events, changes: group };
    if ((await store.commit(commit)).result !== 'committed') {
      await forget();
      return false;
    }
    done.changes.push(...group);
    done.generatedKeys.push(...keys);
  }
  return true;
}

async function existingAccounts({ redis, services }: Composition): Promise<ReadonlyMap<string, Snapshot>> {
  const ids = new Set([systemAccountId, ...(await accountIds(redis))]);
  const accounts = new Map<string, Snapshot>();
  for (const id of ids) {
    const view = await services.directory.read(id, () => []);
    if (view !== undefined) accounts.set(id, view.snapshot);
  }
  return accounts;
}

function bootstrapTools({ services: { clock, random, keyring, catalogue, settings } }: Composition): BootstrapTools {
  const keys = keyring['secret-sealing'];
  const sealed = (place: Place, secret: string): string => seal(keys, place, Buffer.from(secret), random);
  const holds = (place: Place, text: string, secret: string): boolean => open(keys, place, text)?.toString('utf8') === secret;
  return {
    now: clock.now(),
    catalogue,
    regions: settings.regions,
    newId: () => newEntityId(random),
    newAccessKey: () => ({ accessKeyId: newAccessKeyId(random), secretAccessKey: newSecretAccessKey(random) }),
    sealAccessKey: (accountId, ownerId, accessKeyId, secret) => sealed(accessKeyPlace(accountId, ownerId, accessKeyId), secret),
    holdsAccessKey: (accountId, ownerId, accessKeyId, text, secret) => holds(accessKeyPlace(accountId, ownerId, accessKeyId), text, secret),
    sealMfaSeed: (accountId, userId, serialNumber, seed) => sealed(mfaSeedPlace(accountId, userId, serialNumber), seed),
    holdsMfaSeed: (accountId, userId, serialNumber, text, seed) => holds(mfaSeedPlace(accountId, userId, serialNumber), text, seed),
    hashPassword,
    isPassword,
  };
}
