// `agency-sts directory export`: an account of the running or resting service as a bootstrap file.
import { usageError } from '../cli/command-error.js';
import { exportAccount, type AccountExport } from '../directory/export.js';
import type { Snapshot } from '../directory/snapshot.js';
import { isAccountId } from '../urn/urn.js';
import type { Composition } from './composition.js';
import { exportedSecrets, readSealer } from './export-secrets.js';
import { machineEvent, recordMachineEvent } from './machine-event.js';

export interface ExportOptions {
  /** Id or name. */
  readonly account: string;
  /** File with a public JWK; absent: access keys and MFA devices are left out. */
  readonly sealTo?: string;
}

export async function exportFrom(composition: Composition, { account, sealTo }: ExportOptions): Promise<AccountExport> {
  // Read first: a wrong key is told before anything else is done.
  const seal = sealTo === undefined ? undefined : await readSealer(sealTo);
  const snapshot = await accountOf(composition, account);
  const { regions } = composition.services.settings;
  if (seal === undefined) return exportAccount(snapshot, { accessKeys: new Map(), mfaSeeds: new Map() }, regions);
  const exported = exportAccount(snapshot, await exportedSecrets(snapshot, composition.keyring, seal), regions);
  // INVARIANT: secrets leave the installation only behind the event that says so.
  await recordExport(composition, snapshot);
  return exported;
}

async function recordExport({ services, store }: Composition, { accountId }: Snapshot): Promise<void> {
  await recordMachineEvent(store, machineEvent('ExportAccount', accountId, services));
}

/** What is said of the part of an account that is not in its file; undefined when all of it is. */
export function leftOutText({ leftOut: { accessKeys, mfaDevices } }: AccountExport): string | undefined {
  if (accessKeys + mfaDevices === 0) return undefined;
  const parts = [[accessKeys, accessKeys === 1 ? 'access key' : 'access keys'], [mfaDevices, mfaDevices === 1 ? 'MFA device' : 'MFA devices']] as const;
  return `left out with their secrets: ${parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`).join(' and ')} (\`--seal-to\` takes them along)`;
}

async function accountOf({ services: { directory } }: Composition, idOrName: string): Promise<Snapshot> {
  const read = async (id: string): Promise<Snapshot | undefined> => (await directory.read(id, () => []))?.snapshot;
  const byId = isAccountId(idOrName) && !/^0+$/.test(idOrName) ? await read(idOrName) : undefined;
  if (byId !== undefined) return byId;
  const named: Snapshot[] = [];
  for (const id of await directory.accountIds()) {
    const snapshot = await read(id);
    if (snapshot?.account.accountName === idOrName) named.push(snapshot);
  }
  const [only, another] = named;
  if (only === undefined) throw usageError(`\`--account\`: there is no account \`${idOrName}\``);
  if (another !== undefined) throw usageError(`\`--account\`: several accounts have the name \`${idOrName}\`: ${named.map(({ accountId }) => accountId).join(', ')}`);
  return only;
}
