// The command that makes a trust agency of a legacy one: the agency, its policies and their attachments in one change.
import { ApiError } from '../../base/api-error.js';
import type { IdentityPolicy, LegacyAgency, TrustAgency } from '../entities.js';
import type { MigrationPlan } from '../migration/plan.js';
import { quotaOf } from '../quotas.js';
import { changedSnapshot, entityField, type Snapshot } from '../snapshot.js';
import { putting, type Change } from './change.js';
import { createPolicy } from './policies.js';
import { found, refuseOverQuota, refuseServiceLinked, refuseUsedName } from './rules.js';

export interface Migration {
  /** Of the trust agency; that of the legacy agency, and it takes its place. */
  readonly agencyName: string;
  readonly agencyId: string;
  readonly createdAt: number;
  readonly newPolicyId: () => string;
}

export interface Migrated extends Change {
  readonly agency: TrustAgency;
  readonly policies: readonly IdentityPolicy[];
}

/** Throws the 404, and the 400 or 403 of an agency of another kind. */
export function legacyAgencyToMigrate(account: Snapshot, agencyId: string): LegacyAgency {
  const agency = refuseServiceLinked(found(account.agencies, 'agency', agencyId));
  if (agency.kind === 'trust') throw new ApiError('invalidField', `\`agency_id\`: \`${agency.agencyName}\` is a trust agency already`);
  return agency;
}

/** All of it or nothing: throws the 409 of a name that is taken, and of a quota. */
export function migrateAgency(account: Snapshot, legacy: LegacyAgency, { trustPolicy, policies: planned }: MigrationPlan, { agencyName, agencyId, createdAt, newPolicyId }: Migration): Migrated {
  const isReplaced = agencyName === legacy.agencyName;
  if (!isReplaced) {
    refuseUsedName(account.agencies, 'agency', agencyName);
    refuseOverQuota(account, 'agencies', account.agencies.size, 'agencies');
  }
  const attached = legacy.attachedPolicies.length + planned.length;
  const most = quotaOf(account.account, 'policiesPerAgency');
  if (attached > most) throw new ApiError('attachedPoliciesQuota', `the quota is reached: policies attached to a single agency ${most} at most, and the agency \`${agencyName}\` would have ${attached}`);
  const policies: IdentityPolicy[] = [];
  let withPolicies = account;
  for (const policy of planned) {
    const created = createPolicy(withPolicies, { policyId: newPolicyId(), path: '', createdAt, ...policy });
    policies.push(created.entity);
    withPolicies = changedSnapshot(withPolicies, withPolicies.revision, created.put, []) ?? withPolicies;
  }
  const agency: TrustAgency = {
    kind: 'trust', agencyId, agencyName, path: legacy.path, description: legacy.description, maxSessionDurationSeconds: legacy.maxSessionDurationSeconds, tags: legacy.tags,
    attachedPolicies: [...legacy.attachedPolicies, ...policies.map(({ policyId }) => ({ policyId, attachedAt: createdAt }))], trustPolicy, createdAt,
  };
  return {
    put: [...policies.flatMap((policy) => putting('policy', policy.policyId, policy).put), ...putting('agency', agencyId, agency).put],
    // With the agency its sessions end.
    remove: isReplaced ? [entityField('agency', legacy.agencyId)] : [], agency, policies,
  };
}
