// Attaching policies over HTTP: to agencies, groups and users alike, and who has what.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessKey, accountA, accountB, accountsPlus, allow, ask, bootstrapKey, deny, keys, policy, trust } from '../support/accounts.js';
import { startOfTest, startService, type Answer, type TestService } from '../support/service.js';
import { legacyAgency, namesIn, objectIn, put, serviceLinkedAgency, setQuotas, snapshotOf } from './directory-entities.js';

const dora = accessKey('dora');
const picky = accessKey('picky');
const legacy = legacyAgency(startOfTest);
const systemPolicy = 'IAMReadOnlyPolicy';
const linkedPolicy = 'linked-policy';
const linked = { ...serviceLinkedAgency(startOfTest), attachedPolicies: [{ policyId: linkedPolicy, attachedAt: startOfTest }] };
const users = Array.from({ length: 5 }, (_, index) => ({ user_id: `many-${index}`, user_name: `many-${index}` }));

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      users: [
        ...users, { user_id: 'plain', user_name: 'plain', tags: [{ tag_key: 'stage', tag_value: 'test' }] }, { user_id: 'dora', user_name: 'dora', groups: ['team'], access_keys: [bootstrapKey(dora)] },
        { user_id: 'picky', user_name: 'picky', attached_policies: ['attach-one'], access_keys: [bootstrapKey(picky)] },
      ],
      groups: [{ group_id: 'team', group_name: 'team' }],
      agencies: [
        { agency_id: 'bare', agency_name: 'bare', path: 'ops/', trust_policy: trust({ IAM: [accountA] }) },
        { agency_id: 'manager', agency_name: 'manager', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['attach-all'] },
      ],
      policies: [
        ...['one', 'two', 'three', 'read-all', 'deny-all', linkedPolicy].map((name) => ({
          policy_id: name, policy_name: name, path: 'p/', policy_document: policy(name === 'deny-all' ? deny('*') : allow(name === 'read-all' ? 'iam:policies:get*' : 'obs:object:GetObject')),
        })),
        { policy_name: 'attach-one', policy_document: policy(allow(['iam:users:attachPolicyV5', 'iam:users:detachPolicyV5'], { Condition: { StringEquals: { 'iam:PolicyURN': `iam::${accountA}:policy:p/one` } } })) },
        { policy_name: 'attach-all', policy_document: policy(allow(['iam:agencies:*', 'iam:users:*', 'iam:groups:*'])) },
      ],
    },
  }));
  await put(service, accountA, [`agency:${legacy.agencyId}`, legacy], [`agency:${linked.agencyId}`, linked]);
});
afterAll(() => service.stop());

const root = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer> => service.call(keys.rootA, method, path, body);
type Kind = 'agency' | 'group' | 'user';
const plurals = { agency: 'agencies', group: 'groups', user: 'users' } as const;
const change = (verb: 'attach' | 'detach', kind: Kind, id: string, policyId: string, credentials = keys.rootA): Promise<Answer> =>
  service.call(credentials, 'POST', `/v5/policies/${policyId}/${verb}-${kind}`, { [`${kind}_id`]: id });
const attach = (kind: Kind, id: string, policyId: string): Promise<Answer> => change('attach', kind, id, policyId);
const detach = (kind: Kind, id: string, policyId: string): Promise<Answer> => change('detach', kind, id, policyId);
const attached = (kind: Kind, id: string, query = ''): Promise<Answer> => root('GET', `/v5/${plurals[kind]}/${id}/attached-policies${query}`);
const attachedIds = async (kind: Kind, id: string, query = ''): Promise<readonly unknown[]> => namesIn((await attached(kind, id, query)).body['attached_policies'], 'policy_id');
const countOf = async (policyId: string): Promise<unknown> => objectIn((await root('GET', `/v5/policies/${policyId}`)).body['policy'])['attachment_count'];
const now = (): string => new Date(service.clock.now()).toISOString();
const systemId = async (): Promise<string> => [...(await snapshotOf(service, accountA)).systemPolicies.values()].find(({ policyName }) => policyName === systemPolicy)?.policyId ?? '';

