// The policies of an account in a bootstrap file, and how entities name those that they have.
import { foldAscii } from '../policy/index.js';
import { BootstrapError, type BootstrapAccount } from './bootstrap-file.js';
import { policyVersions } from './bootstrap-documents.js';
import { byId, refuseRepeated, resolve } from './bootstrap-names.js';
import type { AccountWriter } from './bootstrap-writer.js';
import type { PolicyAttachment } from './entities.js';

/** The attachments of an entity: names of the file, with the times of those that are already there; where it names none, those that are there. */
export type Attach = (names: readonly string[] | undefined, old: readonly PolicyAttachment[] | undefined, place: string) => readonly PolicyAttachment[];

export function planPolicies(writer: AccountWriter, account: BootstrapAccount, place: string): Attach {
  const { current, now } = writer;
  const systemPolicies = new Map([...writer.catalogue.systemPolicies.values()].map(({ policyName, policyId }) => [policyName, policyId]));
  const taken = new Set([...systemPolicies.keys()].map(foldAscii));
  const policies = resolve({
    entries: account.policies, place: `${place}/policies`, nameField: 'policy_name', idField: 'policy_id',
    name: (policy) => policy.policy_name, givenId: (policy) => policy.policy_id,
    existing: byId(current?.policies), existingName: (policy) => policy.policyName, newId: () => writer.newId(),
  });
  for (const { entry, place: at, id, old } of policies) {
    // An attachment names one policy: there is no rule by which one of two could win.
    if (taken.has(foldAscii(entry.policy_name))) throw new BootstrapError(`${at}/policy_name`, `\`${entry.policy_name}\` is the name of a system policy`);
    if (writer.catalogue.systemPolicies.has(id)) throw new BootstrapError(`${at}/policy_id`, `\`${id}\` is the id of a system policy`);
    writer.put('policy', id, {
      ...policyVersions(old, entry, at, now),
      policyId: id, policyName: entry.policy_name, path: entry.path ?? old?.path ?? '', description: entry.description ?? old?.description ?? '', createdAt: old?.createdAt ?? now,
    });
  }
  writer.refuseOverMaximum('policies', `${place}/policies`);
  const ids = new Map([...systemPolicies, ...(current?.policies.values() ?? []).map(({ policyId, policyName }) => [policyName, policyId] as const)]);
  for (const { entry, id } of policies) ids.set(entry.policy_name, id);
  return (names, old, at) => {
    if (names === undefined) return old ?? [];
    const named = new Set<string>();
    return names.map((name, index) => {
      const policyId = ids.get(name);
      if (policyId === undefined) throw new BootstrapError(`${at}/attached_policies/${index}`, `\`${name}\` is no policy of this account`);
      refuseRepeated(named, name, `${at}/attached_policies/${index}`);
      return old?.find((attachment) => attachment.policyId === policyId) ?? { policyId, attachedAt: now };
    });
  };
}
