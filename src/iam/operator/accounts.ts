// Accounts, as the operator creates, lists, changes and deletes them.
import { z } from 'zod';
import { ApiError } from '../../base/api-error.js';
import { accountId, accountName } from '../../directory/bootstrap-fields.js';
import { userName } from '../../directory/names.js';
import { everyQuota, quotasAnswerSchema, quotasSchema } from '../../directory/bootstrap-quotas.js';
import { createAccount, deleteAccount, updateAccount } from '../../directory/commands/accounts.js';
import type { Account } from '../../directory/entities.js';
import { newEntityId } from '../../urn/ids.js';
import { timestamp } from '../fields.js';
import { pageInfo, pageOf, pageQuery, type Listing } from '../page.js';
import { freshAccessKey } from './new-access-key.js';
import type { OperatorGround, OperatorResult } from './operator-call.js';

export const createAccountBody = z.object({ account_name: accountName, account_id: accountId.optional(), root_user_name: userName.optional() });
export const updateAccountBody = z.object({
  account_id: z.string().optional(), account_name: accountName.optional(), quotas: quotasSchema.optional(), asymmetric_signature: z.boolean().optional(), revoke_on_disable: z.boolean().optional(),
});
export const listAccountsQuery = z.object(pageQuery);
export const accountPath = z.object({ account_id: accountId });

const accountInList = z.object({ account_id: z.string(), account_name: z.string(), created_at: z.string(), root_user_id: z.string() });
const accountAnswerSchema = accountInList.extend({ in_organization: z.boolean(), asymmetric_signature: z.boolean(), revoke_on_disable: z.boolean(), quotas: quotasAnswerSchema });
export const accountResponse = z.object({ account: accountAnswerSchema });
export const newAccountResponse = z.object({ account: accountInList, access_key: z.object({ access_key_id: z.string(), secret_access_key: z.string() }) });
export const accountsResponse = z.object({ accounts: z.array(accountInList), page_info: pageInfo });

interface OfAccount {
  readonly path: z.output<typeof accountPath>;
}

const listed = (account: Account): z.infer<typeof accountInList> =>
  ({ account_id: account.accountId, account_name: account.accountName, created_at: timestamp(account.createdAt), root_user_id: account.rootUserId });

const accountAnswer = (account: Account): z.infer<typeof accountAnswerSchema> =>
  ({ ...listed(account), in_organization: account.inOrganization, asymmetric_signature: account.asymmetricSignature, revoke_on_disable: account.revokeOnDisable, quotas: everyQuota(account.quotas) });

/**
 * [choice] Names are labels, and ids count: two accounts may have one name.
 * INVARIANT: the secret is in this answer and nowhere else in the clear.
 */
export async function create({ services, call }: OperatorGround, { body }: { readonly body: z.output<typeof createAccountBody> }): Promise<OperatorResult<z.infer<typeof newAccountResponse>>> {
  const id = body.account_id ?? newEntityId(services.random);
  // What was issued in the name of a deleted account must not find another one in its place.
  if (await services.directory.wasUsed(id)) throw new ApiError('alreadyExists', `there is or was an account \`${id}\`: an id is never used again`);
  const rootUserId = newEntityId(services.random);
  const { secret, ...accessKey } = freshAccessKey(services, id, rootUserId);
  const { put, remove, entity } = createAccount({
    accountId: id, accountName: body.account_name, rootUserId, rootUserName: body.root_user_name ?? body.account_name, accessKey, createdAt: call.now,
  });
  return { body: { account: listed(entity), access_key: { access_key_id: accessKey.accessKeyId, secret_access_key: secret } }, created: { accountId: id, put, remove } };
}

/** A page may be shorter than asked for, though another one follows: ids of deleted accounts stay known. */
export async function list({ services: { directory } }: OperatorGround, { query }: { readonly query: z.output<typeof listAccountsQuery> }): Promise<OperatorResult<z.infer<typeof accountsResponse>>> {
  const ids = await directory.accountIds();
  const listing: Listing<string> = { name: 'accounts', position: (id) => id, after: (place) => ids.filter((id) => id > place) };
  const page = pageOf(listing, query);
  const records = await Promise.all(page.items.map((id) => directory.accountRecord(id)));
  const accounts = records.flatMap((account) => (account === undefined ? [] : [listed(account)]));
  return { body: { accounts, page_info: { ...page.pageInfo, current_count: accounts.length } } };
}

export const get = ({ account: { account } }: OperatorGround): OperatorResult<z.infer<typeof accountResponse>> => ({ body: { account: accountAnswer(account) } });

export function update({ account }: OperatorGround, { body }: OfAccount & { readonly body: z.output<typeof updateAccountBody> }): OperatorResult<z.infer<typeof accountResponse>> {
  const { account_name: name, quotas, asymmetric_signature: asymmetricSignature, revoke_on_disable: revokeOnDisable } = body;
  const change = updateAccount(account, {
    ...(name !== undefined && { accountName: name }), ...(quotas !== undefined && { quotas }), ...(asymmetricSignature !== undefined && { asymmetricSignature }),
    ...(revokeOnDisable !== undefined && { revokeOnDisable }),
  });
  return { body: { account: accountAnswer(change.entity) }, change };
}

/** Its sessions end, and what descends from them. */
export const remove = ({ account }: OperatorGround): OperatorResult<undefined> => ({ body: undefined, change: deleteAccount(account) });
