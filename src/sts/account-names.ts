// Accounts by their names, which are no key of the directory: several may share one.
import { systemAccountId } from '../directory/entities.js';
import { isAccountId } from '../urn/urn.js';
import type { Services } from './services.js';

type Directory = Pick<Services, 'directory'>;

/** Undefined for what is no account of anybody. */
export async function nameOfAccount({ directory }: Directory, accountId: string): Promise<string | undefined> {
  return isAccountId(accountId) && accountId !== systemAccountId ? (await directory.accountRecord(accountId))?.accountName : undefined;
}

/** Ids of the accounts that have this name, which may be several. Anybody may ask: it costs no more with many accounts. */
export async function accountsNamed(services: Directory, name: string): Promise<readonly string[]> {
  const candidates = await services.directory.candidatesOfName(name);
  const named = await Promise.all(candidates.map(async (id) => ((await nameOfAccount(services, id)) === name ? [id] : [])));
  return named.flat();
}
