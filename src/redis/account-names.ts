// Which accounts have a name: an index of hints, which the account's own record confirms.
import type { AccountChange } from '../directory/store.js';
import type { Account } from '../directory/entities.js';
import { accountsKey, accountsNamedKey } from './cells.js';
import { reach, type RedisConnection } from './client.js';

/** Asked for at once. */
const batchSize = 200;

/** Names that accounts have from these changes on: what stands in a field of that kind is one. */
const namesIn = (changes: readonly AccountChange[]): readonly (readonly [accountId: string, name: string])[] =>
  changes.flatMap(({ accountId, put }) => put.flatMap(([field, entity]) => (field === `account:${accountId}` ? [[accountId, (entity as Account).accountName] as const] : [])));

/** INVARIANT: written before the account is; what a conflict, another name or a deletion leaves of it names nobody. */
export async function indexNames(redis: RedisConnection, changes: readonly AccountChange[]): Promise<void> {
  await Promise.all(namesIn(changes).map(([accountId, name]) => redis.sadd(accountsNamedKey(name), accountId)));
}

export interface AccountNames {
  /** Ids of accounts that have, or had, this name, or were to get it. Costs the same however many accounts there are. */
  candidates(name: string): Promise<readonly string[]>;
}

/**
 * The index is completed once in a process, before it is asked for the first time: what an earlier version of this
 * service wrote is not in it. Whoever asks meanwhile waits for the same work.
 */
export function accountNames(redis: RedisConnection, recordOf: (accountId: string) => Promise<Account | undefined>): AccountNames {
  let completion: Promise<void> | undefined;

  async function complete(): Promise<void> {
    const ids = await redis.smembers(accountsKey);
    for (let from = 0; from < ids.length; from += batchSize) {
      await Promise.all(ids.slice(from, from + batchSize).map(async (id) => {
        const record = await recordOf(id);
        if (record !== undefined) await redis.sadd(accountsNamedKey(record.accountName), id);
      }));
    }
  }

  return {
    candidates: (name) => reach(async () => {
      completion ??= complete().catch((error: unknown) => {
        completion = undefined;
        throw error;
      });
      await completion;
      return redis.smembers(accountsNamedKey(name));
    }),
  };
}
