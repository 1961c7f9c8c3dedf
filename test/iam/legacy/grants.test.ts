// Granting roles of the older system: which role fits which scope and holder, what a grant is worth, and what is told of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountB, accounts, keys } from '../../support/accounts.js';
import { startService, type Answer, type Method, type TestService } from '../../support/service.js';
import { absentId, holding, items, member, text } from '../managed.js';

let service: TestService;
let agency: string;
let group: string;
const projects = new Map<string, string>();
const roles = new Map<string, string>();
beforeAll(async () => {
  service = await startService(accounts, { STS_REGIONS: 'cn-north-4,cn-east-3', STS_RATE_ACCESS_KEY_PER_MINUTE: '100000' });
  await service.apply({ accounts: [{ account_id: accountA, account_name: 'account-a', projects: [{ project_name: 'cn-north-4_dev' }], enterprise_projects: [{ enterprise_project_name: 'shop', enterprise_project_id: 'shop' }] }] });
  agency = await newAgency('ims_copy_image_agency', 'op_svc_ims');
  group = text(await root('POST', '/v5/groups', { group_name: 'operators' }), 'group', 'group_id');
  for (const project of items(await root('GET', '/v3/projects'), 'projects')) projects.set(String(project['name']), String(project['id']));
  for (const role of items(await root('GET', '/v3/roles'), 'roles')) roles.set(String(role['name']), String(role['id']));
  for (const type of ['AX', 'XA']) roles.set(`custom ${type}`, text(await root('POST', '/v3.0/OS-ROLE/roles', { role: { display_name: `custom ${type}`, type, policy } }), 'role', 'id'));
});
afterAll(() => service.stop());

const policy = { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['obs:object:GetObject'] }] };
const root = (method: Method, path: string, body?: unknown): Promise<Answer> => service.call(keys.rootA, method, path, body);
const newAgency = async (name: string, trusted = 'account-b'): Promise<string> => text(await root('POST', '/v3.0/OS-AGENCY/agencies', { agency: { name, domain_id: accountA, trust_domain_name: trusted } }), 'agency', 'id');
const projectId = (name = 'cn-north-4'): string => projects.get(name) ?? '';
const roleId = (name: string): string => roles.get(name) ?? name;

type Scope = 'domain' | 'project' | 'all projects' | 'enterprise project';
interface Place { readonly base: string; readonly behind?: string }
const places: Readonly<Record<'agency' | 'group', Readonly<Record<Scope, () => Place>>>> = {
  agency: {
    domain: () => ({ base: `/v3.0/OS-AGENCY/domains/${accountA}/agencies/${agency}` }), project: () => ({ base: `/v3.0/OS-AGENCY/projects/${projectId()}/agencies/${agency}` }),
    'all projects': () => ({ base: `/v3.0/OS-INHERIT/domains/${accountA}/agencies/${agency}`, behind: '/inherited_to_projects' }), 'enterprise project': () => ({ base: '' }),
  },
  group: {
    domain: () => ({ base: `/v3/domains/${accountA}/groups/${group}` }), project: () => ({ base: `/v3/projects/${projectId()}/groups/${group}` }),
    'all projects': () => ({ base: `/v3/OS-INHERIT/domains/${accountA}/groups/${group}`, behind: '/inherited_to_projects' }),
    'enterprise project': () => ({ base: `/v3.0/OS-PERMISSION/enterprise-projects/shop/groups/${group}` }),
  },
};
const bulk = '/v3.0/OS-PERMISSION/subjects/agency/scopes/enterprise-project/role-assignments';
const assignments = (role: string, ...ids: string[]) => ({ role_assignments: ids.map((id) => ({ agency_id: id, enterprise_project_id: 'shop', role_id: roleId(role) })) });

function ask(method: 'PUT' | 'HEAD' | 'DELETE', holder: 'agency' | 'group', scope: Scope, role: string): Promise<Answer> {
  if (holder === 'agency' && scope === 'enterprise project') return root(method, bulk, assignments(role, agency));
  const { base, behind = '' } = places[holder][scope]();
  return root(method, `${base}/roles/${roleId(role)}${behind}`);
}
const messageOf = ({ body }: Answer): unknown => body.error_msg ?? member(body, 'error', 'message');

