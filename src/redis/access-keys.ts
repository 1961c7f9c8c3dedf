// Which account a permanent access key id belongs to: claims, made before the key is written and checked with it.
import { Cluster } from 'ioredis';
import { entityField } from '../directory/snapshot.js';
import type { AccountChange } from '../directory/store.js';
import type { KeyNames } from './cells.js';
import { reach, runScript, script, type RedisConnection } from './client.js';

export interface Claim {
  readonly accessKeyId: string;
  readonly accountId: string;
}

/** The permanent access keys that these changes write. */
export const claimsOf = (changes: readonly AccountChange[]): readonly Claim[] =>
  changes.flatMap(({ accountId, put }) => put.flatMap(([, entity]) => ('sealedSecret' in entity ? [{ accessKeyId: entity.accessKeyId, accountId }] : [])));

/** The claims whose key another account has already. */
export async function foreignClaims(redis: RedisConnection, names: KeyNames, claims: readonly Claim[]): Promise<readonly Claim[]> {
  const foreign = await reach(() => Promise.all(claims.map(async ({ accessKeyId, accountId }) => {
    const holder = await redis.get(names.accessKeyHint(accessKeyId));
    return holder !== null && holder !== accountId && (await redis.hexists(names.accountEntities(holder), entityField('key', accessKeyId))) === 1;
  })));
  return claims.filter((_claim, index) => foreign[index]);
}

// In one step: the holder may be writing the key at this moment.
export const takeOverScript = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('HEXISTS', KEYS[2], ARGV[2]) == 0 then redis.call('SET', KEYS[1], ARGV[3]) end
return 'ok'
`);

const replaceScript = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end
return 'ok'
`);

/**
 * On a cluster the claim and the holder's account are out of one step's reach. A holder that writes the key in between
 * loses its claim, and with it the commit, which asks for the claim.
 */
async function takeOverApart(redis: Cluster, names: KeyNames, { accessKeyId, accountId, holder }: Claim & { readonly holder: string }): Promise<void> {
  if ((await redis.hexists(names.accountEntities(holder), entityField('key', accessKeyId))) === 1) return;
  await runScript(redis, replaceScript, [names.accessKeyHint(accessKeyId)], [holder, accountId]);
}

/**
 * Claims the id, unless another account has the key: whether the claim holds is for the commit to check. A claim whose
 * account never got the key, as a write leaves it that conflicts or fails, is taken over.
 */
export async function claimAccessKey(redis: RedisConnection, names: KeyNames, { accessKeyId, accountId }: Claim): Promise<void> {
  const hint = names.accessKeyHint(accessKeyId);
  if ((await redis.set(hint, accountId, 'NX')) === 'OK') return;
  const holder = await redis.get(hint);
  if (holder === null || holder === accountId) return;
  if (redis instanceof Cluster) return takeOverApart(redis, names, { accessKeyId, accountId, holder });
  await runScript(redis, takeOverScript, [hint, names.accountEntities(holder)], [holder, entityField('key', accessKeyId), accountId]);
}
