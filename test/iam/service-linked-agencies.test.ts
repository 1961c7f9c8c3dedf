// Service-linked agencies: who makes and deletes them, what the service says of their use, and that users only look.
import supertest from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keptDeletionTasks } from '../../src/directory/commands/service-linked-agencies.js';
import type { AgencyUsage, DeletionTask, TrustAgency } from '../../src/directory/entities.js';
import { entityField, type EntityEntry, type EntityField } from '../../src/directory/snapshot.js';
import { signRequest } from '../../src/signing/index.js';
import { absentAccount, accessKey, accountA, accountB, accountC, accountsPlus, allow, ask, bootstrapKey, deny, keys, policy, trust } from '../support/accounts.js';
import { put } from './directory-entities.js';
import { startService, writeChanges, type Answer, type CallOptions, type Credentials, type TestService } from '../support/service.js';

const path = '/v5/service-linked-agencies';
const obsUrn = (accountId: string) => `iam::${accountId}:agency:service-linked-agency/service.OBS/ServiceLinkedAgencyForOBS`;
const admin = accessKey('admin');
const onlyObs = accessKey('onlyobs');
const onlyUrn = accessKey('onlyurn');
const ims = accessKey('ims');
const systemAccount = '0'.repeat(32);
const inUse = [{ region: 'cn-north-4', resources: ['obs:cn-north-4:a:bucket:one'] }];
const someId: unknown = expect.stringMatching(/^[0-9a-f]{32}$/);
const trustsObs: unknown = expect.stringContaining('"Service":["service.OBS"]');

let service: TestService;
beforeAll(async () => {
  const file = accountsPlus({
    [accountA]: {
      users: [
        { user_name: 'admin', attached_policies: ['everything-iam'], access_keys: [bootstrapKey(admin)] },
        { user_name: 'only-obs', attached_policies: ['for-obs'], access_keys: [bootstrapKey(onlyObs)] },
        { user_name: 'only-urn', attached_policies: ['by-urn'], access_keys: [bootstrapKey(onlyUrn)] },
      ],
      policies: [
        { policy_name: 'everything-iam', policy_document: policy(allow('iam:*:*')) },
        { policy_name: 'for-obs', policy_document: policy(allow('iam:agencies:createServiceLinkedAgencyV5', { Condition: { StringEquals: { 'iam:ServicePrincipal': 'service.OBS' } } })) },
        { policy_name: 'by-urn', policy_document: policy(allow('iam:agencies:*ServiceLinkedAgency*', { Resource: ['iam::*:agency:service-linked-agency/service.OBS/*'] })) },
      ],
      agencies: [{ agency_name: 'administering', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['everything-iam'] }],
    },
    [accountC]: { service_control_policies: [{ name: 'nothing', policy_document: policy(deny('*')) }] },
  });
  service = await startService({ ...file, services: [{ service_principal: 'service.OBS', access_keys: [bootstrapKey(keys.service)] }, { service_principal: 'service.IMS', access_keys: [bootstrapKey(ims)] }] });
  // A name that is reserved now, from before it was.
  const old: TrustAgency = {
    kind: 'trust', agencyId: 'd'.repeat(32), agencyName: 'ServiceLinkedAgencyForIMS', path: '', description: '', maxSessionDurationSeconds: 3600, tags: [], attachedPolicies: [],
    createdAt: 0, trustPolicy: JSON.stringify(trust({ IAM: [accountB] })),
  };
  await put(service, accountB, [entityField('agency', old.agencyId), old]);
});
afterAll(() => service.stop());

const forAccount = (accountId: string): CallOptions => ({ headers: { 'x-source-account': accountId } });
const create = (by: Credentials, principal: unknown, options?: CallOptions, more: object = {}): Promise<Answer> => service.call(by, 'PUT', path, { service_principal: principal, ...more }, options);
const remove = (by: Credentials, id: string, options?: CallOptions): Promise<Answer> => service.call(by, 'DELETE', `${path}/${id}`, undefined, options);
const report = (by: Credentials, id: string, usage: unknown, options?: CallOptions): Promise<Answer> => service.call(by, 'PUT', `/v1/service-linked-agencies/${id}/usage`, { usage }, options);
const status = (by: Credentials, id: string, options?: CallOptions): Promise<Answer> => service.call(by, 'GET', `${path}/deletion-task/${id}`, undefined, options);
const agencyOf = ({ body }: Answer): { readonly agency_id: string; readonly [member: string]: unknown } => body['agency'] as { agency_id: string };
const taskOf = ({ body }: Answer): string => body['deletion_task_id'] as string;

