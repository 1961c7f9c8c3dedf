// What an account at full quota costs: list, get, create and assume beside the same calls on a small account.
// Run: npx vitest bench --run --config config/vitest.config.ts bench/directory
import { Agent, request } from 'node:http';
import { afterAll, beforeAll, bench, describe } from 'vitest';
import { signRequest } from '../../src/signing/index.js';
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

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** One signed call on a connection that stays; a client that does more would be most of what is measured. */
function answered(status: number, credentials: Credentials, method: string, path: string, body?: object): Promise<string> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = signRequest({
    method, url: `${service.url}${path}`, headers: payload === undefined ? {} : { 'content-type': 'application/json' }, ...(payload !== undefined && { body: payload }),
    ...credentials, date: new Date(service.clock.now()),
  });
  return new Promise((resolve, reject) => {
    const sent = request(`${service.url}${path}`, { method, agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode === status) resolve(text);
        else reject(new Error(`answered ${String(response.statusCode)}: ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end(payload);
  });
}

async function createAndDelete(root: Credentials): Promise<void> {
  const created = await answered(201, root, 'POST', '/v5/agencies', { agency_name: 'fresh', trust_policy: JSON.stringify(trust({ IAM: [accountA] })) });
  const id = /"agency_id":"([^"]+)"/.exec(created)?.[1] ?? '';
  await answered(204, root, 'DELETE', `/v5/agencies/${id}`);
}

const time = { time: 3000, warmupTime: 1000 };
type Side = (typeof sides)[number];

/** The same calls on both accounts, side by side: the ratio is what tells. */
function compare(what: string, call: (side: Side) => Promise<unknown>): void {
  describe(what, () => {
    for (const side of sides) {
      bench(side[0], async () => {
        await call(side);
      }, time);
    }
  });
}

compare('list agencies', ([, root]) => answered(200, root, 'GET', '/v5/agencies?limit=3'));
compare('list policies with their attachment counts', ([, root]) => answered(200, root, 'GET', '/v5/policies?limit=10'));
compare('get an agency', ([, root]) => answered(200, root, 'GET', `/v5/agencies/${ids.get(root.accessKeyId) ?? ''}`));
compare('create and delete an agency', ([, root]) => createAndDelete(root));
compare('assume an agency', ([, root, accountId]) =>
  answered(200, root, 'POST', '/v5/agencies/assume', { agency_urn: `iam::${accountId}:agency:n7`, agency_session_name: 'bench' }));
