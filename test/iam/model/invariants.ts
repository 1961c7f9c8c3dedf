// What must hold of an account whatever was called in whatever order: told from its snapshot and the answers, without the model.
import { expect } from 'vitest';
import { attachmentCount } from '../../../src/directory/attached-entities.js';
import { userCount } from '../../../src/directory/commands/groups.js';
import { hasPolicy } from '../../../src/directory/compiled-policies.js';
import { accessKeysPerUser, quotaOf, type QuotaName } from '../../../src/directory/quotas.js';
import type { Snapshot } from '../../../src/directory/snapshot.js';
import { member } from '../managed.js';
import type { Answered } from './concurrent.js';
import { idIn } from './pool.js';

const unique = (names: readonly string[]): void => expect([...new Set(names)]).toEqual(names);

/** Unless a quota was lowered meanwhile. */
export function expectWithinQuotas({ account, users, groups, policies, agencies }: Snapshot): void {
  const within = (name: QuotaName, counts: readonly number[]): void => expect(counts.filter((count) => count > quotaOf(account, name))).toEqual([]);
  within('users', [users.size]);
  within('groups', [groups.size]);
  within('policies', [policies.size]);
  within('agencies', [agencies.size]);
  within('groupsPerUser', users.values().map(({ groupIds }) => groupIds.length));
  within('policiesPerUser', users.values().map(({ attachedPolicies }) => attachedPolicies.length));
  within('policiesPerGroup', groups.values().map(({ attachedPolicies }) => attachedPolicies.length));
  within('policiesPerAgency', agencies.values().map(({ attachedPolicies }) => attachedPolicies.length));
  within('versionsPerPolicy', policies.values().map(({ versions }) => versions.length));
}

export function expectInvariants(snapshot: Snapshot): void {
  const { users, groups, policies, agencies, accessKeys } = snapshot;
  unique(users.values().map(({ userName }) => userName));
  unique(groups.values().map(({ groupName }) => groupName));
  unique(policies.values().map(({ policyName }) => policyName));
  unique(agencies.values().map(({ agencyName }) => agencyName));

  for (const { groupIds, userId } of users.values()) {
    unique(groupIds);
    expect(groupIds.filter((id) => !groups.has(id))).toEqual([]);
    expect(accessKeys.values().filter(({ owner }) => owner.id === userId).length).toBeLessThanOrEqual(accessKeysPerUser);
  }
  expect(accessKeys.values().filter(({ owner }) => !users.has(owner.id))).toEqual([]);

  const attached = [...users.values(), ...groups.values(), ...agencies.values()].map(({ attachedPolicies }) => attachedPolicies.map(({ policyId }) => policyId));
  attached.forEach(unique);
  expect(attached.flat().filter((id) => !hasPolicy(snapshot, id))).toEqual([]);
  for (const id of [...policies.ids(), ...snapshot.systemPolicies.keys()]) expect(attachmentCount(snapshot, id)).toBe(attached.flat().filter((one) => one === id).length);
  for (const id of groups.ids()) expect(userCount(users, id)).toBe(users.values().filter(({ groupIds }) => groupIds.includes(id)).length);

  for (const { versions, defaultVersionId, lastVersionNumber } of policies.values()) {
    const numbers = versions.map(({ versionId }) => Number(versionId.slice(1)));
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
    expect(numbers.at(-1)).toBeLessThanOrEqual(lastVersionNumber);
    expect(versions.map(({ versionId }) => versionId)).toContain(defaultVersionId);
  }
}

/** Every acknowledged creation that nobody deleted is there, every acknowledged deletion is gone, no id and no version number was given twice. */
export function expectAcknowledged({ users, groups, policies, agencies, accessKeys }: Snapshot, answered: readonly Answered[]): void {
  const acknowledged = answered.filter(({ answer }) => answer.status < 300);
  const removed = acknowledged.flatMap(({ prepared }) => prepared.removes ?? []).map(({ kind, id }) => `${kind}:${kind === 'key' ? (id.split('/')[1] ?? '') : id}`);
  const made = acknowledged.flatMap(({ prepared, answer }) => (prepared.makes === undefined ? [] : [{ id: `${prepared.makes}:${idIn(prepared, answer)}`, path: prepared.call.path }]));
  unique(removed);
  unique(made.map(({ id }) => id));
  const ofDeletedUser = (path: string): boolean => removed.some((one) => one.startsWith('user:') && path.includes(one.slice('user:'.length)));
  const expected = made.filter(({ id, path }) => !removed.includes(id) && !ofDeletedUser(path)).map(({ id }) => id);
  const table = { user: users, group: groups, policy: policies, agency: agencies, key: accessKeys };
  // All but the root user and its first key was made by the calls.
  const present = Object.entries(table).flatMap(([kind, entities]) => entities.ids().map((id) => `${kind}:${id}`));
  const rootsOwn = present.filter((id) => !made.some((one) => one.id === id));
  expect(rootsOwn).toHaveLength(2);
  expect(present.filter((id) => !rootsOwn.includes(id)).sort()).toEqual(expected.sort());

  const versions = acknowledged.filter(({ prepared }) => prepared.name === 'CreatePolicyVersionV5').map(({ prepared, answer }) => `${prepared.call.path} ${String(member(answer.body, 'policy_version', 'version_id'))}`);
  unique(versions);
  for (const { policyId, lastVersionNumber } of policies.values()) expect(versions.filter((one) => one.includes(policyId))).toHaveLength(lastVersionNumber - 1);
}
