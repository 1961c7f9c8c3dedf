// Agencies of the older system: whom they trust, how long they last, what may be changed, and how refusals are told.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessKey, accountA, accountB, accountC, accountsPlus, agencies as trustAgencies, allow, ask, bootstrapKey, keys, policy, trust } from '../../support/accounts.js';
import { startOfTest, startService, type Answer, type Credentials, type Method, type TestService } from '../../support/service.js';
import { absentId, holding, items, member, text } from '../managed.js';
import { toTrace } from '../../../src/audit/formats/cts.js';

const only = accessKey('only');
const all = '/v3.0/OS-AGENCY/agencies';
const day = 86_400_000;
let service: TestService;
let lenient: TestService;
beforeAll(async () => {
  const accounts = accountsPlus({
    [accountA]: {
      users: [{ user_name: 'only', attached_policies: ['only-own'], access_keys: [bootstrapKey(only)] }],
      policies: [{ policy_name: 'only-own', policy_document: policy(allow('iam:agencies:*', { Resource: [`iam:*:*:agency:own-*`] })) }],
      agencies: [{ agency_name: 'trusting', trust_policy: trust({ IAM: [accountA] }) }],
    },
  });
  [service, lenient] = await Promise.all([startService(accounts), startService(accounts, { STS_SERVICE_AGENCY_UPDATES: 'allow' })]);
  // A second account of the name.
  await service.call(keys.operator, 'POST', '/v1/accounts', { account_name: 'account-c' });
});
afterAll(() => Promise.all([service.stop(), lenient.stop()]));

const root = (method: Method, path: string, body?: unknown, on = service): Promise<Answer> => on.call(keys.rootA, method, path, body);
let made = 0;
const newAgency = (fields: object = {}) => ({ agency: { name: `made-${(made += 1)}`, domain_id: accountA, trust_domain_name: 'account-b', ...fields } });
const create = (fields: object = {}, on = service): Promise<Answer> => root('POST', all, newAgency(fields), on);
const created = async (fields: object = {}, on = service): Promise<string> => text(await create(fields, on), 'agency', 'id');
const shown = async (id: string, on = service): Promise<unknown> => member((await root('GET', `${all}/${id}`, undefined, on)).body, 'agency');

