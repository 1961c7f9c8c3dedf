// Every cause of a refusal: its status, its code, and the one shape of the body.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { absentAccount, accountA, accountsPlus, agencies, ask, keys, mfaSerial, trust } from '../support/accounts.js';
import { credentialsOf, startService, type Answer, type Credentials, type TestService } from '../support/service.js';

const path = '/v5/agencies/assume';

let service: TestService;
let session: Credentials;
let other: Credentials;
let expired: Credentials;
let named: Credentials;
let tagged: Credentials;
beforeAll(async () => {
  service = await startService(accountsPlus({ [accountA]: { agencies: [{ agency_name: 'ordinary', trust_policy: trust({ IAM: [accountA] }) }] } }));
  service.clock.set(Date.now() - 1_000_000);
  expired = await service.session(keys.alice, ask(agencies.first, { duration_seconds: 900 }));
  service.clock.set(Date.now());
  session = await service.session(keys.alice, ask(agencies.first));
  other = await service.session(keys.alice, ask(agencies.first));
  named = await service.session(keys.alice, ask(agencies.first, { source_identity: 'alice' }));
  tagged = await service.session(keys.alice, ask(agencies.first, { tags: [{ key: 'team', value: 'blue' }], transitive_tag_keys: ['team'] }));
});
afterAll(() => service.stop());

const from = (credentials: () => Credentials, agency: string, more: object = {}) => () => service.assume(credentials(), ask(agency, more));
const alice = (agency: string, more: object = {}) => from(() => keys.alice, agency, more);
const raw = (body: string | Buffer, headers: Record<string, string> = {}) => () => service.call(keys.alice, 'POST', path, body, { headers });
const wellFormed = JSON.stringify(ask(agencies.first));
const decode = (credentials: Credentials, message: unknown) => () => service.call(credentials, 'POST', '/v5/decode-authorization-message', { encoded_message: message });
const shape = ['error_code', 'error_msg', 'request_id'];
const sealedShape = [...shape, 'encoded_authorization_message'];

type Cause = readonly [cause: string, status: number, code: string, make: () => Promise<Answer>];

const badRequests: readonly Cause[] = [
  ['a body that is missing', 400, 'STS5.1101', () => service.call(keys.alice, 'POST', path)],
  ['a body that is empty', 400, 'STS5.1101', raw('')],
  ['a body that is not JSON', 400, 'STS5.1101', raw('agency_urn=iam')],
  ['a body with a trailing comma', 400, 'STS5.1101', raw(wellFormed.replace(/}$/, ',}'))],
  ['a body with a byte order mark', 400, 'STS5.1101', raw(`\uFEFF${wellFormed}`)],
  ['a body that is not UTF-8', 400, 'STS5.1101', raw(Buffer.from([0x7b, 0xff, 0x7d]))],
  ['a body of another type', 400, 'STS5.1101', raw(wellFormed, { 'content-type': 'text/plain' })],
  ['a body in another charset', 400, 'STS5.1101', raw(wellFormed, { 'content-type': 'application/json; charset=utf-16' })],
  ['a body that is an array', 400, 'STS5.1102', raw('[]')],
  ['a body that is null', 400, 'STS5.1102', raw('null')],
  ['a body that is text', 400, 'STS5.1102', raw('"agency"')],
  ['a field that is missing', 400, 'STS5.1102', raw('{}')],
  ['a field of another type', 400, 'STS5.1102', alice(agencies.first, { agency_session_name: 7 })],
  ['a field that is too short', 400, 'STS5.1102', alice(agencies.first, { agency_session_name: 'a' })],
  ['a field against its pattern', 400, 'STS5.1102', alice(agencies.first, { agency_session_name: 'a b' })],
  ['too many items', 400, 'STS5.1102', alice(agencies.first, { policy_ids: Array.from({ length: 11 }, () => 'a') })],
  ['a tag value of null', 400, 'STS5.1102', alice(agencies.first, { tags: [{ key: 'a', value: null }] })],
  ['a duration over the agency\'s maximum', 400, 'STS5.1103', alice(agencies.long, { duration_seconds: 7201 })],
  ['a duration over one hour in a chain', 400, 'STS5.1104', from(() => session, agencies.second, { duration_seconds: 3601 })],
  ['duplicate tag keys', 400, 'STS5.1105', alice(agencies.first, { tags: [{ key: 'a', value: '' }, { key: 'a', value: '' }] })],
  ['colliding tag keys', 400, 'STS5.1105', alice(agencies.first, { tags: [{ key: 'a', value: '' }, { key: 'A', value: '' }] })],
  ['a tag key that is inherited', 400, 'STS5.1107', from(() => tagged, agencies.second, { tags: [{ key: 'team', value: 'red' }] })],
  ['a malformed session policy', 400, 'STS5.1108', alice(agencies.first, { policy: '{}' })],
  ['an unknown policy id', 400, 'STS5.1109', alice(agencies.first, { policy_ids: ['unknown'] })],
  ['a transitive key that is no tag', 400, 'STS5.1110', alice(agencies.first, { transitive_tag_keys: ['team'] })],
  ['a serial number without a code', 400, 'STS5.1111', alice(agencies.first, { serial_number: mfaSerial })],
  ['a code without a serial number', 400, 'STS5.1111', alice(agencies.first, { token_code: '123456' })],
  ['a message that cannot be decoded', 400, 'STS5.1115', decode(keys.alice, 'AAAA')],
  ['no message to decode', 400, 'STS5.1102', decode(keys.alice, undefined)],
  ['an empty message to decode', 400, 'STS5.1102', decode(keys.alice, '')],
  ['a message to decode of 10,241 characters', 400, 'STS5.1102', decode(keys.alice, 'a'.repeat(10_241))],
];

