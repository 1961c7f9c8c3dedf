// The model of groups and of who is in them (IAM v5 API §5).
import { chosen, drawDescription, drawName, modelOperation, refuseMalformed } from './operation.js';
import type { Pool } from './pool.js';
import { byCreation, found, iso, membersOf, refuseOneMore, refuseTaken, Refusal, type Model, type ModelGroup, type ModelUser } from './state.js';

const malformedName = 'a/b';

export const groupAnswer = ({ accountId }: Model, { id, name, createdAt, description }: ModelGroup): object =>
  ({ group_id: id, group_name: name, urn: `iam::${accountId}:group:${name}`, created_at: iso(createdAt), description });

const createGroup = modelOperation({
  name: 'CreateGroupV5', status: 201, makes: 'group',
  draw: (_pool, dice) => ({ group_name: drawName(malformedName, dice[0]), description: drawDescription(dice[1]) }),
  call: (body) => ({ method: 'POST', path: '/v5/groups', body }),
  decide(model, { group_name: name, description }, { id, time }) {
    refuseMalformed(name === malformedName);
    refuseOneMore(model.groups, name, model.quotas.groups);
    const group: ModelGroup = { id, name, description, createdAt: time, policies: [] };
    model.groups.set(id, group);
    return { group: groupAnswer(model, group) };
  },
});

const showGroup = modelOperation({
  name: 'ShowGroupV5', status: 200, draw: (pool, [die]) => pool.pick('group', die), call: (id) => ({ method: 'GET', path: `/v5/groups/${id}` }),
  decide: (model, id) => ({ group: groupAnswer(model, found(model.groups, id)) }),
});

const updateGroup = modelOperation({
  name: 'UpdateGroupV5', status: 200,
  draw: (pool, [die, name, what]) => ({
    id: pool.pick('group', die),
    body: chosen<{ readonly new_group_name?: string; readonly new_group_description?: string }>([{ new_group_name: drawName(malformedName, name) }, { new_group_description: drawDescription(name) }, {}], what),
  }),
  call: ({ id, body }) => ({ method: 'PUT', path: `/v5/groups/${id}`, body }),
  decide(model, { id, body: { new_group_name: name, new_group_description: description } }) {
    refuseMalformed(name === malformedName);
    const group = found(model.groups, id);
    if (name !== undefined && name !== group.name) refuseTaken(model.groups, name);
    group.name = name ?? group.name;
    group.description = description ?? group.description;
    return { group: groupAnswer(model, group) };
  },
});

const deleteGroup = modelOperation({
  name: 'DeleteGroupV5', status: 204, removes: (id: string) => ({ kind: 'group', id }),
  draw: (pool, [die]) => pool.pick('group', die), call: (id) => ({ method: 'DELETE', path: `/v5/groups/${id}` }),
  decide(model, id) {
    if (found(model.groups, id).policies.length + membersOf(model, id).length > 0) throw new Refusal(409, 'PAP5.1203');
    model.groups.delete(id);
    return undefined;
  },
});

interface Membership {
  readonly groupId: string;
  readonly userId: string;
}

const membership = (name: string, verb: string, join: (model: Model, user: ModelUser, groupId: string) => void) => modelOperation({
  name, status: 200,
  draw: (pool: Pool, [group, user]): Membership => ({ groupId: pool.pick('group', group), userId: pool.pick('user', user) }),
  call: ({ groupId, userId }) => ({ method: 'POST', path: `/v5/groups/${groupId}/${verb}`, body: { user_id: userId } }),
  decide(model, { groupId, userId }) {
    found(model.groups, groupId);
    join(model, found(model.users, userId), groupId);
    return undefined;
  },
});

const addUser = membership('AddUserToGroupV5', 'add-user', ({ quotas }, user, groupId) => {
  if (user.isRoot) throw new Refusal(403, 'PAP5.0001');
  if (user.groupIds.includes(groupId)) return;
  if (user.groupIds.length >= quotas.groups_per_user) throw new Refusal(409, 'PAP5.1202');
  user.groupIds = [...user.groupIds, groupId];
});

const removeUser = membership('RemoveUserFromGroupV5', 'remove-user', (_model, user, groupId) => {
  if (!user.groupIds.includes(groupId)) throw new Refusal(404, 'PAP5.0012');
  user.groupIds = user.groupIds.filter((id) => id !== groupId);
});

export const summaries = (model: Model): readonly unknown[] => byCreation(model.groups.values()).map((group) => ({ ...groupAnswer(model, group), user_count: membersOf(model, group.id).length }));

const summary = modelOperation({
  name: 'ShowGroupSummary', status: 200, draw: () => undefined, call: () => ({ method: 'GET', path: '/v5/groups-summary' }),
  decide: (model) => ({ groups: summaries(model), page_info: { current_count: model.groups.size } }),
});

export const groupOperations = [createGroup, createGroup, showGroup, updateGroup, deleteGroup, addUser, addUser, addUser, removeUser, removeUser, summary];
