// What a caller learns from a 401: enough to mend an honest mistake, nothing to tell keys apart or to read a token.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type Answer, type Credentials, type TestService } from '../support/service.js';
import { assumeBody, changed, headerOf, send, signed, without, written, type SendOptions, type WireRequest } from './support.js';

let service: TestService;
let session: Credentials;
beforeAll(async () => {
  service = await startService(accounts);
  session = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session-1' });
});
afterAll(() => service.stop());

const unknown: Credentials = { accessKeyId: 'HPUAUNKNOWN000000000', secretAccessKey: 'x'.repeat(40) };
const wrongly = (credentials: Credentials): Credentials => ({ ...credentials, secretAccessKey: 'wrong'.padEnd(40, 'x') });
let lastAddress = 1;
/** An address that nothing has been sent from yet: failures are counted per key and address. */
const freshAddress = (): SendOptions => ({ from: `127.0.1.${lastAddress += 1}` });
/** All of an answer but what is each request's own. */
const comparable = ({ status, headers, body }: Answer): unknown => ({ status, headers: { ...headers, 'x-request-id': '', date: '' }, body: { ...body, request_id: '' } });

describe('S13: an unknown key, a disabled key, a disabled user and a wrong signature', () => {
  const callers: readonly (readonly [string, () => Credentials])[] = [
    ['an unknown key', () => unknown],
    ['an inactive key, rightly signed', () => keys.inactive],
    ['an inactive key, wrongly signed', () => wrongly(keys.inactive)],
    ['the key of a disabled user, rightly signed', () => keys.disabled],
    ['the key of a disabled user, wrongly signed', () => wrongly(keys.disabled)],
    ['a wrong signature of a user', () => wrongly(keys.alice)],
    ['a wrong signature of a root user', () => wrongly(keys.rootA)],
    ['a wrong signature of a service', () => wrongly(keys.service)],
    ['a wrong signature of the operator', () => wrongly(keys.operator)],
    ['an unknown key of an odd form', () => ({ ...unknown, accessKeyId: 'x' })],
    ['an unknown key with Redis\'s own signs', () => ({ ...unknown, accessKeyId: '{c00}:*:[a-z]?' })],
  ];
  const algorithms = ['SDK-HMAC-SHA256', 'V11-HMAC-SHA256', 'SDK-ECDSA-P256-SHA256'] as const;
  it.each(callers.flatMap(([what, caller]) => algorithms.map((algorithm) => [what, algorithm, caller] as const)))('%s by %s: one status, one body, one set of headers', async (_what, algorithm, caller) => {
    const before = await written(service);
    const answers = await Promise.all([caller(), unknown].map(async (credentials) =>
      comparable(await send(service, signed(service, credentials, { algorithm, body: assumeBody }), freshAddress()))));
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toMatchObject({ status: 401, body: { error_code: 'APIGW.0301' } });
    expect(await written(service)).toEqual(before);
  });

  it('an unknown key is refused by the step that verifies, as a known one is, not by one before it', async () => {
    const texts = await Promise.all([unknown, keys.alice].map(async (credentials) =>
      (await send(service, changed(signed(service, credentials), 'authorization', (value) => value.replace(/[0-9a-f]{64}$/, '0'.repeat(64))), freshAddress())).body.error_msg));
    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).toContain('verify aksk signature fail, canonicalRequest:GET|');
  });

  it('the permanent key of nobody and of somebody are equally refused with a token', async () => {
    const answers = await Promise.all([unknown, keys.alice, keys.inactive].map(async (credentials) =>
      comparable(await send(service, signed(service, { ...credentials, securityToken: session.securityToken ?? '' })))));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });
});

