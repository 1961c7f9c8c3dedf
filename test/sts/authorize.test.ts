// POST /v1/authorize: who signed what a service received, what the policies of that account decide, and that nothing else is told.
import { createHash, getHashes } from 'node:crypto';
import * as OTPAuth from 'otpauth';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemAccountId } from '../../src/directory/entities.js';
import { operations } from '../../src/http/app.js';
import type { SignatureAlgorithm } from '../../src/signing/index.js';
import { authorizeRequests } from '../../src/sts/authorize.js';
import { authorizeAnswer, type AuthorizeAnswer } from '../../src/sts/authorize-answer.js';
import { authorizeBody, forwardedRequests } from '../../src/sts/authorize-input.js';
import { ownPaths } from '../../src/sts/forwarded-request.js';
import { accessKey, accountA, accountB, accountsPlus, agencies, allow, ask, bootstrapKey, deny, keys, mfaSeed, mfaSerial, policy, trust } from '../support/accounts.js';
import { decidedAround } from '../support/moving-ground.js';
import { forwarded, startRelyingParty, type Received, type RelyingParty, type Sent } from '../support/relying-party.js';
import { startService, type Answer, type CallOptions, type Credentials, type TestService } from '../support/service.js';

const key = { reader: accessKey('reader'), conditional: accessKey('conditional'), denied: accessKey('denied'), bound: accessKey('bound'), evs: accessKey('serviceevs'), sts: accessKey('servicests'), own: accessKey('serviceshop') };
const boundAccount = 'e'.repeat(32);
const objects = `obs::${accountA}:object:bucket/key`;
const storage = `iam::${accountA}:agency:storage`;
const storageOfB = `iam::${accountB}:agency:storage`;
const byCondition = (...conditions: readonly [operator: string, key: string, value: string][]) =>
  policy(...conditions.map(([operator, name, value], index) => allow(`obs:object:Condition${index}`, { Condition: { [operator]: { [name]: value } } })));

let service: TestService;
let party: RelyingParty;
beforeAll(async () => {
  party = await startRelyingParty();
  service = await startService({
    ...accountsPlus({
      [accountA]: {
        policies: [
          { policy_name: 'objects', policy_document: policy(allow(['obs:object:GetObject', 'obs:bucket:ListBucket'], { Sid: 'reads' })) },
          { policy_name: 'no-objects', policy_document: policy(deny('obs:object:*', { Sid: 'never' })) },
          {
            policy_name: 'conditions', policy_document: byCondition(
              ['IpAddress', 'g:SourceIp', '192.0.2.0/24'], ['StringEquals', 'g:ResourceTag/stage', 'test'], ['StringEquals', 'g:RequestTag/team', 'blue'], ['StringEquals', 'obs:prefix', 'a/'],
              ['StringEquals', 'g:PrincipalTag/dept', 'platform'], ['Bool', 'g:MFAPresent', 'true'], ['DateGreaterThan', 'g:CurrentTime', '2020-01-01T00:00:00Z'], ['StringEquals', 'g:UserAgent', 'tool/1'],
            ),
          },
        ],
        users: [
          { user_name: 'reader', attached_policies: ['objects'], tags: [{ tag_key: 'dept', tag_value: 'platform' }], access_keys: [bootstrapKey(key.reader)] },
          { user_name: 'conditional', attached_policies: ['conditions'], tags: [{ tag_key: 'dept', tag_value: 'platform' }], access_keys: [bootstrapKey(key.conditional)] },
          { user_name: 'denied', attached_policies: ['objects', 'no-objects'], access_keys: [bootstrapKey(key.denied)] },
        ],
        agencies: [{ agency_name: 'storage', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['objects', 'conditions'], tags: [{ tag_key: 'stage', tag_value: 'test' }, { tag_key: 'team', tag_value: 'red' }] }],
      },
      [accountB]: {
        policies: [{ policy_name: 'objects', policy_document: policy(allow('obs:object:GetObject')) }],
        agencies: [{ agency_name: 'storage', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['objects'] }],
      },
      [boundAccount]: { service_control_policies: [{ name: 'no-writing', policy_document: policy(allow('obs:object:GetObject')) }] },
    }, { [boundAccount]: { user_name: 'bound-root', access_keys: [bootstrapKey(key.bound)] } }),
    services: [
      { service_principal: 'service.OBS', access_keys: [bootstrapKey(keys.service)] }, { service_principal: 'service.EVS', access_keys: [bootstrapKey(key.evs)] },
      { service_principal: 'service.STS', access_keys: [bootstrapKey(key.sts)] }, { service_principal: 'service.MyShop', access_keys: [bootstrapKey(key.own)] },
    ],
  }, { STS_RATE_ADDRESS_PER_MINUTE: '1000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '1000000' });
  service.clock.set(Math.floor(Date.now() / 1000) * 1000);
});
afterAll(async () => {
  await party.stop();
  await service.stop();
});

const get = { action: 'obs:object:GetObject', resource: objects };
const put = { action: 'obs:object:PutObject', resource: objects };
const asked = (requests: readonly object[], credentials: Credentials = keys.service, options: CallOptions = {}): Promise<Answer> => service.call(credentials, 'POST', '/v1/authorize', { requests }, options);
const told = async (...requests: object[]): Promise<AuthorizeAnswer['results']> => {
  const { status, body } = await asked(requests);
  expect([status, body.error_msg]).toEqual([200, undefined]);
  return authorizeAnswer.parse(body).results;
};
const signed = (credentials: Credentials, sent: Sent = {}): Promise<Received> => party.signed(credentials, service.clock.now(), sent);
const decisionsOf = (results: AuthorizeAnswer['results']) => results.flatMap(({ decisions }) => decisions.map(({ decision }) => decision));
const allAlgorithms: readonly SignatureAlgorithm[] = ['SDK-HMAC-SHA256', 'V11-HMAC-SHA256', 'SDK-ECDSA-P256-SHA256', 'SDK-HMAC-SM3'];
const algorithms = allAlgorithms.filter((name) => name !== 'SDK-HMAC-SM3' || getHashes().includes('sm3'));
const schemeOf = (algorithm: SignatureAlgorithm) => ({ scheme: { algorithm, ...(algorithm === 'V11-HMAC-SHA256' && { region: 'globe', service: 'obs' }) } });
const nobody = { results: [{ decisions: [{ decision: 'unauthenticated' }] }] };

const session = (agency: string, more: object = {}, from: Credentials = keys.alice): Promise<Credentials> => service.session(from, ask(agency, more));
/** Every code counts once. */
function sessionByMfa(more: object = {}): Promise<Credentials> {
  service.clock.advance(30);
  const code = new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(mfaSeed) }).generate({ timestamp: service.clock.now() });
  return session(storage, { serial_number: mfaSerial, token_code: code, ...more });
}

