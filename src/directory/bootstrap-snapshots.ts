// The accounts of a bootstrap file as they would be in an empty directory, without a directory: for simulations.
import type { BootstrapFile } from './bootstrap-file.js';
import { planBootstrap } from './bootstrap-plan.js';
import { withSecrets } from './bootstrap-secrets.js';
import type { BootstrapCatalogue, BootstrapTools } from './bootstrap-writer.js';
import { systemAccountId } from './entities.js';
import { snapshotOf, type Snapshot } from './snapshot.js';

/** By account id. Throws a BootstrapError as applying the file would. No secret of the file is kept. */
export function bootstrapSnapshots(file: BootstrapFile, now: number, catalogue: BootstrapCatalogue): ReadonlyMap<string, Snapshot> {
  const { changes } = planBootstrap(withSecrets(file, () => ''), new Map(), throwAwayTools(now, catalogue));
  return new Map(changes.filter(({ accountId }) => accountId !== systemAccountId).map(({ accountId, put }) => [accountId, snapshotOf(accountId, 'file', put, catalogue)]));
}

/** Ids in a row, and nothing sealed: what these tools make is looked at and thrown away. */
export function throwAwayTools(now: number, catalogue: BootstrapCatalogue, regions?: readonly string[]): BootstrapTools {
  let made = 0;
  const next = (): string => (made += 1).toString(16);
  return {
    now,
    catalogue,
    regions,
    newId: () => next().padStart(32, 'f'),
    newAccessKey: () => ({ accessKeyId: `HPUA${next().toUpperCase().padStart(16, '0')}`, secretAccessKey: '' }),
    sealAccessKey: () => '',
    holdsAccessKey: () => false,
    sealMfaSeed: () => '',
    holdsMfaSeed: () => false,
    hashPassword: () => '',
    isPassword: () => false,
  };
}
