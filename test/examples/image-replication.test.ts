// Image replication across regions, with a legacy agency and with a trust agency: who may do which step, and what the audit says of it.
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accessKey, allow, bootstrapKey, deny, policy, trust } from '../support/accounts.js';
import { put } from '../support/legacy.js';
import { credentialsOf, startService, type Answer, type Credentials, type TestService } from '../support/service.js';
import type { ServiceLinkedAgency } from '../../src/directory/entities.js';
import { signRequest } from '../../src/signing/index.js';
import { createVerifier } from '../../src/verify/index.js';

const folder = new URL('../../examples/image-replication/', import.meta.url);
const issuer = 'https://sts.example.com';
const account = '0000000000000000000000000000face';
const [source, destination] = ['cn-north-4', 'cn-east-3'];
const agencyName = 'ims_copy_image_agency';
const administrator: Credentials = { accessKeyId: 'HPUAEXAMPLEMEDIAADMI', secretAccessKey: 'example-secret-of-admin-change-it-000000' };
const uma: Credentials = { accessKeyId: 'HPUAEXAMPLEMEDIAUMA0', secretAccessKey: 'example-secret-of-uma-change-it-00000000' };
const imsKey: Credentials = { accessKeyId: 'HPUAEXAMPLEIMSSERV00', secretAccessKey: 'example-secret-of-ims-change-it-00000000' };
const operator = accessKey('operator');
const [nobody, enterprising] = [accessKey('nobody'), accessKey('enterprising')];

interface Image extends Readonly<Record<string, unknown>> {
  readonly id: string;
}
type Way = (wanted: { accountId: string; agencyName: string; job: string }) => Promise<Credentials | undefined>;
interface Example {
  readonly imageService: (setup: object) => RequestListener;
  readonly waysToAssume: (setup: object) => Readonly<Record<'assumeRole' | 'assumeAgency', Way>>;
}

let service: TestService;
let example: Example;
let ways: ReturnType<Example['waysToAssume']>;
const servers = new Map<string, Server>();
const apps = new Map<string, RequestListener>();
let images: Map<string, Map<string, Image>>;
/** Jobs that were asked for and not begun yet. */
let waiting: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const { accounts: [media], ...rest } = JSON.parse(await readFile(new URL('bootstrap.json', folder), 'utf8')) as { accounts: { users: object[]; groups: object[] }[] };
  const group = (name: string, ...grants: object[]) => ({ group_name: name, role_grants: grants });
  const user = (name: string, credentials: Credentials, ...groups: string[]) => ({ user_name: name, groups, access_keys: [bootstrapKey(credentials)] });
  const more = {
    enterprise_projects: [{ enterprise_project_id: 'e1', enterprise_project_name: 'shops' }],
    groups: [...(media?.groups ?? []), group('enterprising', { role: 'IMS FullAccess', scope: { enterprise_project: 'shops' } })],
    users: [...(media?.users ?? []), user('nobody', nobody), user('enterprising', enterprising, 'enterprising')],
  };
  service = await startService({ ...rest, accounts: [{ ...media, ...more }], operator: { access_keys: [bootstrapKey(operator)] } }, {
    STS_ISSUER: issuer, STS_RATE_ADDRESS_PER_MINUTE: '1000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '1000000',
  });
  service.clock.set(Math.floor(Date.now() / 1000) * 1000);
  const made = await administer('POST', '/v5/policies', { policy_name: 'ims-by-itself', policy_document: JSON.stringify(policy(allow('ims:images:*'))) });
  const { policy_id: policyId } = made.body['policy'] as { policy_id: string };
  await put(service, account, [['agency:linked', { ...serviceLinked, attachedPolicies: [{ policyId, attachedAt: 0 }] }]]);
  const now = () => service.clock.now();
  example = { ...(await import(new URL('ims.mjs', folder).pathname)), ...(await import(new URL('assume.mjs', folder).pathname)) } as Example;
  ways = example.waysToAssume({ endpoint: service.url, credentials: imsKey, now });
  for (const region of [source, destination]) {
    const server = createServer((request, response) => apps.get(region)?.(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.set(region, server);
  }
});
afterAll(async () => {
  for (const server of servers.values()) server.close();
  await service.stop();
});