describe('who signed, and what its account decides', () => {
  const principals: readonly (readonly [who: string, credentials: () => Promise<Credentials> | Credentials, get: string, put: string, told: object])[] = [
    ['a root user', () => keys.rootA, 'allow', 'allow', { urn: `iam::${accountA}:user:root-a`, account_id: accountA, tags: [], chain_depth: 0, root_principal: `iam::${accountA}:user:root-a`, mfa_present: false }],
    ['a user whom a policy allows it', () => key.reader, 'allow', 'deny', { urn: `iam::${accountA}:user:reader`, tags: [{ key: 'dept', value: 'platform' }] }],
    ['a user whom nothing allows it', () => keys.carol, 'deny', 'deny', { urn: `iam::${accountA}:user:carol` }],
    ['a user whom a policy denies what another allows', () => key.denied, 'deny', 'deny', { urn: `iam::${accountA}:user:denied` }],
    ['the root user of an account that an organization binds', () => key.bound, 'allow', 'deny', { account_id: boundAccount }],
    ['a session', () => session(storage, { tags: [{ key: 'Stage', value: 'prod' }], source_identity: 'alice' }), 'allow', 'deny', {
      urn: `sts::${accountA}:assumed-agency:storage/session1`, account_id: accountA, tags: [{ key: 'team', value: 'red' }, { key: 'Stage', value: 'prod' }], source_identity: 'alice',
      chain_depth: 1, root_principal: `iam::${accountA}:user:alice`, mfa_present: false, expiration: expect.stringMatching(/\.000Z$/) as string,
    }],
    ['a session by MFA', () => sessionByMfa(), 'allow', 'deny', { mfa_present: true, mfa_authenticated_at: expect.stringMatching(/\.000Z$/) as string }],
    ['a session that its session policy narrows', () => session(storage, { policy: JSON.stringify(policy(allow('obs:object:PutObject'))) }), 'deny', 'deny', { chain_depth: 1 }],
    ['a session that its session policy cannot widen', () => session(storage, { policy: JSON.stringify(policy(allow('obs:*:*'))) }), 'allow', 'deny', { chain_depth: 1 }],
    ['a chained session in another account', async () => session(storageOfB, {}, await session(agencies.first, { tags: [{ key: 'team', value: 'blue' }], transitive_tag_keys: ['team'] })), 'allow', 'deny', {
      account_id: accountB, chain_depth: 2, root_principal: `iam::${accountA}:user:alice`, tags: [{ key: 'team', value: 'blue' }],
    }],
  ];
  const rows = principals.flatMap(([who, credentials, ...expected]) => algorithms.map((algorithm) => [who, algorithm, credentials, ...expected] as const));

  it.each(rows)('%s by %s', async (_who, algorithm, credentials, getting, putting, principal) => {
    const request = await signed(await credentials(), { method: 'PUT', path: '/bucket/a%20b/%E5%BC%A0?tagging&x=1', body: '{"a":1}', ...schemeOf(algorithm) });
    const own = (urn: string): string => urn.replace(accountA, 'account_id' in principal ? String(principal.account_id) : accountA);
    const [result] = await told(forwarded(request, [{ ...get, resource: own(objects) }, { ...put, resource: own(objects) }]));
    expect(result?.principal).toMatchObject(principal);
    expect(result?.decisions.map(({ decision }) => decision)).toEqual([getting, putting]);
  });

  it('tells of a principal what is listed, and nothing else', async () => {
    const everything = await sessionByMfa({ source_identity: 'alice' });
    for (const [credentials, members] of [
      [everything, ['account_id', 'chain_depth', 'expiration', 'mfa_authenticated_at', 'mfa_present', 'root_principal', 'source_identity', 'tags', 'urn']],
      [key.reader, ['account_id', 'chain_depth', 'mfa_present', 'root_principal', 'tags', 'urn']],
    ] as const) {
      const { body } = await asked([forwarded(await signed(credentials), [get])]);
      const [result = {}] = body['results'] as readonly object[];
      expect(Object.keys(result).sort()).toEqual(['decisions', 'principal']);
      expect(Object.keys((result as { principal: object }).principal).sort()).toEqual(members);
    }
  });

  it.each([
    ['a permanent key', () => key.reader, 'allow'], ['a session', () => session(storage), 'allow'], ['a user without a policy', () => keys.carol, 'deny'],
  ] as const)('requests of the official SDK, as they arrive, by %s', async (_who, credentials, expected) => {
    const given = await credentials();
    for (const sent of [{ path: '/v5/demo/items' }, { method: 'POST', path: '/objects', body: '{"name":"会话"}' }]) {
      expect(decisionsOf(await told(forwarded(await party.sdk(given, accountA, sent), [get])))).toEqual([expected]);
    }
  });

  it('with the hash of a body in the place of the body', async () => {
    for (const algorithm of algorithms) {
      const request = await signed(key.reader, { method: 'PUT', body: 'some bytes', ...schemeOf(algorithm) });
      const hash = (text: string) => createHash(algorithm === 'SDK-HMAC-SM3' ? 'sm3' : 'sha256').update(text).digest('hex');
      const { body: _body, ...bare } = forwarded(request, [get]);
      expect(decisionsOf(await told({ ...bare, body_hash: hash('some bytes') }, { ...bare, body_hash: hash('other bytes') }, bare)), algorithm).toEqual(['allow', 'unauthenticated', 'unauthenticated']);
    }
    const empty = forwarded(await signed(key.reader), [get]);
    expect(decisionsOf(await told({ ...empty, body_hash: createHash('sha256').update('').digest('hex') }))).toEqual(['allow']);
  });

  it('with the signed headers alone, whatever else was received', async () => {
    const request = await signed(key.reader, { headers: { 'x-obs-meta': 'naïve' } });
    const names = ['authorization', 'host', 'x-sdk-date', 'x-obs-meta'];
    expect(decisionsOf(await told(forwarded({ ...request, headers: request.headers.filter(([name]) => names.includes(name.toLowerCase())) }, [get])))).toEqual(['allow']);
  });
});