describe('a role is granted where its type counts, and taken away again', () => {
  const types: readonly (readonly [role: string, Readonly<Record<Scope, boolean>>])[] = [
    ['system_iam_readonly', { domain: true, project: false, 'all projects': false, 'enterprise project': true }], ['custom AX', { domain: true, project: false, 'all projects': false, 'enterprise project': true }],
    ['ims_adm', { domain: false, project: true, 'all projects': true, 'enterprise project': true }], ['custom XA', { domain: false, project: true, 'all projects': true, 'enterprise project': true }],
    ['te_admin', { domain: true, project: true, 'all projects': true, 'enterprise project': true }],
  ];
  const cases = (['agency', 'group'] as const).flatMap((holder) => types.flatMap(([role, scopes]) => (Object.entries(scopes) as [Scope, boolean][]).map(([scope, fits]) => [role, holder, scope, fits] as const)));

  it.each(cases)('%s to one %s for %s: %j', async (role, holder, scope, fits) => {
    const granted = await ask('PUT', holder, scope, role);
    expect([granted.status, fits ? granted.body : {}]).toEqual([fits ? 204 : 400, {}]);
    if (!fits) expect(messageOf(granted)).toMatch(/`role_id`: .* is of the type (AX|XA), which cannot be granted for/);
    const isChecked = scope !== 'enterprise project';
    if (isChecked) expect((await ask('HEAD', holder, scope, role)).status).toBe(fits ? 204 : 404);
    if (fits) expect((await ask('PUT', holder, scope, role)).status).toBe(204);
    expect((await ask('DELETE', holder, scope, role)).status).toBe(fits ? 204 : 404);
    if (isChecked) expect((await ask('HEAD', holder, scope, role)).status).toBe(404);
  });
});

describe('what an agency never has', () => {
  it.each<[role: string, scope: Scope, status: number]>([
    ['te_agency', 'domain', 400], ['te_agency', 'project', 400], ['te_agency', 'all projects', 400], ['te_agency', 'enterprise project', 400],
    ['secu_admin', 'project', 400], ['secu_admin', 'all projects', 400], ['secu_admin', 'enterprise project', 400], ['secu_admin', 'domain', 204],
  ])('%s for %s: %d', async (role, scope, status) => {
    const answer = await ask('PUT', 'agency', scope, role);
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.body).toMatchObject({ error_code: 'IAM.0073', error_msg: holding('cannot be granted to an agency') });
    else await ask('DELETE', 'agency', scope, role);
  });

  it('a group has for the domain', async () => {
    for (const role of ['te_agency', 'secu_admin']) {
      expect((await ask('PUT', 'group', 'domain', role)).status).toBe(204);
      expect((await ask('DELETE', 'group', 'domain', role)).status).toBe(204);
    }
  });
});