const denials: readonly Cause[] = [
  ['no identity policy allows', 403, 'STS5.1001', from(() => keys.carol, agencies.first)],
  ['the caller may not ask for an agency that does not exist', 403, 'STS5.1001', from(() => keys.carol, `iam::${accountA}:agency:absent`)],
  ['the trust policy does not allow', 403, 'STS5.1001', alice(agencies.untrusting)],
  ['the account of the agency is absent', 403, 'STS5.1001', alice(`iam::${absentAccount}:agency:first`)],
  ['the agency is absent in another account', 403, 'STS5.1001', alice(`${agencies.untrusting}-absent`)],
  ['the URN is none', 403, 'STS5.1001', alice('iam')],
  ['the external id is missing', 403, 'STS5.1001', alice(agencies.external)],
  ['the external id is wrong', 403, 'STS5.1001', alice(agencies.external, { external_id: 'partner-43' })],
  ['the MFA code is missing', 403, 'STS5.1001', alice(agencies.mfa)],
  ['the MFA code is wrong', 403, 'STS5.1001', alice(agencies.mfa, { serial_number: mfaSerial, token_code: '000000' })],
  ['the MFA device is unknown', 403, 'STS5.1001', alice(agencies.mfa, { serial_number: `${mfaSerial}2`, token_code: '000000' })],
  ['sts::tagSession is missing on the caller\'s side', 403, 'STS5.1001', from(() => keys.bob, agencies.first, { tags: [{ key: 'a', value: '' }] })],
  ['sts::tagSession is missing on the target\'s side', 403, 'STS5.1001', alice(agencies.plain, { tags: [{ key: 'a', value: '' }] })],
  ['sts::setSourceIdentity is missing on the caller\'s side', 403, 'STS5.1001', from(() => keys.bob, agencies.first, { source_identity: 'bob' })],
  ['sts::setSourceIdentity is missing on the target\'s side', 403, 'STS5.1001', alice(agencies.plain, { source_identity: 'alice' })],
  ['the source identity is changed', 403, 'STS5.1001', from(() => named, agencies.second, { source_identity: 'bob' })],
];