describe('the conditions of a decision', () => {
  const condition = (index: number, more: object = {}) => ({ action: `obs:object:Condition${index}`, resource: objects, ...more });
  it.each<[what: string, question: object, more: object, expected: string]>([
    ['the address that the service gives', condition(0), {}, 'allow'],
    ['the address that the service gives, when it is another', condition(0), { source_ip: '198.51.100.1' }, 'deny'],
    ['the address that the service gives, in the form of a dual-stack socket', condition(0), { source_ip: '::ffff:192.0.2.7' }, 'allow'],
    ['a tag of the resource', condition(1, { resource_tags: [{ key: 'stage', value: 'test' }] }), {}, 'allow'],
    ['no tag of the resource', condition(1), {}, 'deny'],
    ['a tag of the request', condition(2, { request_tags: [{ key: 'team', value: 'blue' }] }), {}, 'allow'],
    ['a tag of the resource in the place of one of the request', condition(2, { resource_tags: [{ key: 'team', value: 'blue' }] }), {}, 'deny'],
    ['a key of the service', condition(3, { context: { 'obs:prefix': 'a/' } }), {}, 'allow'],
    ['a key of the service with another value', condition(3, { context: { 'OBS:Prefix': 'b/' } }), {}, 'deny'],
    ['a tag of the principal', condition(4), {}, 'allow'],
    ['MFA, which a long-term key has not', condition(5), {}, 'deny'],
    ['the time', condition(6), {}, 'allow'],
    ['a header that is not signed', condition(7), {}, 'deny'],
  ])('%s', async (_what, question, more, expected) => {
    const request = await signed(key.conditional);
    const unsigned = { ...request, headers: [...request.headers.filter(([name]) => name.toLowerCase() !== 'user-agent'), ['user-agent', 'tool/1'] as const] };
    expect(decisionsOf(await told(forwarded(unsigned, [question], more)))).toEqual([expected]);
  });

  it('a header that is signed', async () => {
    expect(decisionsOf(await told(forwarded(await signed(key.conditional, { headers: { 'user-agent': 'tool/1' } }), [condition(7)])))).toEqual(['allow']);
  });

  it('MFA of the session', async () => {
    const request = await signed(await sessionByMfa());
    expect(decisionsOf(await told(forwarded(request, [condition(5)])))).toEqual(['allow']);
  });

  it('are decided as the simulator decides them', async () => {
    const simulated = async (question: object, context: object): Promise<unknown> =>
      (await service.call(keys.rootA, 'POST', '/v1/simulate', { principal: `iam::${accountA}:user:conditional`, ...question, context })).body['allowed'];
    const request = await signed(key.conditional);
    const tags = { resource_tags: [{ key: 'stage', value: 'test' }], request_tags: [{ key: 'team', value: 'red' }], context: { 'obs:prefix': 'a/' } };
    const questions = [0, 1, 2, 3, 4, 5, 6, 7].map((index) => condition(index));
    const decided = decisionsOf(await told(forwarded(request, questions.map((question) => ({ ...question, ...tags })))));
    const context = { 'g:SourceIp': '192.0.2.1', 'g:ResourceTag/stage': 'test', 'g:RequestTag/team': 'red', 'g:TagKeys': ['team'], 'obs:prefix': 'a/' };
    expect(decided.map((decision) => decision === 'allow')).toEqual(await Promise.all(questions.map((question) => simulated(question, context))));
  });

  it.each<[whose: string, resource: string, more: object, expected: string]>([
    ['of its own account', objects, {}, 'allow'], ['of no account', 'obs:::object:bucket/key', {}, 'allow'],
    ['of another account', `obs::${accountB}:object:bucket/key`, {}, 'deny'],
    ['of another account, that a policy of its own shares', `obs::${accountB}:object:bucket/key`, { resource_policy_allows: true }, 'allow'],
  ])('a resource %s', async (_whose, resource, more, expected) => {
    for (const credentials of [keys.rootA, key.reader]) expect(decisionsOf(await told(forwarded(await signed(credentials), [{ ...get, resource, ...more }])))).toEqual([expected]);
    // What the account itself does not allow, no policy of the resource does.
    expect(decisionsOf(await told(forwarded(await signed(keys.carol), [{ ...get, resource, ...more }])))).toEqual(['deny']);
  });
});