const kinds: readonly (readonly [Kind, string])[] = [['agency', 'bare'], ['group', 'team'], ['user', 'plain']];

describe.each(kinds)('an %s', (kind, id) => {
  it('gets policies and loses them, custom and system ones', async () => {
    const system = await systemId();
    const before = [await countOf('one'), await countOf(system)];
    expect(await attached(kind, id)).toMatchObject({ status: 200, body: { attached_policies: [], page_info: { current_count: 0 } } });
    service.clock.advance(1);
    const first = now();
    expect(await attach(kind, id, 'one')).toMatchObject({ status: 200, headers: { 'content-length': '0' } });
    service.clock.advance(1);
    const second = now();
    expect((await attach(kind, id, system)).status).toBe(200);
    expect((await attached(kind, id)).body).toEqual({
      attached_policies: [
        { policy_name: 'one', policy_id: 'one', urn: `iam::${accountA}:policy:p/one`, attached_at: first },
        { policy_name: systemPolicy, policy_id: system, urn: `iam::system:policy:${systemPolicy}`, attached_at: second },
      ],
      page_info: { current_count: 2 },
    });
    expect([await countOf('one'), await countOf(system)]).toEqual([Number(before[0]) + 1, Number(before[1]) + 1]);
    expect(await detach(kind, id, 'one')).toMatchObject({ status: 200, headers: { 'content-length': '0' } });
    expect((await detach(kind, id, system)).status).toBe(200);
    expect(await attachedIds(kind, id)).toEqual([]);
    expect([await countOf('one'), await countOf(system)]).toEqual(before);
  });

  it('has a policy once, since it was first attached', async () => {
    service.clock.advance(1);
    const since = now();
    await attach(kind, id, 'one');
    service.clock.advance(1);
    expect((await attach(kind, id, 'one')).status).toBe(200);
    expect((await attached(kind, id)).body).toMatchObject({ attached_policies: [{ policy_id: 'one', attached_at: since }], page_info: { current_count: 1 } });
    await detach(kind, id, 'one');
    expect(await detach(kind, id, 'one')).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012', error_msg: expect.stringMatching(new RegExp(`the policy \`one\` is not attached to the ${kind} \``)) as string } });
  });

  it('keeps to its quota, which what it has already is no matter of', async () => {
    const quota = { agency: 'policiesPerAgency', group: 'policiesPerGroup', user: 'policiesPerUser' } as const;
    await setQuotas(service, accountA, { [quota[kind]]: 2 });
    await attach(kind, id, 'one');
    await attach(kind, id, 'two');
    expect(await attach(kind, id, 'three')).toMatchObject({ status: 409, body: { error_code: 'PAP5.0003', error_msg: expect.stringMatching(new RegExp(`policies attached to a single ${kind} 2 at most.* has 2$`)) as string } });
    expect((await attach(kind, id, 'two')).status).toBe(200);
    await detach(kind, id, 'one');
    expect((await attach(kind, id, 'three')).status).toBe(200);
    await setQuotas(service, accountA, {});
    for (const policyId of ['two', 'three']) await detach(kind, id, policyId);
  });

  it('has a list with pages that survive changes', async () => {
    for (const policyId of ['three', 'one', 'two']) {
      service.clock.advance(1);
      await attach(kind, id, policyId);
    }
    const first = await attached(kind, id, '?limit=1');
    expect(namesIn(first.body['attached_policies'], 'policy_id')).toEqual(['three']);
    await detach(kind, id, 'three');
    await detach(kind, id, 'one');
    service.clock.advance(1);
    await attach(kind, id, 'three');
    expect(await attachedIds(kind, id, `?limit=2&marker=${String(objectIn(first.body['page_info'])['next_marker'])}`)).toEqual(['two', 'three']);
    for (const policyId of ['two', 'three']) await detach(kind, id, policyId);
  });

  it('or a policy that is not there is a 404, and their ids are required', async () => {
    expect(await attach(kind, 'absent', 'one')).toMatchObject({ status: 404, body: { error_code: 'PAP5.0012', error_msg: `the ${kind} \`absent\` cannot be found` } });
    expect(await attach(kind, id, 'absent')).toMatchObject({ status: 404, body: { error_msg: 'the policy `absent` cannot be found' } });
    expect((await detach(kind, 'absent', 'one')).status).toBe(404);
    expect((await attached(kind, 'absent')).status).toBe(404);
    expect(await root('POST', `/v5/policies/one/attach-${kind}`, {})).toMatchObject({ status: 400, body: { error_msg: `\`${kind}_id\`: is required` } });
    expect(await root('POST', `/v5/policies/one/detach-${kind}`, { [`${kind}_id`]: 1 })).toMatchObject({ status: 400, body: { error_msg: `\`${kind}_id\`: must be of type string` } });
    expect((await attached(kind, 'a_b')).status).toBe(400);
  });

  it('is changed and listed only with permission, asked for before anything is looked up', async () => {
    const actions = `iam:${plurals[kind]}:`;
    for (const [answer, action] of [
      [await change('attach', kind, 'absent', 'absent', keys.carol), 'attachPolicyV5'], [await change('detach', kind, 'absent', 'absent', keys.carol), 'detachPolicyV5'],
      [await service.call(keys.carol, 'GET', `/v5/${plurals[kind]}/absent/attached-policies`), 'listAttachedPoliciesV5'],
    ] as const) {
      expect(answer).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001', error_msg: expect.stringContaining(`to perform \`${actions}${action}\`: `) as string } });
      expect(answer.body.encoded_authorization_message).toEqual(expect.any(String));
    }
  });

  it('is not changed by a session that session policies narrow', async () => {
    const manager = ask(`iam::${accountA}:agency:manager`);
    const narrowed = await service.session(keys.alice, { ...manager, policy: JSON.stringify(policy(allow('*'))) });
    const session = await service.session(keys.alice, manager);
    for (const verb of ['attach', 'detach'] as const) {
      expect(await change(verb, kind, id, 'one', narrowed)).toMatchObject({ status: 403, body: { error_msg: expect.stringContaining('outlast') as string } });
      expect((await change(verb, kind, id, 'one', session)).status).toBe(200);
    }
  });
});

