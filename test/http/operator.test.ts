// The operator's operations: what each answers, who is refused, and what becomes of an account that is deleted.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemAccountId } from '../../src/directory/entities.js';
import { openApiDocument } from '../../src/http/openapi.js';
import { operatorOperations } from '../../src/http/operations/operator.js';
import { absentAccount, accountA, accountB, accounts, agencies, allow, ask, deny, keys, policy, trust } from '../support/accounts.js';
import { startService, type Answer, type Credentials, type TestService } from '../support/service.js';
import { startPeer } from '../redis/support.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
});
afterAll(() => service.stop());

const operator = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer> => service.call(keys.operator, method, path, body);
const Created = z.object({ account: z.object({ account_id: z.string(), root_user_id: z.string() }), access_key: z.object({ access_key_id: z.string(), secret_access_key: z.string() }) });
const Key = z.object({ access_key: z.object({ access_key_id: z.string(), secret_access_key: z.string() }) });
const credentialsIn = ({ body }: Answer): Credentials => {
  const { access_key: key } = Key.parse(body);
  return { accessKeyId: key.access_key_id, secretAccessKey: key.secret_access_key };
};
async function newAccount(name: string, more: object = {}): Promise<{ id: string; root: Credentials; rootUserId: string }> {
  const answer = await operator('POST', '/v1/accounts', { account_name: name, ...more });
  expect(answer.status).toBe(201);
  const { account } = Created.parse(answer.body);
  return { id: account.account_id, rootUserId: account.root_user_id, root: credentialsIn(answer) };
}
const scps = (id: string) => `/v1/accounts/${id}/service-control-policies`;
const document = (...statements: object[]): string => JSON.stringify(policy(...statements));

describe('whoever is not the operator', () => {
  const bodies: Readonly<Record<string, object>> = {
    CreateAccount: { account_name: 'mine' }, UpdateAccount: { account_name: 'mine' }, PutServiceControlPolicies: { service_control_policies: null }, RegisterService: { service_principal: 'service.Mine' },
  };
  const callers: readonly (readonly [string, () => Promise<Credentials>])[] = [
    ['the account\'s root user', () => Promise.resolve(keys.rootA)], ['another account\'s root user', () => Promise.resolve(keys.rootB)], ['a user', () => Promise.resolve(keys.alice)],
    ['a service', () => Promise.resolve(keys.service)], ['a session', () => service.session(keys.alice, ask(agencies.first))],
  ];
  it.each(callers)('%s is refused by every operation, which changes nothing, and only its own account hears of it', async (_who, credentials) => {
    const caller = await credentials();
    const before = await service.events(accountB);
    for (const { name, method, path, status } of operatorOperations) {
      const target = path.replace('{account_id}', accountB).replace('{service_principal}', 'service.OBS').replace('{access_key_id}', keys.service.accessKeyId);
      // The operations' methods are those of the harness in lower case.
      const verb = method.toUpperCase() as 'GET';
      const answer = await service.call(caller, verb, target, bodies[name]);
      expect([name, status, answer.status, answer.body.error_code]).toEqual([name, status, 403, 'PAP5.0001']);
      expect(answer.body.error_msg).toContain('is not the operator');
    }
    const after = await service.events(accountB);
    expect(after.slice(before.length).filter(({ principal }) => principal.accountId !== accountB)).toEqual([]);
    expect((await service.identity(keys.bert)).status).toBe(200);
    expect((await service.identity(keys.service)).status).toBe(200);
  });

  it('has every operation in the OpenAPI document, with an action of its own', () => {
    const { paths } = z.object({ paths: z.record(z.string(), z.record(z.string(), z.object({ operationId: z.string(), 'x-action': z.string() }))) }).parse(openApiDocument(operatorOperations));
    const described = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(described.map(({ operationId }) => operationId).sort()).toEqual(operatorOperations.map(({ name }) => name).sort());
    expect(new Set(described.map((each) => each['x-action'])).size).toBe(operatorOperations.length);
  });
});

