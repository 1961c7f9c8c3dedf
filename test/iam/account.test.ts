// The account as a whole: its summary, authorization schemas, service principals and features, over HTTP.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entityField } from '../../src/directory/snapshot.js';
import { operations } from '../../src/http/app.js';
import { accessKey, accountA, accountsPlus, allow, bootstrapKey, keys, policy } from '../support/accounts.js';
import { startService, writeChanges, type Answer, type TestService } from '../support/service.js';

const admin = accessKey('admin');
const text: unknown = expect.any(String);

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      users: [{ user_name: 'admin', attached_policies: ['reading'], access_keys: [bootstrapKey(admin)] }],
      policies: [{ policy_name: 'reading', policy_document: policy(allow('iam::getAccountSummaryV5')) }],
    },
  }));
});
afterAll(() => service.stop());

const get = (path: string, language?: string): Promise<Answer> => service.call(admin, 'GET', path, undefined, language === undefined ? {} : { headers: { 'x-language': language } });

async function snapshot() {
  const view = await service.composition.services.directory.read(accountA, () => []);
  if (view === undefined) throw new Error('the account exists');
  return view.snapshot;
}

it('the account summary needs its action', async () => {
  const refused = await service.call(keys.carol, 'GET', '/v5/account-summary');
  expect(refused).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001' } });
  expect(refused.body.error_msg).toContain('`iam::getAccountSummaryV5`');
  expect(refused.body.encoded_authorization_message).toBeTypeOf('string');
  expect((await service.events(accountA)).at(-1)).toMatchObject({ operation: 'GetAccountSummaryV5', status: 403, errorCode: 'PAP5.0001', principal: { userName: 'carol' } });
});

it.each([
  '/v5/authorization-schemas/services/iam', '/v5/authorization-schemas/registered-services', '/v5/service-principals', '/v5/features/v5_console',
])('%s is open to every principal of an account', async (path) => {
  expect(await service.call(keys.carol, 'GET', path)).toMatchObject({ status: 200 });
  expect(await service.call(keys.service, 'GET', path)).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001' } });
});

describe('the account summary', () => {
  it('counts what the account has beside what it may have', async () => {
    const { users, groups, policies, agencies } = await snapshot();
    const answer = await get('/v5/account-summary');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      agencies: agencies.size, agencies_quota: 50, users: users.size, users_quota: 50, groups: groups.size, groups_quota: 20, policies: policies.size, policies_quota: 1500,
      policy_size_quota: 6144, versions_per_policy_quota: 5, attached_policies_per_agency_quota: 10, attached_policies_per_group_quota: 10, attached_policies_per_user_quota: 10,
      root_user_mfa_enabled: 0, oidc_provider: 0, oidc_provider_quota: 0, saml_provider: 0, saml_provider_quota: 0,
    });
    expect([agencies.size, groups.size]).toEqual([5, 1]);
    expect(users.values().filter(({ isRootUser }) => isRootUser)).toHaveLength(1);
  });

  it('shows quotas of its own and the MFA device of the root user', async () => {
    const { account, revision, mfaDevices } = await snapshot();
    const device = mfaDevices.values()[0];
    if (device === undefined) throw new Error('alice has a device');
    const ofRoot = (enabled: boolean) => ({ ...device, serialNumber: `iam::${accountA}:mfa:root`, userId: account.rootUserId, enabled });
    const place = entityField('mfa', `iam::${accountA}:mfa:root`);
    const write = async (expectedRevision: string, enabled: boolean) =>
      writeChanges(service.composition, [{ accountId: accountA, expectedRevision, remove: [], put: [[place, ofRoot(enabled)], [entityField('account', accountA), { ...account, quotas: { agencies: 5000, policiesPerUser: 20 } }]] }]);
    expect(await write(revision, false)).toBe('committed');
    expect((await get('/v5/account-summary')).body).toMatchObject({ root_user_mfa_enabled: 0, agencies_quota: 5000, attached_policies_per_user_quota: 20, users_quota: 50 });
    expect(await write((await snapshot()).revision, true)).toBe('committed');
    expect((await get('/v5/account-summary')).body).toMatchObject({ root_user_mfa_enabled: 1 });
  });
});