describe('a custom policy that leads on from agency to agency', () => {
  const create = async (name: string, ...statements: object[]): Promise<string> => text(await root('POST', '/v3.0/OS-ROLE/roles', { role: { display_name: name, type: 'AX', policy: { Version: '1.1', Statement: statements } } }), 'role', 'id');
  const path = (holder: 'agency' | 'group', id: string): string => `${places[holder].domain().base}/roles/${id}`;
  it.each<[actions: string[], more: object, status: number]>([
    [['identity:assume role'], {}, 400], [['identity:*'], {}, 400], [['iam:agencies:assume'], { Resource: { uri: ['/iam/agencies/1'] } }, 400], [['iam:tokens:*'], {}, 400], [['iam:*:assume'], { Condition: { Bool: { 'g:MFAPresent': ['true'] } } }, 400],
    [['IAM:*:*'], {}, 400], [['*:*:*'], {}, 400], [['obs:object:GetObject', '*'], {}, 400], [['iam:agencies:get*'], {}, 204], [['sts:agencies:assume'], {}, 204], [['iam:agencies:assume'], { Effect: 'Deny' }, 204],
  ])('%j %j is granted to an agency: %i, and to a group always', async (actions, more, status) => {
    const id = await create('leading', { Effect: 'Allow', Action: actions, ...more });
    const answer = await root('PUT', path('agency', id));
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.body).toMatchObject({ error_code: 'IAM.0073', error_msg: holding('cannot be granted to an agency') });
    else await root('DELETE', path('agency', id));
    expect((await root('PUT', path('group', id))).status).toBe(204);
    await root('DELETE', path('group', id));
    expect((await root('DELETE', `/v3.0/OS-ROLE/roles/${id}`)).status).toBe(200);
  });

  it('is none that an agency has already', async () => {
    const id = await create('turning', { Effect: 'Allow', Action: ['iam:agencies:get*'] });
    await root('PUT', path('agency', id));
    const turned = { role: { policy: { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['iam:agencies:*'] }] } } };
    expect(await root('PATCH', `/v3.0/OS-ROLE/roles/${id}`, turned)).toMatchObject({ status: 409, body: { error_code: 'IAM.0005', error_msg: holding('cannot be changed like this: `turning` allows `iam:agencies:assume`') } });
    await root('DELETE', path('agency', id));
    expect((await root('PATCH', `/v3.0/OS-ROLE/roles/${id}`, turned)).status).toBe(200);
    expect((await root('DELETE', `/v3.0/OS-ROLE/roles/${id}`)).status).toBe(200);
  });
});

describe('what cannot be found or is another account\'s', () => {
  it.each<[what: string, path: () => string, status: number]>([
    ['a role', () => `/v3.0/OS-AGENCY/domains/${accountA}/agencies/${agency}/roles/${absentId}`, 404], ['an agency', () => `/v3.0/OS-AGENCY/domains/${accountA}/agencies/${absentId}/roles/${roleId('te_admin')}`, 404],
    ['a project', () => `/v3.0/OS-AGENCY/projects/${absentId}/agencies/${agency}/roles/${roleId('te_admin')}`, 404], ['another domain', () => `/v3.0/OS-AGENCY/domains/${accountB}/agencies/${agency}/roles/${roleId('te_admin')}`, 403],
    ['another domain, inherited', () => `/v3.0/OS-INHERIT/domains/${accountB}/agencies/${agency}/roles/${roleId('te_admin')}/inherited_to_projects`, 403],
    ['a group', () => `/v3/domains/${accountA}/groups/${absentId}/roles/${roleId('te_admin')}`, 404], ['an enterprise project', () => `/v3.0/OS-PERMISSION/enterprise-projects/${absentId}/groups/${group}/roles/${roleId('te_admin')}`, 404],
  ])('%s', async (_what, path, status) => {
    expect((await root('PUT', path())).status).toBe(status);
  });

  it('a trust agency is none to which roles are granted', async () => {
    const trusting = items(await root('GET', '/v5/agencies'), 'agencies').find((one) => one['agency_name'] === 'first');
    expect(await root('PUT', `/v3.0/OS-AGENCY/domains/${accountA}/agencies/${String(trusting?.['agency_id'])}/roles/${roleId('te_admin')}`)).toMatchObject({ status: 404, body: { error_code: 'IAM.0004' } });
  });

  it('a project of another account, whose id is another one for the same region', async () => {
    const [theirs] = items(await service.call(keys.rootB, 'GET', '/v3/projects?name=cn-north-4'), 'projects');
    expect(theirs?.['id']).not.toBe(projectId());
    expect((await root('PUT', `/v3.0/OS-AGENCY/projects/${String(theirs?.['id'])}/agencies/${agency}/roles/${roleId('te_admin')}`)).status).toBe(404);
    expect((await root('GET', `/v3/projects/${String(theirs?.['id'])}`))).toMatchObject({ status: 404, body: { error: { code: 404, title: 'Not Found', message: holding('cannot be found') } } });
  });
});