/** That of the catalogue writes no images: this one does, to be compared with an agency that does. */
const serviceLinked: ServiceLinkedAgency = {
  kind: 'service-linked', agencyId: 'linked', agencyName: 'LinkedForTest', path: 'service-linked-agency/service.IMS/', description: '', maxSessionDurationSeconds: 3600, servicePrincipal: 'service.IMS', usage: [], tags: [], attachedPolicies: [], createdAt: 0,
  trustPolicy: JSON.stringify(trust({ Service: ['service.IMS'] })),
};

const urlOf = (region: string): string => `http://127.0.0.1:${(servers.get(region)?.address() as AddressInfo).port}`;

const image = (id: string, more: object = {}): Image => ({
  id, region: source, owner: account, name: id, kind: 'system', format: 'qcow2', encrypted: false, enterpriseProjectId: '0', status: 'active', data: Buffer.from(`the data of ${id}`), ...more,
});

/** Image services with fresh images, that assume in one way. */
function open(way: 'assumeRole' | 'assumeAgency'): void {
  waiting = [];
  images = new Map([
    [source, new Map([image('plain'), image('whole', { kind: 'whole' }), image('encrypted', { encrypted: true }), image('iso', { format: 'iso' }), image('shop', { enterpriseProjectId: 'e1' })].map((one) => [one.id, one]))],
    [destination, new Map([['other', image('other', { region: destination })]])],
  ]);
  const destinations = new Map([source, destination].map((region) => [region, urlOf(region)]));
  const clock = { now: () => service.clock.now(), monotonic: () => performance.now() };
  for (const region of [source, destination]) {
    const verifier = createVerifier({ mode: 'online', issuer, endpoint: service.url, service: 'ims', hosts: [new URL(urlOf(region)).host], credentials: imsKey, clock });
    apps.set(region, example.imageService({ region, verifier, assume: ways[way], destinations, images: images.get(region), start: (run: () => Promise<void>) => waiting.push(run), now: clock.now }));
  }
}

interface ImsAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>> & { readonly error?: { readonly code: string } };
}