async function snapshot(accountId: string) {
  const view = await service.composition.services.directory.read(accountId, () => []);
  if (view === undefined) throw new Error('the account exists');
  return view.snapshot;
}

async function change(accountId: string, put: readonly EntityEntry[], removed: readonly EntityField[] = []): Promise<void> {
  const { revision } = await snapshot(accountId);
  expect(await writeChanges(service.composition, [{ accountId, expectedRevision: revision, put, remove: removed }])).toBe('committed');
}

async function withoutLinked(accountId: string): Promise<void> {
  const linked = (await snapshot(accountId)).agencies.values().filter(({ kind }) => kind === 'service-linked');
  if (linked.length > 0) await change(accountId, [], linked.map(({ agencyId }) => entityField('agency', agencyId)));
}

beforeEach(() => withoutLinked(accountA));

async function linkedAgency(accountId = accountA): Promise<string> {
  return agencyOf(await create(keys.service, 'service.OBS', forAccount(accountId))).agency_id;
}

describe('a service-linked agency', () => {
  it('is made by a principal of the account, from the template', async () => {
    const created = await create(admin, 'service.OBS');
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      agency: {
        urn: obsUrn(accountA), agency_id: someId, agency_name: 'ServiceLinkedAgencyForOBS', path: 'service-linked-agency/service.OBS/',
        created_at: new Date(service.clock.now()).toISOString(), max_session_duration: 3600, description: 'Lets OBS replicate objects between buckets of this account',
        trust_policy: trustsObs,
      },
    });
    const stored = (await snapshot(accountA)).agencies.get(agencyOf(created).agency_id);
    const policies = stored?.attachedPolicies.map(({ policyId }) => service.composition.services.catalogue.systemPolicies.get(policyId)?.policyName);
    expect(policies).toEqual(['OBSServiceLinkedAgencyPolicy']);
  });

  it('is made by the service itself for an account that it names', async () => {
    const created = await create(keys.service, 'service.obs', forAccount(accountA), { description: 'for replication' });
    expect(created).toMatchObject({ status: 201, body: { agency: { urn: obsUrn(accountA), description: 'for replication' } } });
  });

  it('is there once: asked for again, by whomever and however it is written, the same is the answer', async () => {
    const first = await create(admin, 'service.OBS');
    const others = await Promise.all([create(keys.service, 'service.OBS', forAccount(accountA), { description: 'other' }), create(keys.rootA, 'service.obs', {}, { description: 'other' })]);
    for (const other of others) expect(other).toMatchObject({ status: 201, body: first.body });
    const wave = await withoutLinked(accountA).then(() => Promise.all([create(admin, 'service.OBS'), create(keys.service, 'service.OBS', forAccount(accountA)), create(keys.rootA, 'service.OBS')]));
    expect(new Set(wave.map((answer) => agencyOf(answer).agency_id)).size).toBe(1);
  });

  it('can be assumed by its service, and by nobody else', async () => {
    await linkedAgency();
    const session = await service.session(keys.service, ask(obsUrn(accountA)));
    expect(await service.identity(session)).toMatchObject({ status: 200, body: { account_id: accountA } });
    expect(await service.assume(ims, ask(obsUrn(accountA)))).toMatchObject({ status: 403 });
    expect(await service.assume(keys.rootA, ask(obsUrn(accountA)))).toMatchObject({ status: 403 });
  });

  it('is listed with its kind\'s path and shown to users', async () => {
    const id = await linkedAgency();
    expect(await service.call(admin, 'GET', '/v5/agencies?path_prefix=service-linked-agency/')).toMatchObject({ status: 200, body: { agencies: [{ agency_id: id }], page_info: { current_count: 1 } } });
    expect(await service.call(admin, 'GET', `/v5/agencies/${id}`)).toMatchObject({ status: 200, body: { agency: { agency_id: id, tags: [] } } });
  });

  it.each<[what: string, method: 'PUT' | 'POST' | 'DELETE', path: (id: string) => string, body?: unknown]>([
    ['updated', 'PUT', (id) => `/v5/agencies/${id}`, { description: 'mine' }],
    ['trusting others', 'PUT', (id) => `/v5/agencies/${id}/trust-policy`, { trust_policy: JSON.stringify(trust({ IAM: [accountA] })) }],
    ['deleted as others are', 'DELETE', (id) => `/v5/agencies/${id}`],
    ['tagged', 'POST', (id) => `/v5/agency/${id}/tags/create`, { tags: [{ tag_key: 'a', tag_value: 'b' }] }],
    ['untagged', 'DELETE', (id) => `/v5/agency/${id}/tags/delete`, ['a']],
  ])('is not %s by users and administrators', async (_what, method, to, body) => {
    const id = await linkedAgency();
    for (const by of [keys.rootA, admin]) {
      const answer = await service.call(by, method, to(id), body);
      expect(answer).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001' } });
      expect(answer.body.error_msg).toContain('only by the service `service.OBS` itself, not by users or administrators');
    }
  });

  it.each(['attach-agency', 'detach-agency'])('is refused to users in %s', async (verb) => {
    const id = await linkedAgency();
    const attached = (await snapshot(accountA)).agencies.get(id)?.attachedPolicies[0]?.policyId ?? '';
    expect(await service.call(keys.rootA, 'POST', `/v5/policies/${attached}/${verb}`, { agency_id: id })).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001' } });
  });
});

