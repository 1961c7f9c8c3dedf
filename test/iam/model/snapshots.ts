// An account as a process keeps it, with all that is looked up in it, in a form that can be compared.
import { attachmentCount } from '../../../src/directory/attached-entities.js';
import { userCount } from '../../../src/directory/commands/groups.js';
import { entriesOf, type Snapshot } from '../../../src/directory/snapshot.js';
import type { DirectoryReader } from '../../../src/directory/store.js';
import type { Table } from '../../../src/directory/table.js';

export async function readSnapshot(directory: DirectoryReader, accountId: string): Promise<Snapshot> {
  const view = await directory.read(accountId, () => []);
  if (view === undefined) throw new Error(`there is no account ${accountId}`);
  return view.snapshot;
}

export function comparable(snapshot: Snapshot): unknown {
  const { revision, users, groups, policies, agencies, accessKeys, mfaDevices } = snapshot;
  const named = <Entity>(table: Table<Entity>, nameOf: (entity: Entity) => string): unknown => [table.size, table.values(), table.values().map((entity) => [nameOf(entity), table.named(nameOf(entity))])];
  return {
    revision, entries: new Map(entriesOf(snapshot)),
    users: named(users, ({ userName }) => userName), groups: named(groups, ({ groupName }) => groupName),
    policies: named(policies, ({ policyName }) => policyName), agencies: named(agencies, ({ agencyName }) => agencyName),
    accessKeys: accessKeys.values(), mfaDevices: mfaDevices.values(),
    // Counted in ways of their own, which remember what they counted.
    attachments: [...policies.ids(), ...snapshot.systemPolicies.keys()].map((id) => attachmentCount(snapshot, id)),
    members: groups.ids().map((id) => userCount(users, id)),
  };
}