describe('an attached policy decides from the acknowledgement on', () => {
  const may = async (): Promise<boolean> => (await service.call(dora, 'GET', '/v5/policies/one')).status === 200;

  it.each<readonly [Kind, string]>([['user', 'dora'], ['group', 'team']])('of a %s', async (kind, id) => {
    expect(await may()).toBe(false);
    await attach(kind, id, 'read-all');
    expect(await may()).toBe(true);
    await attach(kind, id, 'deny-all');
    expect(await may()).toBe(false);
    await detach(kind, id, 'deny-all');
    expect(await may()).toBe(true);
    await detach(kind, id, 'read-all');
    expect(await may()).toBe(false);
  });

  it('of an agency, in its running sessions', async () => {
    const session = await service.session(keys.alice, ask(`iam::${accountA}:agency:ops/bare`));
    const sessionMay = async (): Promise<boolean> => (await service.call(session, 'GET', '/v5/policies/one')).status === 200;
    expect(await sessionMay()).toBe(false);
    await attach('agency', 'bare', 'read-all');
    expect(await sessionMay()).toBe(true);
    await detach('agency', 'bare', 'read-all');
    expect(await sessionMay()).toBe(false);
  });
});

describe('what cannot have its policies changed', () => {
  it('is the root user', async () => {
    const { rootUserId } = (await snapshotOf(service, accountA)).account;
    for (const verb of ['attach', 'detach'] as const) expect(await change(verb, 'user', rootUserId, 'one')).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001', error_msg: expect.stringContaining('the root user cannot be given policies') as string } });
    expect(await attachedIds('user', rootUserId)).toEqual([]);
  });

  it('is a service-linked agency, whose policies are seen and counted all the same', async () => {
    for (const verb of ['attach', 'detach'] as const) {
      for (const policyId of [linkedPolicy, 'one']) {
        expect(await change(verb, 'agency', linked.agencyId, policyId)).toMatchObject({ status: 403, body: { error_code: 'PAP5.0001', error_msg: expect.stringContaining('only by the service `service.OBS` itself') as string } });
      }
    }
    expect(await attachedIds('agency', linked.agencyId)).toEqual([linkedPolicy]);
    expect(await countOf(linkedPolicy)).toBe(1);
    expect((await root('DELETE', `/v5/policies/${linkedPolicy}`)).status).toBe(409);
  });

  it('is not a legacy agency', async () => {
    expect((await attach('agency', legacy.agencyId, 'one')).status).toBe(200);
    expect(await attachedIds('agency', legacy.agencyId)).toEqual(['one']);
    expect((await detach('agency', legacy.agencyId, 'one')).status).toBe(200);
  });

  it('is what another account has, and it cannot be given the policies of one', async () => {
    const other = await snapshotOf(service, accountB);
    expect((await attach('agency', other.agencies.named('second')?.agencyId ?? '', 'one')).status).toBe(404);
    expect((await attach('agency', 'bare', other.policies.named('assume-all')?.policyId ?? '')).status).toBe(404);
  });
});

