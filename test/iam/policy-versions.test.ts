// Versions of identity policies over HTTP: numbers that are never used again, and one default that grants.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessKey, accountA, accountsPlus, allow, bootstrapKey, keys, policy } from '../support/accounts.js';
import { startOfTest, startService, type Answer, type TestService } from '../support/service.js';
import { namesIn, objectIn, setQuotas } from './directory-entities.js';

const documentOf = (action: string): string => JSON.stringify(policy(allow(action)));
const dora = accessKey('dora');

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      users: [{ user_name: 'dora', attached_policies: ['doras'], access_keys: [bootstrapKey(dora)] }],
      policies: [{ policy_id: 'doras', policy_name: 'doras', policy_document: policy(allow('iam:policies:getV5')) }],
    },
  }));
});
afterAll(() => service.stop());

const root = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer> => service.call(keys.rootA, method, path, body);
const created = async (name: string): Promise<string> => {
  const answer = await root('POST', '/v5/policies', { policy_name: name, policy_document: documentOf('a:b:v1') });
  expect(answer.status).toBe(201);
  return String(objectIn(answer.body['policy'])['policy_id']);
};
const add = (id: string, more: object = {}): Promise<Answer> => root('POST', `/v5/policies/${id}/versions`, { policy_document: documentOf('a:b:more'), ...more });
const versionsOf = async (id: string, query = ''): Promise<readonly unknown[]> => namesIn((await root('GET', `/v5/policies/${id}/versions${query}`)).body['versions'], 'version_id');
const read = async (id: string): Promise<Readonly<Record<string, unknown>>> => objectIn((await root('GET', `/v5/policies/${id}`)).body['policy']);
const now = (): string => new Date(service.clock.now()).toISOString();

describe('a version', () => {
  it('is added in the documented shape and is not the default', async () => {
    const id = await created('two-versions');
    service.clock.advance(10);
    const answer = await add(id, { policy_document: documentOf('a:b:v2') });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({ policy_version: { document: documentOf('a:b:v2'), version_id: 'v2', is_default: false, created_at: now() } });
    expect((await root('GET', `/v5/policies/${id}/versions/v2`)).body).toEqual(answer.body);
    expect((await root('GET', `/v5/policies/${id}/versions/v1`)).body).toMatchObject({ policy_version: { document: documentOf('a:b:v1'), is_default: true } });
    expect(await read(id)).toMatchObject({ default_version_id: 'v1', updated_at: new Date(startOfTest).toISOString() });
  });

  it('is added as the default when asked for', async () => {
    const id = await created('new-default');
    service.clock.advance(10);
    expect(await add(id, { set_as_default: true })).toMatchObject({ status: 201, body: { policy_version: { version_id: 'v2', is_default: true } } });
    expect(await read(id)).toMatchObject({ default_version_id: 'v2', updated_at: now() });
    expect((await root('GET', `/v5/policies/${id}/versions/v1`)).body).toMatchObject({ policy_version: { is_default: false } });
  });

  it('becomes the default, once', async () => {
    const id = await created('set-default');
    await add(id);
    service.clock.advance(10);
    expect(await root('POST', `/v5/policies/${id}/versions/v2/set-default`)).toMatchObject({ status: 200, body: {} });
    const changed = now();
    service.clock.advance(10);
    expect((await root('POST', `/v5/policies/${id}/versions/v2/set-default`)).status).toBe(200);
    expect(await read(id)).toMatchObject({ default_version_id: 'v2', updated_at: changed });
  });

  it('of a deleted number does not come again', async () => {
    const id = await created('numbers');
    await add(id);
    await add(id);
    expect(await root('DELETE', `/v5/policies/${id}/versions/v3`)).toMatchObject({ status: 204, body: {} });
    expect(await root('DELETE', `/v5/policies/${id}/versions/v3`)).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012', error_msg: 'the version `v3` of the policy `numbers` cannot be found' } });
    expect(await add(id)).toMatchObject({ body: { policy_version: { version_id: 'v4' } } });
    expect(await versionsOf(id)).toEqual(['v4', 'v2', 'v1']);
  });

  it('grants while it is the default, from the acknowledgement on', async () => {
    const may = async (path: string) => (await service.call(dora, 'GET', path)).status === 200;
    expect([await may('/v5/policies/doras'), await may('/v5/policies')]).toEqual([true, false]);
    await add('doras', { policy_document: documentOf('iam:policies:listV5'), set_as_default: true });
    expect([await may('/v5/policies/doras'), await may('/v5/policies')]).toEqual([false, true]);
    await root('POST', '/v5/policies/doras/versions/v1/set-default');
    expect([await may('/v5/policies/doras'), await may('/v5/policies')]).toEqual([true, false]);
  });
});

