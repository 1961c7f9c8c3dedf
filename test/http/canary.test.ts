// A5: after all kinds of calls, no secret stands in the clear in a log line, an audit event, an error, or anywhere in Redis and its files.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as OTPAuth from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readUnidentifiedCalls } from '../../src/redis/audit-store.js';
import { accountA, accounts, agencies, keys, mfaSeed, mfaSerial } from '../support/accounts.js';
import { startService, writeChanges, type Answer, type Credentials, type TestService } from '../support/service.js';
import { allKeys, assumeBody, changed, decodePath, identityPath, plus, send, signed, without } from './support.js';

const rightExternalId = 'canary-external-id-that-fits';
const secrets = new Map<string, string>([
  ...Object.entries(keys).map(([name, { secretAccessKey }]) => [`secret key of ${name}`, secretAccessKey] as const),
  ['MFA seed', mfaSeed], ['MFA seed, decoded', OTPAuth.Secret.fromBase32(mfaSeed).latin1],
  ['wrong external id', 'canary-external-id-that-does-not'], ['malformed external id', 'canary malformed external id'],
  ['malformed MFA code', 'canary-code'], ['secret in an unknown member', 'canary-unknown-member'], ['secret in a body that is no JSON', 'canary-no-json'],
  ['token of another scheme', 'canary-x-auth-token'], ['cookie', 'canary-cookie'], ['forwarded request', 'canary-forwarded'], ['session policy that is no JSON', 'canary-policy-no-json'],
  ['password', 'canary-password-of-carol'],
]);
const sessionPolicy = JSON.stringify({ Version: '5.0', Statement: [{ Effect: 'Allow', Action: ['obs:object:GetObject'], Resource: ['obs:*:*:object:canary-bucket/*'] }] });
/** What directory entities and session records hold in the clear by their nature; nothing else does. */
const configured = new Map([['external id', rightExternalId], ['session policy', 'canary-bucket']]);
/** Digits could stand in a number by chance: they count only as a word. */
const codes: string[] = [];

let service: TestService;
const answers: Answer[] = [];
let refusals: string;
let redisDump: ReadonlyMap<string, string>;
const call = async (request: Parameters<typeof send>[1]): Promise<Answer> => {
  const answer = await send(service, request);
  answers.push(answer);
  return answer;
};
const assume = (credentials: Credentials, body: object): Promise<Answer> => call(signed(service, credentials, { body: JSON.stringify({ agency_urn: agencies.first, agency_session_name: 'session-1', ...body }) }));
const codeAt = (milliseconds: number): string => {
  const code = new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(mfaSeed) }).generate({ timestamp: milliseconds });
  codes.push(code);
  return code;
};
const keep = (name: string, answer: Answer): Credentials => {
  const { credentials } = answer.body;
  if (credentials === undefined) throw new Error(`${name}: ${JSON.stringify(answer.body)}`);
  secrets.set(`secret key of ${name}`, credentials.secret_access_key);
  secrets.set(`token of ${name}`, credentials.security_token);
  secrets.set(`signature of the token of ${name}`, credentials.security_token.split('.')[2] ?? '');
  return { accessKeyId: credentials.access_key_id, secretAccessKey: credentials.secret_access_key, securityToken: credentials.security_token };
};

beforeAll(async () => {
  service = await startService(JSON.parse(JSON.stringify(accounts).replaceAll('partner-42', rightExternalId).replace('"user_name":"carol"', '"user_name":"carol","password":"canary-password-of-carol"')) as object);
  await successfulCalls();
  await refusedCalls();
  await failingCalls();
  await service.composition.flushUnidentified();
  refusals = JSON.stringify(answers.filter(({ status }) => status !== 200).map(({ headers, body }) => ({ headers, body })));
  redisDump = await dumpRedis();
});
afterAll(() => service.stop());

async function successfulCalls(): Promise<void> {
  const first = keep('a session', await assume(keys.alice, { tags: [{ key: 'team', value: 'blue' }], source_identity: 'alice' }));
  const second = keep('a chained session', await assume(first, { agency_urn: agencies.second, agency_session_name: 'session-2' }));
  keep('a session thrice removed', await assume(second, { agency_urn: agencies.third, agency_session_name: 'session-3' }));
  keep('a session by MFA', await assume(keys.alice, { agency_urn: agencies.mfa, serial_number: mfaSerial, token_code: codeAt(service.clock.now()) }));
  keep('a session with a policy', await assume(keys.alice, { policy: sessionPolicy }));
  keep('a session by external id', await assume(keys.alice, { agency_urn: agencies.external, external_id: rightExternalId }));
  for (const algorithm of ['V11-HMAC-SHA256', 'SDK-ECDSA-P256-SHA256'] as const) keep(`a session by ${algorithm}`, await call(signed(service, keys.alice, { algorithm, body: assumeBody })));
  for (const credentials of [keys.rootA, keys.service, first, second]) expect((await call(signed(service, credentials))).status).toBe(200);
  await relyingPartyCalls(second);
  const denied = await assume(keys.carol, {});
  expect((await call(signed(service, keys.alice, { path: decodePath, body: JSON.stringify({ encoded_message: denied.body.encoded_authorization_message }) }))).status).toBe(200);
}