describe('a new agency', () => {
  it.each<[what: string, fields: object, expected: object]>([
    ['trusts an account by its name', { trust_domain_name: 'account-b' }, { trust_domain_id: accountB }],
    ['trusts an account by its id', { trust_domain_name: undefined, trust_domain_id: accountB }, { trust_domain_id: accountB }],
    ['trusts an account by both, where several have the name', { trust_domain_name: 'account-c', trust_domain_id: accountC }, { trust_domain_id: accountC }],
    ['trusts a cloud service by its name', { trust_domain_name: 'op_svc_ims' }, { trust_domain_id: '' }],
    ['trusts a cloud service that no catalogue has, in its own spelling', { trust_domain_name: 'op_svc_IdentityCenter' }, { trust_domain_id: '' }],
    ['trusts its own account', { trust_domain_name: 'account-a' }, { trust_domain_id: accountA }],
    ['has a name of up to 64 characters', { name: 'n'.repeat(64) }, { name: 'n'.repeat(64) }],
    ['has a description of up to 255 characters', { description: 'd'.repeat(255) }, { description: 'd'.repeat(255) }],
    ['is not asked about members that are not known', { delegated_domain: 'x', colour: 'red' }, {}],
  ])('%s', async (_what, fields, expected) => {
    const answer = await create(fields);
    expect(answer).toMatchObject({ status: 201, body: { agency: expected } });
    expect(answer.body['agency']).not.toHaveProperty('trust_domain_name');
    expect(answer.body['agency']).not.toHaveProperty('colour');
  });

  it.each<[duration: unknown, hours: string, days: number | undefined]>([
    [undefined, 'FOREVER', undefined], [null, 'FOREVER', undefined], ['FOREVER', 'FOREVER', undefined], ['ONEDAY', '24', 1], ['20', '480', 20], [20, '480', 20], [1, '24', 1], ['36500', '876000', 36_500],
  ])('of the duration %j lasts %s hours', async (duration, hours, days) => {
    service.clock.set(startOfTest + 811);
    const end = days === undefined ? null : `${new Date(startOfTest + 811 + days * day).toISOString().slice(0, -1)}000`;
    const answer = await create({ duration });
    expect(answer.body['agency']).toMatchObject({ duration: hours, create_time: '2026-01-15T08:30:00.811000', expire_time: end });
    expect(await shown(text(answer, 'agency', 'id'))).toMatchObject({ duration: hours, expire_time: end, trust_domain_name: 'account-b' });
  });

  it.each<[what: string, fields: object, status: number, code: string, message: string]>([
    ['without a name', { name: undefined }, 400, 'IAM.0072', '`agency.name`: is required'],
    ['without an account', { domain_id: undefined }, 400, 'IAM.0072', '`agency.domain_id`: is required'],
    ['of another account', { domain_id: accountB }, 403, 'IAM.0003', '`agency.domain_id` is not the account of the caller'],
    ['that trusts nobody', { trust_domain_name: undefined }, 400, 'IAM.0072', '`agency`: needs `trust_domain_name` or `trust_domain_id`'],
    ['with an empty name', { name: '' }, 400, 'IAM.0073', '`agency.name`: must be 1 to 64'],
    ['with a name of 65 characters', { name: 'n'.repeat(65) }, 400, 'IAM.0073', '`agency.name`: must be 1 to 64'],
    ['with a slash in its name', { name: 'a/b' }, 400, 'IAM.0073', '`agency.name`'],
    ['of a reserved name', { name: 'ServiceLinkedAgencyForOBS' }, 400, 'IAM.0073', 'is reserved'],
    ['of a name that a trust agency has', { name: 'trusting' }, 409, 'IAM.0005', 'is already in use'],
    ['with a description of 256 characters', { description: 'd'.repeat(256) }, 400, 'IAM.0073', '`agency.description`'],
    ...['@', '#', '$', '%', '^', '&', '*', '<', '>', '\\'].map((sign): [string, object, number, string, string] => [`with ${sign} in its description`, { description: `a${sign}b` }, 400, 'IAM.0073', '`agency.description`: must not hold']),
    ['that lasts no day', { duration: 0 }, 400, 'IAM.0073', '`agency.duration`'],
    ['that lasts half a day', { duration: 0.5 }, 400, 'IAM.0073', '`agency.duration`'],
    ['that lasts beyond a hundred years', { duration: '36501' }, 400, 'IAM.0073', '`agency.duration`'],
    ['that lasts some day', { duration: 'SOMEDAY' }, 400, 'IAM.0073', '`agency.duration`: must be FOREVER, ONEDAY or a number of days'],
    ['that trusts an account that does not exist', { trust_domain_name: 'nobody' }, 404, 'IAM.0004', '`agency.trust_domain_name`'],
    ['that trusts an id of no account', { trust_domain_name: undefined, trust_domain_id: absentId }, 404, 'IAM.0004', '`agency.trust_domain_id`'],
    ['that trusts the system account', { trust_domain_name: undefined, trust_domain_id: '0'.repeat(32) }, 404, 'IAM.0004', '`agency.trust_domain_id`'],
    ['that trusts a user by its name', { trust_domain_name: 'bert' }, 404, 'IAM.0004', 'no user'],
    ['of which both are wrong: the name is looked at first', { trust_domain_name: 'nobody', trust_domain_id: absentId }, 404, 'IAM.0004', '`agency.trust_domain_name`'],
    ['of which name and id are two accounts', { trust_domain_name: 'account-b', trust_domain_id: accountC }, 400, 'IAM.0073', '`agency.trust_domain_id`'],
    ['that trusts a name that several accounts have', { trust_domain_name: 'account-c' }, 400, 'IAM.0073', 'give `trust_domain_id`, too'],
    ['that trusts what begins like a cloud service and is none', { trust_domain_name: 'op_svc_a_b' }, 400, 'IAM.0073', '`agency.trust_domain_name`'],
    ['that trusts a cloud service without a name', { trust_domain_name: 'op_svc_' }, 400, 'IAM.0073', '`agency.trust_domain_name`'],
  ])('%s is refused', async (_what, fields, status, code, message) => {
    const answer = await create(fields);
    expect(answer).toMatchObject({ status, body: { error_code: code, error_msg: holding(message), request_id: answer.headers['x-request-id'] } });
  });

  it.each<[what: string, body: unknown, code: string]>([['no JSON', '{', 'IAM.0011'], ['no agency', {}, 'IAM.0072'], ['a list', [], 'IAM.0073']])('whose body is %s is refused', async (_what, body, code) => {
    expect(await root('POST', all, body)).toMatchObject({ status: 400, body: { error_code: code } });
  });

  it('trusts no user by its id: only accounts have ids that count', async () => {
    const users = items(await service.call(keys.rootB, 'GET', '/v5/users'), 'users');
    expect(await create({ trust_domain_name: undefined, trust_domain_id: users[0]?.['user_id'] })).toMatchObject({ status: 404, body: { error_msg: holding('no user') } });
  });

  it('shares the quota of all agencies', async () => {
    const id = text(await service.call(keys.operator, 'GET', `/v1/accounts/${accountA}`), 'account', 'account_id');
    const { body } = await root('GET', `/v3.0/OS-QUOTA/domains/${id}?type=agency`);
    const used = Number(member(member(body, 'quotas', 'resources') as Readonly<Record<string, unknown>>, '0', 'used'));
    await service.call(keys.operator, 'PUT', `/v1/accounts/${accountA}`, { quotas: { agencies: used } });
    expect(await create()).toMatchObject({ status: 409, body: { error_code: 'IAM.0005', error_msg: holding(`agencies ${used} at most`) } });
    await service.call(keys.operator, 'PUT', `/v1/accounts/${accountA}`, { quotas: { agencies: 5000 } });
  });
});

