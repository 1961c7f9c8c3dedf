// Access keys of users (IAM v5 API §6); their operations act on the user.
import { z } from 'zod';
import { accessKeyOf, createAccessKey, deleteAccessKey, isAccessKeyOf, switchAccessKey } from '../directory/commands/access-keys.js';
import { found } from '../directory/commands/rules.js';
import { accessKeyPlace, type AccessKey } from '../directory/entities.js';
import { seal } from '../keyring/seal.js';
import { isAccessKeyId, newAccessKeyId, newSecretAccessKey } from '../urn/ids.js';
import type { Ground, Result } from './account-call.js';
import { timestamp } from './fields.js';
import { listingOf, pageInfo, pageOf, pageQuery } from './page.js';
import { actingUserId, userPath } from './users.js';

const status = z.enum(['active', 'inactive']);

export const accessKeyPath = userPath.extend({ access_key_id: z.string().refine(isAccessKeyId, 'must be 8 to 40 letters or digits') });
export const updateAccessKeyBody = z.object({ status });
export const listAccessKeysQuery = z.object(pageQuery);

const accessKeyAnswerSchema = z.object({ user_id: z.string(), access_key_id: z.string(), created_at: z.string(), status });
export const accessKeyResponse = z.object({ access_key: accessKeyAnswerSchema });
export const newAccessKeyResponse = z.object({ access_key: accessKeyAnswerSchema.extend({ secret_access_key: z.string() }) });
export const accessKeysResponse = z.object({ access_keys: z.array(accessKeyAnswerSchema), page_info: pageInfo });
export const accessKeyLastUsedResponse = z.object({ access_key_last_used: z.object({ last_used_at: z.string().optional() }) });

interface OfUser {
  readonly path: z.output<typeof userPath>;
}
interface OfKey {
  readonly path: z.output<typeof accessKeyPath>;
}

const accessKeyAnswer = ({ accessKeyId, owner, createdAt, active }: AccessKey): z.infer<typeof accessKeyAnswerSchema> =>
  ({ user_id: owner.id, access_key_id: accessKeyId, created_at: timestamp(createdAt), status: active ? 'active' : 'inactive' });

const keyName = ({ user_id: userId, access_key_id: accessKeyId }: OfKey['path']) => ({ userId, accessKeyId });

/** INVARIANT: the secret is in this answer and nowhere else in the clear. */
export function create(ground: Ground, { path: { user_id: userId } }: OfUser): Result<z.infer<typeof newAccessKeyResponse>> {
  const { account, services: { random, keyring }, call } = ground;
  const accessKeyId = newAccessKeyId(random);
  const secret = newSecretAccessKey(random);
  const sealedSecret = seal(keyring['secret-sealing'], accessKeyPlace(account.accountId, userId, accessKeyId), Buffer.from(secret), random);
  const change = createAccessKey(account, { accessKeyId, userId, sealedSecret, createdAt: call.now }, actingUserId(ground));
  return { body: { access_key: { ...accessKeyAnswer(change.entity), secret_access_key: secret } }, change };
}

export function list({ account }: Ground, { path: { user_id: userId }, query }: OfUser & { readonly query: z.output<typeof listAccessKeysQuery> }): Result<z.infer<typeof accessKeysResponse>> {
  found(account.users, 'user', userId);
  const page = pageOf(listingOf(`access-keys:${userId}`, account.accessKeys), query, (key) => isAccessKeyOf(key, userId));
  return { body: { access_keys: page.items.map(accessKeyAnswer), page_info: page.pageInfo } };
}

export function update(ground: Ground, { path, body }: OfKey & { readonly body: z.output<typeof updateAccessKeyBody> }): Result<z.infer<typeof accessKeyResponse>> {
  const change = switchAccessKey(ground.account, keyName(path), body.status === 'active', actingUserId(ground));
  return { body: { access_key: accessKeyAnswer(change.entity) }, change };
}

export const remove = (ground: Ground, { path }: OfKey): Result<undefined> =>
  ({ body: undefined, change: deleteAccessKey(ground.account, keyName(path), actingUserId(ground)) });

/** To a minute; absent for a key that was never used. */
export async function lastUsed({ account, services }: Ground, { path }: OfKey): Promise<Result<z.infer<typeof accessKeyLastUsedResponse>>> {
  const { accessKeyId } = accessKeyOf(account, path.user_id, path.access_key_id);
  const usedAt = await services.directory.lastUse(account.accountId, accessKeyId);
  return { body: { access_key_last_used: usedAt === undefined ? {} : { last_used_at: timestamp(usedAt * 1000) } } };
}
