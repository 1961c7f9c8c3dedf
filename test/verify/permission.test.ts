// What a principal may do: offline by a policy bundle, decided exactly as online, and refused where nothing is known.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountB, accountsPlus, allow, deny, keys, policy, trust } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { accountHandle } from '../../src/sts/account-handle.js';
import { parseSignedRequest } from '../../src/signing/index.js';
import { keySet } from '../../src/verify/key-set.js';
import { policyBundles } from '../../src/verify/policy-bundle.js';
import { remote } from '../../src/verify/remote.js';
import { serviceCalls } from '../../src/verify/service-calls.js';
import { createVerifier, type Question, type ReceivedRequest, type VerifierOptions } from '../../src/verify/index.js';
import { bent, clientAddress, clockOf, hosts, issuer, received, way } from './support.js';

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
            allow('obs:object:AbortUpload', { Condition: { StringEquals: { 'g:ProjectName': ['cn-east-3'] } } }),
            allow('obs:object:RestoreObject', { Condition: { Null: { 'g:ProjectName': ['true'] } } }),
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
const options = (more: Partial<VerifierOptions> = {}): VerifierOptions => ({ issuer, endpoint: service.url, service: 'obs', hosts, clock: clockOf(service), ...more });

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
  // The region of a resource names the project; a resource without one lies in none.
  [true, { action: 'obs:object:AbortUpload', resource: `obs:cn-east-3:${accountA}:object:x` }],
  [false, { action: 'obs:object:AbortUpload', resource: `obs:cn-north-4:${accountA}:object:x` }],
  [false, { action: 'obs:object:AbortUpload', resource: object(accountA, 'x') }],
  [false, { action: 'obs:object:RestoreObject', resource: `obs:cn-east-3:${accountA}:object:x` }],
  [true, { action: 'obs:object:RestoreObject', resource: object(accountA, 'x') }],
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

  it('is kept as long as there is room for the bytes of all of them', async () => {
    const clock = clockOf(service);
    const [one, other] = [await assume(), await assume()];
    const size = String((await service.call(keys.service, 'POST', '/v1/policy-bundles', { request: wireOf(one) })).body['policy_bundle']).length;
    for (const [room, asked] of [[2.5, 2], [1.5, 4], [0.5, 5]] as const) {
      const road = way();
      const reach = remote(road.fetch, 3000);
      const bundles = policyBundles({ keys: keySet(`${service.url}/.well-known/jwks.json`, reach, clock), issuer, service: 'obs', call: serviceCalls(service.url, keys.service, reach, clock), clock }, room * (size + 1024));
      const verifier = createVerifier({ mode: 'offline', ...options() });
      for (const credentials of [one, other, one, other, other]) {
        const request = received(service, credentials);
        const [parsed, accepted] = [parseSignedRequest(request, { now: clock.now(), maximumSkewSeconds: 900, region: 'globe', service: 'obs', allowUnsignedPayload: false }), await verifier.authenticate(request, clientAddress)];
        if (!parsed.ok || !accepted.ok) throw new Error('not accepted');
        expect(await bundles.find(request, { signature: parsed.signature, principal: accepted.principal }, clientAddress)).toMatchObject({ identity: { urn: accepted.principal.urn } });
      }
      expect(road.asked.filter((path) => path === '/v1/policy-bundles'), `room for ${room}`).toHaveLength(asked);
    }
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
});

describe.each(['offline', 'online'] as const)('%s what is not the service\'s own is a mistake of who asks, and decides nothing', (mode) => {
  const own: Question = { action: 'obs:bucket:DeleteBucket', resource: `obs::${accountA}:bucket:b` };
  it.each<[what: string, question: Question, message: string]>([
    ['an action', { action: 'ecs:servers:get' }, '`questions[1].action`: `ecs:servers:get` is no action of'],
    ['a URN of another service', { ...own, resource: `ecs::${accountA}:instance:i` }, '`questions[1].resource`: `ecs::'],
    ['a text that is no URN', { ...own, resource: 'bucket/b' }, '`questions[1].resource`: `bucket/b` is no URN of'],
    ['MFA that nobody gave', { ...own, context: { 'g:MFAPresent': 'true' } }, '`questions[1].context`: `g:MFAPresent` is no condition key of'],
    ['another address', { ...own, context: { 'obs:prefix': 'tmp', 'G:sourceip': clientAddress } }, '`questions[1].context`: `G:sourceip` is no'],
    ['another tag of the principal', { ...own, context: { 'g:PrincipalTag/team': 'red' } }, '`questions[1].context`'],
    ['a key of another service', { ...own, context: { 'ecs:flavor': 'x' } }, '`questions[1].context`'],
    ['a key without a service', { ...own, context: { prefix: 'x' } }, '`questions[1].context`'],
  ])('%s', async (_, question, message) => {
    const verifier = createVerifier({ mode, ...options(), credentials: keys.service });
    const request = received(service, await assume());
    expect(() => verifier.authorize(request, clientAddress, [own, question])).toThrow(expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(message) as string }) as Error);
  });

  it('no question at all', async () => {
    const verifier = createVerifier({ mode, ...options(), credentials: keys.service });
    const request = received(service, await assume());
    expect(() => verifier.authorize(request, clientAddress, [])).toThrow(TypeError);
  });
});

