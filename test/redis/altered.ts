// The accounts of the tests with one thing different, as files to apply.
import { accounts } from '../support/accounts.js';

type List = 'users' | 'groups' | 'policies' | 'agencies';
type Entity = Record<string, unknown>;
interface LooseFile {
  readonly accounts: (Entity & { readonly account_id: string })[];
}

function fileWith(accountId: string, change: (account: Entity) => void): object {
  const file: LooseFile = structuredClone(accounts);
  const account = file.accounts.find((each) => each.account_id === accountId);
  if (account === undefined) throw new Error(`no account ${accountId}`);
  change(account);
  return file;
}

// The accounts of the tests are made of such lists.
const listOf = (account: Entity, list: List): Entity[] => (account[list] ?? []) as Entity[];

/** Another value for members of the account itself. */
export const withAccount = (accountId: string, members: Entity): object => fileWith(accountId, (account) => Object.assign(account, members));

/** Other members for the entities of this name. */
export const withEntity = (accountId: string, list: List, name: string, members: Entity): object =>
  fileWith(accountId, (account) => {
    const found = listOf(account, list).filter((entity) => Object.entries(entity).some(([member, value]) => member.endsWith('_name') && value === name));
    if (found.length !== 1) throw new Error(`${found.length} entities of the name ${name}`);
    for (const entity of found) Object.assign(entity, members);
  });

/** One entity more. */
export const withAdded = (accountId: string, list: List, entity: Entity): object =>
  fileWith(accountId, (account) => Object.assign(account, { [list]: [...listOf(account, list), entity] }));