/** What services forward is not theirs to show, and not ours to keep. */
async function relyingPartyCalls(session: Credentials): Promise<void> {
  const requests = [session, { ...session, secretAccessKey: 'wrong' }, keys.alice].map((credentials) => {
    const { method, headers } = signed(service, credentials, { path: '/bucket/canary-forwarded', body: 'canary-forwarded' });
    return { method, target: '/bucket/canary-forwarded', headers, body: Buffer.from('canary-forwarded').toString('base64'), source_ip: '192.0.2.1', questions: [{ action: 'obs:object:GetObject', context: { 'obs:prefix': 'canary-forwarded' } }] };
  });
  const answer = await call(signed(service, keys.service, { path: '/v1/authorize', body: JSON.stringify({ requests }) }));
  expect(JSON.stringify(answer.body).match(/"decision":"\w+"/g)).toEqual(['deny', 'unauthenticated', 'deny'].map((decision) => `"decision":"${decision}"`));
  const form = new URLSearchParams({ token: session.securityToken ?? '' }).toString();
  expect((await call(signed(service, keys.service, { path: '/oauth2/introspect', body: form, headers: { 'content-type': 'application/x-www-form-urlencoded' } }))).body).toMatchObject({ active: true });
}

async function refusedCalls(): Promise<void> {
  const session = keep('a session that is abused', await assume(keys.alice, {}));
  const token = session.securityToken ?? '';
  const used = codeAt(service.clock.now());
  const expectStatus = async (status: number, answer: Promise<Answer>): Promise<void> => expect((await answer).status).toBe(status);
  await expectStatus(403, assume(keys.alice, { agency_urn: agencies.mfa, serial_number: mfaSerial, token_code: used }));
  await expectStatus(403, assume(keys.alice, { agency_urn: agencies.mfa, serial_number: mfaSerial, token_code: codeAt(0) }));
  await expectStatus(403, assume(keys.bob, { agency_urn: agencies.mfa, serial_number: mfaSerial, token_code: codeAt(service.clock.now() + 30_000) }));
  await expectStatus(400, assume(keys.alice, { serial_number: mfaSerial, token_code: 'canary-code' }));
  await expectStatus(400, assume(keys.alice, { token_code: codeAt(service.clock.now() + 60_000) }));
  await expectStatus(403, assume(keys.alice, { agency_urn: agencies.external, external_id: 'canary-external-id-that-does-not' }));
  await expectStatus(403, assume(keys.carol, { agency_urn: agencies.external, external_id: rightExternalId }));
  await expectStatus(403, assume(keys.bert, { agency_urn: agencies.external, external_id: 'canary-external-id-that-does-not' }));
  await expectStatus(400, assume(keys.alice, { external_id: 'canary malformed external id' }));
  await expectStatus(400, assume(keys.alice, { policy: '{"canary-policy-no-json":' }));
  await expectStatus(400, assume(keys.alice, { duration_seconds: 'canary-unknown-member', secret_access_key: 'canary-unknown-member' }));
  await expectStatus(400, call(signed(service, keys.alice, { body: '{"token_code":"canary-no-json"' })));
  await expectStatus(400, call(signed(service, keys.alice, { path: decodePath, body: JSON.stringify({ encoded_message: token }) })));
  for (const [name, credentials] of Object.entries(keys)) {
    // Signed with the secret of another, or of one that may not call.
    await expectStatus(401, call(signed(service, { accessKeyId: credentials.accessKeyId, secretAccessKey: session.secretAccessKey }, { body: JSON.stringify({ secret: credentials.secretAccessKey, name }) })));
  }
  await expectStatus(401, call(signed(service, keys.inactive)));
  await expectStatus(401, call(signed(service, { ...session, secretAccessKey: keys.alice.secretAccessKey })));
  await expectStatus(401, call(signed(service, { ...session, securityToken: `${token.slice(0, -6)}AAAAAA` })));
  await expectStatus(401, call(signed(service, { ...keys.alice, securityToken: token })));
  await expectStatus(401, call(changed(signed(service, session), 'authorization', () => `Bearer ${token}`)));
  await expectStatus(401, call(changed(signed(service, session), 'authorization', () => `SDK-HMAC-SHA256 ${keys.alice.secretAccessKey}`)));
  await expectStatus(401, call(changed(signed(service, session), 'x-sdk-date', () => token.slice(0, 200))));
  await expectStatus(401, call(signed(service, { ...keys.alice, secretAccessKey: 'wrong' }, { headers: { 'x-auth-token': 'canary-x-auth-token', cookie: 'a=canary-cookie' } })));
  await expectStatus(401, call(plus(without(signed(service, session), 'authorization'), ['x-auth-token', 'canary-x-auth-token'])));
  await expectStatus(404, call({ ...signed(service, session), target: `${identityPath}/${token}` }));
}