describe('the list', () => {
  const names = async (query: string): Promise<unknown[]> => items(await root('GET', `${all}${query}`), 'agencies').map((agency) => agency['name']);

  it('holds legacy agencies alone, by name, by trusted account and in pages', async () => {
    for (const name of ['listed-1', 'listed-2', 'listed-3']) {
      service.clock.advance(0.001);
      await create({ name, trust_domain_name: 'account-a' });
    }
    expect(await names(`?domain_id=${accountA}&name=listed-2`)).toEqual(['listed-2']);
    expect((await names(`?trust_domain_id=${accountA}`)).slice(-3)).toEqual(['listed-1', 'listed-2', 'listed-3']);
    const every = await names('');
    expect(every).not.toContain('trusting');
    expect(await names(`?page=2&per_page=2`)).toEqual(every.slice(2, 4));
    expect(await names(`?page=500&per_page=500`)).toEqual([]);
    const seen = items(await service.call(keys.rootA, 'GET', '/v5/agencies?limit=200'), 'agencies').map((agency) => agency['agency_name']);
    expect(seen).toEqual(expect.arrayContaining(['listed-1', 'trusting']));
  });

  it.each([['?page=1', '`per_page`'], ['?per_page=10', '`per_page`'], ['?page=0&per_page=1', '`page`'], ['?page=1&per_page=501', '`per_page`'], ['?page=1&per_page=0', '`per_page`']])('%s is refused', async (query, field) => {
    expect(await root('GET', `${all}${query}`)).toMatchObject({ status: 400, body: { error_code: 'IAM.0073', error_msg: holding(field) } });
  });

  it('of another account is refused', async () => {
    expect(await root('GET', `${all}?domain_id=${accountB}`)).toMatchObject({ status: 403, body: { error_code: 'IAM.0003' } });
  });
});

