// Users (IAM v5 API §5).
import { z } from 'zod';
import { found } from '../directory/commands/rules.js';
import { createUser, deleteUser, updateUser } from '../directory/commands/users.js';
import type { User } from '../directory/entities.js';
import type { Snapshot } from '../directory/snapshot.js';
import { entityId, userName } from '../directory/names.js';
import type { Resource } from '../sts/own-action.js';
import { newEntityId } from '../urn/ids.js';
import { userUrn } from '../urn/urn.js';
import type { Ground, Result } from './account-call.js';
import { strictDescription, tag, tagAnswer, timestamp } from './fields.js';
import { listingOf, pageInfo, pageOf, pageQuery } from './page.js';

const description = strictDescription(255);

export const createUserBody = z.object({ name: userName, enabled: z.boolean(), description: description.default('') });
export const updateUserBody = z.object({ new_user_name: userName.optional(), new_description: description.optional(), enabled: z.boolean().optional() });
export const listUsersQuery = z.object({ ...pageQuery, group_id: entityId.optional() });
export const userPath = z.object({ user_id: entityId });

const userAnswerSchema = z.object({
  user_id: z.string(), user_name: z.string(), urn: z.string(), enabled: z.boolean(), is_root_user: z.boolean(), created_at: z.string(), description: z.string(),
});
export const userResponse = z.object({ user: userAnswerSchema });
export const userWithTagsResponse = z.object({ user: userAnswerSchema.extend({ tags: z.array(tag) }) });
export const usersResponse = z.object({ users: z.array(userAnswerSchema), page_info: pageInfo });
export const userLastLoginResponse = z.object({ user_last_login: z.object({ last_login_at: z.string().optional() }) });

type UserAnswer = z.infer<typeof userAnswerSchema>;
interface OfUser {
  readonly path: z.output<typeof userPath>;
}

const userAnswer = (accountId: string, { userId, userName: name, enabled, isRootUser, createdAt, description: text }: User): UserAnswer =>
  ({ user_id: userId, user_name: name, urn: userUrn(accountId, name), enabled, is_root_user: isRootUser, created_at: timestamp(createdAt), description: text });

/** A user that does not exist has its id in the place of its name. */
export function userResource(account: Snapshot, { path: { user_id: id } }: OfUser): Resource {
  const user = account.users.get(id);
  return user === undefined ? { urn: userUrn(account.accountId, id) } : { urn: userUrn(account.accountId, user.userName), tags: user.tags, conditions: [['iam:ResourceIsRootUser', user.isRootUser]] };
}

/** [choice] Who takes a new name takes what policies say of it: the name must be allowed as well. */
export function updatedUserResource(account: Snapshot, { path, body: { new_user_name: name } }: OfUser & { readonly body: z.output<typeof updateUserBody> }): Resource {
  const resource = userResource(account, { path });
  return name === undefined ? resource : { ...resource, also: [{ ...resource, urn: userUrn(account.accountId, name) }] };
}

export const newUserResource = (account: Snapshot, { body }: { readonly body: z.output<typeof createUserBody> }): Resource => ({ urn: userUrn(account.accountId, body.name) });

export const everyUser = (account: Snapshot): Resource => ({ urn: userUrn(account.accountId, '*') });

/** Id of the user that calls; a session is no user, whoever assumed it. */
export const actingUserId = ({ caller }: Ground): string | undefined => (caller.kind === 'user' ? caller.user.userId : undefined);

export function create({ account, services, call }: Ground, { body }: { readonly body: z.output<typeof createUserBody> }): Result<z.infer<typeof userResponse>> {
  const { name, enabled, description: text } = body;
  const change = createUser(account, { userId: newEntityId(services.random), userName: name, enabled, description: text, createdAt: call.now });
  return { body: { user: userAnswer(account.accountId, change.entity) }, change };
}

/** [choice] Whoever asks for the members of a group that does not exist is told so; so it is with all such filters. */
export function list({ account }: Ground, { query }: { readonly query: z.output<typeof listUsersQuery> }): Result<z.infer<typeof usersResponse>> {
  const groupId = query.group_id === undefined ? undefined : found(account.groups, 'group', query.group_id).groupId;
  const page = pageOf(listingOf('users', account.users), query, ({ groupIds }) => groupId === undefined || groupIds.includes(groupId));
  return { body: { users: page.items.map((user) => userAnswer(account.accountId, user)), page_info: page.pageInfo } };
}

export function get({ account }: Ground, { path: { user_id: id } }: OfUser): Result<z.infer<typeof userWithTagsResponse>> {
  const user = found(account.users, 'user', id);
  return { body: { user: { ...userAnswer(account.accountId, user), tags: user.tags.map(tagAnswer) } } };
}

export function update(ground: Ground, { path: { user_id: id }, body }: OfUser & { readonly body: z.output<typeof updateUserBody> }): Result<z.infer<typeof userResponse>> {
  const { new_user_name: name, new_description: text, enabled } = body;
  const change = updateUser(ground.account, id, {
    ...(name !== undefined && { userName: name }), ...(text !== undefined && { description: text }), ...(enabled !== undefined && { enabled }),
  }, actingUserId(ground));
  return { body: { user: userAnswer(ground.account.accountId, change.entity) }, change };
}

export const remove = ({ account }: Ground, { path: { user_id: id } }: OfUser): Result<undefined> => ({ body: undefined, change: deleteUser(account, id) });

/** Nobody signs in with a password here: no user has a last login. */
export function lastLogin({ account }: Ground, { path: { user_id: id } }: OfUser): Result<z.infer<typeof userLastLoginResponse>> {
  found(account.users, 'user', id);
  return { body: { user_last_login: {} } };
}
