// Legacy agencies for tests, written as no caller could: with any trust, any time of expiry, any grants.
import type { LegacyAgency } from '../../src/directory/entities.js';
import type { EntityEntry } from '../../src/directory/snapshot.js';
import { writeChanges, type TestService } from './service.js';

export type LegacyAgencyFields = Partial<LegacyAgency> & Pick<LegacyAgency, 'agencyName' | 'trustDomainName'>;

/** Its id is its name behind `id-`. */
export const legacyAgency = (fields: LegacyAgencyFields): LegacyAgency => ({
  kind: 'legacy', agencyId: `id-${fields.agencyName}`, path: '', description: '', maxSessionDurationSeconds: 3600, trustDomainId: '', tags: [], attachedPolicies: [], roleGrants: [], createdAt: 0, ...fields,
});

export async function put(service: Pick<TestService, 'composition'>, accountId: string, entries: readonly EntityEntry[], remove: readonly EntityEntry[0][] = []): Promise<void> {
  const view = await service.composition.services.directory.read(accountId, () => []);
  if (view === undefined) throw new Error(`no account ${accountId}`);
  const result = await writeChanges(service.composition, [{ accountId, expectedRevision: view.snapshot.revision, put: entries, remove }]);
  if (result !== 'committed') throw new Error(`the change was answered with ${result}`);
}

export const putLegacyAgencies = (service: Pick<TestService, 'composition'>, accountId: string, agencies: readonly LegacyAgencyFields[]): Promise<void> =>
  put(service, accountId, agencies.map((fields) => [`agency:id-${fields.agencyName}`, legacyAgency(fields)] as const));