describe('iam:PolicyURN', () => {
  it('limits which policies may be attached and detached', async () => {
    for (const verb of ['attach', 'detach'] as const) {
      expect((await change(verb, 'user', 'plain', 'one', picky)).status).toBe(200);
      expect((await change(verb, 'user', 'plain', 'two', picky)).status).toBe(403);
      expect((await change(verb, 'user', 'plain', 'absent', picky)).status).toBe(403);
    }
  });
});

describe('a system policy that the catalogue no longer has', () => {
  it('is told by its id and can be detached', async () => {
    const user = (await snapshotOf(service, accountA)).users.get('plain');
    if (user === undefined) throw new Error('no user');
    await put(service, accountA, ['user:plain', { ...user, attachedPolicies: [{ policyId: 'gone', attachedAt: startOfTest }] }]);
    expect((await attached('user', 'plain')).body).toMatchObject({ attached_policies: [{ policy_name: 'gone', policy_id: 'gone', urn: `iam::${accountA}:policy:gone` }] });
    expect((await detach('user', 'plain', 'gone')).status).toBe(200);
    expect((await attach('user', 'plain', 'gone')).status).toBe(404);
  });
});

describe('the entities of a policy', () => {
  const entities = (query = ''): Promise<Answer> => root('GET', `/v5/policies/three/attached-entities${query}`);
  const ids = ({ body }: Answer) => [namesIn(body['policy_agencies'], 'agency_id'), namesIn(body['policy_groups'], 'group_id'), namesIn(body['policy_users'], 'user_id')];

  it('are its agencies, groups and users in the documented shape', async () => {
    expect((await entities()).body).toEqual({ policy_agencies: [], policy_groups: [], policy_users: [], page_info: { current_count: 0 } });
    for (const [kind, id] of [...users.map(({ user_id: id }) => ['user', id] as const), ['group', 'team'], ['agency', 'bare']] as const) {
      service.clock.advance(1);
      await attach(kind, id, 'three');
    }
    const answer = await entities();
    expect(answer.body).toMatchObject({ policy_agencies: [{ agency_id: 'bare', attached_at: now() }], page_info: { current_count: 7 } });
    expect(ids(answer)).toEqual([['bare'], ['team'], users.map((user) => user.user_id)]);
    expect(await countOf('three')).toBe(7);
  });

  it('come by kind when asked for', async () => {
    expect(ids(await entities('?entity_type=agency'))).toEqual([['bare'], [], []]);
    expect(ids(await entities('?entity_type=group'))).toEqual([[], ['team'], []]);
    expect(await entities('?entity_type=user')).toMatchObject({ body: { policy_agencies: [], policy_groups: [], page_info: { current_count: 5 } } });
    expect(await entities('?entity_type=role')).toMatchObject({ status: 400, body: { error_msg: '`entity_type`: must be `user` or `group` or `agency`' } });
  });

  it('come in pages across the kinds that survive changes', async () => {
    const first = await entities('?limit=3');
    expect([ids(first), objectIn(first.body['page_info'])['current_count']]).toEqual([[['bare'], ['team'], ['many-0']], 3]);
    await detach('agency', 'bare', 'three');
    await detach('user', 'many-0', 'three');
    await detach('user', 'many-1', 'three');
    const second = await entities(`?limit=3&marker=${String(objectIn(first.body['page_info'])['next_marker'])}`);
    expect([ids(second), second.body['page_info']]).toEqual([[[], [], ['many-2', 'many-3', 'many-4']], { current_count: 3 }]);
    expect(await entities('?marker=abcd')).toMatchObject({ status: 400, body: { error_code: 'PAP5.0010' } });
  });
});

