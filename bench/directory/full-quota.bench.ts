// What an account at full quota costs: list, get, create and assume beside the same calls on a small account.
import { afterAll, beforeAll, bench, describe } from 'vitest';
import { accountA, accountB, accounts, accountsPlus, keys, policy, allow, trust } from '../../test/support/accounts.js';
import { startService, type Credentials, type TestService } from '../../test/support/service.js';

const full = { agencies: 4990, users: 1990, policies: 4990 };

let service: TestService;
const ids = new Map<string, string>();

const many = <Item>(count: number, make: (name: string) => Item): readonly Item[] => Array.from({ length: count }, (_, number) => make(`n${number}`));

/** Account A is full, account B is small; both have the agency that is got and assumed. */
const world = accountsPlus({
  [accountA]: {
    policies: many(full.policies, (name) => ({ policy_name: name, policy_document: policy(allow('obs:object:GetObject', { Resource: [`obs:*:*:object:${name}/*`] })) })),
    agencies: many(full.agencies, (name) => ({ agency_name: name, trust_policy: trust({ IAM: [accountA] }), attached_policies: ['assume-all'] })),
    users: many(full.users, (name) => ({ user_name: name, attached_policies: ['assume-all'] })),
  },
  [accountB]: { agencies: [{ agency_name: 'n7', trust_policy: trust({ IAM: [accountB] }) }] },
});

beforeAll(async () => {
  service = await startService(withQuotas(world), { STS_RATE_ADDRESS_PER_MINUTE: '100000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '100000000' });
  for (const [accountId, root] of [[accountA, keys.rootA], [accountB, keys.rootB]] as const) {
    const view = await service.composition.services.directory.read(accountId, () => []);
    ids.set(root.accessKeyId, view?.snapshot.agencies.named('n7')?.agencyId ?? '');
  }
}, 300_000);
afterAll(() => service.stop());

/** The quotas of the full account leave room for what is created. */
function withQuotas(file: object): object {
  const { accounts: list, ...rest } = file as typeof accounts;
  return { ...rest, accounts: list.map((account) => (account.account_id === accountA ? { ...account, quotas: { agencies: 5000, users: 2000, policies: 5000 } } : account)) };
}

const sides = [['a small account', keys.rootB, accountB], ['an account at full quota', keys.rootA, accountA]] as const;

async function expectStatus(status: number, call: Promise<{ readonly status: number; readonly body: unknown }>): Promise<unknown> {
  const answer = await call;
  if (answer.status !== status) throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const answered = async (...[status, call]: Parameters<typeof expectStatus>): Promise<void> => {
  await expectStatus(status, call);
};

async function createAndDelete(root: Credentials): Promise<void> {
  const body = await expectStatus(201, service.call(root, 'POST', '/v5/agencies', { agency_name: 'fresh', trust_policy: JSON.stringify(trust({ IAM: [accountA] })) }));
  const { agency } = body as { readonly agency: { readonly agency_id: string } };
  await expectStatus(204, service.call(root, 'DELETE', `/v5/agencies/${agency.agency_id}`));
}

const time = { time: 3000, warmupTime: 1000 };

describe('list agencies', () => {
  for (const [name, root] of sides) bench(name, () => answered(200, service.call(root, 'GET', '/v5/agencies?limit=3')), time);
});
describe('list policies with their attachment counts', () => {
  for (const [name, root] of sides) bench(name, () => answered(200, service.call(root, 'GET', '/v5/policies?limit=10')), time);
});
describe('get an agency', () => {
  for (const [name, root] of sides) bench(name, () => answered(200, service.call(root, 'GET', `/v5/agencies/${ids.get(root.accessKeyId) ?? ''}`)), time);
});
describe('create and delete an agency', () => {
  for (const [name, root] of sides) bench(name, () => createAndDelete(root), time);
});
describe('assume an agency', () => {
  for (const [name, root, accountId] of sides) {
    bench(name, () => answered(200, service.assume(root, { agency_urn: `iam::${accountId}:agency:n7`, agency_session_name: 'bench' })), time);
  }
});