describe('grants on enterprise projects', () => {
  it('are made for many agencies at once: all or none', async () => {
    const [one, two] = [await newAgency('many-1'), await newAgency('many-2')];
    expect(await root('PUT', bulk, { role_assignments: [...assignments('te_admin', one, two).role_assignments, ...assignments('te_agency', one).role_assignments] })).toMatchObject({ status: 400 });
    const listed = async (): Promise<unknown> => member((await root('GET', `/v3.0/OS-PERMISSION/role-assignments?domain_id=${accountA}&scope.enterprise_projects_id=shop`)).body, 'total_num');
    expect(await listed()).toBe(0);
    expect((await root('PUT', bulk, assignments('te_admin', one, two))).status).toBe(204);
    expect(await listed()).toBe(2);
    expect((await root('DELETE', bulk, assignments('te_admin', one, agency))).status).toBe(404);
    expect(await listed()).toBe(2);
    expect((await root('DELETE', bulk, assignments('te_admin', one, two))).status).toBe(204);
    expect(await listed()).toBe(0);
  });

  it.each<[what: string, body: unknown, code: string]>([
    ['none', { role_assignments: [] }, 'IAM.0073'], ['no list', {}, 'IAM.0072'], ['251', { role_assignments: Array.from({ length: 251 }, () => ({ agency_id: 'a', enterprise_project_id: '0', role_id: 'r' })) }, 'IAM.0073'],
  ])('of %s are refused', async (_what, body, code) => {
    expect(await root('PUT', bulk, body)).toMatchObject({ status: 400, body: { error_code: code } });
  });
});

describe('the list of all grants', () => {
  const list = async (query: string): Promise<readonly unknown[]> => items(await root('GET', `/v3.0/OS-PERMISSION/role-assignments?domain_id=${accountA}${query}`), 'role_assignments');
  beforeAll(async () => {
    for (const scope of ['domain', 'project', 'all projects', 'enterprise project'] as const) await ask('PUT', 'agency', scope, 'te_admin');
    await ask('PUT', 'group', 'domain', 'custom AX');
  });
  afterAll(async () => {
    for (const scope of ['domain', 'project', 'all projects', 'enterprise project'] as const) await ask('DELETE', 'agency', scope, 'te_admin');
    await ask('DELETE', 'group', 'domain', 'custom AX');
  });

  it.each<[query: string | (() => string), scopes: readonly string[]]>([
    ['', ['domain', 'project', 'domain inherited', 'enterprise_project', 'group domain']], ['&subject=agency', ['domain', 'project', 'domain inherited', 'enterprise_project']], ['&subject=group', ['group domain']], ['&subject=user', []],
    ['&scope=domain', ['domain', 'group domain']], ['&scope=domain&is_inherited=true', ['domain inherited']], ['&scope=project', ['project']], ['&scope=enterprise_project', ['enterprise_project']],
    [`&scope.domain_id=${accountA}&subject=agency`, ['domain']], [() => `&scope.project_id=${projectId()}`, ['project']], [() => `&scope.project_id=${projectId('cn-east-3')}`, []], ['&scope.enterprise_projects_id=shop', ['enterprise_project']],
    [() => `&role_id=${roleId('custom AX')}`, ['group domain']], [() => `&subject.agency_id=${agency}&page=2&per_page=3`, ['enterprise_project']], [() => `&subject.group_id=${group}`, ['group domain']],
  ])('%s', async (query, scopes) => {
    const found = await list(typeof query === 'string' ? query : query());
    expect(found.map((one) => {
      const kind = Object.keys(member(one as Readonly<Record<string, unknown>>, 'scope') as object)[0] ?? '';
      return `${'group' in (one as object) ? 'group ' : ''}${kind}${member(one as Readonly<Record<string, unknown>>, 'is_inherited') === true ? ' inherited' : ''}`;
    })).toEqual(scopes);
  });

  it('tells what a user has by way of its groups, and nothing of its own', async () => {
    const carol = String(items(await root('GET', '/v5/users'), 'users').find((one) => one['user_name'] === 'carol')?.['user_id']);
    await root('POST', `/v5/groups/${group}/add-user`, { user_id: carol });
    expect(await list(`&subject.user_id=${carol}`)).toEqual([]);
    expect(await list(`&subject.user_id=${carol}&include_group=true`)).toMatchObject([{ group: { id: group }, scope: { domain: { id: accountA } } }]);
  });

  it.each([['', 'domain_id'], [`?domain_id=${accountA}&page=1`, 'per_page'], [`?domain_id=${accountA}&page=1&per_page=51`, 'per_page'], [`?domain_id=${accountA}&scope=planet`, 'scope']])('asked for as %j is refused', async (query, field) => {
    expect(await root('GET', `/v3.0/OS-PERMISSION/role-assignments${query}`)).toMatchObject({ status: 400, body: { error_msg: holding(`\`${field}\``) } });
  });
});