describe('an agency of an account', () => {
  it('may be changed in its trust, description and validity, each alone; the end counts from the change', async () => {
    const id = await created({ duration: 5, description: 'first' });
    const change = (agency: object): Promise<Answer> => root('PUT', `${all}/${id}`, { agency });
    const end = member(await shown(id) as Readonly<Record<string, unknown>>, 'expire_time');
    service.clock.advance(3600);
    expect(await change({ description: 'second', delegated_domain: 'as Terraform sends it' })).toMatchObject({ status: 200, body: { agency: { description: 'second', duration: '120', expire_time: end, trust_domain_name: 'account-b' } } });
    expect(await change({ trust_domain_id: accountA })).toMatchObject({ body: { agency: { description: 'second', trust_domain_name: 'account-a', trust_domain_id: accountA } } });
    expect(await change({ duration: 'ONEDAY' })).toMatchObject({ body: { agency: { duration: '24', expire_time: `${new Date(service.clock.now() + day).toISOString().slice(0, -1)}000` } } });
    expect(await change({ duration: 'FOREVER' })).toMatchObject({ body: { agency: { duration: 'FOREVER', expire_time: null } } });
    expect(await change({ duration: null })).toMatchObject({ status: 200 });
  });

  it.each<[what: string, agency: object, status: number, code: string]>([
    ['nothing', {}, 400, 'IAM.0072'], ['only what is not known', { delegated_domain: 'x' }, 400, 'IAM.0072'], ['its name', { name: 'other', description: '' }, 400, 'IAM.0073'],
    ['its type', { trust_domain_name: 'op_svc_ims' }, 400, 'IAM.0073'], ['its trust to nobody', { trust_domain_name: 'nobody' }, 404, 'IAM.0004'], ['its description to a bad one', { description: 'a&b' }, 400, 'IAM.0073'],
  ])('is not changed in %s', async (_what, agency, status, code) => {
    const id = await created();
    const before = await shown(id);
    expect(await root('PUT', `${all}/${id}`, { agency })).toMatchObject({ status, body: { error_code: code } });
    expect(await shown(id)).toEqual(before);
  });
});

describe('an agency of a cloud service', () => {
  const changes: readonly object[] = [{ description: 'other' }, { duration: 1 }, { trust_domain_name: 'op_svc_ecs' }];

  it.each(changes)('is not changed: %j', async (agency) => {
    const id = await created({ trust_domain_name: 'op_svc_ims' });
    expect(await root('PUT', `${all}/${id}`, { agency })).toMatchObject({ status: 403, body: { error_code: 'IAM.0003', error_msg: holding('cannot be modified after its creation; its permissions can') } });
  });

  it.each(changes)('is changed where the setting allows it: %j', async (agency) => {
    const id = await created({ trust_domain_name: 'op_svc_ims' }, lenient);
    expect(await root('PUT', `${all}/${id}`, { agency }, lenient)).toMatchObject({ status: 200, body: { agency: { ...agency, ...('duration' in agency && { duration: '24' }) } } });
  });

  it('never becomes one of an account, nor gets another name', async () => {
    const id = await created({ trust_domain_name: 'op_svc_ims' }, lenient);
    for (const agency of [{ trust_domain_name: 'account-b' }, { name: 'other', description: 'x' }]) expect(await root('PUT', `${all}/${id}`, { agency }, lenient)).toMatchObject({ status: 400, body: { error_code: 'IAM.0073' } });
  });
});

describe('what is no legacy agency', () => {
  it.each<[Method, object | undefined]>([['GET', undefined], ['PUT', { agency: { description: 'x' } }], ['DELETE', undefined]])('cannot be found by %s, be it absent or a trust agency', async (method, body) => {
    const seen = items(await service.call(keys.rootA, 'GET', '/v5/agencies?limit=200'), 'agencies').find((agency) => agency['agency_name'] === 'trusting');
    for (const id of [absentId, String(seen?.['agency_id'])]) expect(await root(method, `${all}/${id}`, body)).toMatchObject({ status: 404, body: { error_code: 'IAM.0004', error_msg: `the agency \`${id}\` cannot be found` } });
  });
});