describe('nobody is told of, byte for byte alike', () => {
  const bent = (request: Received, more: Partial<Received>): Received => ({ ...request, ...more });
  const other = (request: Received, name: string, value: (old: string) => string): Received =>
    bent(request, { headers: request.headers.map(([header, old]) => [header, header.toLowerCase() === name ? value(old) : old]) });
  const revoked = async (which: 'itself' | 'its parent'): Promise<Received> => {
    const first = await session(agencies.first);
    const second = await session(storageOfB, {}, first);
    const request = await signed(second);
    expect(decisionsOf(await told(forwarded(request, [{ ...get, resource: 'obs:::object:b/k' }])))).toEqual(['allow']);
    const [credentials, ended] = which === 'itself' ? [keys.rootB, second] : [keys.rootA, first];
    expect((await service.call(credentials, 'POST', `/v1/sessions/${ended.accessKeyId}/revoke`, {})).status).toBe(200);
    return request;
  };

  it.each<[what: string, make: () => Promise<Received>]>([
    ['an unknown key', () => signed({ ...keys.alice, accessKeyId: 'HPUAUNKNOWN000000000' })],
    ['a wrong secret', () => signed({ ...key.reader, secretAccessKey: 'x'.repeat(40) })],
    ['an inactive key', () => signed(keys.inactive)],
    ['a disabled user', () => signed(keys.disabled)],
    ['a key of a registered service', () => signed(key.evs)],
    ['a key of the asking service', () => signed(keys.service)],
    ['a key of the operator', () => signed(keys.operator)],
    ['no signature at all', async () => bent(await signed(key.reader), { headers: [] })],
    ['another scheme', async () => other(await signed(key.reader), 'authorization', () => 'Bearer abc')],
    ['another method', async () => bent(await signed(key.reader), { method: 'PUT' })],
    ['another target', async () => bent(await signed(key.reader), { target: '/bucket/other' })],
    ['another body', async () => bent(await signed(key.reader, { method: 'PUT', body: 'a' }), { body: Buffer.from('b') })],
    ['another signed header', async () => other(await signed(key.reader, { headers: { 'x-obs-acl': 'private' } }), 'x-obs-acl', () => 'public')],
    ['a signed header that is left out', async () => { const request = await signed(key.reader, { headers: { 'x-obs-acl': 'private' } }); return bent(request, { headers: request.headers.filter(([name]) => name !== 'x-obs-acl') }); }],
    ['two Authorization headers', async () => { const request = await signed(key.reader); return bent(request, { headers: [...request.headers, ...request.headers.filter(([name]) => name.toLowerCase() === 'authorization')] }); }],
    ['a date 15 minutes and a second ago', () => party.signed(key.reader, service.clock.now() - 901_000)],
    ['a V11 scope of this service itself', () => signed(key.reader, { scheme: { algorithm: 'V11-HMAC-SHA256', region: 'globe', service: 'sts' } })],
    ['a V11 scope of another service', () => signed(key.reader, { scheme: { algorithm: 'V11-HMAC-SHA256', region: 'globe', service: 'evs' } })],
    ['a V11 scope of another region', () => signed(key.reader, { scheme: { algorithm: 'V11-HMAC-SHA256', region: 'moon', service: 'obs' } })],
    ['a session without its token', async () => signed({ accessKeyId: (await session(storage)).accessKeyId, secretAccessKey: 'x'.repeat(40) })],
    ['a session with the token of another', async () => signed({ ...(await session(storage)), securityToken: (await session(storage)).securityToken ?? '' })],
    ['a session that was revoked', () => revoked('itself')],
    ['a session whose parent was revoked', () => revoked('its parent')],
  ])('%s', async (_what, make) => {
    const { status, body } = await asked([forwarded(await make(), [{ ...get, resource: 'obs:::object:b/k' }])]);
    expect([status, JSON.stringify(body)]).toEqual([200, JSON.stringify(nobody)]);
  });

  it('an expired session', async () => {
    const expiring = await session(storage, { duration_seconds: 900 });
    service.clock.advance(899);
    const request = await signed(expiring);
    expect(decisionsOf(await told(forwarded(request, [get])))).toEqual(['allow']);
    service.clock.advance(1);
    expect((await asked([forwarded(request, [get])])).body).toEqual(nobody);
  });

  it('an account that has switched the algorithm off', async () => {
    const flip = (on: boolean) => service.call(keys.rootA, 'PUT', '/v5/asymmetric-signature-switch', { asymmetric_signature: { asymmetric_signature_switch: on } });
    expect((await flip(false)).status).toBe(204);
    expect((await asked([forwarded(await signed(key.reader, { scheme: { algorithm: 'SDK-ECDSA-P256-SHA256' } }), [get])])).body).toEqual(nobody);
    expect(decisionsOf(await told(forwarded(await signed(key.reader), [get])))).toEqual(['allow']);
    expect((await flip(true)).status).toBe(204);
    // Also where the refusal was about an account that is remembered as it was.
    expect(decisionsOf(await told(forwarded(await signed(key.reader, { scheme: { algorithm: 'SDK-ECDSA-P256-SHA256' } }), [get])))).toEqual(['allow']);
  });

  it('a call of this very service, by the host that the asking service calls', async () => {
    const host = new URL(service.url).host;
    const present = async (path: string): Promise<unknown> => {
      const request = await party.signed(key.reader, service.clock.now(), { path, headers: { host } });
      return (await asked([forwarded({ ...request, headers: request.headers.map(([name, value]) => [name, name.toLowerCase() === 'host' ? host : value]) }, [get])])).body;
    };
    for (const path of ['/v5/caller-identity', '/%765/caller-identity', '/oauth2/introspect?a=b', '/v1/authorize/', '/v3/auth/tokens', '/v3.0/OS-AGENCY/agencies', '/v1.0/enterprise-projects']) expect(await present(path), path).toEqual(nobody);
    // Behind one gateway the host is that of all.
    expect(await present('/bucket/key')).not.toEqual(nobody);
    for (const { path } of operations) expect(path).toMatch(ownPaths);
  });

  it('failures are counted as at our own door', async () => {
    const wrong = { ...key.reader, secretAccessKey: 'y'.repeat(40) };
    const request = forwarded(await signed(wrong), [get], { source_ip: '127.0.0.1' });
    for (let round = 0; round < 21; round += 1) await asked([request]);
    expect((await service.identity(wrong)).body.error_msg).toContain('AK access failed to reach the limit');
  });
});