async function call(credentials: Credentials, region: string, method: string, path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<ImsAnswer> {
  const url = `${urlOf(region)}${path}`;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const { host: _, ...signed } = signRequest({ method, url, headers: { ...headers, ...(text !== undefined && { 'content-type': 'application/json' }) }, ...(text !== undefined && { body: text }), ...credentials, date: new Date(service.clock.now()) });
  const answer = await fetch(url, { method, headers: signed, ...(text !== undefined && { body: text }) });
  const told = await answer.text();
  return { status: answer.status, body: (told === '' ? {} : JSON.parse(told)) as ImsAnswer['body'] };
}

const copyOf = (id: string, more: object = {}, credentials = uma): Promise<ImsAnswer> =>
  call(credentials, source, 'POST', `/v1/cloudimages/${id}/cross_region_copy`, { name: 'copy', region: destination, project_name: destination, agency_name: agencyName, ...more });
const runJobs = async (): Promise<void> => {
  for (const run of waiting.splice(0)) await run();
};
const jobOf = async ({ body }: ImsAnswer): Promise<ImsAnswer['body']> => (await call(uma, source, 'GET', `/v1/cloudimages/job/${String(body['job_id'])}`)).body;
/** Asks, and sees how the job ends. */
async function replicated(id: string, more: object = {}): Promise<ImsAnswer['body']> {
  const asked = await copyOf(id, more);
  expect(asked).toMatchObject({ status: 200, body: { job_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string } });
  await runJobs();
  return jobOf(asked);
}

async function administer(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, credentials = administrator): Promise<Answer> {
  const answer = await service.call(credentials, method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer;
}

const snapshot = async () => {
  const view = await service.composition.services.directory.read(account, () => []);
  if (view === undefined) throw new Error('no account');
  return view.snapshot;
};
const roleId = async (name: string): Promise<string> => [...(await snapshot()).systemRoles.values()].find(({ displayName }) => displayName === name)?.roleId ?? '';
const projectId = async (name: string): Promise<string> => ((await administer('GET', `/v3/projects?name=${name}`)).body as unknown as { projects: { id: string }[] }).projects[0]?.id ?? '';

type Kind = 'legacy agency' | 'trust agency';
interface Setup {
  readonly role?: string | undefined;
  readonly region?: string;
  readonly trusts?: string;
  readonly duration?: string;
}

/** Steps 1 and 2: the agency with its permission, in the place of the one before; a trust agency is what it migrates to. Gives its id. */
async function prepared(kind: Kind, { role = 'IMS CrossCopyAgencyPolicy', region = destination, trusts = 'op_svc_ims', duration = 'FOREVER' }: Setup = {}): Promise<string> {
  await removed();
  const { body } = await administer('POST', '/v3.0/OS-AGENCY/agencies', { agency: { name: agencyName, domain_id: account, trust_domain_name: trusts, duration, description: 'Delegates with IMS cross-region replication permissions' } });
  const { id } = body['agency'] as { id: string };
  if (role !== '') await administer('PUT', `/v3.0/OS-AGENCY/projects/${await projectId(region)}/agencies/${id}/roles/${await roleId(role)}`);
  open(kind === 'legacy agency' ? 'assumeRole' : 'assumeAgency');
  return kind === 'legacy agency' ? id : ((await administer('POST', `/v1/agencies/${id}/migrate`, { dry_run: false })).body['agency'] as { agency_id: string }).agency_id;
}

async function removed(): Promise<void> {
  const { agencies, policies } = await snapshot();
  const agency = agencies.named(agencyName);
  if (agency === undefined) return;
  for (const { policyId } of agency.attachedPolicies) {
    await administer('POST', `/v5/policies/${policyId}/detach-agency`, { agency_id: agency.agencyId });
    if (policies.has(policyId)) await administer('DELETE', `/v5/policies/${policyId}`);
  }
  await administer('DELETE', agency.kind === 'legacy' ? `/v3.0/OS-AGENCY/agencies/${agency.agencyId}` : `/v5/agencies/${agency.agencyId}`);
}

/** A session of the agency, as the service has one. @param narrowed actions of a session policy */
async function agencySession(kind: Kind, narrowed?: readonly string[]): Promise<Credentials> {
  if (kind === 'trust agency') {
    return service.session(imsKey, { agency_urn: `iam::${account}:agency:${agencyName}`, agency_session_name: 'by-hand', ...(narrowed !== undefined && { policy: JSON.stringify(policy(allow(narrowed))) }) });
  }
  const identity = { methods: ['assume_role'], assume_role: { domain_id: account, agency_name: agencyName }, ...(narrowed !== undefined && { policy: { Version: '1.1', Statement: [{ Effect: 'Allow', Action: narrowed }] } }) };
  const { body } = await administer('POST', '/v3.0/OS-CREDENTIAL/securitytokens', { auth: { identity } }, imsKey);
  const { access, secret, securitytoken } = body['credential'] as Record<'access' | 'secret' | 'securitytoken', string>;
  return { accessKeyId: access, secretAccessKey: secret, securityToken: securitytoken };
}

describe.each<[Kind]>([['legacy agency'], ['trust agency']])('with a %s', (kind) => {
  describe('as it should be', () => {
    beforeEach(async () => {
      await prepared(kind);
    });

    it('with the right policy in the destination the image is there, with an id of its own, and the source is unchanged', async () => {
      const before = { ...images.get(source)?.get('plain') };
      const job = await replicated('plain');
      expect(job).toMatchObject({ status: 'SUCCESS', entities: { image_name: 'copy' } });
      const { image_id: id } = job['entities'] as { image_id: string };
      expect(id).not.toBe('plain');
      expect(images.get(destination)?.get(id)).toMatchObject({ status: 'active', owner: account, data: Buffer.from('the data of plain'), __data_origin: `image,${source},plain` });
      expect(images.get(source)?.get('plain')).toEqual(before);
      expect((await call(uma, destination, 'GET', `/v2/images/${id}`)).body).toMatchObject({ id, status: 'active' });
    });

    it('a user without ims:images:copy is refused: no job, and nobody assumes anything', async () => {
      const before = (await service.events(account)).length;
      expect(await copyOf('plain', {}, nobody)).toMatchObject({ status: 403, body: { error: { code: 'IMG.0026' } } });
      expect(waiting).toEqual([]);
      const events = (await service.events(account)).slice(before);
      expect(events.map(({ operation }) => operation)).toEqual(['Authorize']);
    });

    it('a user who has ims:images:copy through an enterprise project only is refused', async () => {
      expect((await call(enterprising, source, 'GET', '/v2/images/shop')).status).toBe(200);
      expect((await copyOf('shop', {}, enterprising)).status).toBe(403);
    });

    it('the session of the agency can look at an image there, and neither delete nor share it', async () => {
      const session = await agencySession(kind);
      expect((await call(session, destination, 'GET', '/v2/images/other')).status).toBe(200);
      expect((await call(session, destination, 'DELETE', '/v2/images/other')).status).toBe(403);
      expect((await call(session, destination, 'POST', '/v2/images/other/members', { member: 'x' })).status).toBe(403);
      expect((await call(session, source, 'GET', '/v2/images/plain')).status).toBe(403);
    });

    it('a session policy that is narrower than the agency leaves what both allow', async () => {
      const session = await agencySession(kind, ['ims:images:get', 'ims:images:delete']);
      expect((await call(session, destination, 'GET', '/v2/images/other')).status).toBe(200);
      expect((await call(session, destination, 'POST', '/v2/images', { name: 'x' })).status).toBe(403);
      expect((await call(session, destination, 'DELETE', '/v2/images/other')).status).toBe(403);
    });

    it('a service control policy of the account that denies ims:images:create binds the session of the agency, and not that of a service-linked one', async () => {
      const scps = (list: object[] | null): Promise<Answer> => administer('PUT', `/v1/accounts/${account}/service-control-policies`, { service_control_policies: list }, operator);
      await scps([{ name: 'no-creating', policy_document: policy(allow('*'), deny('ims:images:create')) }].map(({ name, policy_document: document }) => ({ name, policy_document: JSON.stringify(document) })));
      try {
        expect(await replicated('plain')).toMatchObject({ status: 'FAIL', error_code: 'IMG.0151' });
        const linked = await service.session(imsKey, { agency_urn: `iam::${account}:agency:${serviceLinked.path}${serviceLinked.agencyName}`, agency_session_name: 'linked' });
        expect((await call(linked, destination, 'POST', '/v2/images', { name: 'x' })).status).toBe(201);
      } finally {
        await scps(null);
      }
    });

    it('each step has an event with who did it: the user, the service, the session of the agency', async () => {
      const before = (await service.events(account)).length;
      await replicated('plain');
      const events = (await service.events(account)).slice(before).map(({ operation, principal: { urn }, request, status }) => [operation, request?.['action'], urn.replace(/replication-.*/, 'SESSION'), status]);
      const session = `sts::${account}:assumed-agency:${agencyName}/${kind === 'trust agency' ? 'SESSION' : 'service.IMS'}`;
      const user = `iam::${account}:user:uma`;
      expect(events).toEqual([
        ['Authorize', 'ims:images:copy', user, 200],
        [kind === 'trust agency' ? 'AssumeAgency' : 'CreateTemporaryAccessKey', undefined, 'service.IMS', kind === 'trust agency' ? 200 : 201],
        ['Authorize', 'ims:images:create', session, 200],
        ['Authorize', 'ims:images:get', session, 200], ['Authorize', 'ims:images:update', session, 200], ['Authorize', 'ims:images:upload', session, 200],
        ['Authorize', 'ims:images:get', user, 200],
      ]);
    });

    it.each<[string, string, object, string]>([
      ['an encrypted image', 'encrypted', {}, 'IMG.0143'], ['an image made of an ISO file', 'iso', {}, 'IMG.0196'], ['an image that there is not', 'absent', {}, 'IMG.0144'], ['the same region', 'plain', { region: source, project_name: source }, 'IMG.0142'],
      ['a region that there is not', 'plain', { region: 'nowhere' }, 'IMG.0147'], ['a project that there is not', 'plain', { project_name: 'other' }, 'IMG.0145'], ['a full-ECS image without a vault', 'whole', {}, 'IMG.0182'],
    ])('%s is refused', async (_what, id, more, code) => {
      expect(await copyOf(id, more)).toMatchObject({ status: 400, body: { error: { code } } });
      expect(waiting).toEqual([]);
    });

    it('a sixth copy at a time is refused, and one after the others are done is not', async () => {
      for (let number = 1; number <= 5; number += 1) expect((await copyOf('plain')).status).toBe(200);
      expect(await copyOf('plain')).toMatchObject({ status: 400, body: { error: { code: 'IMG.0149' } } });
      await runJobs();
      expect((await copyOf('plain')).status).toBe(200);
    });
  });

  it.each<[string, Setup]>([['no permission at all', { role: '' }], ['permission in the source region only', { region: source }]])('an agency with %s fails with IMG.0151', async (_what, setup) => {
    await prepared(kind, setup);
    expect(await replicated('plain')).toMatchObject({ status: 'FAIL', error_code: 'IMG.0151' });
    expect(images.get(destination)?.size).toBe(1);
  });

  it.each<[string, Setup]>([['another service', { trusts: 'op_svc_obs' }], ['an account', { trusts: 'media' }]])('an agency that trusts %s fails before anything is copied', async (_what, setup) => {
    await prepared(kind, setup);
    expect(await replicated('plain')).toMatchObject({ status: 'FAIL', error_code: 'IMG.0036' });
    expect(images.get(destination)?.size).toBe(1);
  });

  it('an agency that is deleted between the request and the copy fails the job', async () => {
    await prepared(kind);
    const asked = await copyOf('plain');
    await removed();
    await runJobs();
    expect(await jobOf(asked)).toMatchObject({ status: 'FAIL', error_code: 'IMG.0036' });
  });

  it('an agency that expires between the request and the copy fails the job', async () => {
    await prepared(kind, { duration: 'ONEDAY' });
    const asked = await copyOf('plain');
    service.clock.advance(86_400);
    await runJobs();
    expect(await jobOf(asked)).toMatchObject({ status: 'FAIL', error_code: 'IMG.0036' });
  });

  it('a full-ECS image takes the policy for such images: the other one fails with IMG.0151', async () => {
    await prepared(kind);
    expect(await replicated('whole', { vault_id: 'v1' })).toMatchObject({ status: 'FAIL', error_code: 'IMG.0151' });
    await prepared(kind, { role: 'IMS CrossCopyAgencyCBRPolicy' });
    expect(await replicated('whole', { vault_id: 'v1' })).toMatchObject({ status: 'SUCCESS' });
  });

  it('Tenant Administrator works', async () => {
    await prepared(kind, { role: 'Tenant Administrator' });
    expect(await replicated('plain')).toMatchObject({ status: 'SUCCESS' });
  });
});

it('whoever grants Tenant Administrator is told that it is too much', async () => {
  const id = await prepared('legacy agency', { role: '' });
  const grant = async (name: string): Promise<Answer> => administer('PUT', `/v3.0/OS-AGENCY/projects/${await projectId(destination)}/agencies/${id}/roles/${await roleId(name)}`);
  expect((await grant('Tenant Administrator')).headers['x-agency-advice']).toContain('Tenant Administrator');
  expect((await grant('IMS CrossCopyAgencyPolicy')).headers['x-agency-advice']).toBeUndefined();
});

it('a legacy agency with its permission on all projects is refused, as the cloud does', async () => {
  const id = await prepared('legacy agency', { role: '' });
  await administer('PUT', `/v3.0/OS-INHERIT/domains/${account}/agencies/${id}/roles/${await roleId('IMS CrossCopyAgencyPolicy')}/inherited_to_projects`);
  expect(await replicated('plain')).toMatchObject({ status: 'FAIL', error_code: 'IMG.0151' });
});

it('a legacy agency can be assumed by AssumeAgency, too', async () => {
  await prepared('legacy agency');
  open('assumeAgency');
  expect(await replicated('plain')).toMatchObject({ status: 'SUCCESS' });
  expect(credentialsOf((await service.assume(imsKey, { agency_urn: `iam::${account}:agency:${agencyName}`, agency_session_name: 'by-hand' })).body).accessKeyId).toMatch(/^HST/);
});
