// Identity policies over HTTP: custom ones are made and deleted, system ones are there for everyone.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountB, accountsPlus, allow, ask, keys, policy, trust } from '../support/accounts.js';
import { startOfTest, startService, type Answer, type CallOptions, type Credentials, type TestService } from '../support/service.js';
import { namesIn, objectIn, setQuotas, snapshotOf } from './directory-entities.js';

const document = JSON.stringify(policy(allow('obs:object:GetObject')));
const time = new Date(startOfTest).toISOString();
const systemName = 'IAMReadOnlyPolicy';

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      policies: [{ policy_name: 'all-policies', policy_document: policy(allow('iam:policies:*')) }],
      agencies: [{ agency_name: 'manager', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['all-policies'] }],
    },
  }));
});
afterAll(() => service.stop());

const root = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, options?: CallOptions): Promise<Answer> => service.call(keys.rootA, method, path, body, options);
const create = (name: string, more: object = {}, credentials: Credentials = keys.rootA): Promise<Answer> =>
  service.call(credentials, 'POST', '/v5/policies', { policy_name: name, policy_document: document, ...more });
const created = async (name: string, more: object = {}): Promise<string> => {
  const answer = await create(name, more);
  expect(answer).toMatchObject({ status: 201 });
  return String(objectIn(answer.body['policy'])['policy_id']);
};
const idOf = async (name: string): Promise<string> => (await snapshotOf(service, accountA)).policies.named(name)?.policyId ?? '';
const systemId = async (name = systemName): Promise<string> => {
  const { systemPolicies } = await snapshotOf(service, accountA);
  return [...systemPolicies.values()].find(({ policyName }) => policyName === name)?.policyId ?? '';
};
const names = (answer: Answer): readonly unknown[] => namesIn(answer.body['policies'], 'policy_name');

describe('a custom policy', () => {
  it('is created with its first version as the default, in the documented shape', async () => {
    const answer = await create('fresh', { path: 'a/b/', description: 'reads' });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      policy: {
        policy_type: 'custom', policy_name: 'fresh', policy_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string, urn: `iam::${accountA}:policy:a/b/fresh`, path: 'a/b/',
        default_version_id: 'v1', attachment_count: 0, description: 'reads', created_at: time, updated_at: time,
      },
    });
    expect((await root('GET', `/v5/policies/${await idOf('fresh')}`)).body).toEqual(answer.body);
  });

  it('keeps its document to the letter', async () => {
    const spaced = JSON.stringify(policy(allow('obs:object:GetObject')), undefined, 2);
    const id = await created('spaced', { policy_document: spaced });
    expect((await root('GET', `/v5/policies/${id}/versions/v1`)).body).toMatchObject({ policy_version: { document: spaced } });
  });

  it('of 6,144 characters is accepted, spaces not counted', async () => {
    const frame = JSON.stringify(policy(allow('obs:object:GetObject', { Sid: '' }))).length;
    const largest = JSON.stringify(policy(allow('obs:object:GetObject', { Sid: 'x'.repeat(6144 - frame) })), undefined, 8);
    expect((await create('largest', { policy_document: largest })).status).toBe(201);
    expect(await create('larger', { policy_document: largest.replace('xx', 'xxx') })).toMatchObject({ status: 400, body: { error_code: 'PAP5.0011', error_msg: expect.stringMatching(/6145.*6144/) as string } });
  });

  it('is deleted when nothing has it, and its name is free again', async () => {
    const id = await created('passing');
    expect(await root('DELETE', `/v5/policies/${id}`)).toMatchObject({ status: 204, body: {} });
    expect(await root('GET', `/v5/policies/${id}`)).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012', error_msg: `the policy \`${id}\` cannot be found` } });
    expect(await created('passing')).not.toBe(id);
  });

  it('is not deleted while something has it', async () => {
    expect(await root('DELETE', `/v5/policies/${await idOf('assume-all')}`)).toMatchObject({
      status: 409, body: { error_code: 'PAP5.1203', error_msg: 'the policy `assume-all` is attached (agencies: 3, groups: 1, users: 2): detach it first' },
    });
  });

  it('that a session is narrowed by is deleted, and then grants the session nothing', async () => {
    const id = await created('narrowing', { policy_document: JSON.stringify(policy(allow('iam:policies:*'))) });
    const session = await service.session(keys.alice, { ...ask(`iam::${accountA}:agency:manager`), policy_ids: [id] });
    expect((await service.call(session, 'GET', '/v5/policies')).status).toBe(200);
    expect((await root('DELETE', `/v5/policies/${id}`)).status).toBe(204);
    expect((await service.call(session, 'GET', '/v5/policies')).status).toBe(403);
  });
});