describe('the advice about roles that grant too much', () => {
  it.each<[role: string, scope: Scope, advised: RegExp | undefined]>([
    ['te_admin', 'domain', /^Tenant Administrator: .*grant the policies that the task needs/], ['secu_admin', 'domain', /^Security Administrator: /], ['ims_adm', 'project', /^IMS Administrator: .*IMS CrossCopyAgencyPolicy/],
    ['ims_adm', 'enterprise project', /^IMS Administrator: /], ['system_ims_cross_copy_agency', 'project', undefined], ['custom AX', 'domain', undefined],
  ])('%s for %s', async (role, scope, advised) => {
    const granted = await ask('PUT', 'agency', scope, role);
    expect(granted.status).toBe(204);
    const headers = [granted.headers['x-agency-advice']];
    if (scope !== 'enterprise project') headers.push((await root('GET', `${places.agency[scope]().base}/roles`)).headers['x-agency-advice']);
    headers.push((await root('GET', `/v3.0/OS-PERMISSION/role-assignments?domain_id=${accountA}&subject=agency`)).headers['x-agency-advice']);
    for (const header of headers) if (advised === undefined) expect(header).toBeUndefined(); else expect(header).toMatch(advised);
    await ask('DELETE', 'agency', scope, role);
  });
});

describe('limits', () => {
  it('an agency has 200 permissions at most', async () => {
    const many = await newAgency('many');
    const made: string[] = [];
    for (let number = 0; number < 100; number += 1) made.push(text(await root('POST', '/v3.0/OS-ROLE/roles', { role: { display_name: `many-${number}`, type: 'XA', policy } }), 'role', 'id'));
    const grant = (project: string): Promise<Answer> => root('PUT', bulk, { role_assignments: made.map((role) => ({ agency_id: many, enterprise_project_id: project, role_id: role })) });
    expect([(await grant('shop')).status, (await grant('0')).status]).toEqual([204, 204]);
    const [quota] = member((await root('GET', `/v3.0/OS-QUOTA/domains/${accountA}?type=assigment_agency_mp`)).body, 'quotas', 'resources') as readonly unknown[];
    expect(quota).toEqual({ type: 'assigment_agency_mp', used: 200, quota: 200, min: 0, max: 200 });
    expect(await root('PUT', `/v3.0/OS-AGENCY/projects/${projectId()}/agencies/${many}/roles/${roleId('ims_adm')}`)).toMatchObject({ status: 409, body: { error_code: 'IAM.0005', error_msg: holding('permissions of one agency 200 at most') } });
  });
});

describe('what a user has by way of a group', () => {
  it('counts for the operations of this API, at the domain', async () => {
    const carol = String(items(await root('GET', '/v5/users'), 'users').find((one) => one['user_name'] === 'carol')?.['user_id']);
    await root('POST', `/v5/groups/${group}/add-user`, { user_id: carol });
    const asCarol = async (): Promise<readonly number[]> => [(await service.call(keys.carol, 'GET', '/v3.0/OS-AGENCY/agencies')).status, (await service.call(keys.carol, 'GET', '/v5/agencies')).status, (await service.call(keys.carol, 'DELETE', `/v3.0/OS-AGENCY/agencies/${absentId}`)).status];
    expect(await asCarol()).toEqual([403, 403, 403]);
    for (const scope of ['project', 'all projects'] as const) await ask('PUT', 'group', scope, 'te_admin');
    expect(await asCarol()).toEqual([403, 403, 403]);
    await ask('PUT', 'group', 'domain', 'secu_admin');
    expect(await asCarol()).toEqual([200, 200, 404]);
    await ask('DELETE', 'group', 'domain', 'secu_admin');
    expect(await asCarol()).toEqual([403, 403, 403]);
    await ask('PUT', 'group', 'domain', 'system_iam_readonly');
    expect(await asCarol()).toEqual([200, 200, 403]);
  });
});