it.each(['/bucket/key/', '/bucket/a%2520b', '/%2525', '/bucket/a%2Fb', '/bucket/a%2fb', '/bucket/a%5Cb', '/bucket/a\\b', '/k?q=a+b', '/k?d=2&d=1', '/k?%64=2&d=1'])('a target with the signature of another one is refused: %s', async (path) => {
  const verifier = createVerifier({ mode: 'offline', ...options() });
  const credentials = await assume();
  expect(await verifier.authenticate(bent(received(service, credentials, { url: `https://objects.example${path}` }), { target: path }), clientAddress)).toMatchObject({ ok: false, reason: 'request_malformed' });
});

describe.each(['online', 'offline'] as const)('%s, a request', (mode) => {
  const verifierOf = (more: Partial<VerifierOptions> = {}) => createVerifier({ mode, ...options(more), credentials: keys.service });
  const ask = async (verifier: ReturnType<typeof verifierOf>, request: ReceivedRequest): Promise<string> => {
    const answer = await verifier.authorize(request, clientAddress, [{ action: 'obs:object:GetObject', resource: object(accountA, 'team/blue/a') }]);
    return answer.ok ? 'accepted' : answer.reason;
  };
  /** As the Node SDK signs it: the escapes of the path once more. */
  const escapedOnce = (credentials: Credentials, target: string): ReceivedRequest =>
    bent(received(service, credentials, { url: `https://objects.example${target.replaceAll('%', '%25')}` }), { target });

  it.each([
    ['/p/b/k/x', '/p/b%2Fk/x', 'request_malformed'], ['/a%2520b', '/a%20b', 'signature_mismatch'], ['/k?q=a%2Bb', '/k?q=a+b', 'request_malformed'], ['/k?d=1&d=2', '/k?d=2&d=1', 'request_malformed'],
  ])('signed for %s does not pass for %s', async (signed, sent, reason) => {
    const credentials = await assume();
    expect(await ask(verifierOf(), bent(received(service, credentials, { url: `https://objects.example${signed}` }), { target: sent }))).toBe(reason);
  });

  it.each<[what: string, url: string, more: Partial<VerifierOptions>, expected: string]>([
    ['for this service', 'https://objects.example/k', {}, 'accepted'], ['with the port that goes without saying', 'https://OBJECTS.example:443/k', {}, 'accepted'],
    ['for another service', 'https://evil.example/k', {}, 'host_foreign'], ['for the token service', `${issuer}/k`, {}, 'host_foreign'], ['for another port', 'https://objects.example:8443/k', {}, 'host_foreign'],
    ['for another port that is one of its own', 'https://objects.example:8443/k', { hosts: ['objects.example', 'objects.example:8443'] }, 'accepted'],
    ['for another service, where hosts may stand unsigned', 'https://evil.example/k', { allowUnsignedHost: true }, 'host_foreign'],
  ])('signed %s', async (_, url, more, expected) => {
    expect(await ask(verifierOf(more), received(service, await assume(), { url }))).toBe(expected);
  });

  it('with an unsigned host is refused, unless the service says otherwise', async () => {
    const unsigned = withoutHost(received(service, await assume(), { url: 'https://objects.example/k' }));
    expect(await ask(verifierOf(), unsigned)).toBe('host_foreign');
    // The signature covers another list now: what is refused is that, and not the host.
    expect(await ask(verifierOf({ allowUnsignedHost: true }), unsigned)).toBe('signature_mismatch');
  });

  /** Taken out of what its signature names. */
  const withoutHost = (request: ReceivedRequest): ReceivedRequest =>
    ({ ...request, rawHeaders: request.rawHeaders.map((text) => text.replace(/(SignedHeaders=[^,]*?)host;/, '$1')) });

  it('with escapes in its path is verified by the one reading that the service chose', async () => {
    const credentials = await assume();
    const [decoded, escaped] = [received(service, credentials, { url: 'https://objects.example/a%20b/%C3%A9?d=1&d=2&c=%2B' }), escapedOnce(credentials, '/a%20b/%C3%A9')];
    expect([await ask(verifierOf(), decoded), await ask(verifierOf(), escaped)]).toEqual(['accepted', 'signature_mismatch']);
    const forNode = verifierOf({ pathReading: 'escaped' });
    expect([await ask(forNode, decoded), await ask(forNode, escaped)]).toEqual(['signature_mismatch', 'accepted']);
  });
});
