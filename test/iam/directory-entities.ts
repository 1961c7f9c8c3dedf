// Entities that no operation of the tests' callers makes: agencies of the other kinds, quotas of their own.
import type { LegacyAgency, ServiceLinkedAgency } from '../../src/directory/entities.js';
import type { Quotas } from '../../src/directory/quotas.js';
import type { EntityEntry, Snapshot } from '../../src/directory/snapshot.js';
import { trust } from '../support/accounts.js';
import { writeChanges, type TestService } from '../support/service.js';

export async function snapshotOf(service: TestService, accountId: string): Promise<Snapshot> {
  const view = await service.composition.services.directory.read(accountId, () => []);
  if (view === undefined) throw new Error(`no account ${accountId}`);
  return view.snapshot;
}

export async function put(service: TestService, accountId: string, ...entries: readonly EntityEntry[]): Promise<void> {
  const { revision } = await snapshotOf(service, accountId);
  const result = await writeChanges(service.composition, [{ accountId, expectedRevision: revision, put: entries, remove: [] }]);
  if (result !== 'committed') throw new Error(result);
}

export async function setQuotas(service: TestService, accountId: string, quotas: Partial<Quotas>): Promise<void> {
  const { account } = await snapshotOf(service, accountId);
  await put(service, accountId, [`account:${accountId}`, { ...account, quotas }]);
}

const common = { description: '', maxSessionDurationSeconds: 3600, tags: [], attachedPolicies: [] };

export const legacyAgency = (createdAt: number): LegacyAgency => ({
  ...common, kind: 'legacy', agencyId: 'e'.repeat(32), agencyName: 'old-one', path: '', createdAt, trustDomainId: 'b'.repeat(32), trustDomainName: 'account-b', roleGrants: [],
});

export const serviceLinkedAgency = (createdAt: number): ServiceLinkedAgency => ({
  ...common, kind: 'service-linked', agencyId: 'f'.repeat(32), agencyName: 'of-a-service', path: 'service-linked-agency/service.OBS/', createdAt,
  trustPolicy: JSON.stringify(trust({ Service: ['service.OBS'] })), servicePrincipal: 'service.OBS', usage: [],
});

/** The names in a list that an answer has. */
export const namesIn = (list: unknown, name: string): readonly unknown[] =>
  // Lists of answers hold objects.
  (list as readonly Readonly<Record<string, unknown>>[]).map((item) => item[name]);

/** The member of an answer that is an object. */
export const objectIn = (value: unknown): Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null) throw new Error('no object');
  // Just found to be one.
  return value as Readonly<Record<string, unknown>>;
};
