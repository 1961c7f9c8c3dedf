// POST /v1/authorize and roles of the older system: what is granted for one region, all projects or an enterprise project counts there, and nowhere else.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizeRequests } from '../../src/sts/authorize.js';
import { authorizeAnswer } from '../../src/sts/authorize-answer.js';
import { authorizeBody, forwardedRequests } from '../../src/sts/authorize-input.js';
import { createVerifier, type Question as VerifierQuestion } from '../../src/verify/index.js';
import { accessKey, accountA, accountB, allow, bootstrapKey, deny, keys, policy } from '../support/accounts.js';
import { decidedAround } from '../support/moving-ground.js';
import { put } from '../support/legacy.js';
import { forwarded, startRelyingParty, type RelyingParty } from '../support/relying-party.js';
import { clientAddress, clockOf, hosts, issuer, received } from '../verify/support.js';
import { startService, type Answer, type Credentials, type TestService } from '../support/service.js';

const boundAccount = 'e'.repeat(32);
const names = ['regional', 'everywhere', 'enterprise', 'domain', 'mixed', 'both', 'denied', 'none', 'bound', 'conditional', 'moving', 'named'] as const;
const key = Object.fromEntries(names.map((name) => [name, accessKey(name)])) as Record<(typeof names)[number], Credentials>;
const older = (...statements: object[]) => ({ Version: '1.1', Statement: statements });
const role = (display_name: string, type: string, document: object) => ({ role_id: `id-${display_name}`, display_name, type, policy: document });
const group = (group_name: string, ...role_grants: object[]) => ({ group_id: `id-${group_name}`, group_name, role_grants });
const member = (name: (typeof names)[number], ...groups: string[]) => ({ user_name: name, groups, access_keys: [bootstrapKey(key[name])] });
const east = { project: 'cn-east-3' };
const enterprise = { enterprise_project: 'shops' };

const roles = [
  role('images', 'XA', older(allow('ims:images:*'))), role('images-domain', 'AX', older(allow('ims:images:*'))), role('no-deleting', 'XA', older(deny('ims:images:delete'))), role('no-getting', 'XA', older(deny('ims:images:get'))),
  role('by-project-name', 'XA', older(allow('ims:images:*', { Condition: { StringEquals: { 'g:ProjectName': ['cn-east-3'] } } }))),
];
const legacy = (agency_name: string, ...role_grants: object[]) => ({ agency_id: `id-${agency_name}`, agency_name, trust_domain_name: 'account-b', trust_domain_id: accountB, role_grants });
const file = {
  accounts: [
    {
      account_id: accountA, account_name: 'account-a', root_user: { user_name: 'root-a', access_keys: [bootstrapKey(keys.rootA)] }, roles,
      enterprise_projects: [{ enterprise_project_id: 'e1', enterprise_project_name: 'shops' }], projects: [{ project_id: 'p-sub', project_name: 'cn-east-3_blue' }],
      policies: [{ policy_name: 'reads', policy_document: policy(allow('ims:images:get')) }],
      groups: [
        group('regional', { role: 'images', scope: east }), group('everywhere', { role: 'images', scope: 'all_projects' }), group('enterprise', { role: 'images', scope: enterprise }),
        group('domain', { role: 'images-domain', scope: 'domain' }), group('denied', { role: 'no-deleting', scope: east }), group('conditional', { role: 'by-project-name', scope: 'all_projects' }), group('moving', { role: 'images', scope: east }),
      ],
      users: [
        member('regional', 'regional'), member('everywhere', 'everywhere'), member('enterprise', 'enterprise'), member('domain', 'domain'), member('both', 'regional', 'enterprise'), member('denied', 'everywhere', 'denied'),
        member('none'), { ...member('mixed', 'regional'), attached_policies: ['reads'] }, member('conditional', 'conditional'), member('moving', 'moving'),
      ],
      legacy_agencies: [
        legacy('copying', { role: 'IMS CrossCopyAgencyPolicy', scope: east }), legacy('copying-everywhere', { role: 'IMS CrossCopyAgencyPolicy', scope: 'all_projects' }),
        legacy('tenant', { role: 'Tenant Administrator', scope: east }), legacy('administrator', { role: 'IMS Administrator', scope: east }), { ...legacy('reading'), attached_policies: ['reads'] },
        { ...legacy('hardly-reading', { role: 'no-getting', scope: { project: 'cn-north-4' } }), attached_policies: ['reads'] },
      ],
    },
    { account_id: accountB, account_name: 'account-b', root_user: { user_name: 'root-b', access_keys: [bootstrapKey(keys.rootB)] }, users: [] },
    {
      account_id: boundAccount, account_name: 'bound-account', users: [member('bound', 'images')], roles, groups: [group('images', { role: 'images', scope: 'all_projects' })],
      service_control_policies: [{ name: 'no-creating', policy_document: policy(allow('*')) }, { name: 'deny', policy_document: policy(deny('ims:images:create'), allow('sts:*')) }],
    },
  ],
  services: [{ service_principal: 'service.IMS', access_keys: [bootstrapKey(keys.service)] }, { service_principal: 'service.MyShop', access_keys: [bootstrapKey(key.named)] }],
};