describe('making one', () => {
  it.each<[what: string, by: Credentials, principal: unknown, more: object, status: number, code: string, text: string]>([
    ['without the action', keys.carol, 'service.OBS', {}, 403, 'PAP5.0001', 'is not authorized to perform `iam:agencies:createServiceLinkedAgencyV5`'],
    ['of a service that the policy does not name', onlyObs, 'service.IMS', {}, 403, 'PAP5.0001', 'is not authorized to perform `iam:agencies:createServiceLinkedAgencyV5`'],
    ['outside of the policy\'s resources', onlyUrn, 'service.IMS', {}, 403, 'PAP5.0001', 'is not authorized to perform'],
    ['of a service without a template', admin, 'service.IAM', {}, 400, 'PAP5.0023', '`service_principal`: `service.IAM` is no service that has a service-linked agency'],
    ['of a service without a template, without the action', keys.carol, 'service.IAM', {}, 403, 'PAP5.0001', 'is not authorized to perform `iam:agencies:createServiceLinkedAgencyV5`'],
    ['without a service', admin, undefined, {}, 400, 'PAP5.1102', '`service_principal`: is required'],
    ['of what is no service', admin, 'OBS', {}, 400, 'PAP5.1102', '`service_principal`: must be service. and 1 to 56'],
    ['with a description of odd signs', admin, 'service.OBS', { description: 'a <b>' }, 400, 'PAP5.1102', '`description`: must not hold'],
    ['with a long description', admin, 'service.OBS', { description: 'x'.repeat(1001) }, 400, 'PAP5.1102', '`description`: must be 0 to 1000'],
    ['whose name another agency has', keys.rootB, 'service.IMS', {}, 409, 'PAP5.1201', '`ServiceLinkedAgencyForIMS` is already in use'],
  ])('is refused %s', async (_what, by, principal, more, expected, code, text) => {
    const answer = await create(by, principal, {}, more);
    expect(answer).toMatchObject({ status: expected, body: { error_code: code } });
    expect(answer.body.error_msg).toContain(text);
  });

  it.each([['service.OBS', 'service.OBS/ServiceLinkedAgencyForOBS'], ['service.IMS', 'service.IMS/ServiceLinkedAgencyForIMS'], ['service.IAM', 'service.IAM/service.IAM']])(
    'of %s without the action leaves an event with the URN that was asked about', async (principal, end) => {
      expect(await create(keys.carol, principal)).toMatchObject({ status: 403 });
      expect((await service.events(accountA)).at(-1)).toMatchObject({ operation: 'CreateServiceLinkedAgencyV5', resource: `iam::${accountA}:agency:service-linked-agency/${end}` });
    },
  );

  it.each([['condition', onlyObs], ['resource', onlyUrn]] as const)('is allowed by a policy whose %s fits', async (_what, by) => {
    expect(await create(by, 'service.OBS')).toMatchObject({ status: 201 });
  });

  it('is refused to a session that session policies narrow', async () => {
    const narrowed = await service.session(keys.alice, ask(`iam::${accountA}:agency:administering`, { policy: JSON.stringify(policy(allow('iam:*:*'))) }));
    expect(await create(narrowed, 'service.OBS')).toMatchObject({ status: 403 });
    const free = await service.session(keys.alice, ask(`iam::${accountA}:agency:administering`));
    expect(await create(free, 'service.OBS')).toMatchObject({ status: 201 });
  });

  it('counts against the quota of agencies', async () => {
    const { account, agencies } = await snapshot(accountA);
    await change(accountA, [[entityField('account', accountA), { ...account, quotas: { agencies: agencies.size } }]]);
    expect(await create(keys.service, 'service.OBS', forAccount(accountA))).toMatchObject({ status: 409, body: { error_code: 'PAP5.1202' } });
    await change(accountA, [[entityField('account', accountA), account]]);
  });
});

