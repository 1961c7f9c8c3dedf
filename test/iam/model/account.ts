// A new account with small quotas, in the service and in the model.
import type { Composition } from '../../../src/service/composition.js';
import { keys } from '../../support/accounts.js';
import type { Credentials } from '../../support/service.js';
import { member } from '../managed.js';
import { sender, type ApiAnswer, type Send } from './client.js';
import { Pool } from './pool.js';
import { smallQuotas } from './quotas.js';
import type { Model, ModelPolicy } from './state.js';

/** A serving process. */
export interface Process {
  readonly url: string;
  readonly composition: Composition;
}

export interface World {
  readonly model: Model;
  readonly pool: Pool;
  /** To each process. */
  readonly senders: readonly Send[];
}

/** What the model needs of a service. */
export interface Ground {
  readonly processes: readonly Process[];
  readonly now: () => number;
}

const systemPolicyNames = ['OBSReadOnlyPolicy', 'IAMReadOnlyPolicy'];

export async function newWorld({ processes, now }: Ground): Promise<World> {
  const senders = (root: Credentials): readonly Send[] => processes.map(({ url }) => sender(url, { root, operator: keys.operator }, now));
  const [operator] = senders(keys.operator);
  const [process] = processes;
  if (operator === undefined || process === undefined) throw new Error('there is no process');
  const created = await operator({ method: 'POST', path: '/v1/accounts', body: { account_name: 'modelled' }, byOperator: true });
  const accountId = textIn(created, 'account', 'account_id');
  await operator({ method: 'PUT', path: `/v1/accounts/${accountId}`, body: { quotas: smallQuotas }, byOperator: true });
  const rootUserId = textIn(created, 'account', 'root_user_id');
  const root = { accessKeyId: textIn(created, 'access_key', 'access_key_id'), secretAccessKey: textIn(created, 'access_key', 'secret_access_key') };
  const createdAt = now();
  const systemPolicies = systemPoliciesOf(process.composition);
  const model: Model = {
    accountId, quotas: smallQuotas, groups: new Map(), agencies: new Map(), policies: systemPolicies,
    users: new Map([[rootUserId, { id: rootUserId, name: 'modelled', description: '', isRoot: true, enabled: true, createdAt, groupIds: [], policies: [], tags: [] }]]),
    // INVARIANT: the key that signs the calls is none that calls know of.
    keys: new Map([[root.accessKeyId, { id: root.accessKeyId, userId: rootUserId, createdAt, active: true }]]),
  };
  return { model, pool: new Pool(rootUserId, [...systemPolicies.keys()]), senders: senders(root) };
}

function textIn(answer: ApiAnswer, ...path: readonly string[]): string {
  const value = member(answer.body, ...path);
  if (typeof value !== 'string') throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
  return value;
}

function systemPoliciesOf({ services: { catalogue } }: Composition): Map<string, ModelPolicy> {
  const chosen = [...catalogue.systemPolicies.values()].filter(({ policyName }) => systemPolicyNames.includes(policyName));
  const since = Date.UTC(2023, 0, 1);
  return new Map(chosen.map(({ policyId, policyName, urn, description, document }) => [policyId, {
    id: policyId, name: policyName, type: 'system', urn, path: '', description: description.zhCn, createdAt: since, updatedAt: since,
    versions: [{ number: 1, document, createdAt: since }], defaultNumber: 1, lastNumber: 1,
  }]));
}
