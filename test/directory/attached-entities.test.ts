// Who has a policy: the index tells what a search of all entities would, whichever revision it is asked about.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { attachedEntities, attachmentCount } from '../../src/directory/attached-entities.js';
import type { Account, Group, TrustAgency, User } from '../../src/directory/entities.js';
import { changedSnapshot, entityField, snapshotOf, type EntityEntry, type Snapshot } from '../../src/directory/snapshot.js';

const accountId = 'a'.repeat(32);
const account: Account = { accountId, accountName: 'a', rootUserId: '', createdAt: 0, inOrganization: false, asymmetricSignature: true, revokeOnDisable: false, quotas: {} };
const policyIds = ['p0', 'p1', 'p2'];

const kind = fc.constantFrom('agency', 'group', 'user');
const step = fc.record({
  kind, number: fc.nat(5), gone: fc.boolean(), attachedPolicies: fc.uniqueArray(fc.record({ policyId: fc.constantFrom(...policyIds), attachedAt: fc.nat(9) }), { selector: ({ policyId }) => policyId }),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function entryOf({ kind: of, number, attachedPolicies }: Step): EntityEntry {
  const id = `${of}-${number}`;
  const common = { description: '', path: '', tags: [], createdAt: number, attachedPolicies };
  const agency: TrustAgency = { ...common, kind: 'trust', agencyId: id, agencyName: id, maxSessionDurationSeconds: 3600, trustPolicy: '' };
  const group: Group = { ...common, groupId: id, groupName: id, roleGrants: [] };
  const user: User = { ...common, userId: id, userName: id, enabled: true, isRootUser: false, groupIds: [] };
  return [entityField(of, id), { agency, group, user }[of]];
}

function after(snapshot: Snapshot, steps: readonly Step[]): Snapshot {
  const last = [...new Map(steps.map((one) => [entryOf(one)[0], one])).values()];
  const changed = changedSnapshot(snapshot, 'next', last.filter(({ gone }) => !gone).map(entryOf), last.filter(({ gone }) => gone).map((one) => entryOf(one)[0]));
  if (changed === undefined) throw new Error('no account');
  return changed;
}

function searched({ agencies, groups, users }: Snapshot, policyId: string): readonly string[] {
  const all = [...agencies.values().map((one) => [one.agencyId, one] as const), ...groups.values().map((one) => [one.groupId, one] as const), ...users.values().map((one) => [one.userId, one] as const)];
  return all.flatMap(([id, { attachedPolicies }]) => attachedPolicies.filter((one) => one.policyId === policyId).map(({ attachedAt }) => `${id} ${attachedAt}`)).sort();
}

it('the index of each revision equals a search, also when older revisions are asked about again', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.array(step, { maxLength: 4 }), fc.nat()), { maxLength: 15 }), (changes) => {
    let latest = snapshotOf(accountId, 'first', [[`account:${accountId}`, { ...account }]], { systemPolicies: new Map(), systemRoles: new Map() });
    const revisions = [latest];
    for (const [steps, back] of changes) {
      latest = after(latest, steps);
      revisions.push(latest);
      for (const snapshot of [latest, revisions[back % revisions.length] ?? latest]) {
        for (const policyId of policyIds) {
          expect(attachedEntities(snapshot, policyId).map(({ id, attachedAt }) => `${id} ${attachedAt}`).sort()).toEqual(searched(snapshot, policyId));
          expect(attachmentCount(snapshot, policyId)).toBe(searched(snapshot, policyId).length);
        }
      }
    }
  }), { numRuns: 100 });
});