/** Failures of the service itself, with the stacks that they log. */
async function failingCalls(): Promise<void> {
  const { redis, composition: { names, services } } = service;
  const session = keep('a session that is tampered with', await assume(keys.alice, {}));
  await redis.set(names.session(session.accessKeyId), 'tampered');
  expect((await call(signed(service, session))).status).toBe(503);

  await redis.config('SET', 'maxmemory', '1');
  expect((await assume(keys.alice, { external_id: rightExternalId })).status).toBe(503);
  await redis.config('SET', 'maxmemory', '0');

  const view = await services.directory.read(accountA, () => []);
  const device = view?.snapshot.mfaDevices.get(mfaSerial);
  if (view === undefined || device === undefined) throw new Error('no device');
  await writeChanges(service.composition, [{ accountId: accountA, expectedRevision: view.snapshot.revision, put: [[`mfa:${mfaSerial}`, { ...device, sealedSeed: 'x.y' }]], remove: [] }]);
  expect((await assume(keys.alice, { agency_urn: agencies.mfa, serial_number: mfaSerial, token_code: codeAt(service.clock.now() + 90_000) })).status).toBe(500);
  expect(service.logged.filter(({ level }) => level === 'error').length).toBe(3);
}

async function dumpRedis(): Promise<ReadonlyMap<string, string>> {
  const { redis } = service;
  const content = async (key: string): Promise<unknown> => {
    switch (await redis.type(key)) {
      case 'string': return redis.get(key);
      case 'hash': return redis.hgetall(key);
      case 'list': return redis.lrange(key, 0, -1);
      case 'set': return redis.smembers(key);
      case 'zset': return redis.zrange(key, '0', '-1');
      case 'stream': return redis.xrange(key, '-', '+');
      default: throw new Error(`\`${key}\` is of a type that this test cannot read`);
    }
  };
  return new Map(await Promise.all((await allKeys(service)).map(async (key) => [key, `${key} ${JSON.stringify(await content(key))}`] as const)));
}

/** The secret as it is and in the encodings that would only look like hiding it. */
const formsOf = (secret: string): readonly string[] => {
  const bytes = Buffer.from(secret, 'latin1');
  return [secret, JSON.stringify(secret).slice(1, -1), bytes.toString('hex'), bytes.toString('base64').replace(/.?=*$/, ''), bytes.toString('base64url').slice(0, -1)];
};
function expectNone(text: string, also: ReadonlyMap<string, string> = new Map()): void {
  expect(text.length).toBeGreaterThan(100);
  for (const [name, secret] of [...secrets, ...also]) for (const form of formsOf(secret)) expect(text.includes(form), name).toBe(false);
  for (const code of codes) expect(new RegExp(`(?<![\\w-])${code}(?![\\w-])`).test(text), `MFA code ${code}`).toBe(false);
}

describe('A5: no secret, token or code', () => {
  it('the calls were of all kinds', () => {
    expect([...new Set(answers.map(({ status }) => status))].sort()).toEqual([200, 400, 401, 403, 404, 500, 503]);
    expect(secrets.size).toBeGreaterThan(40);
    expect(codes.length).toBeGreaterThan(5);
  });

  it('in a log line, stacks of failures included', () => {
    expectNone(JSON.stringify(service.logged), configured);
  });

  it('in the body or a header of a refusal', () => {
    // What a caller sends as an unencoded path or header is not mirrored; of a signed request the canonical form is, tokens masked.
    expectNone(refusals, configured);
  });

  it('in an audit event', async () => {
    const events = await Promise.all(accounts.accounts.map(({ account_id: id }) => service.events(id)));
    expect(events.flat().length).toBeGreaterThan(30);
    expectNone(JSON.stringify(events), configured);
  });

  it('in an entry of the calls that nobody can be charged with', async () => {
    const entries = await readUnidentifiedCalls(service.redis, 1000);
    expect(entries.length).toBeGreaterThan(5);
    expectNone(JSON.stringify(entries), configured);
  });

  it('in any key of Redis', () => {
    expect(redisDump.size).toBeGreaterThan(30);
    expectNone([...redisDump.values()].join('\n'));
    expectNone([...redisDump].filter(([key]) => !/:(entities|session):/.test(key)).map(([, content]) => content).join('\n'), configured);
  });

  it('in the files of Redis, which hold the commands that it was sent', async () => {
    const folder = join(service.folder, 'data');
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const texts = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'latin1')));
    expect(texts.some((text) => text.includes(keys.alice.accessKeyId))).toBe(true);
    expectNone(texts.join('\n'));
  });

  it('and the search finds what is there', () => {
    expect(() => expectNone(`${'.'.repeat(100)}${keys.alice.secretAccessKey}`)).toThrow('secret key of alice');
    expect(() => expectNone(`${'.'.repeat(100)}${Buffer.from(mfaSeed).toString('base64')}`)).toThrow('MFA seed');
    expect(() => expectNone(`${'.'.repeat(100)}"${codes[0] ?? ''}"`)).toThrow('MFA code');
  });
});
