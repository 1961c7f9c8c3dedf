// Commands on trust agencies: create, change, delete (IAM v5 API §2).
import { ApiError } from '../../base/api-error.js';
import type { Agency, TrustAgency } from '../entities.js';
import { entityField, type Snapshot } from '../snapshot.js';
import { putting, removing, type Change, type Changed } from './change.js';
import { found, refuseLegacy, refuseOverQuota, refuseServiceLinked, refuseUsedName } from './rules.js';

export type NewTrustAgency = Pick<TrustAgency, 'agencyId' | 'agencyName' | 'path' | 'description' | 'maxSessionDurationSeconds' | 'trustPolicy' | 'createdAt'>;

export function createAgency(account: Snapshot, agency: NewTrustAgency): Changed<TrustAgency> {
  refuseUsedName(account.agencies, 'agency', agency.agencyName);
  refuseOverQuota(account, 'agencies', account.agencies.size, 'agencies');
  const created: TrustAgency = { kind: 'trust', ...agency, tags: [], attachedPolicies: [] };
  return { ...putting('agency', agency.agencyId, created), entity: created };
}

export type AgencyUpdate = Partial<Pick<TrustAgency, 'description' | 'maxSessionDurationSeconds' | 'trustPolicy'>>;

export function updateAgency(account: Snapshot, agencyId: string, update: AgencyUpdate): Changed<Agency> {
  const agency = refuseLegacy(refuseServiceLinked(found(account.agencies, 'agency', agencyId)));
  return putting('agency', agencyId, { ...agency, ...update });
}

/** [choice] Attached policies stand against it, as clients expect who detach first. */
export function deleteAgency(account: Snapshot, agencyId: string): Change {
  const agency = refuseLegacy(refuseServiceLinked(found(account.agencies, 'agency', agencyId)));
  const attached = agency.attachedPolicies.length;
  if (attached > 0) throw new ApiError('stillInUse', `the agency \`${agency.agencyName}\` has ${attached} attached policies: detach them first`);
  return removing(entityField('agency', agencyId));
}
