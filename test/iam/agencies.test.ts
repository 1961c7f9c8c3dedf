// Trust agencies over HTTP: what each operation answers, and when it refuses.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessKey, accountA, accountB, accountsPlus, allow, ask, bootstrapKey, keys, policy, trust } from '../support/accounts.js';
import { startOfTest, startService, type Answer, type Credentials, type TestService } from '../support/service.js';
import { legacyAgency, namesIn, objectIn, put, serviceLinkedAgency, setQuotas, snapshotOf } from './directory-entities.js';

const trustA = JSON.stringify(trust({ IAM: [accountA] }));
const reader = accessKey('reader');
const time = new Date(startOfTest).toISOString();
const legacy = legacyAgency(startOfTest);
const linked = serviceLinkedAgency(startOfTest + 1);

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      users: [{ user_name: 'reader', attached_policies: ['read-stage'], access_keys: [bootstrapKey(reader)] }],
      policies: [
        { policy_name: 'read-stage', policy_document: policy(allow('iam:agencies:getV5', { Condition: { StringEquals: { 'g:ResourceTag/stage': 'test' } } })) },
        { policy_name: 'all-agencies', policy_document: policy(allow(['iam:agencies:*', 'sts:agencies:assume'])) },
      ],
      agencies: [{ agency_name: 'manager', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['all-agencies'] }],
    },
  }));
  await put(service, accountA, [`agency:${legacy.agencyId}`, legacy], [`agency:${linked.agencyId}`, linked]);
});
afterAll(() => service.stop());

const root = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer> => service.call(keys.rootA, method, path, body);
const create = (name: string, more: object = {}, credentials: Credentials = keys.rootA): Promise<Answer> =>
  service.call(credentials, 'POST', '/v5/agencies', { agency_name: name, trust_policy: trustA, ...more });
const created = async (name: string, more: object = {}): Promise<string> => {
  const answer = await create(name, more);
  expect(answer).toMatchObject({ status: 201 });
  return String(objectIn(answer.body['agency'])['agency_id']);
};
const idOf = async (name: string): Promise<string> => (await snapshotOf(service, accountA)).agencies.named(name)?.agencyId ?? '';