describe('a new policy is refused', () => {
  it.each<[rule: string, body: object, code: string, message: RegExp]>([
    ['no name', { policy_name: undefined }, 'PAP5.1102', /^`policy_name`: is required/],
    ['a name with a comma', { policy_name: 'a,b' }, 'PAP5.1102', /^`policy_name`: must be 1 to 128/],
    ['an empty name', { policy_name: '' }, 'PAP5.1102', /^`policy_name`/],
    ['a name of 129 characters', { policy_name: 'x'.repeat(129) }, 'PAP5.1102', /^`policy_name`/],
    ['a name of another type', { policy_name: ['x'] }, 'PAP5.1102', /^`policy_name`: must be of type string/],
    ['a path with a leading slash', { path: '/a/' }, 'PAP5.0030', /^`path`/],
    ['a description of another type', { description: 1 }, 'PAP5.1102', /^`description`/],
    ['no document', { policy_document: undefined }, 'PAP5.1102', /^`policy_document`: is required/],
    ['a document that is no text', { policy_document: policy(allow('a:b:c')) }, 'PAP5.1102', /^`policy_document`: must be of type string/],
    ['a document with a principal', { policy_document: JSON.stringify(trust({ IAM: [accountA] })) }, 'PAP5.0011', /^`policy_document`: .*`Principal` stands in trust policies only/],
    ['a document that is no JSON', { policy_document: '{' }, 'PAP5.0011', /^`policy_document`/],
  ])('for %s', async (_rule, more, code, message) => {
    expect(await create('refused', more)).toMatchObject({ status: 400, body: { error_code: code, error_msg: expect.stringMatching(message) as string } });
  });

  it.each(['assume-all', systemName, systemName.toLowerCase()])('for the name in use %s, also under another path', async (name) => {
    expect(await create(name, { path: 'other/' })).toMatchObject({ status: 409, body: { error_code: 'PAP5.1201', error_msg: expect.stringContaining(`the policy name \`${name}\` is already in use`) as string } });
  });

  it('at the quota, which system policies do not count for', async () => {
    const { size } = (await snapshotOf(service, accountA)).policies;
    await setQuotas(service, accountA, { policies: size + 1 });
    expect((await create('last')).status).toBe(201);
    expect(await create('one-more')).toMatchObject({ status: 409, body: { error_code: 'PAP5.1202', error_msg: expect.stringContaining(`custom policies ${size + 1} at most`) as string } });
    await setQuotas(service, accountA, {});
  });
});

describe('a system policy', () => {
  it('is shown in the documented shape, in the language asked for', async () => {
    const path = `/v5/policies/${await systemId()}`;
    const english = await root('GET', path, undefined, { headers: { 'X-Language': 'en-us' } });
    expect(english.body).toEqual({
      policy: {
        policy_type: 'system', policy_name: systemName, policy_id: await systemId(), urn: `iam::system:policy:${systemName}`, path: '', default_version_id: 'v1',
        attachment_count: 0, description: 'Read access to IAM.', created_at: '2023-01-01T00:00:00.000Z', updated_at: '2023-01-01T00:00:00.000Z',
      },
    });
    const chinese = objectIn((await root('GET', path, undefined, { headers: { 'X-Language': 'zh-cn' } })).body['policy'])['description'];
    expect(chinese).toMatch(/\p{Script=Han}/u);
    expect(objectIn((await root('GET', path)).body['policy'])['description']).toBe(chinese);
  });

  it('has one version, which can be read', async () => {
    const version = { document: expect.stringContaining('"iam:*:get*"') as string, version_id: 'v1', is_default: true, created_at: '2023-01-01T00:00:00.000Z' };
    expect((await root('GET', `/v5/policies/${await systemId()}/versions`)).body).toEqual({ versions: [version], page_info: { current_count: 1 } });
    expect((await root('GET', `/v5/policies/${await systemId()}/versions/v1`)).body).toEqual({ policy_version: version });
    expect((await root('GET', `/v5/policies/${await systemId()}/versions/v2`)).status).toBe(404);
  });

  it.each<[what: string, method: 'POST' | 'DELETE', under: string, body: object | undefined]>([
    ['deleted', 'DELETE', '', undefined], ['given versions', 'POST', '/versions', { policy_document: document }],
    ['robbed of its version', 'DELETE', '/versions/v1', undefined], ['given another default', 'POST', '/versions/v1/set-default', undefined],
  ])('cannot be %s, not even by the root user', async (_what, method, under, body) => {
    expect(await root(method, `/v5/policies/${await systemId()}${under}`, body)).toMatchObject({
      status: 403, body: { error_code: 'PAP5.0001', error_msg: `the policy \`${systemName}\` is a system policy: it can be attached and detached, but not changed or deleted` },
    });
  });
});

