// The model of users (IAM v5 API §5).
import { chosen, drawDescription, drawName, modelOperation, refuseMalformed } from './operation.js';
import { found, iso, keysOf, membersOf, refuseOneMore, refuseTaken, Refusal, byCreation, type Model, type ModelUser } from './state.js';

const malformedName = '9lives';

export const userAnswer = ({ accountId }: Model, { id, name, enabled, isRoot, createdAt, description }: ModelUser): object =>
  ({ user_id: id, user_name: name, urn: `iam::${accountId}:user:${name}`, enabled, is_root_user: isRoot, created_at: iso(createdAt), description });

const createUser = modelOperation({
  name: 'CreateUserV5', status: 201, makes: 'user',
  draw: (_pool, dice) => ({ name: drawName(malformedName, dice[0]), enabled: dice[1] % 2 === 0, description: drawDescription(dice[2]) }),
  call: (body) => ({ method: 'POST', path: '/v5/users', body }),
  decide(model, { name, enabled, description }, { id, time }) {
    refuseMalformed(name === malformedName);
    refuseOneMore(model.users, name, model.quotas.users);
    const user: ModelUser = { id, name, enabled, description, isRoot: false, createdAt: time, groupIds: [], policies: [], tags: [] };
    model.users.set(id, user);
    return { user: userAnswer(model, user) };
  },
});

const showUser = modelOperation({
  name: 'ShowUserV5', status: 200, draw: (pool, [die]) => pool.pick('user', die), call: (id) => ({ method: 'GET', path: `/v5/users/${id}` }),
  decide(model, id) {
    const user = found(model.users, id);
    return { user: { ...userAnswer(model, user), tags: user.tags } };
  },
});

const updateUser = modelOperation({
  name: 'UpdateUserV5', status: 200,
  draw: (pool, [die, name, what, more]) => ({
    id: pool.pick('user', die),
    body: chosen<{ readonly new_user_name?: string; readonly new_description?: string; readonly enabled?: boolean }>([
      { new_user_name: drawName(malformedName, name) }, { enabled: more % 2 === 0 }, { new_description: drawDescription(more) }, { new_user_name: drawName(malformedName, name), enabled: more % 2 === 0 }, {},
    ], what),
  }),
  call: ({ id, body }) => ({ method: 'PUT', path: `/v5/users/${id}`, body }),
  decide(model, { id, body: { new_user_name: name, new_description: description, enabled } }) {
    refuseMalformed(name === malformedName);
    const user = found(model.users, id);
    if (user.isRoot && enabled === false) throw new Refusal(403, 'PAP5.0001');
    if (name !== undefined && name !== user.name) refuseTaken(model.users, name);
    user.name = name ?? user.name;
    user.description = description ?? user.description;
    user.enabled = enabled ?? user.enabled;
    return { user: userAnswer(model, user) };
  },
});

const deleteUser = modelOperation({
  name: 'DeleteUserV5', status: 204, removes: (id: string) => ({ kind: 'user', id }),
  draw: (pool, [die]) => pool.pick('user', die), call: (id) => ({ method: 'DELETE', path: `/v5/users/${id}` }),
  decide(model, id) {
    const { isRoot, policies, groupIds } = found(model.users, id);
    if (isRoot) throw new Refusal(403, 'PAP5.0001');
    if (policies.length + groupIds.length > 0) throw new Refusal(409, 'PAP5.1203');
    for (const key of keysOf(model, id)) model.keys.delete(key.id);
    model.users.delete(id);
    return undefined;
  },
});

const listMembers = modelOperation({
  name: 'ListUsersV5', status: 200, draw: (pool, [die]) => pool.pick('group', die), call: (id) => ({ method: 'GET', path: `/v5/users?group_id=${id}` }),
  decide(model, id) {
    found(model.groups, id);
    const members = byCreation(membersOf(model, id));
    return { users: members.map((user) => userAnswer(model, user)), page_info: { current_count: members.length } };
  },
});

export const userOperations = [createUser, createUser, showUser, updateUser, updateUser, deleteUser, listMembers];