describe('what a service may ask', () => {
  it.each<[who: string, credentials: () => Promise<Credentials> | Credentials]>([
    ['a user', () => key.reader], ['a root user', () => keys.rootA], ['a session', () => session(storage)], ['the operator', () => keys.operator], ['a service without actions of its own', () => key.sts],
  ])('%s may ask nothing', async (_who, credentials) => {
    expect(await asked([forwarded(await signed(key.reader), [get])], await credentials())).toMatchObject({ status: 403, body: { error_code: 'STS5.1001' } });
  });

  const own = { action: 'obs:object:GetObject', resource: objects };
  it.each<[what: string, question: object, field: string]>([
    ['an action of another service', { ...own, action: 'evs:volumes:get' }, 'action'], ['an action of this service', { ...own, action: 'sts:agencies:assume' }, 'action'],
    ['an action whose service only begins alike', { ...own, action: 'obsx:object:get' }, 'action'], ['a URN of another service', { ...own, resource: `evs::${accountA}:volume:1` }, 'resource'],
    ['a URN in other capitals', { ...own, resource: objects.replace('obs', 'OBS') }, 'resource'], ['a global condition key', { ...own, context: { 'g:MFAPresent': 'true' } }, 'context'],
    ['a condition key of another service', { ...own, context: { 'sts:ExternalId': 'x' } }, 'context'],
  ])('not about %s', async (_what, question, field) => {
    const before = (await service.events(accountA)).length;
    const { status, body } = await asked([forwarded(await signed(key.reader), [own, question])]);
    expect([status, body.error_code]).toEqual([403, 'STS5.1001']);
    expect(body.error_msg).toContain(`requests[0].questions[1].${field}`);
    // Nothing was decided.
    expect((await service.events(accountA)).length).toBe(before);
    expect((await service.events(systemAccountId)).at(-1)).toMatchObject({ operation: 'Authorize', status: 403, principal: { urn: 'service.OBS' } });
  });

  it('about actions in any capitals, as policies compare them', async () => {
    expect(decisionsOf(await told(forwarded(await signed(key.reader), [{ ...get, action: 'OBS:Object:getobject' }])))).toEqual(['allow']);
  });

  it('a service that no catalogue describes speaks for its own name', async () => {
    const question = { action: 'myshop:orders:list', resource: `myshop::${accountA}:order:1` };
    const request = await signed(keys.rootA, { scheme: { algorithm: 'V11-HMAC-SHA256', region: 'globe', service: 'myshop' } });
    expect(authorizeAnswer.parse((await asked([forwarded(request, [question])], key.own)).body).results[0]?.decisions[0]?.decision).toBe('allow');
    expect((await asked([forwarded(request, [get])], key.own)).status).toBe(403);
  });

  const withField = (more: object) => async () => [forwarded(await signed(key.reader), [get], more)];
  const withQuestion = (more: object) => async () => [forwarded(await signed(key.reader), [{ ...get, ...more }])];
  it.each<[what: string, make: () => Promise<readonly object[]>, rule: string]>([
    ['no request', () => Promise.resolve([]), '`requests`: must be at least 1 items'],
    ['21 questions of one request', async () => [forwarded(await signed(key.reader), Array.from({ length: 21 }, () => get))], '`requests[0].questions`: must be at most 20 items'],
    ['21 questions of two requests', async () => { const request = await signed(key.reader); return [forwarded(request, Array.from({ length: 20 }, () => get)), forwarded(request, [get])]; }, '`requests`: must hold at most 20 questions together'],
    ['a body and its hash', withField({ body: 'YQ==', body_hash: 'a'.repeat(64) }), 'must have `body` or `body_hash`, not both'],
    ['a body that is no base64', withField({ body: 'a' }), '`requests[0].body`: must be base64'],
    ['a hash in capitals', withField({ body_hash: 'A'.repeat(64) }), '`requests[0].body_hash`'],
    ['an address that is none', withField({ source_ip: '192.0.2.1:80' }), '`requests[0].source_ip`: must be an IPv4 or IPv6 address'],
    ['no address', withField({ source_ip: undefined }), '`requests[0].source_ip`: is required'],
    ['a header value beyond bytes', withField({ headers: [['x', '会']] }), '`requests[0].headers[0][1]`'],
    ['a header without a value', withField({ headers: [['x']] }), '`requests[0].headers[0]'],
    ['a member that is not known', withField({ principal: 'me' }), 'has a member that is not known here'],
    ['a tag key twice', withQuestion({ resource_tags: [{ key: 'a', value: '' }, { key: 'A', value: '' }] }), '`requests[0].questions[0].resource_tags`'],
    ['tags of no resource', withQuestion({ resource: undefined, resource_tags: [{ key: 'a', value: '' }] }), '`requests[0].questions[0].resource`: is required'],
    ['a pattern for a URN', withQuestion({ resource: 'obs:*:*:object:*' }), '`requests[0].questions[0].resource`'],
    ['an action that is none', withQuestion({ action: 'obs:*:*' }), '`requests[0].questions[0].action`'],
  ])('400 for %s', async (_what, make, rule) => {
    const { status, body } = await asked(await make());
    expect([status, body.error_msg]).toEqual([400, expect.stringContaining(rule)]);
  });
});