describe('an account', () => {
  it('is created with a root user whose key works, and is shown', async () => {
    const answer = await operator('POST', '/v1/accounts', { account_name: 'fresh' });
    expect(answer).toMatchObject({ status: 201, body: { account: { account_name: 'fresh', created_at: '2026-01-15T08:30:00.000Z' } } });
    const { account } = Created.parse(answer.body);
    expect(account.account_id).toMatch(/^[0-9a-f]{32}$/);
    expect(await service.identity(credentialsIn(answer))).toMatchObject({
      status: 200, body: { account_id: account.account_id, principal_urn: `iam::${account.account_id}:user:fresh`, principal_id: account.root_user_id },
    });
    expect(await operator('GET', `/v1/accounts/${account.account_id}`)).toMatchObject({
      status: 200, body: { account: { ...account, in_organization: false, asymmetric_signature: true, revoke_on_disable: false, quotas: { users: 50, groups_per_user: 10, versions_per_policy: 5 } } },
    });
    const created = await service.call(credentialsIn(answer), 'POST', '/v5/agencies', { agency_name: 'own', trust_policy: JSON.stringify(trust({ IAM: [accountA] })) });
    expect(created.status).toBe(201);
  });

  it('takes the id and the root user name that are given, and a name that is in use', async () => {
    const id = '1'.repeat(32);
    const { root } = await newAccount('account-a', { account_id: id, root_user_name: 'boss' });
    expect(await service.identity(root)).toMatchObject({ body: { principal_urn: `iam::${id}:user:boss` } });
    expect(await operator('POST', '/v1/accounts', { account_name: 'other', account_id: id })).toMatchObject({ status: 409, body: { error_code: 'PAP5.1205' } });
    expect(await operator('POST', '/v1/accounts', { account_name: 'other', account_id: accountA })).toMatchObject({ status: 409 });
    await expect(service.apply({ accounts: [{ account_name: 'account-a' }] })).rejects.toThrow('`/accounts/0/account_name`: 2 have the name `account-a`: give the account_id');
  });

  it('changes its name, its quotas and its switch, and what is absent stays', async () => {
    const { id, root } = await newAccount('changing');
    const path = `/v1/accounts/${id}`;
    expect(await operator('PUT', path, { quotas: { agencies: 1, users: 60 } })).toMatchObject({ status: 200, body: { account: { account_name: 'changing', quotas: { agencies: 1, users: 60, groups: 20 } } } });
    const agency = (name: string) => service.call(root, 'POST', '/v5/agencies', { agency_name: name, trust_policy: JSON.stringify(trust({ IAM: [accountA] })) });
    expect([(await agency('one')).status, (await agency('two')).status]).toEqual([201, 409]);
    expect(await operator('PUT', path, { account_name: 'changed', quotas: { agencies: 50 } })).toMatchObject({ body: { account: { account_name: 'changed', quotas: { agencies: 50, users: 60 } } } });
    expect((await agency('two')).status).toBe(201);
    expect(await operator('PUT', path, { asymmetric_signature: false })).toMatchObject({ body: { account: { account_name: 'changed', asymmetric_signature: false } } });
    expect(await operator('PUT', path, { account_id: id, asymmetric_signature: true })).toMatchObject({ status: 200, body: { account: { asymmetric_signature: true } } });
    expect((await service.composition.services.directory.read(id, () => []))?.snapshot.account).toMatchObject({ accountName: 'changed', quotas: { users: 60 } });
  });

  it('leaves nothing when it is deleted: no key, no session or what came of one, and no way to have its id again', async () => {
    const { id, root } = await newAccount('doomed');
    const trustPolicy = JSON.stringify(trust({ IAM: [accountA] }));
    expect((await service.call(root, 'POST', '/v5/agencies', { agency_name: 'open', trust_policy: trustPolicy })).status).toBe(201);
    const session = await service.session(keys.alice, ask(`iam::${id}:agency:open`));
    expect((await service.identity(session)).status).toBe(200);
    expect(await operator('DELETE', `/v1/accounts/${id}`)).toMatchObject({ status: 204, body: {} });
    for (const gone of [root, session]) expect((await service.identity(gone)).status).toBe(401);
    expect(await service.redis.exists(service.composition.names.accountEntities(id))).toBe(0);
    expect(await operator('GET', `/v1/accounts/${id}`)).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012' } });
    expect((await operator('DELETE', `/v1/accounts/${id}`)).status).toBe(404);
    expect(await operator('POST', '/v1/accounts', { account_name: 'again', account_id: id })).toMatchObject({ status: 409, body: { error_code: 'PAP5.1205' } });
    await expect(service.apply({ accounts: [{ account_name: 'again', account_id: id }] })).rejects.toThrow('/accounts/0/account_id`: `' + id);
    expect((await service.assume(keys.alice, ask(`iam::${id}:agency:open`))).status).toBe(403);
  });

  it('is listed in the order of ids, page by page, without those that are deleted', async () => {
    const made: string[] = [];
    for (let number = 0; number < 4; number += 1) made.push((await newAccount(`listed-${number}`)).id);
    const [gone = '', ...left] = made.sort();
    await operator('DELETE', `/v1/accounts/${gone}`);
    const Page = z.object({ accounts: z.array(z.object({ account_id: z.string(), account_name: z.string() })), page_info: z.object({ current_count: z.number(), next_marker: z.string().optional() }) });
    const found: string[] = [];
    let marker = '';
    for (let pages = 0; pages < 30; pages += 1) {
      const page = Page.parse((await operator('GET', `/v1/accounts?limit=2${marker === '' ? '' : `&marker=${marker}`}`)).body);
      expect(page.page_info.current_count).toBe(page.accounts.length);
      found.push(...page.accounts.map(({ account_id: id }) => id));
      if (page.page_info.next_marker === undefined) break;
      marker = page.page_info.next_marker;
    }
    expect(found).toEqual([...found].sort());
    expect(found.filter((id) => [...made, accountA, accountB, systemAccountId].includes(id)).sort()).toEqual([...left, accountA, accountB].sort());
    expect(await operator('GET', '/v1/accounts?marker=abcdef')).toMatchObject({ status: 400, body: { error_code: 'PAP5.0010' } });
  });

  it('is listed without a look at all it owns', async () => {
    const peer = await startPeer(service, `unix://${service.redisServer.socketPath}`);
    try {
      expect(await peer.call(keys.operator, 'GET', '/v1/accounts?limit=1')).toMatchObject({ status: 200 });
      await service.redis.config('RESETSTAT');
      const { body } = await peer.call(keys.operator, 'GET', '/v1/accounts');
      expect(body).toMatchObject({ accounts: expect.arrayContaining([expect.objectContaining({ account_id: accountB, account_name: 'account-b' })]) as unknown });
      expect(await service.redis.info('commandstats')).not.toMatch(/^cmdstat_hgetall:/m);
    } finally {
      await peer.stop();
    }
  });

  it.each([
    ['no name', 'POST', '/v1/accounts', {}, 'account_name'], ['a name that is none', 'POST', '/v1/accounts', { account_name: '1' }, 'account_name'],
    ['an id that is none', 'POST', '/v1/accounts', { account_name: 'fine', account_id: 'x' }, 'account_id'], ['the system account', 'POST', '/v1/accounts', { account_name: 'fine', account_id: systemAccountId }, 'account_id'],
    ['a root user name that is none', 'POST', '/v1/accounts', { account_name: 'fine', root_user_name: '1a' }, 'root_user_name'],
    ['another account in the body', 'PUT', `/v1/accounts/${accountA}`, { account_id: accountB, account_name: 'taken-over' }, 'account_id'],
    ['another account in the body of policies', 'PUT', scps(accountA), { account_id: accountB, service_control_policies: [] }, 'account_id'],
    ['the system account in the path', 'DELETE', `/v1/accounts/${systemAccountId}`, undefined, 'account_id'],
    ['a quota over its maximum', 'PUT', `/v1/accounts/${accountA}`, { quotas: { users: 2001 } }, 'users'], ['a quota of another name', 'PUT', `/v1/accounts/${accountA}`, { quotas: { planets: 9 } }, 'quotas'],
    ['a switch that is none', 'PUT', `/v1/accounts/${accountA}`, { asymmetric_signature: 'on' }, 'asymmetric_signature'],
    ['two policies of one name', 'PUT', scps(accountA), { service_control_policies: [1, 2].map(() => ({ name: 'one', policy_document: document(allow('*')) })) }, 'name'],
    ['more policies than an account has', 'PUT', scps(accountA), { service_control_policies: Array.from({ length: 51 }, (_, number) => ({ name: `n${number}`, policy_document: document(allow('*')) })) }, '50'],
  ] as const)('%s is refused with the field and the rule', async (_what, method, path, body, field) => {
    const answer = await operator(method, path, body);
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'PAP5.1102' } });
    expect(answer.body.error_msg).toContain(field);
  });
});