describe('the list of versions', () => {
  it('has the newest first, beyond nine too, and pages that survive deletions', async () => {
    const id = await created('many');
    for (let number = 2; number <= 12; number += 1) {
      if (number > 5) await root('DELETE', `/v5/policies/${id}/versions/v${number - 4}`);
      await add(id, { set_as_default: true });
    }
    expect(await versionsOf(id)).toEqual(['v12', 'v11', 'v10', 'v9', 'v1']);
    const first = await root('GET', `/v5/policies/${id}/versions?limit=2`);
    expect(first.body).toMatchObject({ versions: [{ version_id: 'v12', is_default: true }, { version_id: 'v11', is_default: false }], page_info: { current_count: 2 } });
    await root('DELETE', `/v5/policies/${id}/versions/v11`);
    await root('DELETE', `/v5/policies/${id}/versions/v10`);
    await add(id);
    expect(await versionsOf(id, `?limit=2&marker=${String(objectIn(first.body['page_info'])['next_marker'])}`)).toEqual(['v9', 'v1']);
    const other = await created('other-list');
    expect(await root('GET', `/v5/policies/${other}/versions?marker=${String(objectIn(first.body['page_info'])['next_marker'])}`)).toMatchObject({ status: 400, body: { error_code: 'PAP5.0010' } });
  });
});

describe('refused', () => {
  it('is a version over the quota, which the account may have of its own', async () => {
    const id = await created('full');
    for (let number = 2; number <= 5; number += 1) expect((await add(id)).status).toBe(201);
    const refused = await add(id);
    expect(refused).toMatchObject({ status: 409, body: { error_code: 'PAP5.0028', error_msg: 'the quota is reached: versions of a policy 5 at most, and the policy `full` has 5: delete one first' } });
    await root('DELETE', `/v5/policies/${id}/versions/v2`);
    await setQuotas(service, accountA, { versionsPerPolicy: 4 });
    expect((await add(id)).status).toBe(409);
    await setQuotas(service, accountA, {});
    expect(await add(id)).toMatchObject({ status: 201, body: { policy_version: { version_id: 'v6' } } });
  });

  it('is the deletion of the default version', async () => {
    const id = await created('kept');
    expect(await root('DELETE', `/v5/policies/${id}/versions/v1`)).toMatchObject({ status: 409, body: { error_code: 'PAP5.1204', error_msg: expect.stringContaining('`v1` is the default version of the policy `kept`') as string } });
    await add(id, { set_as_default: true });
    expect((await root('DELETE', `/v5/policies/${id}/versions/v1`)).status).toBe(204);
    expect((await root('DELETE', `/v5/policies/${id}/versions/v2`)).status).toBe(409);
  });

  it.each<[what: string, method: 'GET' | 'POST' | 'DELETE', path: string, body: object | undefined, status: number, code: string, message: RegExp]>([
    ['no document', 'POST', '', {}, 400, 'PAP5.1102', /^`policy_document`: is required/],
    ['a malformed document', 'POST', '', { policy_document: '[]' }, 400, 'PAP5.0011', /^`policy_document`/],
    ['a choice that is none', 'POST', '', { policy_document: documentOf('a:b:c'), set_as_default: 'true' }, 400, 'PAP5.1102', /^`set_as_default`: must be of type boolean/],
    ['an id that can be none', 'GET', '/1', undefined, 400, 'PAP5.1102', /^`version_id`: must be v and a number/],
    ['reading an absent version', 'GET', '/v9', undefined, 404, 'PAP5.0012', /`v9` of the policy `doras` cannot be found/],
    ['deleting an absent version', 'DELETE', '/v9', undefined, 404, 'PAP5.0012', /`v9`/],
    ['an absent version as the default', 'POST', '/v9/set-default', undefined, 404, 'PAP5.0012', /`v9`/],
  ])('is %s', async (_what, method, path, body, status, code, message) => {
    expect(await root(method, `/v5/policies/doras/versions${path}`, body)).toMatchObject({ status, body: { error_code: code, error_msg: expect.stringMatching(message) as string } });
  });
});

it('the audit has the versions that calls are about, and no document', async () => {
  const id = await created('audited');
  const made = await add(id, { policy_document: JSON.stringify(policy(allow('a:b:c', { Sid: 'canary' }))), set_as_default: true });
  const refused = await root('DELETE', `/v5/policies/${id}/versions/v2`);
  const events = await service.events(accountA);
  const of = (answer: Answer) => events.filter(({ requestId }) => requestId === answer.headers['x-request-id']);
  const resource = `iam::${accountA}:policy:audited`;
  expect(of(made)).toMatchObject([{ operation: 'CreatePolicyVersionV5', status: 201, decision: 'allowed', resource, request: { policy_id: id, policy_document: true, set_as_default: true } }]);
  expect(of(refused)).toMatchObject([{ operation: 'DeletePolicyVersionV5', status: 409, errorCode: 'PAP5.1204', resource, request: { policy_id: id, version_id: 'v2' } }]);
  expect(JSON.stringify([of(made), of(refused)])).not.toContain('canary');
});
