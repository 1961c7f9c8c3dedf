// Commands on identity policies and their versions: create, delete, choose the default (IAM v5 API §4).
import { ApiError } from '../../base/api-error.js';
import { foldAscii } from '../../policy/index.js';
import { attachedEntities, type IdentityKind } from '../attached-entities.js';
import type { IdentityPolicy, PolicyVersion } from '../entities.js';
import { quotaOf } from '../quotas.js';
import { entityField, type Snapshot } from '../snapshot.js';
import { putting, removing, type Change, type Changed } from './change.js';
import { found, refuseOverQuota, refuseUsedName } from './rules.js';

export interface NewPolicy extends Pick<IdentityPolicy, 'policyId' | 'policyName' | 'path' | 'description' | 'createdAt'> {
  readonly document: string;
}

export function createPolicy(account: Snapshot, { document, ...policy }: NewPolicy): Changed<IdentityPolicy> {
  refuseUsedName(account.policies, 'policy', policy.policyName);
  refuseSystemName(account, policy.policyName);
  refuseOverQuota(account, 'policies', account.policies.size, 'custom policies');
  const { createdAt } = policy;
  const first: PolicyVersion = { versionId: versionId(1), document, createdAt };
  return putting('policy', policy.policyId, { ...policy, versions: [first], defaultVersionId: first.versionId, lastVersionNumber: 1, updatedAt: createdAt });
}

/** Sessions that name the policy do not stand against it: a deleted policy grants them nothing. */
export function deletePolicy(account: Snapshot, policyId: string): Change {
  const { policyName } = customPolicy(account, policyId);
  const holders = attachedEntities(account, policyId);
  if (holders.length > 0) {
    const count = (kind: IdentityKind): number => holders.filter((holder) => holder.kind === kind).length;
    throw new ApiError('stillInUse', `the policy \`${policyName}\` is attached (agencies: ${count('agency')}, groups: ${count('group')}, users: ${count('user')}): detach it first`);
  }
  return removing(entityField('policy', policyId));
}

export interface NewPolicyVersion extends Pick<PolicyVersion, 'document' | 'createdAt'> {
  readonly setAsDefault: boolean;
}

export function createPolicyVersion(account: Snapshot, policyId: string, { document, createdAt, setAsDefault }: NewPolicyVersion): Changed<PolicyVersion> {
  const policy = customPolicy(account, policyId);
  const held = policy.versions.length;
  const most = quotaOf(account.account, 'versionsPerPolicy');
  if (held >= most) {
    throw new ApiError('policyVersionsQuota', `the quota is reached: versions of a policy ${most} at most, and the policy \`${policy.policyName}\` has ${held}: delete one first`);
  }
  const number = policy.lastVersionNumber + 1;
  const version: PolicyVersion = { versionId: versionId(number), document, createdAt };
  const change = putting('policy', policyId, {
    ...policy, versions: [...policy.versions, version], lastVersionNumber: number,
    ...(setAsDefault && { defaultVersionId: version.versionId, updatedAt: createdAt }),
  });
  return { ...change, entity: version };
}

export function deletePolicyVersion(account: Snapshot, policyId: string, deletedId: string): Change {
  const policy = customPolicy(account, policyId);
  versionOf(policy, deletedId);
  if (policy.defaultVersionId === deletedId) {
    throw new ApiError('defaultVersion', `the version \`${deletedId}\` is the default version of the policy \`${policy.policyName}\`: make another version the default first`);
  }
  return putting('policy', policyId, { ...policy, versions: policy.versions.filter((version) => version.versionId !== deletedId) });
}

/** [choice] Undefined: the version is the default already, and the policy keeps the time of its last change. */
export function setDefaultPolicyVersion(account: Snapshot, policyId: string, defaultVersionId: string, updatedAt: number): Change | undefined {
  const policy = customPolicy(account, policyId);
  versionOf(policy, defaultVersionId);
  return policy.defaultVersionId === defaultVersionId ? undefined : putting('policy', policyId, { ...policy, defaultVersionId, updatedAt });
}

/** Throws the 404 that names the version. */
export function versionOf({ policyName, versions }: Pick<IdentityPolicy, 'policyName' | 'versions'>, wanted: string): PolicyVersion {
  const version = versions.find((one) => one.versionId === wanted);
  if (version === undefined) throw new ApiError('entityNotFound', `the version \`${wanted}\` of the policy \`${policyName}\` cannot be found`);
  return version;
}

const versionId = (number: number): string => `v${number}`;

/** Throws the 403 for a system policy and the 404 for none. */
function customPolicy(account: Snapshot, policyId: string): IdentityPolicy {
  const system = account.systemPolicies.get(policyId);
  if (system !== undefined && !account.policies.has(policyId)) {
    throw new ApiError('accessDenied', `the policy \`${system.policyName}\` is a system policy: it can be attached and detached, but not changed or deleted`);
  }
  return found(account.policies, 'policy', policyId);
}

/** Case does not count, as among system policies themselves. */
function refuseSystemName({ systemPolicies }: Snapshot, name: string): void {
  for (const { policyName } of systemPolicies.values()) {
    if (foldAscii(policyName) === foldAscii(name)) throw new ApiError('nameInUse', `the policy name \`${name}\` is already in use: it is that of a system policy`);
  }
}