describe('service control policies', () => {
  it('are replaced all at once, bind at the next call, and null takes the account out of its organization', async () => {
    expect(await operator('GET', scps(accountA))).toMatchObject({ status: 200, body: { service_control_policies: null } });
    const all = { name: 'all', policy_document: document(allow('*')) };
    const noAssume = { name: 'no-assume', policy_document: document(deny('sts:agencies:assume')) };
    expect(await operator('PUT', scps(accountA), { service_control_policies: [noAssume, all] })).toMatchObject({ status: 200, body: { service_control_policies: [all, noAssume] } });
    expect(await operator('GET', scps(accountA))).toMatchObject({ body: { service_control_policies: [all, noAssume] } });
    expect((await service.assume(keys.alice, ask(agencies.first))).status).toBe(403);
    await operator('PUT', scps(accountA), { service_control_policies: [all] });
    expect((await service.assume(keys.alice, ask(agencies.first))).status).toBe(200);
    await operator('PUT', scps(accountA), { service_control_policies: [] });
    expect((await service.assume(keys.alice, ask(agencies.first))).status).toBe(403);
    expect(await operator('PUT', scps(accountA), { service_control_policies: null })).toMatchObject({ status: 200, body: { service_control_policies: null } });
    expect((await service.assume(keys.alice, ask(agencies.first))).status).toBe(200);
  });

  it('that do not parse are refused, and so are those of no account', async () => {
    expect(await operator('PUT', scps(accountA), { service_control_policies: [{ name: 'broken', policy_document: '{}' }] })).toMatchObject({ status: 400, body: { error_code: 'PAP5.0011' } });
    expect(await operator('PUT', scps(absentAccount), { service_control_policies: null })).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012' } });
  });
});