describe('a trust agency', () => {
  it('is created with defaults, in the documented shape', async () => {
    const answer = await create('fresh');
    expect(answer).toMatchObject({ status: 201 });
    expect(answer.body).toEqual({
      agency: {
        urn: `iam::${accountA}:agency:fresh`, agency_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string, agency_name: 'fresh', path: '', created_at: time,
        max_session_duration: 3600, description: '', trust_policy: trustA,
      },
    });
  });

  it('is created with everything that it can have; unknown members are ignored', async () => {
    const answer = await create('full', { path: 'a/b.c/', max_session_duration: 43_200, description: 'für uns', tags: [{ tag_key: 'k', tag_value: 'v' }], agency_id: 'mine' });
    expect(answer.body).toMatchObject({ agency: { urn: `iam::${accountA}:agency:a/b.c/full`, path: 'a/b.c/', max_session_duration: 43_200, description: 'für uns' } });
    expect(await root('GET', `/v5/agencies/${await idOf('full')}`)).toMatchObject({ status: 200, body: { agency: { agency_name: 'full', tags: [] } } });
  });

  it('is shown with its tags', async () => {
    const answer = await root('GET', `/v5/agencies/${await idOf('first')}`);
    expect(answer.status).toBe(200);
    expect(Object.keys(objectIn(answer.body['agency'])).sort()).toEqual(['agency_id', 'agency_name', 'created_at', 'description', 'max_session_duration', 'path', 'tags', 'trust_policy', 'urn']);
    expect(answer.body).toMatchObject({ agency: { agency_name: 'first', max_session_duration: 43_200, tags: [{ tag_key: 'stage', tag_value: 'test' }] } });
  });

  it('changes in its description and longest session only', async () => {
    const id = await created('changing', { description: 'before' });
    expect(await root('PUT', `/v5/agencies/${id}`, { max_session_duration: 7200 })).toMatchObject({ status: 200, body: {} });
    expect((await root('GET', `/v5/agencies/${id}`)).body).toMatchObject({ agency: { max_session_duration: 7200, description: 'before' } });
    expect(await root('PUT', `/v5/agencies/${id}`, { description: '', agency_name: 'other', path: 'x/', trust_policy: 'x' })).toMatchObject({ status: 200 });
    expect((await root('GET', `/v5/agencies/${id}`)).body).toMatchObject({ agency: { agency_name: 'changing', path: '', max_session_duration: 7200, description: '', trust_policy: trustA } });
  });

  it('trusts whom its trust policy names, from the acknowledgement of the change on', async () => {
    const id = await created('turning', { trust_policy: JSON.stringify(trust({ IAM: [accountB] })) });
    const assume = () => service.assume(keys.alice, ask(`iam::${accountA}:agency:turning`));
    expect((await assume()).status).toBe(403);
    expect(await root('PUT', `/v5/agencies/${id}/trust-policy`, { trust_policy: trustA })).toMatchObject({ status: 200, body: {} });
    expect((await assume()).status).toBe(200);
  });

  it('is deleted with its sessions, and its name is free again', async () => {
    const id = await created('passing');
    const session = await service.session(keys.alice, ask(`iam::${accountA}:agency:passing`));
    expect((await service.identity(session)).status).toBe(200);
    expect(await root('DELETE', `/v5/agencies/${id}`)).toMatchObject({ status: 204, body: {} });
    expect((await service.identity(session)).status).toBe(401);
    expect(await root('GET', `/v5/agencies/${id}`)).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012' } });
    expect(await created('passing')).not.toBe(id);
    expect((await service.identity(session)).status).toBe(401);
  });
});

describe('agencies of the other kinds are read', () => {
  it('legacy ones by whom they trust', async () => {
    const answer = await root('GET', `/v5/agencies/${legacy.agencyId}`);
    expect(answer.body).toEqual({
      agency: {
        urn: `iam::${accountA}:agency:old-one`, agency_id: legacy.agencyId, agency_name: 'old-one', path: '', created_at: time, max_session_duration: 3600, description: '',
        trust_domain_id: accountB, trust_domain_name: 'account-b', tags: [],
      },
    });
  });

  it('service-linked ones under the path of their service', async () => {
    const answer = await root('GET', '/v5/agencies?path_prefix=service-linked-agency/');
    expect(answer.body).toMatchObject({ agencies: [{ agency_id: linked.agencyId, urn: `iam::${accountA}:agency:service-linked-agency/service.OBS/of-a-service`, trust_policy: linked.trustPolicy }], page_info: { current_count: 1 } });
  });

  it.each<[what: string, kind: () => string, method: 'PUT' | 'DELETE', under: string, body: object | undefined, status: number, code: string, message: RegExp]>([
    ['update of a legacy', () => legacy.agencyId, 'PUT', '', {}, 400, 'PAP5.0038', /^This operation is only supported by v5 agencies$/],
    ['trust policy of a legacy', () => legacy.agencyId, 'PUT', '/trust-policy', { trust_policy: trustA }, 400, 'PAP5.0038', /v5 agencies/],
    ['deletion of a legacy', () => legacy.agencyId, 'DELETE', '', undefined, 400, 'PAP5.0038', /v5 agencies/],
    ['update of a service-linked', () => linked.agencyId, 'PUT', '', {}, 403, 'PAP5.0001', /only by the service `service.OBS` itself/],
    ['trust policy of a service-linked', () => linked.agencyId, 'PUT', '/trust-policy', { trust_policy: trustA }, 403, 'PAP5.0001', /only by the service/],
    ['deletion of a service-linked', () => linked.agencyId, 'DELETE', '', undefined, 403, 'PAP5.0001', /only by the service/],
  ])('and not changed: %s agency', async (_what, id, method, under, body, status, code, message) => {
    expect(await root(method, `/v5/agencies/${id()}${under}`, body)).toMatchObject({ status, body: { error_code: code, error_msg: expect.stringMatching(message) as string } });
  });
});

