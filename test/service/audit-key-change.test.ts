// A newer key for the audit log: one event tells of it before it signs anything, and with both keys the whole log verifies.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseEntry, readEntries } from '../../src/audit/log/log.js';
import { verifyLog } from '../../src/audit/log/verify.js';
import { decodeEvent } from '../../src/audit/record.js';
import { pooledRandom } from '../../src/base/clock.js';
import { systemAccountId } from '../../src/directory/entities.js';
import { generateKey } from '../../src/keyring/key.js';
import { auditSignerKey } from '../../src/redis/cells.js';
import { openAuditFolder } from '../../src/service/sealer/log-folder.js';
import { sealerOf } from '../../src/service/sealer/sealer-of.js';
import { readSettings } from '../../src/service/settings.js';
import { formatVerifierKey, type VerifierKey } from '../../src/tlog/index.js';
import { startPeer, type Peer } from '../redis/support.js';
import { accountA, accounts, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { checkpointOf } from './sealing-support.js';

let service: TestService;
/** With the newest key. */
let later: Peer;
let systemCell = 0;
beforeAll(async () => {
  service = await startService(accounts);
  systemCell = service.composition.names.cellOfAccount(systemAccountId);
  expect(service.composition.names.cellOfAccount(accountA)).not.toBe(systemCell);
});
afterAll(async () => {
  await later.stop();
  await service.stop();
});

const silent = { debug: () => undefined, info: () => undefined, error: () => undefined };
const startOther = (): Promise<Peer> => startPeer(service, `unix://${service.redisServer.socketPath}`);
const sealWith = async ({ composition }: Peer): Promise<void> =>
  sealerOf(readSettings({ STS_DATA_DIR: join(service.folder, 'data') }), composition, await openAuditFolder(composition), silent, false, { turnMilliseconds: 15_000, idleMilliseconds: 1 }).sealAll();

/** Adds a key that is newer by so many seconds than the start of the test, and gives its id. */
async function addKey(seconds: number): Promise<string> {
  const key = generateKey('audit-signing', service.clock.now() + seconds * 1000, pooledRandom());
  await writeFile(join(service.folder, 'keys', `audit-signing.${key.kid}.json`), JSON.stringify(key), { mode: 0o600 });
  return key.kid;
}

/** The changes that the log of the system's cell tells of, with the numbers of their events. */
async function toldChanges(): Promise<readonly { readonly number: number; readonly request: unknown }[]> {
  const size = (await checkpointOf(later, systemCell))?.size ?? 0;
  const entries = await readEntries(service.composition.auditLog.place(systemCell), size, 0, size);
  return entries.map((entry, index) => ({ number: index + 1, ...decodeEvent(parseEntry(entry).record) })).filter(({ operation }) => operation === 'AuditKeyChanged').map(({ number, request }) => ({ number, request }));
}

const findings = async (verifiers: readonly VerifierKey[]): Promise<readonly string[]> =>
  (await verifyLog(service.composition.auditLog.directory, verifiers)).findings.map(({ kind, cell, message }) => `${kind} ${cell ?? ''} ${message}`);

it('is told once by several processes, in the log and under the first signature of the new key', async () => {
  expect((await service.identity(keys.alice)).status).toBe(200);
  await service.seal();
  const before = await checkpointOf(service, systemCell);
  const first = service.composition.keyring['audit-signing'].active.id;
  const second = await addKey(60);
  later = await startOther();
  const another = await startOther();
  await Promise.all([sealWith(later), sealWith(another)]);
  await another.stop();

  const [old, active] = [service.composition.auditLog.verifiers, later.composition.auditLog.verifiers];
  const [change, ...more] = await toldChanges();
  expect(more).toEqual([]);
  expect(change?.number).toBeGreaterThan(before?.size ?? 0);
  expect(change?.request).toEqual({
    from: { key_id: first, verifier_key: old.map(formatVerifierKey)[0] }, to: { key_id: second, verifier_key: active.map(formatVerifierKey)[0] },
  });
  expect(active).toHaveLength(2);
  expect(await findings(active)).toEqual([]);
  await sealWith(later);
  expect(await toldChanges()).toHaveLength(1);
});

it('with one of the keys alone, verification says of each cell that its signature is of another one', async () => {
  const [newer] = later.composition.auditLog.verifiers;
  const missing = (cell: number): string => `checkpoint ${cell} \`c${String(cell).padStart(2, '0')}/checkpoint\` cannot be used: it is not signed by a known key (after a rotation the older keys are needed too)`;
  expect(await findings(service.composition.auditLog.verifiers)).toEqual([missing(systemCell)]);
  expect(await findings(newer === undefined ? [] : [newer])).toContain(missing(service.composition.names.cellOfAccount(accountA)));
});

it('a process without the newer key seals nothing, and says why', async () => {
  await expect.poll(() => service.seal().then(() => 'sealed', String), { timeout: 5000 }).toMatch(/signed with the `audit-signing` key `.+`, which the key ring of this process lacks/);
});

it('where Redis does not remember the key, the log tells it', async () => {
  await service.redis.del(auditSignerKey);
  await sealWith(later);
  expect(await toldChanges()).toHaveLength(1);
  await service.redis.del(auditSignerKey);
  await addKey(120);
  await later.stop();
  later = await startOther();
  await sealWith(later);
  expect(await toldChanges()).toHaveLength(2);
  expect(await findings(later.composition.auditLog.verifiers)).toEqual([]);
});
