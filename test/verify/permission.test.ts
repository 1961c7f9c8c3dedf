// What a principal may do: offline by a policy bundle, decided exactly as online, and refused where nothing is known.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountB, accountsPlus, allow, deny, keys, policy, trust } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { accountHandle } from '../../src/sts/account-handle.js';
import { createVerifier, type Question, type VerifierOptions } from '../../src/verify/index.js';
import { bent, clientAddress, clockOf, issuer, received, way } from './support.js';

const object = (account: string, key: string): string => `obs::${account}:object:${key}`;
let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      policies: [
        {
          policy_name: 'objects', policy_document: policy(
            allow('obs:object:GetObject', { Resource: [`obs::${accountA}:object:team/\${g:PrincipalTag/team}/*`] }),
            allow('obs:object:PutObject', { Condition: { StringEquals: { 'g:ResourceTag/stage': ['test'] } } }),
            allow('obs:bucket:*', { Condition: { IpAddress: { 'g:SourceIp': [`${clientAddress}/32`] } } }),
            deny('obs:bucket:DeleteBucket', { Condition: { Bool: { 'g:MFAPresent': ['false'] } } }),
            allow('obs:object:DeleteObject', { Condition: { StringEquals: { 'obs:prefix': ['tmp'] } } }),
            allow('obs:object:TagObject', { Condition: { 'ForAllValues:StringEquals': { 'g:TagKeys': ['stage'] } } }),
          ),
        },
        { policy_id: 'd'.repeat(32), policy_name: 'only-get', policy_document: policy(allow('obs:object:GetObject')) },
      ],
      agencies: [{ agency_name: 'store', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['objects'], tags: [{ tag_key: 'team', tag_value: 'blue' }] }],
    },
  }), { STS_ISSUER: issuer });
});
afterAll(() => service.stop());

const store = `iam::${accountA}:agency:store`;
const ecdsa = { algorithm: 'SDK-ECDSA-P256-SHA256' } as const;
const assume = (more: object = {}): Promise<Credentials> => service.session(keys.alice, { agency_urn: store, agency_session_name: 'session1', ...more }, ecdsa);
const options = (more: Partial<VerifierOptions> = {}): VerifierOptions => ({ issuer, endpoint: service.url, service: 'obs', clock: clockOf(service), ...more });

const questions: readonly (readonly [allowed: boolean, question: Question])[] = [
  [true, { action: 'obs:object:GetObject', resource: object(accountA, 'team/blue/a') }],
  [false, { action: 'obs:object:GetObject', resource: object(accountA, 'team/red/a') }],
  [false, { action: 'obs:object:GetObject' }],
  [true, { action: 'obs:object:PutObject', resource: object(accountA, 'x'), resourceTags: [{ key: 'stage', value: 'test' }] }],
  [false, { action: 'obs:object:PutObject', resource: object(accountA, 'x'), resourceTags: [{ key: 'stage', value: 'prod' }] }],
  [false, { action: 'obs:object:PutObject', resource: object(accountA, 'x') }],
  [true, { action: 'obs:bucket:ListBucket', resource: `obs::${accountA}:bucket:b` }],
  [false, { action: 'obs:bucket:DeleteBucket', resource: `obs::${accountA}:bucket:b` }],
  [false, { action: 'obs:bucket:ListBucket', resource: `obs::${accountB}:bucket:b` }],
  [true, { action: 'obs:bucket:ListBucket', resource: `obs::${accountB}:bucket:b`, resourcePolicyAllows: true }],
  [true, { action: 'obs:object:DeleteObject', resource: object(accountA, 'x'), context: { 'obs:prefix': 'tmp' } }],
  [false, { action: 'obs:object:DeleteObject', resource: object(accountA, 'x'), context: { 'obs:prefix': 'other' } }],
  [true, { action: 'obs:object:TagObject', resource: object(accountA, 'x'), requestTags: [{ key: 'stage', value: 'a' }] }],
  [false, { action: 'obs:object:TagObject', resource: object(accountA, 'x'), requestTags: [{ key: 'stage', value: 'a' }, { key: 'other', value: 'a' }] }],
];

