// Groups, and who is in them (IAM v5 API §5).
import { z } from 'zod';
import { addUserToGroup, createGroup, deleteGroup, removeUserFromGroup, updateGroup, userCount } from '../directory/commands/groups.js';
import { found } from '../directory/commands/rules.js';
import { administratorsGroup, type Group } from '../directory/entities.js';
import type { Snapshot } from '../directory/snapshot.js';
import { entityId, groupName } from '../directory/names.js';
import type { Resource } from '../sts/own-action.js';
import { newEntityId } from '../urn/ids.js';
import { agencyUrn, groupUrn } from '../urn/urn.js';
import type { Ground, Result } from './account-call.js';
import { strictDescription, timestamp } from './fields.js';
import { listingOf, pageInfo, pageOf, pageQuery, type Page } from './page.js';

const description = strictDescription(255);

export const createGroupBody = z.object({ group_name: groupName, description: description.default('') });
export const updateGroupBody = z.object({ new_group_name: groupName.optional(), new_group_description: description.optional() });
export const listGroupsQuery = z.object({ ...pageQuery, user_id: entityId.optional() });
export const groupPath = z.object({ group_id: entityId });
export const memberBody = z.object({ user_id: entityId });

const groupAnswerSchema = z.object({ group_id: z.string(), group_name: z.string(), urn: z.string(), created_at: z.string(), description: z.string() });
export const groupResponse = z.object({ group: groupAnswerSchema });
export const groupsResponse = z.object({ groups: z.array(groupAnswerSchema), page_info: pageInfo });
export const groupSummaryResponse = z.object({ groups: z.array(groupAnswerSchema.extend({ user_count: z.int() })), page_info: pageInfo });

type GroupAnswer = z.infer<typeof groupAnswerSchema>;
interface OfGroup {
  readonly path: z.output<typeof groupPath>;
}
interface Listed {
  readonly query: z.output<typeof listGroupsQuery>;
}
interface OfMember extends OfGroup {
  readonly body: z.output<typeof memberBody>;
}

const groupAnswer = (accountId: string, { groupId, groupName: name, createdAt, description: text }: Group): GroupAnswer =>
  ({ group_id: groupId, group_name: name, urn: groupUrn(accountId, name), created_at: timestamp(createdAt), description: text });

/** A group that does not exist has its id in the place of its name. */
export const groupResource = (account: Snapshot, { path: { group_id: id } }: OfGroup): Resource =>
  ({ urn: groupUrn(account.accountId, account.groups.get(id)?.groupName ?? id) });

/** As with users: the new name must be allowed as well. */
export function updatedGroupResource(account: Snapshot, { path, body: { new_group_name: name } }: OfGroup & { readonly body: z.output<typeof updateGroupBody> }): Resource {
  const resource = groupResource(account, { path });
  return name === undefined ? resource : { ...resource, also: [{ ...resource, urn: groupUrn(account.accountId, name) }, ...ofAdministrators(name)] };
}

export const newGroupResource = (account: Snapshot, { body: { group_name: name } }: { readonly body: z.output<typeof createGroupBody> }): Resource =>
  ({ urn: groupUrn(account.accountId, name), also: ofAdministrators(name) });

export const joinedGroupResource = (account: Snapshot, input: OfMember): Resource =>
  ({ ...groupResource(account, input), also: ofAdministrators(account.groups.get(input.path.group_id)?.groupName) });

/** [choice] Who fills the group of administrators gives away the right to assume every legacy agency: nobody who lacks it may. */
const ofAdministrators = (name: string | undefined): NonNullable<Resource['also']> =>
  (name === administratorsGroup ? [{ action: 'sts:agencies:assume', urn: agencyUrn('*', '', '*') }] : []);

export const everyGroup = (account: Snapshot): Resource => ({ urn: groupUrn(account.accountId, '*') });

export function create({ account, services, call }: Ground, { body }: { readonly body: z.output<typeof createGroupBody> }): Result<z.infer<typeof groupResponse>> {
  const change = createGroup(account, { groupId: newEntityId(services.random), groupName: body.group_name, description: body.description, createdAt: call.now });
  return { body: { group: groupAnswer(account.accountId, change.entity) }, change };
}

function page(account: Snapshot, { query }: Listed): Page<Group> {
  const groupIds = query.user_id === undefined ? undefined : found(account.users, 'user', query.user_id).groupIds;
  return pageOf(listingOf('groups', account.groups), query, ({ groupId }) => groupIds === undefined || groupIds.includes(groupId));
}

export function list({ account }: Ground, input: Listed): Result<z.infer<typeof groupsResponse>> {
  const { items, pageInfo: info } = page(account, input);
  return { body: { groups: items.map((group) => groupAnswer(account.accountId, group)), page_info: info } };
}

export function summary({ account }: Ground, input: Listed): Result<z.infer<typeof groupSummaryResponse>> {
  const { items, pageInfo: info } = page(account, input);
  return { body: { groups: items.map((group) => ({ ...groupAnswer(account.accountId, group), user_count: userCount(account.users, group.groupId) })), page_info: info } };
}

export const get = ({ account }: Ground, { path: { group_id: id } }: OfGroup): Result<z.infer<typeof groupResponse>> =>
  ({ body: { group: groupAnswer(account.accountId, found(account.groups, 'group', id)) } });

export function update({ account }: Ground, { path: { group_id: id }, body }: OfGroup & { readonly body: z.output<typeof updateGroupBody> }): Result<z.infer<typeof groupResponse>> {
  const { new_group_name: name, new_group_description: text } = body;
  const change = updateGroup(account, id, { ...(name !== undefined && { groupName: name }), ...(text !== undefined && { description: text }) });
  return { body: { group: groupAnswer(account.accountId, change.entity) }, change };
}

export const remove = ({ account }: Ground, { path: { group_id: id } }: OfGroup): Result<undefined> => ({ body: undefined, change: deleteGroup(account, id) });

export const addUser = ({ account }: Ground, { path, body }: OfMember): Result<undefined> =>
  ({ body: undefined, change: addUserToGroup(account, path.group_id, body.user_id) });

export const removeUser = ({ account }: Ground, { path, body }: OfMember): Result<undefined> =>
  ({ body: undefined, change: removeUserFromGroup(account, path.group_id, body.user_id) });
