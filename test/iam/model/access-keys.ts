// The model of access keys (IAM v5 API §6).
import { expect } from 'vitest';
import { modelOperation } from './operation.js';
import type { Pool } from './pool.js';
import { byCreation, found, iso, keysOf, Refusal, type Model, type ModelKey } from './state.js';

const keysPerUser = 2;

export const keyAnswer = ({ id, userId, createdAt, active }: ModelKey): object =>
  ({ user_id: userId, access_key_id: id, created_at: iso(createdAt), status: active ? 'active' : 'inactive' });

const createKey = modelOperation({
  name: 'CreateAccessKeyV5', status: 201, makes: 'key', draw: (pool, [die]) => pool.pick('user', die), call: (userId) => ({ method: 'POST', path: `/v5/users/${userId}/access-keys` }),
  decide(model, userId, { id, time }) {
    found(model.users, userId);
    if (keysOf(model, userId).length >= keysPerUser) throw new Refusal(409, 'PAP5.1202');
    const key: ModelKey = { id, userId, createdAt: time, active: true };
    model.keys.set(id, key);
    // Matchers are typed as any.
    return { access_key: { ...keyAnswer(key), secret_access_key: expect.stringMatching(/^[\w-]{40}$/) as unknown } };
  },
});

export const keyAnswers = (model: Model, userId: string): readonly unknown[] => byCreation(keysOf(model, userId)).map(keyAnswer);

const listKeys = modelOperation({
  name: 'ListAccessKeysV5', status: 200, draw: (pool, [die]) => pool.pick('user', die), call: (userId) => ({ method: 'GET', path: `/v5/users/${userId}/access-keys` }),
  decide(model, userId) {
    found(model.users, userId);
    const keys = keyAnswers(model, userId);
    return { access_keys: keys, page_info: { current_count: keys.length } };
  },
});

interface NamedKey {
  readonly userId: string;
  readonly keyId: string;
}

/** Now and then under another user's path. */
function drawKey(pool: Pool, die: number, other: number): NamedKey {
  const [userId = '', keyId = ''] = pool.pick('key', die).split('/');
  return { userId: other % 6 === 0 ? pool.pick('user', other) : userId, keyId };
}
const keyPath = ({ userId, keyId }: NamedKey): string => `/v5/users/${userId}/access-keys/${keyId}`;

function foundKey(model: Model, { userId, keyId }: NamedKey): ModelKey {
  found(model.users, userId);
  return found(new Map(keysOf(model, userId).map((key) => [key.id, key])), keyId);
}

const updateKey = modelOperation({
  name: 'UpdateAccessKeyV5', status: 200,
  draw: (pool, [die, other, active]) => ({ named: drawKey(pool, die, other), active: active % 2 === 0 }),
  call: ({ named, active }) => ({ method: 'PUT', path: keyPath(named), body: { status: active ? 'active' : 'inactive' } }),
  decide(model, { named, active }) {
    const key = foundKey(model, named);
    key.active = active;
    return { access_key: keyAnswer(key) };
  },
});

const deleteKey = modelOperation({
  name: 'DeleteAccessKeyV5', status: 204, removes: ({ userId, keyId }: NamedKey) => ({ kind: 'key', id: `${userId}/${keyId}` }),
  draw: (pool, [die, other]) => drawKey(pool, die, other), call: (named) => ({ method: 'DELETE', path: keyPath(named) }),
  decide(model, named) {
    model.keys.delete(foundKey(model, named).id);
    return undefined;
  },
});

export const accessKeyOperations = [createKey, createKey, listKeys, updateKey, deleteKey];