describe('custom policies', () => {
  const create = (role: object): Promise<Answer> => root('POST', '/v3.0/OS-ROLE/roles', { role: { display_name: 'fresh', type: 'AX', policy, ...role } });

  it.each<[what: string, role: object, status: number, code: string]>([
    ['without a name', { display_name: undefined }, 400, 'IAM.0072'], ['of a name that is taken', { display_name: 'custom AX' }, 409, 'IAM.0005'], ['of a system role\'s name', { display_name: 'Agent Operator' }, 409, 'IAM.0005'],
    ['for all levels', { type: 'AA' }, 400, 'IAM.0073'], ['for no level', { type: 'XX' }, 400, 'IAM.0073'], ['of version 1.0', { policy: { Version: '1.0', Statement: [{ Effect: 'Allow', Action: ['identity:*'] }] } }, 400, 'IAM.0007'],
    ['of version 5.0', { policy: { ...policy, Version: '5.0' } }, 400, 'IAM.0007'], ['without statements', { policy: { Version: '1.1' } }, 400, 'IAM.0007'], ['with a bad description', { description: 'a<b' }, 400, 'IAM.0073'],
  ])('%s are refused', async (_what, role, status, code) => {
    expect(await create(role)).toMatchObject({ status, body: { error_code: code } });
  });

  it('may name an agency to which one may switch', async () => {
    const uri = { Version: '1.1', Statement: [{ Action: ['iam:agencies:assume'], Resource: { uri: [`/iam/agencies/${absentId}`] }, Effect: 'Allow' }] };
    const answer = await create({ display_name: 'switch', policy: uri });
    expect(answer).toMatchObject({ status: 201, body: { role: { policy: uri, catalog: 'CUSTOMED' } } });
    expect((await root('DELETE', `/v3.0/OS-ROLE/roles/${text(answer, 'role', 'id')}`)).status).toBe(200);
  });

  it('that are granted keep their type and stay', async () => {
    const id = text(await create({ display_name: 'in use' }), 'role', 'id');
    const path = `/v3.0/OS-AGENCY/domains/${accountA}/agencies/${agency}/roles/${id}`;
    await root('PUT', path);
    expect(await root('PATCH', `/v3.0/OS-ROLE/roles/${id}`, { role: { type: 'XA' } })).toMatchObject({ status: 409, body: { error_code: 'IAM.0005' } });
    expect(await root('DELETE', `/v3.0/OS-ROLE/roles/${id}`)).toMatchObject({ status: 409, body: { error_msg: holding('remove the grants first') } });
    await root('DELETE', path);
    expect(await root('PATCH', `/v3.0/OS-ROLE/roles/${id}`, { role: { type: 'XA' } })).toMatchObject({ status: 200, body: { role: { type: 'XA', display_name: 'in use' } } });
    expect((await root('DELETE', `/v3.0/OS-ROLE/roles/${id}`)).status).toBe(200);
  });

  it('of the system are neither changed nor deleted', async () => {
    for (const method of ['PATCH', 'DELETE'] as const) expect(await root(method, `/v3.0/OS-ROLE/roles/${roleId('te_admin')}`, method === 'PATCH' ? { role: {} } : undefined)).toMatchObject({ status: 403, body: { error_code: 'IAM.0003', error_msg: holding('system role') } });
  });
});

