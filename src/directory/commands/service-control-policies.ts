// The command on an account's service control policies: all of them at once.
import type { ServiceControlPolicy } from '../entities.js';
import { entityField, type EntityEntry, type Snapshot } from '../snapshot.js';
import type { Change } from './change.js';

/** [choice] How many an account may have; no limit is published. */
export const serviceControlPoliciesPerAccount = 50;

/** @param policies undefined: the account is in no organization, and none applies; their names differ from each other */
export function replaceServiceControlPolicies({ account, serviceControlPolicies }: Snapshot, policies: readonly ServiceControlPolicy[] | undefined): Change {
  const names = new Set(policies?.map(({ name }) => name));
  return {
    put: [
      [entityField('account', account.accountId), { ...account, inOrganization: policies !== undefined }],
      ...(policies ?? []).map((policy): EntityEntry => [entityField('scp', policy.name), policy]),
    ],
    remove: serviceControlPolicies.ids().filter((name) => !names.has(name)).map((name) => entityField('scp', name)),
  };
}