describe('sessions', () => {
  it('go on when the agency trusts somebody else, and end when it is deleted', async () => {
    const name = 'assumed';
    const id = await created({ name, duration: 1 });
    const urn = `iam::${accountA}:agency:${name}`;
    const session = await service.session(keys.rootB, ask(urn));
    expect((await service.identity(session)).status).toBe(200);
    await root('PUT', `${all}/${id}`, { agency: { trust_domain_name: 'account-a' } });
    expect((await service.assume(keys.rootB, ask(urn))).status).toBe(403);
    expect((await service.identity(session)).status).toBe(200);
    await root('DELETE', `${all}/${id}`);
    expect((await service.identity(session)).status).toBe(401);
  });
});

describe('deleting', () => {
  it('waits for attached identity policies to be detached, and is done once', async () => {
    const id = await created();
    const policies = items(await service.call(keys.rootA, 'GET', '/v5/policies?policy_type=custom'), 'policies');
    const attached = String(policies[0]?.['policy_id']);
    await root('POST', `/v5/policies/${attached}/attach-agency`, { agency_id: id });
    expect(await root('DELETE', `${all}/${id}`)).toMatchObject({ status: 409, body: { error_code: 'IAM.0005', error_msg: holding('detach them first') } });
    await root('POST', `/v5/policies/${attached}/detach-agency`, { agency_id: id });
    const answer = await root('DELETE', `${all}/${id}`);
    expect([answer.status, answer.body]).toEqual([204, {}]);
    expect((await root('DELETE', `${all}/${id}`)).status).toBe(404);
  });
});

describe('permission', () => {
  const asOnly = (method: Method, path: string, body?: unknown, as: Credentials = only): Promise<Answer> => service.call(as, method, path, body);

  it('is asked for the agency by its URN, and comes before existence', async () => {
    const own = text(await asOnly('POST', all, newAgency({ name: 'own-1' })), 'agency', 'id');
    const other = await created();
    expect((await asOnly('POST', all, newAgency({ name: 'not-own' }))).status).toBe(403);
    for (const [method, body] of [['GET', undefined], ['PUT', { agency: { description: 'x' } }], ['DELETE', undefined]] as const) {
      expect((await asOnly(method, `${all}/${other}`, body)).status).toBe(403);
      expect((await asOnly(method, `${all}/${absentId}`, body)).status).toBe(403);
      expect((await asOnly(method, `${all}/${own}`, body)).status).toBeLessThan(300);
    }
  });

  it('is needed by name', async () => {
    const answer = await service.call(keys.carol, 'POST', all, newAgency());
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'IAM.0003', error_msg: holding('iam:agencies:createAgency') } });
    expect(answer.body).toHaveProperty('encoded_authorization_message');
    expect((await service.call(await service.session(keys.alice, ask(trustAgencies.first)), 'GET', all)).status).toBe(403);
  });
});

describe('the audit', () => {
  it('tells of each change under the names of the cloud', async () => {
    const name = 'audited';
    const id = await created({ name, description: 'seen' });
    await root('PUT', `${all}/${id}`, { agency: { description: 'other' } });
    await root('DELETE', `${all}/${id}`);
    const events = (await service.events(accountA)).filter(({ resource }) => resource === `iam::${accountA}:agency:${name}`);
    expect(events.map((event) => toTrace('0-0', event))).toMatchObject([
      { trace_name: 'createAgency', resource_type: 'agency', service_type: 'IAM', code: '201', user: { user_name: 'root-a' }, request: holding('"trust_domain_name":"account-b"') },
      { trace_name: 'updateAgency', resource_type: 'agency', code: '200' }, { trace_name: 'deleteAgency', resource_type: 'agency', code: '204', request: holding(id) },
    ]);
  });
});