describe('the list', () => {
  const names = (answer: Answer): readonly unknown[] => namesIn(answer.body['agencies'], 'agency_name');

  it('has all kinds together in the order of creation, without tags', async () => {
    const answer = await root('GET', '/v5/agencies?limit=200');
    expect(answer.status).toBe(200);
    expect(names(answer)).toEqual(expect.arrayContaining(['first', 'old-one', 'of-a-service']));
    expect(names(answer)).toEqual((await snapshotOf(service, accountA)).agencies.values().map(({ agencyName }) => agencyName));
    expect(answer.body['page_info']).toEqual({ current_count: names(answer).length });
  });

  it('goes on behind its marker, whatever is made and removed between its pages', async () => {
    const ids = [];
    for (const name of ['p1', 'p2', 'p3', 'p4']) {
      service.clock.advance(1);
      ids.push(await created(name, { path: 'paged/' }));
    }
    const first = await root('GET', '/v5/agencies?path_prefix=paged/&limit=2');
    expect([names(first), objectIn(first.body['page_info'])['current_count']]).toEqual([['p1', 'p2'], 2]);
    await root('DELETE', `/v5/agencies/${ids[1] ?? ''}`);
    await root('DELETE', `/v5/agencies/${ids[2] ?? ''}`);
    service.clock.advance(1);
    await created('p5', { path: 'paged/' });
    const second = await root('GET', `/v5/agencies?path_prefix=paged/&limit=2&marker=${String(objectIn(first.body['page_info'])['next_marker'])}`);
    expect([names(second), second.body['page_info']]).toEqual([['p4', 'p5'], { current_count: 2 }]);
  });

  it.each([
    ['limit=0', 'PAP5.1102', /^`limit`: /], ['limit=201', 'PAP5.1102', /^`limit`: /], ['limit=x', 'PAP5.1102', /^`limit`: /], ['limit=1&limit=2', 'PAP5.1102', /`limit`.*twice/],
    ['marker=abcd', 'PAP5.0010', /^`marker`: /], ['marker=', 'PAP5.0010', /^`marker`: /], ['path_prefix=a%20b', 'PAP5.1102', /^`path_prefix`: /],
  ])('refuses %s', async (query, code, message) => {
    expect(await root('GET', `/v5/agencies?${query}`)).toMatchObject({ status: 400, body: { error_code: code, error_msg: expect.stringMatching(message) as string } });
  });
});