const narrowings: readonly (readonly [what: string, more: object, still: (question: Question) => boolean])[] = [
  ['not narrowed', {}, () => true],
  ['narrowed by a policy', { policy: JSON.stringify(policy(allow('obs:object:PutObject'))) }, ({ action }) => action === 'obs:object:PutObject'],
  ['narrowed by a policy about another service', { policy: JSON.stringify(policy(allow('ecs:*'))) }, () => false],
  ['narrowed by ids of policies', { policy_ids: ['d'.repeat(32)] }, ({ action }) => action === 'obs:object:GetObject'],
  ['narrowed by both', { policy: JSON.stringify(policy(allow('obs:object:PutObject'))), policy_ids: ['d'.repeat(32)] }, () => false],
  ['with a tag of its own', { tags: [{ key: 'team', value: 'blue' }] }, () => true],
];

describe.each(narrowings)('a session that is %s', (_, more, still) => {
  it('is answered offline as online, to every question', async () => {
    const credentials = await assume(more);
    const asked = questions.map(([, question]) => question);
    const request = received(service, credentials, { headers: { 'user-agent': 'test' } });
    const answers = await Promise.all([createVerifier({ mode: 'online', ...options(), credentials: keys.service }), createVerifier({ mode: 'offline', ...options(), credentials: keys.service })]
      .map((verifier) => verifier.authorize(request, `::ffff:${clientAddress}`, asked)));
    for (const answer of answers) {
      if (!answer.ok) throw new Error(answer.message);
      expect(answer.answers.map(({ allowed }) => allowed)).toEqual(questions.map(([allowed, question]) => allowed && still(question)));
    }
    const [online, offline] = answers;
    expect(online?.ok === true && offline?.ok === true && { ...online.principal, tags: undefined }).toEqual(offline?.ok === true && { ...offline.principal, tags: undefined });
    expect(online?.ok === true && online.principal.tags).toEqual(offline?.ok === true && offline.principal.tags);
  });
});

describe('a bundle', () => {
  it('is asked for once a minute, and a change of policies counts after that at the latest', async () => {
    const road = way();
    const verifier = createVerifier({ mode: 'offline', ...options({ fetch: road.fetch }), credentials: keys.service });
    const credentials = await assume();
    const get: Question = { action: 'obs:object:GetObject', resource: object(accountA, 'team/blue/a') };
    const allowed = async (): Promise<boolean | string> => {
      const answer = await verifier.authorize(received(service, credentials), clientAddress, [get]);
      return answer.ok ? answer.answers[0]?.allowed === true : answer.reason;
    };
    service.clock.set(Math.floor(service.clock.now() / 1000) * 1000);
    expect([await allowed(), await allowed()]).toEqual([true, true]);
    expect(road.asked.filter((path) => path === '/v1/policy-bundles')).toHaveLength(1);
    const { body } = await service.call(keys.rootA, 'GET', '/v5/agencies');
    const agencyId = (body as unknown as { agencies: { agency_id: string; agency_name: string }[] }).agencies.find(({ agency_name: name }) => name === 'store')?.agency_id ?? '';
    const attached = (await service.call(keys.rootA, 'GET', `/v5/agencies/${agencyId}/attached-policies`)).body as unknown as { attached_policies: { policy_id: string }[] };
    const policyId = attached.attached_policies[0]?.policy_id ?? '';
    expect(await service.call(keys.rootA, 'POST', `/v5/policies/${policyId}/detach-agency`, { agency_id: agencyId })).toMatchObject({ status: 200 });
    service.clock.advance(59);
    expect(await allowed()).toBe(true);
    service.clock.advance(1);
    expect(await allowed()).toBe(false);
    expect(await service.call(keys.rootA, 'POST', `/v5/policies/${policyId}/attach-agency`, { agency_id: agencyId })).toMatchObject({ status: 200 });
    road.hold((path) => (path === '/v1/policy-bundles' ? new Response('{}') : undefined));
    service.clock.advance(60);
    expect(await allowed()).toBe('permission_unknown');
  });

  it('of another principal, service or type decides nothing', async () => {
    const one = await assume();
    const other = await service.call(keys.service, 'POST', '/v1/policy-bundles', { request: wireOf(await assume()) });
    const epochs = await (await fetch(`${service.url}/v1/epochs/${accountA}/${accountHandle(service.composition.keyring['record-authentication'].active, accountA)}`)).text();
    for (const body of [JSON.stringify(other.body), JSON.stringify({ policy_bundle: epochs }), JSON.stringify({ policy_bundle: one.securityToken }), JSON.stringify({ policy_bundle: 7 })]) {
      const road = way();
      road.hold((path) => (path === '/v1/policy-bundles' ? new Response(body) : undefined));
      const verifier = createVerifier({ mode: 'offline', ...options({ fetch: road.fetch }), credentials: keys.service });
      expect(await verifier.authorize(received(service, one), clientAddress, [{ action: 'obs:object:GetObject' }])).toMatchObject({ ok: false, status: 403, reason: 'permission_unknown' });
    }
  });

  const wireOf = (credentials: Credentials) => {
    const { method, target, rawHeaders } = received(service, credentials);
    return { method, target, source_ip: clientAddress, headers: rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? '']] : [])) };
  };
});

