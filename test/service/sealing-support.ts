// What the tests of sealing share: a service whose events are written straight away, a second sealer, and the verdict of the verifier.
import { join } from 'node:path';
import { parseEntry, readCheckpoint, readEntries, type Checkpoint } from '../../src/audit/log/log.js';
import { verifyLog } from '../../src/audit/log/verify.js';
import { systemAccountId } from '../../src/directory/entities.js';
import { createClient, connected } from '../../src/redis/client.js';
import type { Composition } from '../../src/service/composition.js';
import { machineEvent } from '../../src/service/machine-event.js';
import { openAuditFolder } from '../../src/service/sealer/log-folder.js';
import type { SealTools } from '../../src/service/sealer/seal-cell.js';
import { startService, type TestService } from '../support/service.js';

/** Cells enough for each test to take one of its own, in which nothing happened yet. */
export const startSealedService = (environment: Readonly<Record<string, string>> = {}): Promise<TestService> =>
  startService({ accounts: [] }, { STS_CELLS: '64', ...environment });

/** An account whose events are in the cell. */
export function accountIn({ composition: { names } }: { readonly composition: Composition }, cell: number): string {
  for (let number = 0; ; number += 1) {
    const accountId = number.toString(16).padStart(32, '0');
    if (accountId !== systemAccountId && names.cellOfAccount(accountId) === cell) return accountId;
  }
}

/** Leaves events in the cell, and gives their ids. */
export async function leaveEvents(service: { readonly composition: Composition }, cell: number, count: number): Promise<readonly string[]> {
  const { store, services } = service.composition;
  const accountId = accountIn(service, cell);
  const results = await Promise.all(Array.from({ length: count }, () => store.commit({
    callerAccountId: accountId, guards: [], unmarkedSessions: [], events: [machineEvent('TestEvent', accountId, services)],
  })));
  return results.flatMap((result) => (result.result === 'committed' ? result.eventIds : []));
}

/** What {@link sealCell} needs; a connection of its own when a url is given. */
export async function sealTools(composition: Composition, url?: string, mended: SealTools['mended'] = () => undefined): Promise<SealTools> {
  const { names, keyring, auditLog: log, services: { random } } = composition;
  const redis = url === undefined ? composition.redis : createClient(url, () => undefined);
  await connected(redis, 5000);
  return { redis, names, keyring, random, log, folder: await openAuditFolder(composition), replicas: 0, times: { turnMilliseconds: 15_000, idleMilliseconds: 1 }, mended };
}

export const checkpointOf = ({ composition: { auditLog } }: Pick<TestService, 'composition'>, cell: number): Promise<Checkpoint | undefined> => readCheckpoint(auditLog.place(cell), auditLog.verifiers);

/** Ids in the log, in their order. */
export async function sealedIds(service: Pick<TestService, 'composition'>, cell: number): Promise<readonly string[]> {
  const size = (await checkpointOf(service, cell))?.size ?? 0;
  return (await readEntries(service.composition.auditLog.place(cell), size, 0, size)).map((entry) => parseEntry(entry).id);
}

/** Fails with what the verifier finds in the cell. */
export async function expectWhole({ composition: { auditLog } }: Pick<TestService, 'composition'>, cell: number, from: readonly string[] = []): Promise<void> {
  const { findings } = await verifyLog(auditLog.directory, auditLog.verifiers, { from });
  const own = findings.filter((finding) => finding.cell === undefined || finding.cell === cell);
  if (own.length > 0) throw new Error(`the log is not whole: ${own.map(({ message }) => message).join('; ')}`);
}

export const fileIn = ({ composition: { auditLog } }: Pick<TestService, 'composition'>, ...path: readonly string[]): string => join(auditLog.directory, ...path);
