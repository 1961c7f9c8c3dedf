// The model of identity policies and their versions (IAM v5 API §4).
import { allow, policy } from '../../support/accounts.js';
import { chosen, drawDescription, drawName, modelOperation, nothingToChange, refuseMalformed } from './operation.js';
import type { Pool } from './pool.js';
import { customPolicies, found, holdersOf, iso, refuseOneMore, Refusal, type Model, type ModelPolicy, type ModelVersion } from './state.js';

const malformedName = 'a b';
/** In another case than a system policy of the catalogue has it. */
export const systemPolicyName = 'obsREADonlypolicy';
const malformedDocument = '{"Version":"5.0"}';
const documents = ['obs:object:GetObject', 'obs:bucket:ListBucket', 'kms:cmk:get'].map((action) => JSON.stringify(policy(allow(action))));
const drawDocument = (die: number): string => (die % 20 === 0 ? malformedDocument : chosen(documents, die));
export const reservedPath = 'service-linked-agency/own/';
export const drawPath = (die: number): string => chosen(['', '', 'ops/', 'ops/deep/', ...(die % 20 === 4 ? [reservedPath] : [])], die);

export const policyAnswer = (model: Model, entity: ModelPolicy): unknown => ({
  policy_type: entity.type, policy_name: entity.name, policy_id: entity.id, urn: entity.urn, path: entity.path, default_version_id: `v${entity.defaultNumber}`,
  attachment_count: holdersOf(model, entity.id).length, description: entity.description, created_at: iso(entity.createdAt), updated_at: iso(entity.updatedAt),
});

export const versionAnswer = ({ number, document, createdAt }: ModelVersion, isDefault: boolean): unknown =>
  ({ document, version_id: `v${number}`, is_default: isDefault, created_at: iso(createdAt) });

function custom({ policies }: Model, id: string): ModelPolicy {
  const entity = found(policies, id);
  if (entity.type === 'system') throw new Refusal(403, 'PAP5.0001');
  return entity;
}

function versionOf({ versions }: ModelPolicy, number: number): ModelVersion {
  return found(new Map(versions.map((version) => [String(version.number), version])), String(number));
}

const createPolicy = modelOperation({
  name: 'CreatePolicyV5', status: 201, makes: 'policy',
  draw: (_pool, [name, document, path, description]) =>
    ({ policy_name: name % 20 === 1 ? systemPolicyName : drawName(malformedName, name), policy_document: drawDocument(document), path: drawPath(path), description: drawDescription(description) }),
  call: (body) => ({ method: 'POST', path: '/v5/policies', body }),
  decide(model, { policy_name: name, policy_document: document, path, description }, { id, time }) {
    refuseMalformed(name === malformedName);
    refuseMalformed(document === malformedDocument, 'PAP5.0011');
    refuseMalformed(path === reservedPath, 'PAP5.0030');
    if (name === systemPolicyName) throw new Refusal(409, 'PAP5.1201');
    refuseOneMore(customPolicies(model), name, model.quotas.policies);
    const created: ModelPolicy = {
      id, name, path, description, type: 'custom', urn: `iam::${model.accountId}:policy:${path}${name}`, versions: [{ number: 1, document, createdAt: time }], defaultNumber: 1, lastNumber: 1, createdAt: time, updatedAt: time,
    };
    model.policies.set(id, created);
    return { policy: policyAnswer(model, created) };
  },
});

const getPolicy = modelOperation({
  name: 'GetPolicyV5', status: 200, draw: (pool, [die]) => pool.pick('policy', die), call: (id) => ({ method: 'GET', path: `/v5/policies/${id}` }),
  decide: (model, id) => ({ policy: policyAnswer(model, found(model.policies, id)) }),
});

const deletePolicy = modelOperation({
  name: 'DeletePolicyV5', status: 204, removes: (id: string) => ({ kind: 'policy', id }),
  draw: (pool, [die]) => pool.pick('policy', die), call: (id) => ({ method: 'DELETE', path: `/v5/policies/${id}` }),
  decide(model, id) {
    custom(model, id);
    if (holdersOf(model, id).length > 0) throw new Refusal(409, 'PAP5.1203');
    model.policies.delete(id);
    return undefined;
  },
});

const createVersion = modelOperation({
  name: 'CreatePolicyVersionV5', status: 201,
  draw: (pool, [die, document, asDefault]) => ({ id: pool.pick('policy', die), body: { policy_document: drawDocument(document), set_as_default: asDefault % 2 === 0 } }),
  call: ({ id, body }) => ({ method: 'POST', path: `/v5/policies/${id}/versions`, body }),
  decide(model, { id, body: { policy_document: document, set_as_default: asDefault } }, { time }) {
    refuseMalformed(document === malformedDocument, 'PAP5.0011');
    const entity = custom(model, id);
    if (entity.versions.length >= model.quotas.versions_per_policy) throw new Refusal(409, 'PAP5.0028');
    const version: ModelVersion = { number: entity.lastNumber + 1, document, createdAt: time };
    entity.versions = [...entity.versions, version];
    entity.lastNumber = version.number;
    if (asDefault) Object.assign(entity, { defaultNumber: version.number, updatedAt: time });
    return { policy_version: versionAnswer(version, asDefault) };
  },
});

interface NamedVersion {
  readonly id: string;
  readonly number: number;
}
const drawVersion = (pool: Pool, [die, number]: readonly number[]): NamedVersion => ({ id: pool.pick('policy', die ?? 0), number: ((number ?? 0) % 6) + 1 });
const versionPath = ({ id, number }: NamedVersion): string => `/v5/policies/${id}/versions/v${number}`;

const getVersion = modelOperation({
  name: 'GetPolicyVersionV5', status: 200, draw: drawVersion, call: (args) => ({ method: 'GET', path: versionPath(args) }),
  decide(model, { id, number }) {
    const entity = found(model.policies, id);
    return { policy_version: versionAnswer(versionOf(entity, number), number === entity.defaultNumber) };
  },
});

const deleteVersion = modelOperation({
  name: 'DeletePolicyVersionV5', status: 204, draw: drawVersion, call: (args) => ({ method: 'DELETE', path: versionPath(args) }),
  decide(model, { id, number }) {
    const entity = custom(model, id);
    versionOf(entity, number);
    if (entity.defaultNumber === number) throw new Refusal(409, 'PAP5.1204');
    entity.versions = entity.versions.filter((version) => version.number !== number);
    return undefined;
  },
});

const setDefault = modelOperation({
  name: 'SetDefaultPolicyVersionV5', status: 200, draw: drawVersion, call: (args) => ({ method: 'POST', path: `${versionPath(args)}/set-default` }),
  decide(model, { id, number }, { time }) {
    const entity = custom(model, id);
    versionOf(entity, number);
    if (entity.defaultNumber === number) return nothingToChange;
    Object.assign(entity, { defaultNumber: number, updatedAt: time });
    return undefined;
  },
});

export const policyOperations = [createPolicy, createPolicy, getPolicy, deletePolicy, createVersion, createVersion, getVersion, deleteVersion, deleteVersion, setDefault];