it('offline without an access key of its own a verifier says who signed, and refuses to say what he may do', async () => {
  const verifier = createVerifier({ mode: 'offline', ...options() });
  const request = received(service, await assume());
  expect(await verifier.authenticate(request, clientAddress)).toMatchObject({ ok: true });
  expect(await verifier.authorize(request, clientAddress, [{ action: 'obs:object:GetObject' }])).toMatchObject({ ok: false, status: 403, reason: 'permission_unknown' });
});

describe('online', () => {
  it('who is not known is refused, and a denial has its sealed reason and the id of its event', async () => {
    const verifier = createVerifier({ mode: 'online', ...options(), credentials: keys.service });
    const credentials = await assume();
    const request = received(service, credentials, { algorithm: 'SDK-HMAC-SHA256' });
    expect(await verifier.authorize(bent(request, { target: '/other' }), clientAddress, [{ action: 'obs:object:GetObject' }])).toMatchObject({ ok: false, status: 401, reason: 'signature_mismatch' });
    expect(await verifier.authorize(request, clientAddress, [{ action: 'obs:object:GetObject' }])).toMatchObject({
      ok: true, answers: [{ allowed: false, explanationId: expect.stringMatching(/^\d+-\d+$/) as string, encodedAuthorizationMessage: expect.any(String) as string }],
    });
  });

  it('nothing is accepted when the token service does not answer, or answers something else', async () => {
    const request = received(service, await assume());
    for (const instead of [() => Promise.reject(new TypeError('fetch failed')), () => new Response('{}'), () => new Response('{"results":[{"decisions":[]}]}'), () => new Response('<html>', { status: 502 })]) {
      const road = way();
      road.hold(instead);
      const verifier = createVerifier({ mode: 'online', ...options({ fetch: road.fetch }), credentials: keys.service });
      expect(await verifier.authorize(request, clientAddress, [{ action: 'obs:object:GetObject' }])).toMatchObject({ ok: false, status: 503, reason: 'service_unavailable' });
    }
  });

  it('actions of other services are a mistake of the caller', async () => {
    const verifier = createVerifier({ mode: 'online', ...options(), credentials: keys.service });
    const request = received(service, await assume());
    expect(() => verifier.authorize(request, clientAddress, [{ action: 'ecs:servers:get' }])).toThrow(TypeError);
  });
});

it.each(['/bucket/key/', '/bucket/a%2520b', '/%2525'])('a path with the signature of another one is refused: %s', async (path) => {
  const verifier = createVerifier({ mode: 'offline', ...options() });
  const credentials = await assume();
  expect(await verifier.authenticate(received(service, credentials, { url: `https://objects.example${path}` }), clientAddress)).toMatchObject({ ok: false, reason: 'request_malformed' });
});