describe('a marker', () => {
  it('is good for the list that gave it out, and for no other', async () => {
    const given: readonly (readonly [Kind, string, string])[] = [['user', 'many-0', 'one'], ['user', 'many-0', 'two'], ['user', 'many-1', 'one'], ['user', 'many-1', 'two'], ['group', 'team', 'one'], ['group', 'team', 'two'], ['agency', 'bare', 'one'], ['agency', 'bare', 'two']];
    for (const [kind, id, policyId] of given) await attach(kind, id, policyId);
    const lists = [
      '/v5/users/many-0/attached-policies', '/v5/users/many-1/attached-policies', '/v5/groups/team/attached-policies', '/v5/agencies/bare/attached-policies',
      ...['one', 'two'].flatMap((policyId) => ['', '&entity_type=user'].map((type) => `/v5/policies/${policyId}/attached-entities?limit=1${type}`)),
    ].map((path) => (path.includes('?') ? path : `${path}?limit=1`));
    for (const list of lists) {
      const marker = String(objectIn((await root('GET', list)).body['page_info'])['next_marker']);
      for (const other of lists) {
        const answer = await root('GET', `${other}&marker=${marker}`);
        expect([list, other, answer.status, answer.body.error_code]).toEqual([list, other, ...(other === list ? [200, undefined] : [400, 'PAP5.0010'])]);
      }
    }
    for (const [kind, id, policyId] of given) await detach(kind, id, policyId);
  });
});

describe('the audit', () => {
  it('has one event of each call: who got which policy, or why not', async () => {
    const allowed = await attach('user', 'plain', 'one');
    const refused = await attach('user', 'absent', 'one');
    const events = await service.events(accountA);
    const of = (answer: Answer) => events.filter(({ requestId }) => requestId === answer.headers['x-request-id']);
    expect(of(allowed)).toMatchObject([{ operation: 'AttachUserPolicyV5', status: 200, decision: 'allowed', resource: `iam::${accountA}:user:plain`, request: { policy_id: 'one', user_id: 'plain' } }]);
    expect(of(refused)).toMatchObject([{ operation: 'AttachUserPolicyV5', status: 404, errorCode: 'PAP5.0012', decision: 'the user `absent` cannot be found', resource: `iam::${accountA}:user:absent` }]);
  });
});

describe('of many callers at once', () => {
  it('none is lost, and none breaks the quota', async () => {
    const policyIds = ['one', 'two', 'three', 'read-all', 'deny-all'];
    await setQuotas(service, accountA, { policiesPerUser: 3 });
    await detach('user', 'plain', 'one');
    const answers = await Promise.all(policyIds.map((policyId) => attach('user', 'plain', policyId)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 409, 409]);
    const given = policyIds.filter((_, index) => answers[index]?.status === 200);
    expect([...await attachedIds('user', 'plain')].sort()).toEqual(given.sort());
    await setQuotas(service, accountA, {});
  });
});
