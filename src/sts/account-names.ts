// Accounts by their names, which are no key of the directory: every account is asked for its own.
import { systemAccountId } from '../directory/entities.js';
import { isAccountId } from '../urn/urn.js';
import type { Services } from './services.js';

/** Asked for at once. */
const batchSize = 200;

type Directory = Pick<Services, 'directory'>;

/** Undefined for what is no account of anybody. */
export async function nameOfAccount({ directory }: Directory, accountId: string): Promise<string | undefined> {
  return isAccountId(accountId) && accountId !== systemAccountId ? (await directory.accountRecord(accountId))?.accountName : undefined;
}

/** Ids of the accounts that have this name, which may be several. */
export async function accountsNamed(services: Directory, name: string): Promise<readonly string[]> {
  const ids = await services.directory.accountIds();
  const named: string[] = [];
  for (let from = 0; from < ids.length; from += batchSize) {
    const batch = await Promise.all(ids.slice(from, from + batchSize).map(async (id) => [id, await nameOfAccount(services, id)] as const));
    named.push(...batch.flatMap(([id, accountName]) => (accountName === name ? [id] : [])));
  }
  return named;
}