describe('many at once', () => {
  it('are decided each for itself, in their order, with one event of each in both accounts', async () => {
    const before = { system: (await service.events(systemAccountId)).length, own: (await service.events(accountA)).length, other: (await service.events(boundAccount)).length };
    const requests = [await signed(key.reader), await signed({ ...key.reader, secretAccessKey: 'z'.repeat(40) }), await signed(key.bound), await signed(keys.carol)];
    const { body, headers } = await asked(requests.map((request, index) => forwarded(request, index === 0 ? [get, put, get] : [{ ...get, resource: undefined }])));
    const { results } = authorizeAnswer.parse(body);
    expect(results.map(({ decisions }) => decisions.map(({ decision }) => decision))).toEqual([['allow', 'deny', 'allow'], ['unauthenticated'], ['allow'], ['deny']]);
    const [system, own, other] = [(await service.events(systemAccountId)).slice(before.system), (await service.events(accountA)).slice(before.own), (await service.events(boundAccount)).slice(before.other)];
    expect(system.map(({ decision, request }) => [decision, request?.['action']])).toEqual([
      ['allowed', get.action], ['denied', put.action], ['allowed', get.action], ['unauthenticated', undefined], ['allowed', get.action], ['denied', get.action],
    ]);
    expect([own.length, other.length]).toEqual([4, 1]);
    expect(new Set([...system, ...own, ...other].map(({ requestId }) => requestId))).toEqual(new Set([headers['x-request-id']]));
    const ids = results.flatMap(({ decisions }) => decisions.map((decision) => decision.explanation_id));
    expect([new Set(ids).size, ids[3]]).toEqual([6, undefined]);
  });

  it('20 of the largest kind are still one call', async () => {
    const tags = Array.from({ length: 20 }, (_value, index) => ({ key: `key-${index}`, value: 'v'.repeat(20) }));
    const request = forwarded(await signed(await session(storage, { tags })), Array.from({ length: 20 }, () => put));
    expect(decisionsOf(await told(request))).toEqual(Array.from({ length: 20 }, () => 'deny'));
  });
});