describe('the list of roles', () => {
  const names = async (query: string): Promise<readonly unknown[]> => items(await root('GET', `/v3/roles${query}`), 'roles').map((role) => role['name']);

  it.each<[query: string, has: readonly string[], lacks: readonly string[]]>([
    ['?display_name=Agent%20Operator', ['te_agency'], ['secu_admin']], ['?name=secu_admin', ['secu_admin'], ['te_agency']], ['?catalog=IMS', ['ims_adm', 'system_ims_cross_copy_agency'], ['te_agency']],
    ['?type=domain', ['te_agency', 'te_admin'], ['ims_adm']], ['?type=project', ['ims_adm', 'te_admin'], ['te_agency']], ['?type=all', ['ims_adm', 'te_admin', 'te_agency'], []],
    ['?permission_type=policy', ['system_ims_cross_copy_agency'], ['te_agency']], ['?permission_type=role', ['te_agency'], ['system_ims_cross_copy_agency']],
  ])('%s', async (query, has, lacks) => {
    const found = await names(query);
    expect(found).toEqual(expect.arrayContaining([...has]));
    for (const name of lacks) expect(found).not.toContain(name);
  });

  it('is in pages, and tells how many there are', async () => {
    const every = await names('');
    expect(await names('?page=2&per_page=2')).toEqual(every.slice(2, 4));
    expect((await root('GET', '/v3/roles?page=1&per_page=1')).body).toMatchObject({ total_number: every.length });
    expect(await root('GET', '/v3/roles?page=1&per_page=301')).toMatchObject({ status: 400, body: { error: { code: 400, message: holding('`per_page`'), title: 'Bad Request' } } });
    expect((await root('GET', `/v3/roles?domain_id=${accountB}`)).status).toBe(403);
  });
});

describe('as Terraform does it', () => {
  it('an agency for a service is made, granted roles, read, changed in its permissions and deleted', async () => {
    const id = await newAgency('by-terraform', 'op_svc_ecs');
    const find = async (displayName: string): Promise<string> => String(items(await root('GET', `/v3/roles?display_name=${encodeURIComponent(displayName)}`), 'roles')[0]?.['id']);
    const [readOnly, copy] = [await find('IMS ReadOnlyAccess'), await find('IMS CrossCopyAgencyPolicy')];
    const [project] = items(await root('GET', '/v3/projects?name=cn-east-3'), 'projects');
    const onProject = `/v3.0/OS-AGENCY/projects/${String(project?.['id'])}/agencies/${id}/roles`;
    const inherited = `/v3.0/OS-INHERIT/domains/${accountA}/agencies/${id}/roles`;
    const [shop] = items(await root('GET', '/v1.0/enterprise-projects?name=shop'), 'enterprise_projects');
    expect((await root('PUT', `${onProject}/${readOnly}`)).status).toBe(204);
    expect((await root('PUT', `${inherited}/${copy}/inherited_to_projects`)).status).toBe(204);
    expect((await root('PUT', bulk, { role_assignments: [{ agency_id: id, enterprise_project_id: shop?.['id'], role_id: readOnly }] })).status).toBe(204);
    expect((await root('GET', `/v3.0/OS-AGENCY/agencies/${id}`)).body['agency']).toMatchObject({ name: 'by-terraform', trust_domain_name: 'op_svc_ecs', duration: 'FOREVER' });
    expect(items(await root('GET', onProject), 'roles')).toMatchObject([{ display_name: 'IMS ReadOnlyAccess' }]);
    expect(items(await root('GET', `${inherited}/inherited_to_projects`), 'roles')).toMatchObject([{ display_name: 'IMS CrossCopyAgencyPolicy' }]);
    expect(items(await root('GET', `/v3.0/OS-AGENCY/domains/${accountA}/agencies/${id}/roles`), 'roles')).toEqual([]);
    expect((await root('DELETE', `${onProject}/${readOnly}`)).status).toBe(204);
    expect(items(await root('GET', onProject), 'roles')).toEqual([]);
    expect((await root('DELETE', `/v3.0/OS-AGENCY/agencies/${id}`)).status).toBe(204);
    expect(member((await root('GET', `/v3.0/OS-PERMISSION/role-assignments?domain_id=${accountA}&subject.agency_id=${id}`)).body, 'total_num')).toBe(0);
  });
});