describe('a service', () => {
  it.each<[what: string, options: CallOptions, status: number, code: string, text: string]>([
    ['without a source account', {}, 400, 'PAP5.1102', '`X-Source-Account`: is required of a service'],
    ['with what is no account id', forAccount('account-a'), 400, 'PAP5.1102', '`X-Source-Account`: must be an account id'],
    ['for an account that does not exist', forAccount(absentAccount), 404, 'PAP5.0012', 'cannot be found'],
    ['for the account in which services are kept', forAccount(systemAccount), 404, 'PAP5.0012', 'cannot be found'],
  ])('is refused %s', async (_what, options, expected, code, text) => {
    for (const answer of [
      await create(keys.service, 'service.OBS', options), await remove(keys.service, 'some-id', options), await report(keys.service, 'some-id', [], options), await status(keys.service, 'some-id', options),
    ]) {
      expect(answer).toMatchObject({ status: expected, body: { error_code: code } });
      expect(answer.body.error_msg).toContain(text);
    }
  });

  it('is not heard by a header that it did not sign', async () => {
    const body = JSON.stringify({ service_principal: 'service.OBS' });
    const headers = signRequest({ method: 'PUT', url: `${service.url}${path}`, headers: { 'content-type': 'application/json' }, body, ...keys.service, date: new Date(service.clock.now()) });
    const response = await supertest(service.server).put(path).set(headers).set('x-source-account', accountA).send(body);
    expect(response.status).toBe(401);
  });

  it('makes only its own agency', async () => {
    const answer = await create(keys.service, 'service.IMS', forAccount(accountA));
    expect(answer).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001', error_msg: '`service_principal`: `service.OBS` may make only its own agency, not that of `service.IMS`' } });
  });

  it('cannot tell other agencies from absent ones, nor accounts without its agency from absent ones', async () => {
    const own = await linkedAgency();
    const ordinary = (await snapshot(accountA)).agencies.named('first')?.agencyId ?? '';
    const texts = async (id: string, accountId: string) => [await remove(ims, id, forAccount(accountId)), await report(ims, id, inUse, forAccount(accountId))]
      .map((answer) => [answer.status, answer.body.error_code, answer.body.error_msg?.replace(id, '')]);
    const absent = await texts('0'.repeat(32), absentAccount);
    expect(absent[0]).toEqual([404, 'PAP5.0012', 'the service-linked agency `` of `service.IMS` cannot be found']);
    for (const [id, accountId] of [[own, accountA], [ordinary, accountA], ['0'.repeat(32), accountA], [own, accountB]] as const) expect(await texts(id, accountId)).toEqual(absent);
    const task = taskOf(await remove(keys.service, own, forAccount(accountA)));
    const statusTexts = async (id: string, accountId: string) => (await status(ims, id, forAccount(accountId))).body.error_msg?.replace(id, '');
    expect(new Set([await statusTexts(task, accountA), await statusTexts('0'.repeat(32), accountA), await statusTexts(task, absentAccount)]).size).toBe(1);
  });

  it('leaves an event in its own log and in that of the account', async () => {
    await create(keys.service, 'service.OBS', forAccount(accountA));
    await create(keys.service, 'service.IMS', forAccount(accountA));
    for (const accountId of [systemAccount, accountA]) {
      expect((await service.events(accountId)).slice(-2)).toMatchObject([
        {
          operation: 'CreateServiceLinkedAgencyV5', status: 201, decision: 'allowed', resourceAccountId: accountA, resource: obsUrn(accountA),
          principal: { type: 'Service', urn: 'service.OBS', accountId: systemAccount }, request: { service_principal: 'service.OBS' },
        },
        { operation: 'CreateServiceLinkedAgencyV5', status: 403, errorCode: 'PAP5.0001', resourceAccountId: accountA, principal: { type: 'Service' } },
      ]);
    }
    await create(keys.service, 'service.OBS', forAccount(absentAccount));
    expect((await service.events(systemAccount)).at(-1)).toMatchObject({ status: 404, errorCode: 'PAP5.0012' });
    expect(await service.events(absentAccount)).toEqual([]);
  });
});