describe('the explanation of a decision', () => {
  const decisionOf = async (credentials: Credentials, question: object) => (await told(forwarded(await signed(credentials), [question])))[0]?.decisions[0];

  it('stands in the audit of the account, under the id that the service got', async () => {
    const denied = await decisionOf(key.denied, get);
    const { status, body } = await service.call(keys.rootA, 'GET', `/v1/audit/events/${denied?.explanation_id ?? ''}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ event: {
      trace_id: denied?.explanation_id, trace_name: 'Authorize', resource_type: 'decision', account_id: accountA, resource_id: objects, code: '403', error_code: 'STS5.1001', source_ip: '192.0.2.1',
      decision: 'an explicit deny in an identity-based policy', user: { principal_urn: `iam::${accountA}:user:denied` },
      request: JSON.stringify({ service: 'service.OBS', action: get.action, matched_statement: { policy: 'no-objects', index: 0, sid: 'never' } }),
    } });
    const allowed = await decisionOf(key.reader, get);
    expect((await service.call(keys.rootA, 'GET', `/v1/audit/events/${allowed?.explanation_id ?? ''}`)).body).toMatchObject({ event: {
      code: '200', decision: 'allowed', request: JSON.stringify({ service: 'service.OBS', action: get.action, matched_statement: { policy: 'objects', index: 0, sid: 'reads' } }),
    } });
    // Nobody else finds it.
    expect((await service.call(keys.rootB, 'GET', `/v1/audit/events/${denied?.explanation_id ?? ''}`)).status).toBe(404);
  });

  it('says which session it was, and its chain', async () => {
    const first = await session(agencies.first);
    const second = await session(storageOfB, {}, first);
    await decisionOf(second, put);
    expect((await service.events(accountB)).at(-1)).toMatchObject({ operation: 'Authorize', callerSession: { sessionId: second.accessKeyId, chain: [keys.alice.accessKeyId, first.accessKeyId] } });
  });

  it('is sealed for the account in a denial, and in no allowed decision', async () => {
    const denied = await decisionOf(key.denied, get);
    const message = denied?.encoded_authorization_message ?? '';
    const decode = (credentials: Credentials) => service.call(credentials, 'POST', '/v5/decode-authorization-message', { encoded_message: message });
    expect(JSON.parse((await decode(keys.rootA)).body.decoded_message ?? '')).toMatchObject({ allowed: false, action: get.action, resource: objects, explicit_deny: true, matched_statement: { sid: 'never' } });
    expect((await decode(keys.rootB)).status).toBe(400);
    expect((await decisionOf(key.reader, get))?.encoded_authorization_message).toBeUndefined();
    // Its length tells nothing.
    expect((await decisionOf(keys.carol, put))?.encoded_authorization_message?.length).toBe(message.length);
  });

  it('is nothing of which the service, its log or the operator learns more than the outcome', async () => {
    const { body } = await asked([forwarded(await signed(key.denied), [get])]);
    const event = (await service.events(systemAccountId)).at(-1);
    expect(event).toMatchObject({ operation: 'Authorize', status: 200, decision: 'denied', resource: objects, request: { action: get.action, principal: `iam::${accountA}:user:denied`, access_key_id: key.denied.accessKeyId } });
    for (const text of [JSON.stringify(event), JSON.stringify(body)]) expect(text).not.toMatch(/never|no-objects|explicit/);
  });

  it('counts as a use of the key or session, from where the service says', async () => {
    const passing = await session(storage);
    const { directory } = service.composition.services;
    service.clock.advance(60);
    await told(forwarded(await signed(passing), [get]), forwarded(await signed(key.denied), [get]));
    const now = new Date(service.clock.now()).toISOString();
    expect((await service.call(keys.rootA, 'GET', `/v1/sessions/${passing.accessKeyId}`)).body).toMatchObject({ session: { last_use: { time: now, source_ip: '192.0.2.1' } } });
    expect(await directory.lastUse(accountA, key.denied.accessKeyId)).toBe(service.clock.now() / 1000);
    // A failed signature is no use.
    service.clock.advance(60);
    await told(forwarded(await signed({ ...key.denied, secretAccessKey: 'x'.repeat(40) }), [get]));
    expect(await directory.lastUse(accountA, key.denied.accessKeyId)).toBe(service.clock.now() / 1000 - 60);
  });

  it('holds no token, signature, target or body', async () => {
    const credentials = await session(storage);
    await asked([forwarded(await signed(credentials, { method: 'PUT', path: '/bucket/canary-target?canary-query=1', body: 'canary-body', headers: { 'x-canary': 'canary-header' } }), [{ ...get, context: { 'obs:prefix': 'canary-context' } }])]);
    const text = JSON.stringify([(await service.events(systemAccountId)).at(-1), (await service.events(accountA)).at(-1)]);
    expect(text).toContain(credentials.accessKeyId);
    for (const secret of ['canary', credentials.securityToken ?? '', credentials.secretAccessKey]) expect(text).not.toContain(secret);
  });
});

describe('the cost of a decision', () => {
  it('of a warm process is one round trip, however many questions and callers a call has', async () => {
    const requests = [await signed(key.reader), await signed(keys.carol), await signed(await session(storageOfB, {}, await session(agencies.first)))].map((request) => forwarded(request, [get, put, get]));
    const token = new URLSearchParams({ token: (await session(storage)).securityToken ?? '' }).toString();
    const ask = async () => {
      await asked(requests);
      await service.call(keys.service, 'POST', '/oauth2/introspect', token, { headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    };
    await ask();
    const monitor = await service.redis.monitor();
    const commands: string[] = [];
    // What a script does inside is no round trip.
    monitor.on('monitor', (_time: string, [command = '']: readonly string[], source: string) => source !== 'lua' && commands.push(command.toLowerCase()));
    // Limits are taken in blocks: now and then a call asks for one.
    const rounds: string[][] = [];
    for (let round = 0; round < 3; round += 1) {
      await ask();
      await service.redis.echo('done');
      await vi.waitFor(() => expect(commands).toContain('echo'));
      rounds.push(commands.splice(0));
    }
    monitor.disconnect();
    expect(rounds).toContainEqual(['evalsha', 'evalsha', 'echo']);
  });
});

describe('changes of the account', () => {
  it('count from the next decision on', async () => {
    const { body } = await service.call(keys.rootA, 'POST', '/v5/users', { name: 'passing', enabled: true });
    const { user_id: userId } = body['user'] as { user_id: string };
    const made = (await service.call(keys.rootA, 'POST', `/v5/users/${userId}/access-keys`)).body['access_key'] as { access_key_id: string; secret_access_key: string };
    const credentials = { accessKeyId: made.access_key_id, secretAccessKey: made.secret_access_key };
    const policyId = ((await service.call(keys.rootA, 'GET', '/v5/policies')).body['policies'] as { policy_name: string; policy_id: string }[]).find(({ policy_name: name }) => name === 'objects')?.policy_id ?? '';
    const decided = async () => decisionsOf(await told(forwarded(await signed(credentials), [get])));
    const attach = (verb: string) => service.call(keys.rootA, 'POST', `/v5/policies/${policyId}/${verb}-user`, { user_id: userId });
    expect(await decided()).toEqual(['deny']);
    await attach('attach');
    expect(await decided()).toEqual(['allow']);
    await attach('detach');
    expect(await decided()).toEqual(['deny']);
    await service.call(keys.rootA, 'PUT', `/v5/users/${userId}/access-keys/${made.access_key_id}`, { status: 'inactive' });
    expect(await decided()).toEqual(['unauthenticated']);
  });
});

describe('what was decided is not answered once its ground has moved: it is decided again', () => {
  async function around(request: Received, question: object, happens: () => Promise<unknown>): Promise<{ decisions: readonly string[]; tries: number }> {
    const requests = forwardedRequests(authorizeBody.parse({ requests: [forwarded(request, [question])] }));
    const { body, tries } = await decidedAround(service, keys.service, (caller, call) => authorizeRequests(service.composition.services, caller, requests, call), happens);
    return { decisions: decisionsOf(body.results), tries };
  }
  const revoke = (by: Credentials, { accessKeyId }: Credentials) => service.call(by, 'POST', `/v1/sessions/${accessKeyId}/revoke`, {});
  const anywhere = { ...get, resource: 'obs:::object:b/k' };

  it('the session was revoked', async () => {
    const ending = await session(storage);
    expect(await around(await signed(ending), get, () => revoke(keys.rootA, ending))).toEqual({ decisions: ['unauthenticated'], tries: 2 });
  });

  it('the session that it descends from was revoked, in another account', async () => {
    const parent = await session(agencies.first);
    const child = await session(storageOfB, {}, parent);
    expect(await around(await signed(child), anywhere, () => revoke(keys.rootA, parent))).toEqual({ decisions: ['unauthenticated'], tries: 2 });
  });

  it('all that the long-term key issued was revoked', async () => {
    const ending = await session(storage);
    service.clock.advance(2);
    expect(await around(await signed(ending), get, () => service.call(keys.rootA, 'POST', '/v1/revocations', { access_key_id: keys.alice.accessKeyId }))).toEqual({ decisions: ['unauthenticated'], tries: 2 });
  });

  it('the policy was taken away', async () => {
    const { body } = await service.call(keys.rootA, 'GET', '/v5/policies');
    const policyId = (body['policies'] as { policy_name: string; policy_id: string }[]).find(({ policy_name: name }) => name === 'objects')?.policy_id ?? '';
    const view = await service.composition.services.directory.read(accountA, () => []);
    const userId = view?.snapshot.users.values().find(({ userName }) => userName === 'reader')?.userId ?? '';
    expect(await around(await signed(key.reader), get, () => service.call(keys.rootA, 'POST', `/v5/policies/${policyId}/detach-user`, { user_id: userId }))).toEqual({ decisions: ['deny'], tries: 2 });
  });

  it('and nothing that matters changed: then the first decision may stand', async () => {
    const { decisions } = await around(await signed(keys.rootA), get, () => service.call(keys.rootA, 'POST', '/v5/groups', { group_name: 'irrelevant' }));
    expect(decisions).toEqual(['allow']);
  });
});