const otherRefusals: readonly Cause[] = [
  ['decoding is not allowed', 403, 'STS5.1001', decode(keys.bob, 'AAAA')],
  ['the agency is absent in the caller\'s own account', 404, 'STS5.1106', alice(`iam::${accountA}:agency:absent`)],
  ['the agency is absent under that path in the caller\'s own account', 404, 'STS5.1106', alice(`iam::${accountA}:agency:ops/first`)],
  ['no such operation', 404, 'APIGW.0101', () => service.call(keys.alice, 'POST', '/v5/agencies/assume2', wellFormed)],
  ['another method', 404, 'APIGW.0101', () => service.call(keys.alice, 'PUT', `${path}/x`)],
  ['a body over 64 KiB', 413, 'APIGW.0201', raw(' '.repeat(65_537))],
  ['an unknown access key', 401, 'APIGW.0301', from(() => ({ ...keys.alice, accessKeyId: 'HPUAUNKNOWN000000000' }), agencies.first)],
  ['a wrong secret', 401, 'APIGW.0301', from(() => ({ ...keys.alice, secretAccessKey: keys.bob.secretAccessKey }), agencies.first)],
  ['a key that is inactive', 401, 'APIGW.0301', from(() => keys.inactive, agencies.first)],
  ['a user that is disabled', 401, 'APIGW.0301', from(() => keys.disabled, agencies.first)],
  ['a signature of 16 minutes ago', 401, 'APIGW.0303', () => service.assume(keys.alice, ask(agencies.first), { date: service.clock.now() - 960_000 })],
  ['a temporary key without its token', 401, 'APIGW.0602', from(() => ({ accessKeyId: session.accessKeyId, secretAccessKey: session.secretAccessKey }), agencies.second)],
  ['a token that is none', 401, 'APIGW.0301', from(() => ({ ...session, securityToken: 'token' }), agencies.second)],
  ['a token that is expired', 401, 'APIGW.0301', from(() => expired, agencies.second)],
  ['the token of another access key', 401, 'APIGW.0301', from(() => ({ ...session, securityToken: other.securityToken ?? '' }), agencies.second)],
  ['a token along with a permanent key', 401, 'APIGW.0301', from(() => ({ ...keys.alice, securityToken: session.securityToken ?? '' }), agencies.first)],
  ['the secret of another session', 401, 'APIGW.0301', from(() => ({ ...session, secretAccessKey: other.secretAccessKey }), agencies.second)],
];

describe.each<[bodies: string, members: readonly string[], causes: readonly Cause[]]>([
  ['malformed calls', shape, badRequests],
  ['denied calls, which carry a sealed reason', sealedShape, denials],
  ['other refusals', shape, otherRefusals],
])('%s', (_bodies, members, causes) => {
  it.each(causes)('%s: %d %s', async (_cause, status, code, make) => {
    const { status: answered, body, headers } = await make();
    expect({ answered, code: body.error_code }).toEqual({ answered: status, code });
    expect(Object.keys(body).sort()).toEqual([...members].sort());
    expect(body.error_msg).toMatch(/\S/);
    expect(body.request_id).toMatch(/^[0-9a-f]{32}$/);
    expect(headers['x-request-id']).toBe(body.request_id);
    expect(headers['content-type']).toBe('application/json');
    expect(headers['cache-control']).toBe('no-store');
    if (members === sealedShape) expect(body.encoded_authorization_message).toMatch(/^[\w-]{4,}\.[\w-]{1000,10000}$/);
  });
});

it('a success is a 200 in JSON that nothing on the way may keep, with a request id of its own', async () => {
  const { status, body, headers } = await service.assume(keys.alice, ask(agencies.first));
  expect(status).toBe(200);
  expect(Object.keys(body).sort()).toEqual(['assumed_agency', 'credentials']);
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  const next = await service.assume(keys.alice, ask(agencies.first));
  expect(next.headers['x-request-id']).not.toBe(headers['x-request-id']);
});

it.each(['application/json', 'application/json;charset=UTF-8', 'application/json; charset="utf-8"', 'Application/JSON'])('the content type `%s` is taken', async (contentType) => {
  expect(await raw(wellFormed, { 'content-type': contentType })()).toMatchObject({ status: 200 });
});

it('the wrong caller is told before the wrong body', async () => {
  const answer = await service.call(keys.inactive, 'POST', path, 'not JSON');
  expect(answer.status).toBe(401);
});

it('no refusal leaves a session or credentials behind', async () => {
  const before = await sessionCount();
  for (const [, , , make] of [...badRequests, ...denials, ...otherRefusals]) {
    const { body } = await make();
    expect(() => credentialsOf(body)).toThrow();
  }
  expect(await sessionCount()).toBe(before);
});

const sessionCount = async (): Promise<number> => (await service.redis.keys('*:session:*')).length;