describe('authorization schemas', () => {
  it('are there for every service of the catalogue, page by page', async () => {
    const codes: string[] = [];
    let next: string | undefined;
    do {
      const { status, body } = await get(`/v5/authorization-schemas/registered-services?limit=3${next === undefined ? '' : `&marker=${next}`}`);
      expect(status).toBe(200);
      const page = body as unknown as { service_codes: string[]; page_info: { current_count: number; next_marker?: string } };
      expect(page.service_codes).toHaveLength(page.page_info.current_count);
      codes.push(...page.service_codes);
      next = page.page_info.next_marker;
    } while (next !== undefined);
    expect(codes).toEqual([...service.composition.services.catalogue.services.keys()].sort());
    expect(codes).toContain('iam');
    for (const code of codes) expect(await get(`/v5/authorization-schemas/services/${code}`)).toMatchObject({ status: 200, body: { version: '1.0' } });
  });

  it('show actions, resources, conditions and operations', async () => {
    const { body } = await get('/v5/authorization-schemas/services/obs');
    expect(Object.keys(body)).toEqual(['version', 'actions', 'resources', 'conditions', 'operations']);
    expect(body['actions']).toContainEqual(expect.objectContaining({
      name: 'obs:object:GetObject', permission_only: false, description: { en_US: text, zh_CN: text }, resources: [expect.objectContaining({ urn_template: text, required: true })],
    }));
  });

  it.each(['iam', 'sts'])('of %s list exactly the operations that are served', async (code) => {
    const { body } = await get(`/v5/authorization-schemas/services/${code}`);
    const listed = (body['operations'] as { operation_id: string; operation_action: string }[]).map(({ operation_id: id, operation_action: action }) => [id, action]);
    const served = operations.flatMap(({ name, action }) => (action?.startsWith(`${code}:`) === true ? [[name, action]] : []));
    expect(listed.toSorted()).toEqual(served.toSorted());
    expect(listed.length).toBeGreaterThan(2);
  });

  it.each<[path: string, status: number, code: string, text: string]>([
    ['/v5/authorization-schemas/services/absent', 404, 'PAP5.0012', 'the authorization schema of the service `absent` cannot be found'],
    ['/v5/authorization-schemas/services/a_b', 400, 'PAP5.1102', '`service_code`: must be 1 to 56'],
    ['/v5/authorization-schemas/registered-services?limit=0', 400, 'PAP5.1102', '`limit`'],
    ['/v5/authorization-schemas/registered-services?marker=abcd', 400, 'PAP5.0010', '`marker`'],
    ['/v5/service-principals?limit=201', 400, 'PAP5.1102', '`limit`'],
    ['/v5/features/absent', 404, 'PAP5.0012', 'the feature `absent` cannot be found'],
    ['/v5/features/a+b', 400, 'PAP5.1102', '`feature_name`: must be 1 to 36'],
  ])('%s is refused', async (path, status, code, text) => {
    const answer = await get(path);
    expect(answer).toMatchObject({ status, body: { error_code: code } });
    expect(answer.body.error_msg).toContain(text);
  });
});

describe('service principals', () => {
  const obs = (body: Answer['body']) => (body['service_principals'] as { service_principal: string }[]).find(({ service_principal: name }) => name === 'service.OBS');

  it('are listed in their order, page by page', async () => {
    const whole = (await get('/v5/service-principals')).body as unknown as { service_principals: object[]; page_info: object };
    expect(whole.page_info).toEqual({ current_count: whole.service_principals.length });
    const first = (await get('/v5/service-principals?limit=2')).body as unknown as { service_principals: object[]; page_info: { next_marker: string } };
    const rest = (await get(`/v5/service-principals?marker=${first.page_info.next_marker}`)).body as unknown as { service_principals: object[] };
    expect([...first.service_principals, ...rest.service_principals]).toEqual(whole.service_principals);
  });

  it('are described in the language that the signed header asks for', async () => {
    const known = service.composition.services.catalogue.servicePrincipals.find(({ servicePrincipal }) => servicePrincipal === 'service.OBS');
    const shown = (language: 'enUs' | 'zhCn') => ({
      service_principal: 'service.OBS', service_catalog: known?.serviceCatalog, display_name: known?.displayName[language], description: known?.description[language],
    });
    expect(obs((await get('/v5/service-principals', 'en-us')).body)).toEqual(shown('enUs'));
    expect(obs((await get('/v5/service-principals', 'zh-cn')).body)).toEqual(shown('zhCn'));
    expect(obs((await get('/v5/service-principals')).body)).toEqual(shown('zhCn'));
  });
});

it.each(['v5_console', 'access_analyzer', 'privacy_transfer', 'console_token_policy', 'rcp', 'ncp'])('the feature %s is off', async (name) => {
  const answer = await get(`/v5/features/${name}`);
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({ feature_status: 'off' });
  expect((await service.events(accountA)).at(-1)).toMatchObject({ operation: 'GetFeatureStatusV5', status: 200, request: { feature_name: name } });
});