describe('the list', () => {
  it('has custom policies in the order of creation, then system policies by name', async () => {
    const { policies, systemPolicies } = await snapshotOf(service, accountA);
    const system = [...systemPolicies.values()].map(({ policyName }) => policyName).sort();
    const answer = await root('GET', '/v5/policies?limit=200');
    expect(names(answer)).toEqual([...policies.values().map(({ policyName }) => policyName), ...system]);
    expect(names(await root('GET', '/v5/policies?policy_type=custom'))).not.toContain(systemName);
    expect(names(await root('GET', '/v5/policies?policy_type=system'))).toEqual(system);
  });

  it('comes in pages that hold together across both types', async () => {
    const whole = names(await root('GET', '/v5/policies?limit=200'));
    const paged: unknown[] = [];
    for (let marker = ''; ;) {
      const { body } = await root('GET', `/v5/policies?limit=3${marker}`);
      const items = namesIn(body['policies'], 'policy_name');
      const { current_count: count, next_marker: next } = objectIn(body['page_info']);
      expect(count).toBe(items.length);
      paged.push(...items);
      if (typeof next !== 'string') break;
      marker = `&marker=${next}`;
    }
    expect(paged).toEqual(whole);
  });

  it('goes on behind its marker, whatever is made and removed between its pages', async () => {
    const ids = [];
    for (const name of ['p1', 'p2', 'p3', 'p4']) {
      service.clock.advance(1);
      ids.push(await created(name, { path: 'paged/' }));
    }
    const first = await root('GET', '/v5/policies?path_prefix=paged/&limit=2');
    expect(names(first)).toEqual(['p1', 'p2']);
    await root('DELETE', `/v5/policies/${ids[1] ?? ''}`);
    await root('DELETE', `/v5/policies/${ids[2] ?? ''}`);
    service.clock.advance(1);
    await created('p5', { path: 'paged/' });
    const second = await root('GET', `/v5/policies?path_prefix=paged/&limit=2&marker=${String(objectIn(first.body['page_info'])['next_marker'])}`);
    expect([names(second), second.body['page_info']]).toEqual([['p4', 'p5'], { current_count: 2 }]);
  });

  it('of attached policies has those that an agency, a group or a user has', async () => {
    const attached = await root('GET', '/v5/policies?only_attached=true');
    const counts = namesIn(attached.body['policies'], 'attachment_count').map((count, index) => [names(attached)[index], count]);
    expect(Object.fromEntries(counts)).toEqual({ 'assume-all': 6, 'only-assume': 1, 'all-policies': 1 });
    expect(names(await root('GET', '/v5/policies?only_attached=False&limit=200'))).toEqual(names(await root('GET', '/v5/policies?limit=200')));
  });

  it.each([
    ['policy_type=own', /^`policy_type`: must be `custom` or `system`/], ['only_attached=1', /^`only_attached`: must be `true` or `false`/], ['limit=0', /^`limit`/], ['path_prefix=%5C', /^`path_prefix`/],
  ])('refuses %s', async (query, message) => {
    expect(await root('GET', `/v5/policies?${query}`)).toMatchObject({ status: 400, body: { error_msg: expect.stringMatching(message) as string } });
  });

  it('refuses the markers of other lists', async () => {
    const agencies = await root('GET', '/v5/agencies?limit=1');
    expect(await root('GET', `/v5/policies?marker=${String(objectIn(agencies.body['page_info'])['next_marker'])}`)).toMatchObject({ status: 400, body: { error_code: 'PAP5.0010' } });
  });
});