describe('deleting one', () => {
  it('is done by the service; its sessions end with it', async () => {
    const id = await linkedAgency();
    const session = await service.session(keys.service, ask(obsUrn(accountA)));
    const deleted = await remove(keys.service, id, forAccount(accountA));
    expect(deleted.status).toBe(202);
    expect(deleted.body).toEqual({ deletion_task_id: someId });
    expect(await service.identity(session)).toMatchObject({ status: 401 });
    expect(await service.call(admin, 'GET', `/v5/agencies/${id}`)).toMatchObject({ status: 404 });
    for (const answer of [await status(keys.service, taskOf(deleted), forAccount(accountA)), await status(admin, taskOf(deleted)), await status(keys.rootA, taskOf(deleted))]) {
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ status: 'succeeded' });
    }
    expect(await remove(keys.service, id, forAccount(accountA))).toMatchObject({ status: 404 });
  });

  it('fails while the service says that it is in use, and removes nothing', async () => {
    const id = await linkedAgency();
    const session = await service.session(keys.service, ask(obsUrn(accountA)));
    expect(await report(keys.service, id, inUse, forAccount(accountA))).toMatchObject({ status: 204, body: {} });
    const failed = await remove(keys.service, id, forAccount(accountA));
    expect(failed.status).toBe(202);
    expect((await status(admin, taskOf(failed))).body).toEqual({ status: 'failed', reason: 'resources of the service still use the agency', agency_usage_list: inUse });
    expect(await service.identity(session)).toMatchObject({ status: 200 });
    expect(await report(keys.service, id, [], forAccount(accountA))).toMatchObject({ status: 204 });
    const done = await remove(keys.service, id, forAccount(accountA));
    expect((await status(admin, taskOf(done))).body).toEqual({ status: 'succeeded' });
    expect((await status(admin, taskOf(failed))).body).toMatchObject({ status: 'failed' });
  });

  it('is refused to users and administrators, and says to whom it belongs', async () => {
    const id = await linkedAgency();
    const other = await service.session(keys.alice, ask(`iam::${accountA}:agency:administering`));
    for (const by of [keys.rootA, admin, keys.carol, other]) {
      for (const answer of [await remove(by, id), await report(by, id, []), await remove(by, 'absent'), await remove(by, id, forAccount(accountA))]) {
        expect(answer).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001', error_msg: 'a service-linked agency can be changed and deleted only by its service itself, not by users or administrators' } });
      }
    }
    expect((await service.events(accountA)).at(-1)).toMatchObject({ operation: 'DeleteServiceLinkedAgencyV5', status: 403, resource: obsUrn(accountA) });
    expect((await snapshot(accountA)).agencies.has(id)).toBe(true);
  });

  it('is done by a session of the very agency, whatever its own policies and the account\'s service control policies say', async () => {
    const id = await linkedAgency(accountC);
    const session = await service.session(keys.service, ask(obsUrn(accountC)));
    expect(await remove(session, id)).toMatchObject({ status: 202 });
    expect(await service.identity(session)).toMatchObject({ status: 401 });
    expect((await service.events(accountC)).at(-1)).toMatchObject({ operation: 'DeleteServiceLinkedAgencyV5', status: 202, decision: 'allowed', principal: { type: 'AssumedAgency' } });
  });

  it('is refused to a session of the very agency that a session policy narrows, unless that allows it', async () => {
    const id = await linkedAgency();
    const narrowed = (action: string): Promise<Credentials> => service.session(keys.service, ask(obsUrn(accountA), { policy: JSON.stringify(policy(allow(action))) }));
    const refused = await remove(await narrowed('obs:*:*'), id);
    expect(refused).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001' } });
    expect(refused.body.error_msg).toContain('session policy');
    expect(await remove(await narrowed('iam:agencies:deleteServiceLinkedAgencyV5'), id)).toMatchObject({ status: 202 });
  });

  it('keeps the newest tasks of an account only', async () => {
    const id = await linkedAgency();
    const task = (number: number): DeletionTask =>
      ({ taskId: `task-${number}`, status: 'succeeded', agencyId: 'gone', servicePrincipal: 'service.OBS', reason: '', usage: [], createdAt: service.clock.now() - 1000 + number });
    const old = (await snapshot(accountA)).deletionTasks.ids();
    await change(accountA, Array.from({ length: keptDeletionTasks }, (_, number) => [entityField('deletion', `task-${number}`), task(number)] as const), old.map((one) => entityField('deletion', one)));
    expect(await remove(keys.service, id, forAccount(accountA))).toMatchObject({ status: 202 });
    expect((await snapshot(accountA)).deletionTasks.size).toBe(keptDeletionTasks);
    expect(await status(admin, 'task-0')).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012' } });
    expect(await status(admin, 'task-1')).toMatchObject({ status: 200 });
  });
});