describe('a new agency is refused', () => {
  it.each<[rule: string, body: object, code: string, message: RegExp]>([
    ['no name', { agency_name: undefined }, 'PAP5.1102', /^`agency_name`: is required/],
    ['a name of another type', { agency_name: 7 }, 'PAP5.1102', /^`agency_name`: must be of type string/],
    ['an empty name', { agency_name: '' }, 'PAP5.0029', /^`agency_name`: must be 1 to 64/],
    ['a name of 65 characters', { agency_name: 'x'.repeat(65) }, 'PAP5.0029', /^`agency_name`/],
    ['a name with a slash', { agency_name: 'a/b' }, 'PAP5.0029', /^`agency_name`/],
    ['the name that a service-linked agency would have', { agency_name: 'ServiceLinkedAgencyForCBR' }, 'PAP5.0029', /^`agency_name`: `ServiceLinkedAgencyForCBR` is reserved/],
    ['such a name, capitalized otherwise', { agency_name: 'servicelinkedagencyforcbr' }, 'PAP5.0029', /is reserved/],
    ['a path with a leading slash', { path: '/a/' }, 'PAP5.0030', /^`path`/],
    ['a path without an end', { path: 'a' }, 'PAP5.0030', /^`path`/],
    ['a path of 513 characters', { path: `${'x'.repeat(512)}/` }, 'PAP5.0030', /^`path`/],
    ['the path of service-linked agencies', { path: 'service-linked-agency/service.OBS/' }, 'PAP5.0030', /^`path`: .*reserved/],
    ['a session of under an hour', { max_session_duration: 3599 }, 'PAP5.1102', /^`max_session_duration`: must be at least 3600/],
    ['a session of over twelve hours', { max_session_duration: 43_201 }, 'PAP5.1102', /^`max_session_duration`: must be at most 43200/],
    ['a duration as text', { max_session_duration: '3600' }, 'PAP5.1102', /^`max_session_duration`: must be of type/],
    ['a description of 1,001 characters', { description: 'x'.repeat(1001) }, 'PAP5.1102', /^`description`/],
    ['no trust policy', { trust_policy: undefined }, 'PAP5.1102', /^`trust_policy`: is required/],
    ['a trust policy that is no text', { trust_policy: trust({ IAM: [accountA] }) }, 'PAP5.1102', /^`trust_policy`: must be of type string/],
    ['a trust policy without a principal', { trust_policy: JSON.stringify(policy(allow('sts:agencies:assume'))) }, 'PAP5.0011', /^`trust_policy`: .*Principal/],
    ['a trust policy that is no JSON', { trust_policy: 'x' }, 'PAP5.0011', /^`trust_policy`/],
    ['a trust policy over 6,144 characters', { trust_policy: JSON.stringify(trust({ IAM: [accountA] }, { Sid: 'x'.repeat(6144) })) }, 'PAP5.0011', /6144/],
  ])('for %s', async (_rule, more, code, message) => {
    expect(await create('refused', more)).toMatchObject({ status: 400, body: { error_code: code, error_msg: expect.stringMatching(message) as string } });
  });

  it('for a name in use, also under another path and by an agency of another kind', async () => {
    for (const name of ['first', 'old-one', 'of-a-service']) {
      expect(await create(name, { path: 'other/' })).toMatchObject({ status: 409, body: { error_code: 'PAP5.1201', error_msg: `the agency name \`${name}\` is already in use` } });
    }
  });

  it('at the quota', async () => {
    const { size } = (await snapshotOf(service, accountA)).agencies;
    await setQuotas(service, accountA, { agencies: size + 1 });
    expect((await create('last')).status).toBe(201);
    expect(await create('one-more')).toMatchObject({ status: 409, body: { error_code: 'PAP5.1202', error_msg: expect.stringContaining(`agencies ${size + 1} at most`) as string } });
    await setQuotas(service, accountA, {});
  });
});

