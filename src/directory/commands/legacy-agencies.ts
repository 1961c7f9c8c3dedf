// Commands on agencies of the older system: create, change, delete (legacy agencies §§1, 2).
import { ApiError } from '../../base/api-error.js';
import { isServiceDomain } from '../../urn/urn.js';
import { sessionDuration, type LegacyAgency } from '../entities.js';
import { entityField, type Snapshot } from '../snapshot.js';
import { validityOf } from '../validity.js';
import { putting, removing, type Change, type Changed } from './change.js';
import { refuseOverQuota, refuseUsedName } from './rules.js';

export type TrustedDomain = Pick<LegacyAgency, 'trustDomainId' | 'trustDomainName'>;

export interface NewLegacyAgency extends TrustedDomain, Pick<LegacyAgency, 'agencyId' | 'agencyName' | 'description' | 'createdAt'> {
  /** Days; null: without an end. */
  readonly duration: number | null;
}

export function createLegacyAgency(account: Snapshot, { duration, ...agency }: NewLegacyAgency): Changed<LegacyAgency> {
  refuseUsedName(account.agencies, 'agency', agency.agencyName);
  refuseOverQuota(account, 'agencies', account.agencies.size, 'agencies');
  const created: LegacyAgency = {
    kind: 'legacy', ...agency, ...validityOf(duration, agency.createdAt), path: '', maxSessionDurationSeconds: sessionDuration.defaultSeconds, tags: [], attachedPolicies: [], roleGrants: [],
  };
  return { ...putting('agency', agency.agencyId, created), entity: created };
}

export interface LegacyAgencyUpdate {
  readonly trust?: TrustedDomain;
  readonly description?: string;
  readonly duration?: number | null;
}

export interface UpdateTerms {
  readonly now: number;
  /** Whether agencies of cloud services may be modified; their type never is. */
  readonly serviceAgencies: 'refuse' | 'allow';
}

/** Sessions go on under an agency that trusts somebody else, as they do under a trust policy that was narrowed. */
export function updateLegacyAgency(account: Snapshot, agencyId: string, { trust, description, duration }: LegacyAgencyUpdate, { now, serviceAgencies }: UpdateTerms): Changed<LegacyAgency> {
  const agency = legacyAgency(account, agencyId);
  const isOfService = isServiceDomain(agency.trustDomainName);
  if (isOfService && serviceAgencies === 'refuse') {
    throw new ApiError('accessDenied', `the agency \`${agency.agencyName}\` is one of a cloud service (\`${agency.trustDomainName}\`), which cannot be modified after its creation; its permissions can`);
  }
  if (trust !== undefined && isServiceDomain(trust.trustDomainName) !== isOfService) {
    throw new ApiError('invalidField', `\`agency.trust_domain_name\`: the type of an agency cannot be changed, and \`${agency.agencyName}\` is one of ${isOfService ? 'a cloud service' : 'an account'}`);
  }
  const { validityDays, expiresAt, ...others } = agency;
  const validity = duration !== undefined ? validityOf(duration, now) : validityDays === undefined ? {} : { validityDays, expiresAt };
  const changed: LegacyAgency = { ...others, ...trust, ...(description !== undefined && { description }), ...validity };
  return { ...putting('agency', agencyId, changed), entity: changed };
}

/** Its roles go with it, its sessions end. [choice] Attached identity policies stand against it, as with trust agencies. */
export function deleteLegacyAgency(account: Snapshot, agencyId: string): Change {
  const { agencyName, attachedPolicies: { length: attached } } = legacyAgency(account, agencyId);
  if (attached > 0) throw new ApiError('stillInUse', `the agency \`${agencyName}\` has ${attached} attached identity policies: detach them first`);
  return removing(entityField('agency', agencyId));
}

/** Throws the 404, also for an agency of another kind: the older API knows none. */
export function legacyAgency({ agencies }: Snapshot, agencyId: string): LegacyAgency {
  const agency = agencies.get(agencyId);
  if (agency?.kind !== 'legacy') throw new ApiError('entityNotFound', `the agency \`${agencyId}\` cannot be found`);
  return agency;
}
