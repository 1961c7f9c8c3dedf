// The policies of an account in the form in which they are decided by: compiled once, and found by whom they bind.
import { parsePolicy, type NamedPolicy, type PolicyKind } from '../policy/index.js';
import type { IdentityPolicy, PolicyAttachment, TrustingAgency, User } from './entities.js';
import type { Snapshot } from './snapshot.js';

export const hasPolicy = (snapshot: Snapshot, policyId: string): boolean => snapshot.policies.has(policyId) || snapshot.systemPolicies.has(policyId);

/** What a policy id grants in this account, a system policy's included; undefined for a policy that does not exist. */
export function grantedPolicy(snapshot: Snapshot, policyId: string): NamedPolicy | undefined {
  const policy = snapshot.policies.get(policyId);
  return policy === undefined ? snapshot.systemPolicies.get(policyId)?.policy : defaultVersion(policy);
}

/** Policies that an identity has by these attachments, in their default versions; a deleted policy grants nothing. */
export function attachedPolicies(snapshot: Snapshot, attachments: readonly PolicyAttachment[]): readonly NamedPolicy[] {
  return attachments.flatMap(({ policyId }) => grantedPolicy(snapshot, policyId) ?? []);
}

const policiesOfUsers = new WeakMap<Snapshot, WeakMap<object, readonly NamedPolicy[]>>();

/** A user's own policies and those of the user's groups: gathered once for as long as the snapshot lives. */
export function userPolicies(snapshot: Snapshot, user: PolicyBearer): readonly NamedPolicy[] {
  const known = policiesOfUsers.get(snapshot) ?? new WeakMap<object, readonly NamedPolicy[]>();
  policiesOfUsers.set(snapshot, known);
  let policies = known.get(user);
  if (policies === undefined) known.set(user, policies = gathered(snapshot, user));
  return policies;
}

type PolicyBearer = Pick<User, 'attachedPolicies' | 'groupIds'>;

function gathered(snapshot: Snapshot, user: PolicyBearer): readonly NamedPolicy[] {
  const ofGroups = user.groupIds.flatMap((groupId) => attachedPolicies(snapshot, snapshot.groups.get(groupId)?.attachedPolicies ?? []));
  return [...attachedPolicies(snapshot, user.attachedPolicies), ...ofGroups];
}

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