describe('permission', () => {
  it.each<[operation: string, method: 'GET' | 'POST' | 'DELETE', path: string, action: string, body: object | undefined, allowed: number]>([
    ['CreatePolicyV5', 'POST', '', 'createV5', { policy_name: 'absent', policy_document: document }, 201],
    ['ListPoliciesV5', 'GET', '', 'listV5', undefined, 200],
    ['GetPolicyV5', 'GET', '/absent', 'getV5', undefined, 404],
    ['DeletePolicyV5', 'DELETE', '/absent', 'deleteV5', undefined, 404],
    ['CreatePolicyVersionV5', 'POST', '/absent/versions', 'createVersionV5', { policy_document: document }, 404],
    ['ListPolicyVersionsV5', 'GET', '/absent/versions', 'listVersionsV5', undefined, 404],
    ['GetPolicyVersionV5', 'GET', '/absent/versions/v1', 'getVersionV5', undefined, 404],
    ['DeletePolicyVersionV5', 'DELETE', '/absent/versions/v1', 'deleteVersionV5', undefined, 404],
    ['SetDefaultPolicyVersionV5', 'POST', '/absent/versions/v1/set-default', 'setDefaultVersionV5', undefined, 404],
    ['ListEntitiesForPolicyV5', 'GET', '/absent/attached-entities', 'listEntitiesV5', undefined, 404],
  ])('of %s is asked for before anything is looked up', async (_operation, method, path, action, body, allowed) => {
    const answer = await service.call(keys.carol, method, `/v5/policies${path}`, body);
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001', error_msg: expect.stringContaining(`to perform \`iam:policies:${action}\`: `) as string } });
    expect(answer.body.encoded_authorization_message).toEqual(expect.any(String));
    expect((await root(method, `/v5/policies${path}`, body)).status).toBe(allowed);
  });

  it('never reaches into another account', async () => {
    const other = (await snapshotOf(service, accountB)).policies.named('assume-all')?.policyId ?? '';
    expect((await root('GET', `/v5/policies/${other}`)).status).toBe(404);
    expect((await root('DELETE', `/v5/policies/${other}`)).status).toBe(404);
  });

  it('of a session that session policies narrow is none to make, change or delete policies', async () => {
    const manager = ask(`iam::${accountA}:agency:manager`);
    const session = await service.session(keys.alice, manager);
    const narrowed = await service.session(keys.alice, { ...manager, policy: JSON.stringify(policy(allow('iam:policies:*'))) });
    const id = await created('handled');
    const calls: readonly (readonly ['POST' | 'DELETE', string, object?])[] = [
      ['POST', '', { policy_name: 'by-narrowed', policy_document: document }], ['POST', `/${id}/versions`, { policy_document: document }], ['POST', `/${id}/versions/v1/set-default`], ['DELETE', `/${id}`],
    ];
    for (const [method, path, body] of calls) {
      expect(await service.call(narrowed, method, `/v5/policies${path}`, body)).toMatchObject({ status: 403, body: { error_msg: expect.stringContaining('outlast') as string } });
      expect((await service.call(session, method, `/v5/policies${path}`, body)).status).toBeLessThan(300);
    }
    expect((await service.call(narrowed, 'GET', '/v5/policies')).status).toBe(200);
  });
});

describe('the audit', () => {
  it('has one event of each call, with names and without policy texts', async () => {
    const marked = JSON.stringify(policy(allow('obs:object:GetObject', { Sid: 'canary-sid' })));
    const allowed = await create('audited', { policy_document: marked });
    const refused = await create('audited', { policy_document: marked });
    const malformed = await create('audited', { policy_document: `${marked}canary` });
    const events = await service.events(accountA);
    const of = (answer: Answer) => events.filter(({ requestId }) => requestId === answer.headers['x-request-id']);
    const resource = `iam::${accountA}:policy:audited`;
    expect(of(allowed)).toMatchObject([{ operation: 'CreatePolicyV5', status: 201, decision: 'allowed', resource, request: { policy_name: 'audited', policy_document: true } }]);
    expect(of(refused)).toMatchObject([{ operation: 'CreatePolicyV5', status: 409, errorCode: 'PAP5.1201', decision: 'the policy name `audited` is already in use', resource }]);
    expect(of(malformed)).toMatchObject([{ operation: 'CreatePolicyV5', status: 400, errorCode: 'PAP5.0011', decision: 'malformed policy document' }]);
    expect(JSON.stringify([of(allowed), of(refused), of(malformed)])).not.toContain('canary');
  });
});