describe('S11: a temporary key and its token belong together', () => {
  const token = (): string => session.securityToken ?? '';
  const expectRefused = async (request: WireRequest, status: number, code: string, text: string): Promise<void> => {
    const before = await written(service);
    const answer = await send(service, request, freshAddress());
    expect(answer).toMatchObject({ status, body: { error_code: code } });
    expect(answer.body.error_msg).toBe(`Incorrect IAM authentication information: ${text}`);
    expect(await written(service)).toEqual(before);
  };

  it('a temporary key with somebody else\'s token is refused, whichever of the two secrets signs', async () => {
    const other = await service.session(keys.bob, { agency_urn: agencies.first, agency_session_name: 'session-2' });
    await expectRefused(signed(service, { ...session, securityToken: other.securityToken ?? '' }), 401, 'APIGW.0301', 'decrypt token fail');
    await expectRefused(signed(service, { ...session, secretAccessKey: other.secretAccessKey, securityToken: other.securityToken ?? '' }), 401, 'APIGW.0301', 'decrypt token fail');
  });

  it('within one chain as well: parent\'s key and child\'s token, child\'s key and parent\'s token', async () => {
    const child = await service.session(session, { agency_urn: agencies.second, agency_session_name: 'session-2' });
    await expectRefused(signed(service, { ...session, securityToken: child.securityToken ?? '' }), 401, 'APIGW.0301', 'decrypt token fail');
    await expectRefused(signed(service, { ...child, securityToken: token() }), 401, 'APIGW.0301', 'decrypt token fail');
    expect((await send(service, signed(service, child))).status).toBe(200);
  });

  it('a temporary key without its token is refused', async () => {
    const { accessKeyId, secretAccessKey } = session;
    await expectRefused(signed(service, { accessKeyId, secretAccessKey }), 401, 'APIGW.0602', 'a temporary access key needs its `X-Security-Token`');
  });

  it('a token without a key is refused', async () => {
    await expectRefused(without(signed(service, session), 'authorization'), 401, 'APIGW.0301', 'header `Authorization` is missing');
  });

  it('a permanent key with a token is refused', async () => {
    await expectRefused(signed(service, { ...keys.alice, securityToken: token() }), 401, 'APIGW.0301', '`X-Security-Token` belongs to temporary access keys, and this one is permanent');
  });

  it('a stolen token without its secret is refused', async () => {
    for (const secretAccessKey of [keys.alice.secretAccessKey, token().slice(0, 40), session.accessKeyId]) {
      const answer = await send(service, signed(service, { ...session, secretAccessKey }), freshAddress());
      expect(answer).toMatchObject({ status: 401 });
      expect(answer.body.error_msg).toContain('verify aksk signature fail');
    }
  });

  it('an unknown temporary key, a token that is none and an empty one are refused alike', async () => {
    for (const [accessKeyId, securityToken] of [[`HST${'A'.repeat(17)}`, token()], [`HST77${'A'.repeat(15)}`, token()], [session.accessKeyId, 'x'], [session.accessKeyId, '']] as const) {
      const request = signed(service, { ...session, accessKeyId, securityToken: 'x' });
      const again = signed(service, { ...session, accessKeyId, ...(securityToken !== '' && { securityToken }) });
      await expectRefused(securityToken === '' ? changed(request, 'x-security-token', () => '') : again, 401, 'APIGW.0301', 'decrypt token fail');
    }
  });

  it('the session\'s own pair is still good', async () => {
    expect(await send(service, signed(service, session))).toMatchObject({ status: 200, body: { account_id: accountA } });
  });
});

describe('a failed signature', () => {
  it('is told the canonical request that the service made, line feeds as |', async () => {
    const request = signed(service, wrongly(keys.alice), { path: '/v5/caller-identity?b=2&a=1', headers: { 'x-project-id': 'p' } });
    const host = headerOf(request, 'host');
    expect((await send(service, request, freshAddress())).body.error_msg).toBe(
      'Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:GET|/v5/caller-identity/|a=1&b=2|'
      + `host:${host}|x-project-id:p|x-sdk-date:20260115T083000Z||host;x-project-id;x-sdk-date|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`);
  });

  it('shows no token', async () => {
    const { body } = await send(service, signed(service, wrongly(session), { headers: { 'x-auth-token': 'other-token', cookie: 'a=cookie-value' } }), freshAddress());
    expect(body.error_msg).toContain('|cookie:***|');
    expect(body.error_msg).toContain('|x-auth-token:***|');
    expect(body.error_msg).toContain('|x-security-token:***|');
    for (const secret of [session.securityToken ?? '', 'other-token', 'cookie-value']) expect(JSON.stringify(body)).not.toContain(secret);
  });

  it('is shown at most 2,000 characters', async () => {
    const { body } = await send(service, signed(service, wrongly(keys.alice), { headers: { 'x-long': 'a'.repeat(8000) } }), freshAddress());
    expect(body.error_msg?.length).toBeLessThan(2100);
  });

  it('carries no encoded message: nobody could decode it', async () => {
    expect((await send(service, signed(service, unknown), freshAddress())).body).not.toHaveProperty('encoded_authorization_message');
  });
});

describe('failures of one key from one address', () => {
  const silent = 'Incorrect IAM authentication information: AK access failed to reach the limit,forbidden.';
  const fail = async (credentials: Credentials, options: SendOptions): Promise<string | undefined> => (await send(service, signed(service, wrongly(credentials)), options)).body.error_msg;

  it.each([['a known key', () => keys.bert], ['an unknown key', () => unknown]] as const)('of %s: the 21st in five minutes learns nothing more, and the key stays open', async (_what, caller) => {
    const here = freshAddress();
    const texts: (string | undefined)[] = [];
    for (let count = 1; count <= 22; count += 1) texts.push(await fail(caller(), here));
    expect(texts.slice(0, 20).every((text) => text?.includes('canonicalRequest:') === true)).toBe(true);
    expect(texts.slice(20)).toEqual([silent, silent]);
    // Neither another address nor another key is touched, and a valid signature passes from here too.
    expect(await fail(caller(), freshAddress())).toContain('canonicalRequest:');
    expect(await fail(keys.carol, here)).toContain('canonicalRequest:');
    expect((await send(service, signed(service, keys.bert), here)).status).toBe(200);
  });

  it('are forgotten five minutes after the first', async () => {
    const counters = await service.redis.keys('agency-sts:attempts:signature:*');
    expect(counters.length).toBeGreaterThan(0);
    for (const counter of counters) expect(await service.redis.ttl(counter)).toBeGreaterThan(0);
    for (const counter of counters) expect(await service.redis.ttl(counter)).toBeLessThanOrEqual(300);
  });
});
