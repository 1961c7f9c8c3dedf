// The policies of an account in the form in which they are decided by: compiled once, and found by whom they bind.
import { madeOnceOfMember } from '../base/made-once.js';
import { parsePolicy, type NamedPolicy, type PolicyKind } from '../policy/index.js';
import type { IdentityPolicy, PolicyAttachment, TrustingAgency, User } from './entities.js';
import type { Snapshot } from './snapshot.js';

export const hasPolicy = (snapshot: Snapshot, policyId: string): boolean => snapshot.policies.has(policyId) || snapshot.systemPolicies.has(policyId);

/** What a policy id grants in this account, a system policy's included; undefined for a policy that does not exist. */
export function grantedPolicy(snapshot: Snapshot, policyId: string): NamedPolicy | undefined {
  const policy = snapshot.policies.get(policyId);
  return policy === undefined ? snapshot.systemPolicies.get(policyId)?.policy : defaultVersion(policy);
}

/** Policies that an identity has by these attachments, in their default versions; a deleted policy grants nothing. Gathered once for as long as the snapshot lives. */
export const attachedPolicies = madeOnceOfMember((snapshot: Snapshot, attachments: readonly PolicyAttachment[]): readonly NamedPolicy[] =>
  attachments.flatMap(({ policyId }) => grantedPolicy(snapshot, policyId) ?? []));

/** A user's own policies and those of the user's groups: gathered once for as long as the snapshot lives. */
export const userPolicies = madeOnceOfMember((snapshot: Snapshot, user: Pick<User, 'attachedPolicies' | 'groupIds'>): readonly NamedPolicy[] => {
  const ofGroups = user.groupIds.flatMap((groupId) => attachedPolicies(snapshot, snapshot.groups.get(groupId)?.attachedPolicies ?? []));
  return [...attachedPolicies(snapshot, user.attachedPolicies), ...ofGroups];
});

/** The SCPs that bind the account, or undefined outside of an organization. */
export function boundServiceControlPolicies(snapshot: Snapshot): readonly NamedPolicy[] | undefined {
  if (!snapshot.account.inOrganization) return undefined;
  return snapshot.serviceControlPolicies.values().map((policy) => compiled(policy, 'service-control', policy.name, policy.document));
}

export const trustPolicyOf = (agency: TrustingAgency): NamedPolicy => compiled(agency, 'trust', 'trust policy', agency.trustPolicy);

/** The policy's default version, compiled. */
function defaultVersion(policy: IdentityPolicy): NamedPolicy {
  const version = policy.versions.find(({ versionId }) => versionId === policy.defaultVersionId);
  if (version === undefined) throw new Error(`policy \`${policy.policyId}\` lacks its default version`);
  return compiled(version, 'identity', policy.policyName, version.document);
}

const compiledPolicies = new WeakMap<object, NamedPolicy>();

/** Compiles a document once for as long as its entity lives: entities are immutable. */
export function compiled(entity: object, kind: PolicyKind, name: string, document: string): NamedPolicy {
  let policy = compiledPolicies.get(entity);
  if (policy === undefined) {
    policy = { name, policy: parsePolicy(kind, document) };
    compiledPolicies.set(entity, policy);
  }
  return policy;
}
