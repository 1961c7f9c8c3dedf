// Refuses a bootstrap file with an access key of another account, by the key's place in the file.
import { BootstrapError, type BootstrapAccessKey, type BootstrapFile } from '../directory/bootstrap-file.js';
import type { BootstrapPlan } from '../directory/bootstrap-plan.js';
import { claimsOf, foreignClaims } from '../redis/access-keys.js';
import type { Composition } from './composition.js';

/** Throws {@link BootstrapError}. Keys that the accounts have already are none of the plan's changes. */
export async function refuseForeignKeys(file: BootstrapFile, plan: BootstrapPlan, { redis, names }: Composition): Promise<void> {
  const [foreign] = await foreignClaims(redis, names, claimsOf(plan.changes));
  if (foreign === undefined) return;
  throw new BootstrapError(keyPlaces(file).get(foreign.accessKeyId) ?? '', `access key \`${foreign.accessKeyId}\` belongs to another account`);
}

/** Access key id → pointer to it. */
function keyPlaces(file: BootstrapFile): ReadonlyMap<string, string> {
  const of = (keys: readonly BootstrapAccessKey[] | undefined, owner: string) =>
    (keys ?? []).flatMap(({ access_key_id: id }, index) => (id === undefined ? [] : [[id, `${owner}/access_keys/${index}/access_key_id`] as const]));
  return new Map([
    ...of(file.operator?.access_keys, '/operator'),
    ...file.services.flatMap((service, index) => of(service.access_keys, `/services/${index}`)),
    ...file.accounts.flatMap((account, index) => [
      ...of(account.root_user?.access_keys, `/accounts/${index}/root_user`),
      ...account.users.flatMap((user, number) => of(user.access_keys, `/accounts/${index}/users/${number}`)),
    ]),
  ]);
}
