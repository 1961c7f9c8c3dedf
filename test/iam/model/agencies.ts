// The model of trust agencies (IAM v5 API §2).
import { accountA, accountB, trust } from '../../support/accounts.js';
import { chosen, drawDescription, drawName, modelOperation, refuseMalformed } from './operation.js';
import { drawPath, reservedPath } from './policies.js';
import { found, iso, refuseOneMore, Refusal, type Model, type ModelAgency } from './state.js';

const malformedName = 'a b';
const malformedTrust = '{}';
const trustPolicies = [accountA, accountB].map((account) => JSON.stringify(trust({ IAM: [account] })));
const drawTrust = (die: number): string => (die % 20 === 0 ? malformedTrust : chosen(trustPolicies, die));
const tooLong = 43_201;
const drawDuration = (die: number): number => (die % 20 === 0 ? tooLong : chosen([3600, 7200, 43_200], die));

export const agencyAnswer = ({ accountId }: Model, agency: ModelAgency): object => ({
  urn: `iam::${accountId}:agency:${agency.path}${agency.name}`, agency_id: agency.id, agency_name: agency.name, path: agency.path, created_at: iso(agency.createdAt),
  max_session_duration: agency.maxSessionDuration, description: agency.description, trust_policy: agency.trustPolicy,
});

const createAgency = modelOperation({
  name: 'CreateAgencyV5', status: 201, makes: 'agency',
  draw: (_pool, [name, policy, path, description]) => ({ agency_name: drawName(malformedName, name), trust_policy: drawTrust(policy), path: drawPath(path), description: drawDescription(description) }),
  call: (body) => ({ method: 'POST', path: '/v5/agencies', body }),
  decide(model, { agency_name: name, trust_policy: trustPolicy, path, description }, { id, time }) {
    refuseMalformed(name === malformedName, 'PAP5.0029');
    refuseMalformed(trustPolicy === malformedTrust, 'PAP5.0011');
    refuseMalformed(path === reservedPath, 'PAP5.0030');
    refuseOneMore(model.agencies, name, model.quotas.agencies);
    const agency: ModelAgency = { id, name, path, description, trustPolicy, maxSessionDuration: 3600, createdAt: time, policies: [], tags: [] };
    model.agencies.set(id, agency);
    return { agency: agencyAnswer(model, agency) };
  },
});

const getAgency = modelOperation({
  name: 'GetAgencyV5', status: 200, draw: (pool, [die]) => pool.pick('agency', die), call: (id) => ({ method: 'GET', path: `/v5/agencies/${id}` }),
  decide(model, id) {
    const agency = found(model.agencies, id);
    return { agency: { ...agencyAnswer(model, agency), tags: agency.tags } };
  },
});

const updateAgency = modelOperation({
  name: 'UpdateAgencyV5', status: 200,
  draw: (pool, [die, duration, description]) => ({ id: pool.pick('agency', die), body: { max_session_duration: drawDuration(duration), description: drawDescription(description) } }),
  call: ({ id, body }) => ({ method: 'PUT', path: `/v5/agencies/${id}`, body }),
  decide(model, { id, body: { max_session_duration: maxSessionDuration, description } }) {
    refuseMalformed(maxSessionDuration === tooLong);
    Object.assign(found(model.agencies, id), { maxSessionDuration, description });
    return undefined;
  },
});

const updateTrust = modelOperation({
  name: 'UpdateTrustPolicyV5', status: 200,
  draw: (pool, [die, policy]) => ({ id: pool.pick('agency', die), body: { trust_policy: drawTrust(policy) } }),
  call: ({ id, body }) => ({ method: 'PUT', path: `/v5/agencies/${id}/trust-policy`, body }),
  decide(model, { id, body: { trust_policy: trustPolicy } }) {
    refuseMalformed(trustPolicy === malformedTrust, 'PAP5.0011');
    found(model.agencies, id).trustPolicy = trustPolicy;
    return undefined;
  },
});

const deleteAgency = modelOperation({
  name: 'DeleteAgencyV5', status: 204, removes: (id: string) => ({ kind: 'agency', id }),
  draw: (pool, [die]) => pool.pick('agency', die), call: (id) => ({ method: 'DELETE', path: `/v5/agencies/${id}` }),
  decide(model, id) {
    if (found(model.agencies, id).policies.length > 0) throw new Refusal(409, 'PAP5.1203');
    model.agencies.delete(id);
    return undefined;
  },
});

export const agencyOperations = [createAgency, createAgency, getAgency, updateAgency, updateTrust, deleteAgency];
