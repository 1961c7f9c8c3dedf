// Rules that commands of several families share: found or not, names, quotas, and what users may not touch.
import { ApiError } from '../../base/api-error.js';
import type { Agency, LegacyAgency, TrustAgency } from '../entities.js';
import { quotaOf, type QuotaName } from '../quotas.js';
import type { Snapshot } from '../snapshot.js';
import type { Table } from '../table.js';

/** Throws the 404 that names what was looked for; only of the caller's own account. */
export function found<Entity>(table: Table<Entity>, what: string, id: string): Entity {
  const entity = table.get(id);
  if (entity === undefined) throw new ApiError('entityNotFound', `the ${what} \`${id}\` cannot be found`);
  return entity;
}

export function refuseUsedName<Entity>(table: Table<Entity>, what: string, name: string): void {
  if (table.named(name) !== undefined) throw new ApiError('nameInUse', `the ${what} name \`${name}\` is already in use`);
}

/** @param held how many there are before one more is added */
export function refuseOverQuota({ account }: Snapshot, quota: QuotaName, held: number, what: string): void {
  const most = quotaOf(account, quota);
  if (held >= most) throw new ApiError('quotaExceeded', `the quota is reached: ${what} ${most} at most, and ${held} exist`);
}

/** Users, administrators too, only look at a service-linked agency. */
export function refuseServiceLinked<Kind extends Agency>(agency: Kind): Exclude<Kind, { kind: 'service-linked' }> {
  if (agency.kind === 'service-linked') {
    throw new ApiError('accessDenied', `the service-linked agency \`${agency.agencyName}\` can be changed and deleted only by the service \`${agency.servicePrincipal}\` itself, not by users or administrators`);
  }
  // What is left when the one kind is refused.
  return agency as Exclude<Kind, { kind: 'service-linked' }>;
}

/** Operations of the v5 API that do not know agencies of the older system. */
export function refuseLegacy(agency: LegacyAgency | TrustAgency): TrustAgency {
  if (agency.kind === 'legacy') throw new ApiError('onlyTrustAgencies', 'This operation is only supported by v5 agencies');
  return agency;
}