const mainProject = (region: string, accountId = accountA): string => createHash('sha256').update(`project:${accountId}:${region}`).digest('hex').slice(0, 32);
const image = (region = 'cn-east-3', accountId = accountA): string => `ims:${region}:${accountId}:image:i1`;

let service: TestService;
let party: RelyingParty;
beforeAll(async () => {
  party = await startRelyingParty();
  service = await startService(file, { STS_ISSUER: issuer, STS_RATE_ADDRESS_PER_MINUTE: '1000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '1000000' });
  service.clock.set(Math.floor(Date.now() / 1000) * 1000);
});
afterAll(async () => {
  await party.stop();
  await service.stop();
});

const forwardedOf = async (credentials: Credentials, questions: readonly object[]): Promise<object> => forwarded(await party.signed(credentials, service.clock.now(), {}), questions);
const asked = async (credentials: Credentials, questions: readonly object[], by = keys.service): Promise<Answer> => service.call(by, 'POST', '/v1/authorize', { requests: [await forwardedOf(credentials, questions)] });
async function decided(credentials: Credentials, ...questions: object[]): Promise<string[]> {
  const answer = await asked(credentials, questions);
  expect([answer.status, answer.body.error_msg]).toEqual([200, undefined]);
  return authorizeAnswer.parse(answer.body).results.flatMap(({ decisions }) => decisions.map(({ decision }) => decision));
}
const session = (agency: string, more: object = {}): Promise<Credentials> => service.session(keys.rootB, { agency_urn: `iam::${accountA}:agency:${agency}`, agency_session_name: 'ims', ...more });

type Question = Readonly<Record<string, unknown>>;
const show: Question = { action: 'ims:images:get', resource: image() };
const inWest: Question = { ...show, resource: image('cn-north-4') };
const withoutRegion: Question = { action: 'ims:images:get', resource: image('') };
const inProject = (projectId: string, more: object = {}): Question => ({ ...withoutRegion, scope: { project_id: projectId, ...more } });
const forEnterprise = (action: string, id: string, operation?: string): Question => ({ action, resource: image('cn-north-4'), scope: { enterprise_project_id: id }, ...(operation !== undefined && { operation_id: operation }) });

describe('what is granted', () => {
  it.each<[scope: string, who: keyof typeof key, question: Question, decision: 'allow' | 'deny']>([
    ['for one region counts there', 'regional', show, 'allow'],
    ['for one region is worth nothing in another', 'regional', inWest, 'deny'],
    ['for one region is worth nothing at the domain', 'regional', withoutRegion, 'deny'],
    ['for one region is worth nothing for an action without a resource', 'regional', { action: 'ims:images:list' }, 'deny'],
    ['for one region counts where its project is named', 'regional', inProject(mainProject('cn-east-3')), 'allow'],
    ['for one region is worth nothing in a project below it', 'regional', inProject('p-sub'), 'deny'],
    ['for one region is worth nothing where another project is named, whatever the resource says', 'regional', { ...show, scope: { project_id: mainProject('cn-north-4') } }, 'deny'],
    ['for one region is worth nothing in that of another account', 'regional', inProject(mainProject('cn-east-3', accountB)), 'deny'],
    ['for all projects counts in each', 'everywhere', inWest, 'allow'],
    ['for all projects counts in one that is named', 'everywhere', inProject('p-sub'), 'allow'],
    ['for all projects is worth nothing where it is not to count', 'everywhere', { ...inWest, scope: { direct: true } }, 'deny'],
    ['for one region counts directly', 'regional', { ...show, scope: { direct: true } }, 'allow'],
    ['for all projects is worth nothing at the domain', 'everywhere', withoutRegion, 'deny'],
    ['for the domain counts without a project', 'domain', withoutRegion, 'allow'],
    ['for the domain counts for an action without a resource', 'domain', { action: 'ims:images:list' }, 'allow'],
    ['for the domain is worth nothing in a region', 'domain', show, 'deny'],
    ['for an enterprise project counts for an operation that has the column', 'enterprise', forEnterprise('ims:images:copy', 'e1', 'CopyImageInRegion'), 'allow'],
    ['for an enterprise project is worth nothing for an operation without it', 'enterprise', forEnterprise('ims:images:copy', 'e1', 'CopyImageCrossRegion'), 'deny'],
    ['for an enterprise project is worth nothing where one operation of the action is without it', 'enterprise', forEnterprise('ims:images:copy', 'e1'), 'deny'],
    ['for an enterprise project counts where every operation of the action has it', 'enterprise', forEnterprise('ims:images:export', 'e1'), 'allow'],
    ['for an enterprise project counts for an action that no catalogue knows', 'enterprise', forEnterprise('ims:images:paint', 'e1'), 'allow'],
    ['for an enterprise project is worth nothing in another', 'enterprise', forEnterprise('ims:images:export', '0', 'ExportImage'), 'deny'],
    ['for an enterprise project is worth nothing where none is named', 'enterprise', { action: 'ims:images:export', resource: image('cn-north-4') }, 'deny'],
    ['for a region and an enterprise project counts in the region, whatever the operation', 'both', { ...forEnterprise('ims:images:copy', 'e1', 'CopyImageCrossRegion'), resource: image() }, 'allow'],
    ['beside an identity policy leaves that as it is', 'mixed', inWest, 'allow'],
    ['beside an identity policy joins it', 'mixed', { action: 'ims:images:update', resource: image() }, 'allow'],
    ['denies where it was granted, over what is granted elsewhere', 'denied', { action: 'ims:images:delete', resource: image() }, 'deny'],
    ['denies nowhere else', 'denied', { action: 'ims:images:delete', resource: image('cn-north-4') }, 'allow'],
    ['to nobody counts for nobody', 'none', show, 'deny'],
    ['under a condition on the project counts in that', 'conditional', show, 'allow'],
    ['under a condition on the project counts where it is named', 'conditional', inProject(mainProject('cn-east-3')), 'allow'],
    ['under a condition on the project counts in no other', 'conditional', inWest, 'deny'],
    ['under a condition on the project counts in none below', 'conditional', inProject('p-sub'), 'deny'],
    ['in an organization counts as far as its policies allow', 'bound', { action: 'ims:images:get', resource: image('cn-east-3', boundAccount) }, 'allow'],
    ['in an organization counts no further', 'bound', { action: 'ims:images:create', resource: image('cn-east-3', boundAccount) }, 'deny'],
  ])('%s: %#', async (_scope, who, question, decision) => {
    expect(await decided(key[who], question)).toEqual([decision]);
  });

  it('counts for each question of one call by itself', async () => {
    expect(await decided(key.regional, show, inWest, inProject(mainProject('cn-east-3')), show)).toEqual(['allow', 'deny', 'allow', 'allow']);
  });
});

describe('a project that the account does not have', () => {
  const foreign = "the project is none of the account's";
  it.each<[what: string, who: keyof typeof key, question: Question, decision: 'allow' | 'deny']>([
    ['of another account gives nothing away to whoever may in all projects', 'everywhere', inProject(mainProject('cn-east-3', accountB)), 'deny'],
    ['whatever the resource says', 'everywhere', { ...show, scope: { project_id: mainProject('cn-east-3', accountB) } }, 'deny'],
    ['of nobody gives nothing away', 'everywhere', inProject('nowhere'), 'deny'],
    ['named like a prototype gives nothing away', 'everywhere', inProject('__proto__'), 'deny'],
    ['gives nothing away by an identity policy', 'mixed', inProject(mainProject('cn-east-3', accountB)), 'deny'],
    ['in a region that the service does not have gives nothing away', 'everywhere', inProject(mainProject('xx-west-9')), 'deny'],
    ['as the main project of the region of the resource belongs to the account, whether the service has the region or not', 'everywhere', { ...show, resource: image('xx-west-9'), scope: { project_id: mainProject('xx-west-9') } }, 'allow'],
    ['lets in whom a policy of the resource lets in', 'everywhere', { ...inProject(mainProject('cn-east-3', accountB)), resource_policy_allows: true }, 'allow'],
  ])('%s: %#', async (_what, who, question, decision) => {
    expect(await decided(key[who], question)).toEqual([decision]);
  });

  it('is the reason in the event of the account', async () => {
    await decided(key.everywhere, inProject('nowhere'));
    expect((await service.events(accountA)).findLast(({ operation }) => operation === 'Authorize')).toMatchObject({ decision: foreign, status: 403 });
  });

  it('is refused by a simulation, too', async () => {
    const simulated = async (project: string): Promise<unknown> =>
      (await service.call(keys.rootA, 'POST', '/v1/simulate', { principal: `iam::${accountA}:user:mixed`, action: 'ims:images:get', resource: image(), scope: { project_id: project } })).body;
    expect(await simulated('nowhere')).toMatchObject({ allowed: false, refusal: foreign });
    expect(await simulated('p-sub')).toMatchObject({ allowed: true });
  });
});

describe('a session of a legacy agency', () => {
  const create: Question = { action: 'ims:images:create', resource: image() };
  it.each<[what: string, agency: string, more: object, question: Question, decision: 'allow' | 'deny']>([
    ['may in the region what it was granted there', 'copying', {}, create, 'allow'],
    ['may nothing in another', 'copying', {}, { ...create, resource: image('cn-north-4') }, 'deny'],
    ['may not delete', 'copying', {}, { action: 'ims:images:delete', resource: image() }, 'deny'],
    ['may not share', 'copying', {}, { action: 'ims:images:share', resource: image() }, 'deny'],
    ['may everywhere what it was granted for all projects', 'copying-everywhere', {}, create, 'allow'],
    ['may not directly what it was granted for all projects', 'copying-everywhere', {}, { ...create, scope: { direct: true } }, 'deny'],
    ['may all of the service as Tenant Administrator', 'tenant', {}, { action: 'ims:images:delete', resource: image() }, 'allow'],
    ['may nothing as IMS Administrator without Tenant Administrator', 'administrator', {}, create, 'deny'],
    ['may no more than its session policy', 'copying', { policy: JSON.stringify(policy(allow('ims:images:get'))) }, create, 'deny'],
    ['may what both allow', 'copying', { policy: JSON.stringify(policy(allow('ims:images:create'))) }, create, 'allow'],
    ['may what an identity policy of it allows, anywhere', 'reading', {}, inWest, 'allow'],
  ])('%s: %#', async (_what, agency, more, question, decision) => {
    expect(await decided(await session(agency, more), question)).toEqual([decision]);
  });
});

describe('a question', () => {
  it.each<[what: string, question: Question, status: number, message: string]>([
    ['about an operation that the service does not have', { ...show, operation_id: 'CopyImage' }, 400, '`requests[0].questions[1].operation_id`: the catalogue has no operation `CopyImage` of `ims`'],
    ['with an operation id of another form', { ...show, operation_id: 'Copy Image' }, 400, 'operation_id'],
    ['with an empty project', { ...show, scope: { project_id: '' } }, 400, 'project_id'],
    ['with a project of another form', { ...show, scope: { project_id: 'a/b' } }, 400, 'project_id'],
    ['with an unknown member of the scope', { ...show, scope: { region: 'cn-east-3' } }, 400, 'scope'],
    ['with a scope that is none', { ...show, scope: 'cn-east-3' }, 400, 'scope'],
  ])('%s is refused', async (_what, question, status, message) => {
    const answer = await asked(key.regional, [show, question]);
    expect([answer.status, answer.body.error_msg]).toEqual([status, expect.stringContaining(message)]);
  });

  it('about an operation of a service that the catalogue does not know is refused', async () => {
    expect((await asked(key.regional, [{ action: 'myshop:orders:list', operation_id: 'ListOrders' }], key.named)).status).toBe(400);
  });

  it('is told to the account with its project, enterprise project and operation', async () => {
    await decided(key.enterprise, { ...forEnterprise('ims:images:copy', 'e1', 'CopyImageInRegion'), scope: { project_id: 'p-sub', enterprise_project_id: 'e1' } });
    const { body } = await service.call(keys.rootA, 'GET', '/v1/audit/events?operation=Authorize&limit=1');
    const [event] = body['events'] as readonly { request: string }[];
    expect(JSON.parse(event?.request ?? '')).toMatchObject({ action: 'ims:images:copy', operation_id: 'CopyImageInRegion', project_id: 'p-sub', enterprise_project_id: 'e1' });
  });
});

describe('a decision is taken anew when before its commit', () => {
  const around = async (happens: () => Promise<unknown>) => {
    const requests = forwardedRequests(authorizeBody.parse({ requests: [await forwardedOf(key.moving, [show])] }));
    const { body, tries } = await decidedAround(service, keys.service, (caller, call) => authorizeRequests(service.composition.services, caller, requests, call), happens);
    return { decisions: body.results.flatMap(({ decisions }) => decisions.map(({ decision }) => decision)), tries };
  };
  const snapshot = async () => {
    const view = await service.composition.services.directory.read(accountA, () => []);
    if (view === undefined) throw new Error('no account');
    return view.snapshot;
  };
  const changed = async (kind: 'role' | 'group', id: string, change: object): Promise<void> => {
    const { roles: roleTable, groups } = await snapshot();
    const entity = kind === 'role' ? roleTable.get(id) : groups.get(id);
    if (entity === undefined) throw new Error(`no ${kind}`);
    await put(service, accountA, [[`${kind}:${id}`, { ...entity, ...change }]]);
  };

  it('nothing of it changed: it is taken once', async () => {
    expect(await around(() => Promise.resolve())).toEqual({ decisions: ['allow'], tries: 1 });
  });

  it('the role changed', async () => {
    expect(await around(() => changed('role', 'id-images', { document: JSON.stringify(older(allow('ims:images:list'))) }))).toEqual({ decisions: ['deny'], tries: 2 });
    await changed('role', 'id-images', { document: JSON.stringify(older(allow('ims:images:*'))) });
  });

  it('the grant was taken away', async () => {
    const grants = (await snapshot()).groups.get('id-moving')?.roleGrants;
    expect(await around(() => changed('group', 'id-moving', { roleGrants: [] }))).toEqual({ decisions: ['deny'], tries: 2 });
    await changed('group', 'id-moving', { roleGrants: grants });
    expect(await decided(key.moving, show)).toEqual(['allow']);
  });

  it('the role was deleted', async () => {
    const role = (await snapshot()).roles.get('id-images');
    expect(await around(() => put(service, accountA, [], ['role:id-images']))).toEqual({ decisions: ['deny'], tries: 2 });
    if (role !== undefined) await put(service, accountA, [['role:id-images', role]]);
  });

  it('the region got another project', async () => {
    const project = { projectId: 'p-other', projectName: 'cn-east-3', description: '', enabled: true, createdAt: 0 };
    expect(await around(() => put(service, accountA, [['project:p-other', project]]))).toEqual({ decisions: ['deny'], tries: 2 });
    await put(service, accountA, [], ['project:p-other']);
  });
});

describe('the library', () => {
  const answers = async (mode: 'online' | 'offline', agency: string, more: object, ...questions: VerifierQuestion[]): Promise<unknown> => {
    const verifier = createVerifier({ mode, issuer, endpoint: service.url, service: 'ims', hosts, clock: clockOf(service), credentials: keys.service });
    const credentials = await service.session(keys.rootB, { agency_urn: `iam::${accountA}:agency:${agency}`, agency_session_name: 'ims', ...more }, { algorithm: 'SDK-ECDSA-P256-SHA256' });
    const answer = await verifier.authorize(received(service, credentials), clientAddress, questions);
    return answer.ok ? answer.answers.map(({ allowed }) => allowed) : answer;
  };
  const get = (region: string, more: Partial<VerifierQuestion> = {}): VerifierQuestion => ({ action: 'ims:images:get', resource: image(region), ...more });

  it('says online where a request is made', async () => {
    expect(await answers('online', 'copying', {}, get('cn-east-3'), get('cn-north-4'), get('', { scope: { projectId: mainProject('cn-east-3') } }), get('cn-north-4', { scope: { projectId: mainProject('cn-east-3') }, operationId: 'GlanceShowImage' })))
      .toEqual([true, false, true, true]);
    expect(await answers('online', 'copying-everywhere', {}, get('cn-north-4'), get('cn-north-4', { scope: { direct: true } }))).toEqual([true, false]);
  });

  it('offline takes no role for an Allow, and every Deny of one for a Deny', async () => {
    const east = get('cn-east-3');
    expect([await answers('offline', 'copying', {}, east), await answers('offline', 'reading', {}, east), await answers('offline', 'hardly-reading', {}, east)]).toEqual([[false], [true], [false]]);
    expect(await answers('online', 'hardly-reading', {}, east, get('cn-north-4'))).toEqual([true, false]);
  });
});