describe('permission', () => {
  it.each<[operation: string, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, action: string, body: object | undefined]>([
    ['CreateAgencyV5', 'POST', '', 'iam:agencies:createV5', { agency_name: 'absent', trust_policy: trustA }],
    ['ListAgenciesV5', 'GET', '', 'iam:agencies:listV5', undefined],
    ['GetAgencyV5', 'GET', '/absent', 'iam:agencies:getV5', undefined],
    ['UpdateAgencyV5', 'PUT', '/absent', 'iam:agencies:updateV5', {}],
    ['UpdateTrustPolicyV5', 'PUT', '/absent/trust-policy', 'iam:agencies:updateTrustPolicyV5', { trust_policy: trustA }],
    ['DeleteAgencyV5', 'DELETE', '/absent', 'iam:agencies:deleteV5', undefined],
  ])('of %s is asked for before anything is looked up', async (_operation, method, path, action, body) => {
    const answer = await service.call(keys.carol, method, `/v5/agencies${path}`, body);
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001', error_msg: expect.stringContaining(`to perform \`${action}\`: `) as string } });
    expect(answer.body.encoded_authorization_message).toEqual(expect.any(String));
    expect((await root(method, `/v5/agencies${path}`, body)).status).toBe(path === '' ? (method === 'POST' ? 201 : 200) : 404);
  });

  it('can depend on the agency\'s tags', async () => {
    const get = async (name: string) => (await service.call(reader, 'GET', `/v5/agencies/${await idOf(name)}`)).status;
    expect([await get('first'), await get('long')]).toEqual([200, 403]);
  });

  it('never reaches into another account', async () => {
    const other = (await snapshotOf(service, accountB)).agencies.named('second')?.agencyId ?? '';
    expect((await root('GET', `/v5/agencies/${other}`)).status).toBe(404);
  });

  it('is the agency\'s for a session; one that session policies narrow makes nothing that outlasts them', async () => {
    const manager = ask(`iam::${accountA}:agency:manager`);
    const session = await service.session(keys.alice, manager);
    const narrowed = await service.session(keys.alice, { ...manager, policy: JSON.stringify(policy(allow('iam:agencies:*'))) });
    const id = await created('handled');
    expect((await create('by-session', {}, session)).status).toBe(201);
    expect(await create('by-narrowed', {}, narrowed)).toMatchObject({ status: 403, body: { error_msg: expect.stringContaining('outlast') as string } });
    expect((await service.call(narrowed, 'PUT', `/v5/agencies/${id}/trust-policy`, { trust_policy: trustA })).status).toBe(403);
    expect((await service.call(narrowed, 'PUT', `/v5/agencies/${id}`, {})).status).toBe(403);
    expect((await service.call(narrowed, 'GET', `/v5/agencies/${id}`)).status).toBe(200);
  });

  it('is nothing that a service has', async () => {
    expect(await service.call(keys.service, 'GET', '/v5/agencies')).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001' } });
  });
});

describe('refused', () => {
  it('is the deletion of an agency with attached policies', async () => {
    expect(await root('DELETE', `/v5/agencies/${await idOf('first')}`)).toMatchObject({ status: 409, body: { error_code: 'PAP5.1203', error_msg: expect.stringContaining('1 attached policies') as string } });
  });

  it('is an id that can be none', async () => {
    expect(await root('GET', '/v5/agencies/a_b')).toMatchObject({ status: 400, body: { error_msg: expect.stringMatching(/^`agency_id`: /) as string } });
  });

  it('are wrong changes, by their fields', async () => {
    const path = `/v5/agencies/${await idOf('first')}`;
    expect(await root('PUT', path, { max_session_duration: 900 })).toMatchObject({ status: 400, body: { error_msg: expect.stringMatching(/^`max_session_duration`/) as string } });
    expect(await root('PUT', path, { description: 7 })).toMatchObject({ status: 400, body: { error_msg: expect.stringMatching(/^`description`/) as string } });
    expect(await root('PUT', `${path}/trust-policy`, { trust_policy: '{}' })).toMatchObject({ status: 400, body: { error_code: 'PAP5.0011' } });
    expect(await root('PUT', `${path}/trust-policy`, {})).toMatchObject({ status: 400, body: { error_msg: '`trust_policy`: is required' } });
  });
});

describe('the audit', () => {
  it('has one event of each call, with names and without policy texts', async () => {
    const marked = JSON.stringify(trust({ IAM: [accountA] }, { Sid: 'canary-sid' }));
    const allowed = await create('audited', { trust_policy: marked, description: 'seen' });
    const refused = await create('audited', { trust_policy: `${marked}canary` });
    const events = await service.events(accountA);
    const of = (answer: Answer) => events.filter(({ requestId }) => requestId === answer.headers['x-request-id']);
    expect(of(allowed)).toMatchObject([{ operation: 'CreateAgencyV5', status: 201, decision: 'allowed', resource: `iam::${accountA}:agency:audited`, request: { agency_name: 'audited', description: 'seen', trust_policy: true } }]);
    expect(of(refused)).toMatchObject([{ operation: 'CreateAgencyV5', status: 400, errorCode: 'PAP5.0011', decision: 'malformed policy document' }]);
    expect(JSON.stringify([of(allowed), of(refused)])).not.toContain('canary');
  });
});