describe('a registered service', () => {
  const path = '/v1/services/service.Shop';
  it('is registered with a key that works, has two at most, and goes with them', async () => {
    const registered = await operator('POST', '/v1/services', { service_principal: 'service.Shop' });
    expect(registered).toMatchObject({ status: 201, body: { service: { service_principal: 'service.Shop', created_at: '2026-01-15T08:30:00.000Z' }, access_key: { status: 'active' } } });
    const first = credentialsIn(registered);
    expect(await service.identity(first)).toMatchObject({ status: 200, body: { principal_urn: 'service.Shop' } });
    expect(await operator('POST', '/v1/services', { service_principal: 'service.SHOP' })).toMatchObject({ status: 409, body: { error_code: 'PAP5.1205' } });
    const second = credentialsIn(await operator('POST', `${path}/access-keys`));
    expect((await service.identity(second)).status).toBe(200);
    expect(await operator('POST', `${path}/access-keys`)).toMatchObject({ status: 409, body: { error_code: 'PAP5.1202' } });
    const listed = await operator('GET', `${path}/access-keys`);
    expect(listed).toMatchObject({ status: 200, body: { page_info: { current_count: 2 } } });
    expect(JSON.stringify(listed.body)).not.toContain('secret');
    expect(await operator('DELETE', `${path}/access-keys/${first.accessKeyId}`)).toMatchObject({ status: 204 });
    expect((await service.identity(first)).status).toBe(401);
    expect((await operator('GET', '/v1/services')).body).toMatchObject({ services: expect.arrayContaining([{ service_principal: 'service.Shop', created_at: '2026-01-15T08:30:00.000Z' }]) as unknown });
    expect(await operator('DELETE', path)).toMatchObject({ status: 204 });
    expect((await service.identity(second)).status).toBe(401);
    expect((await operator('POST', '/v1/services', { service_principal: 'service.Shop' })).status).toBe(201);
  });

  it.each([
    ['one that is not registered', 'DELETE', '/v1/services/service.Absent', 404], ['keys of one that is not registered', 'GET', '/v1/services/service.Absent/access-keys', 404],
    ['a key for one that is not registered', 'POST', '/v1/services/service.Absent/access-keys', 404], ['a key that is not the service\'s', 'DELETE', `/v1/services/service.OBS/access-keys/${keys.operator.accessKeyId}`, 404],
    ['a name that is none', 'DELETE', '/v1/services/OBS', 400],
  ] as const)('%s is refused', async (_what, method, target, status) => {
    expect((await operator(method, target)).status).toBe(status);
    expect((await operator('GET', '/v1/services')).status).toBe(200);
  });
});

describe('the audit', () => {
  it('has what the operator did in both accounts, and what was refused, without a secret', async () => {
    const { id, root } = await newAccount('audited');
    await operator('PUT', scps(id), { service_control_policies: [{ name: 'all', policy_document: document(allow('*')) }] });
    await operator('PUT', `/v1/accounts/${id}`, { account_id: accountB });
    const outline = (events: Awaited<ReturnType<TestService['events']>>) => events.map(({ operation, status, resourceAccountId, principal }) => [operation, status, resourceAccountId, principal.userName]);
    const expected = [['CreateAccount', 201, id, 'operator'], ['PutServiceControlPolicies', 200, id, 'operator'], ['UpdateAccount', 400, undefined, 'operator']];
    expect(outline(await service.events(systemAccountId)).slice(-3)).toEqual(expected);
    expect(outline(await service.events(id))).toEqual(expected.slice(0, 2));
    const text = JSON.stringify([...(await service.events(systemAccountId)), ...(await service.events(id))]);
    for (const secret of [root.secretAccessKey, keys.operator.secretAccessKey, 'Statement']) expect(text).not.toContain(secret);
  });
});

it('writers at once lose nothing: every account of twenty is there', { timeout: 20_000 }, async () => {
  const made = await Promise.all(Array.from({ length: 20 }, (_, number) => newAccount(`crowd-${number}`)));
  for (const { root, id } of made) expect((await service.identity(root)).body.account_id).toBe(id);
  const services = await Promise.all(Array.from({ length: 10 }, (_, number) => operator('POST', '/v1/services', { service_principal: `service.Crowd${number}` })));
  expect(services.map(({ status }) => status)).toEqual(services.map(() => 201));
});