describe('a deletion task', () => {
  it('is shown to principals with the action on its agency, and to its service', async () => {
    const task = taskOf(await remove(keys.service, await linkedAgency(), forAccount(accountA)));
    expect(await status(onlyUrn, task)).toMatchObject({ status: 200 });
    expect(await status(keys.carol, task)).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001' } });
    expect(await status(keys.carol, 'absent')).toMatchObject({ status: 403 });
    expect(await status(admin, 'absent')).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012' } });
    expect(await status(keys.rootB, task)).toMatchObject({ status: 404 });
  });
});

describe('a report of usage', () => {
  const regions = (count: number): readonly AgencyUsage[] => Array.from({ length: count }, (_, index) => ({ region: `region-${index}`, resources: ['obs:::bucket:x'] }));
  const resources = (count: number): readonly AgencyUsage[] => [{ region: 'one', resources: Array.from({ length: count }, (_, index) => `obs:::bucket:${index}`) }];

  it.each<[what: string, usage: unknown, text: string]>([
    ['nothing', undefined, '`usage`: is required'],
    ['21 regions', regions(21), '`usage`: must be at most 20 items'],
    ['101 resources', resources(101), '`usage[0].resources`: must be at most 100 items'],
    ['a region without resources', [{ region: 'one', resources: [] }], '`usage[0].resources`: must be at least 1 items'],
    ['no region', [{ resources: ['obs:::bucket:x'] }], '`usage[0].region`: is required'],
    ['what is no URN', [{ region: 'one', resources: ['bucket'] }], '`usage[0].resources[0]`: must be a URN'],
    ['a long URN', [{ region: 'one', resources: [`obs:::bucket:${'x'.repeat(1500)}`] }], '`usage[0].resources[0]`: must be 1 to 1500 characters long'],
  ])('is refused with %s', async (_what, usage, text) => {
    const answer = await report(keys.service, await linkedAgency(), usage, forAccount(accountA));
    expect(answer).toMatchObject({ status: 400, body: { error_code: 'PAP5.1102' } });
    expect(answer.body.error_msg).toContain(text);
  });

  it('takes as much as it may, and replaces what was there', async () => {
    const id = await linkedAgency();
    for (const usage of [regions(20), resources(100), []]) {
      expect(await report(keys.service, id, usage, forAccount(accountA))).toMatchObject({ status: 204 });
      expect((await snapshot(accountA)).agencies.get(id)).toMatchObject({ usage });
    }
    // Of what may be long, the event tells only that it was given.
    expect((await service.events(accountA)).at(-1)).toMatchObject({ operation: 'SetServiceLinkedAgencyUsage', status: 204, resource: obsUrn(accountA), request: { agency_id: id, usage: true } });
  });
});
