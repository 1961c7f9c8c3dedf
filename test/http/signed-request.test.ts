// What a request must carry to be taken for its signer's: one date, one token, one signature, each of the one form.
import { createHash, createHmac, getHashes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountA, accounts, agencies, keys } from '../support/accounts.js';
import { startOfTest, startService, type Answer, type Credentials, type TestService } from '../support/service.js';
import { assumeBody, bytesOf, changed, headerOf, plus, send, sendBytes, signed, without, written, type WireRequest } from './support.js';

let service: TestService;
let session: Credentials;
beforeAll(async () => {
  service = await startService(accounts, { STS_RATE_ADDRESS_PER_MINUTE: '1000000' });
  session = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session-1' });
});
afterAll(() => service.stop());
beforeEach(() => service.clock.set(startOfTest));

const identity = (): WireRequest => signed(service, keys.alice);
const hash = /[0-9a-f]{64}$/;
const signatureOf = (request: WireRequest): string => hash.exec(headerOf(request, 'authorization'))?.[0] ?? '';
const withSignature = (request: WireRequest, signature: string): WireRequest => changed(request, 'authorization', (value) => value.replace(hash, signature));

/** Refused: 401 in the gateway's form, and neither a session nor an event more than before. */
async function expectRefused(request: WireRequest, text: RegExp | string, code = 'APIGW.0301'): Promise<Answer> {
  const before = await written(service);
  const answer = await send(service, request);
  expect(answer).toMatchObject({ status: 401, body: { error_code: code, request_id: answer.headers['x-request-id'] } });
  if (typeof text === 'string') expect(answer.body.error_msg).toBe(text);
  else expect(answer.body.error_msg).toMatch(text);
  expect(await written(service)).toEqual(before);
  return answer;
}

describe('without STS_REJECT_REPLAYS', () => {
  it('S1: a captured request is good for its skew window, as in the cloud, and not a second longer', async () => {
    const request = signed(service, keys.alice, { body: assumeBody });
    for (const later of [0, 0, 900]) {
      service.clock.set(startOfTest + later * 1000);
      expect(await send(service, request)).toMatchObject({ status: 200 });
    }
    service.clock.set(startOfTest + 901_000);
    await expectRefused(request, /signature expired/, 'APIGW.0303');
  });
});

describe('S2: the date of a signature', () => {
  it.each([[0, 200], [900, 200], [-900, 200], [901, 401], [-901, 401], [10 * 366 * 86_400, 401], [-10 * 366 * 86_400, 401]])(
    'that differs from the service\'s time by %d s gets %d', async (difference, status) => {
      const answer = await send(service, signed(service, keys.alice, { date: startOfTest + difference * 1000 }));
      expect(answer.status).toBe(status);
      if (status === 401) expect(answer.body).toMatchObject({ error_code: 'APIGW.0303' });
    });

  it('is compared to the millisecond of the service\'s time', async () => {
    const request = identity();
    service.clock.set(startOfTest + 900_000);
    expect((await send(service, request)).status).toBe(200);
    service.clock.set(startOfTest + 900_001);
    expect((await send(service, request)).status).toBe(401);
  });

  it('that is too old is told together with the service\'s time', async () => {
    service.clock.set(startOfTest + 3_600_000);
    await expectRefused(signed(service, keys.alice, { date: startOfTest }),
      'Incorrect IAM authentication information: signature expired, signature time:20260115T083000Z,server time:20260115T093000Z', 'APIGW.0303');
  });

  it('is required', async () => {
    await expectRefused(without(identity(), 'x-sdk-date'), /`X-Sdk-Date` is missing/);
  });

  it('must be signed', async () => {
    await expectRefused(changed(identity(), 'authorization', (value) => value.replace(';x-sdk-date', '')), /`x-sdk-date` must be listed in SignedHeaders/);
  });

  it.each(['2026-01-15T08:30:00Z', '20260115T083000', '20260115T083000.000Z', '20260115083000Z', '1768465800', 'Thu, 15 Jan 2026 08:30:00 GMT', '20260115T083000Z, 20260115T083000Z',
    '20260230T083000Z', '20260115T246000Z', '20260115T083000z', ''])('of the form `%s` is refused', async (date) => {
    await expectRefused(changed(identity(), 'x-sdk-date', () => date), /X-Sdk-Date/);
  });
});

describe('S3: a header that decides something stands once', () => {
  const session1 = (): WireRequest => signed(service, session);
  const doubles: readonly (readonly [string, () => WireRequest])[] = [
    ['X-Sdk-Date', () => plus(identity(), ['X-Sdk-Date', '20260115T083000Z'])],
    ['X-Sdk-Date', () => plus(identity(), ['x-sdk-date', '20260115T084000Z'])],
    ['Authorization', () => plus(identity(), ['Authorization', headerOf(signed(service, keys.bob), 'authorization')])],
    ['Authorization', () => plus(identity(), ['Authorization', headerOf(identity(), 'authorization')])],
    ['Host', () => plus(identity(), ['Host', 'evil.example'])],
    ['X-Security-Token', () => plus(session1(), ['X-Security-Token', session.securityToken ?? ''])],
    ['X-Security-Token', () => plus(session1(), ['x-security-token', 'e30.e30.e30'])],
    ['X-Sdk-Content-Sha256', () => plus(signed(service, keys.alice, { headers: { 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD' } }), ['x-sdk-content-sha256', 'x'])],
    ['X-Source-Account', () => plus(signed(service, keys.service, { headers: { 'x-source-account': accountA } }), ['x-source-account', 'b'.repeat(32)])],
  ];
  it.each(doubles)('%s is refused when repeated, in front or behind', async (_name, build) => {
    const request = build();
    await expectRefused(request, /is repeated/);
    await expectRefused({ ...request, headers: [...request.headers].reverse() }, /is repeated/);
  });

  it('any other signed header as well', async () => {
    await expectRefused(plus(signed(service, keys.alice, { headers: { 'x-project-id': 'p' } }), ['x-project-id', 'p']), /is signed and repeated/);
  });
});

describe('S4: SignedHeaders', () => {
  const relisted = (request: WireRequest, change: (names: string) => string): WireRequest =>
    changed(request, 'authorization', (value) => value.replace(/SignedHeaders=([^,]+)/, (_text, names: string) => `SignedHeaders=${change(names)}`));

  it('in capitals is refused', async () => {
    await expectRefused(relisted(identity(), (names) => names.toUpperCase()), /SignedHeaders must be lower-case/);
  });
  it('with a name twice is refused', async () => {
    await expectRefused(relisted(identity(), (names) => `${names};x-sdk-date`), /SignedHeaders repeats/);
  });
  it('with a header that did not come is refused', async () => {
    await expectRefused(relisted(identity(), (names) => `${names};x-missing`), /absent/);
    // Without any Host Node itself refuses the request.
    expect((await sendBytes(service, bytesOf(without(identity(), 'host'))))[0]).toMatchObject({ status: 400 });
  });
  it('without a present X-Security-Token is refused', async () => {
    const request = relisted(signed(service, session), (names) => names.replace(';x-security-token', ''));
    await expectRefused(request, /`x-security-token` must be listed/);
  });
  it.each(['x-source-account', 'x-source-urn', 'x-sdk-content-sha256'])('without a present %s is refused', async (name) => {
    await expectRefused(plus(signed(service, keys.service), [name, 'x']), new RegExp(`\`${name}\` must be listed`));
  });
  it('may leave out Host and Content-Type, which then decide nothing', async () => {
    // As the Go SDK signs: neither of them.
    const goLike = (credentials: Credentials, host: string): WireRequest => signAgain(without(signed(service, credentials), 'host'), credentials, 'x-sdk-date', host);
    const answers = [await send(service, goLike(keys.alice, '127.0.0.1')), await send(service, goLike(keys.alice, 'evil.example'))];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[0]?.body).toEqual(answers[1]?.body);
  });
});

describe('S5: the access key is read in one place', () => {
  const claims = `Access=${keys.alice.accessKeyId}&SignedHeaders=host;x-sdk-date&X-Sdk-Date=20260115T083000Z`;
  it('credentials in the query without an Authorization header are none', async () => {
    const { target } = identity();
    const request = { ...without(identity(), 'authorization'), target: `${target}?${claims}&Signature=${signatureOf(identity())}&X-Amz-Credential=${keys.alice.accessKeyId}` };
    await expectRefused(request, /`Authorization` is missing/);
  });
  it('credentials in the query beside an Authorization header change nothing of the caller', async () => {
    const answer = await send(service, signed(service, keys.bob, { path: `/v5/caller-identity?X-Amz-Credential=${keys.alice.accessKeyId}&Access=${keys.alice.accessKeyId}` }));
    expect(answer).toMatchObject({ status: 200, body: { principal_urn: `iam::${accountA}:user:bob` } });
  });
  it('a signature over one access key does not speak for another', async () => {
    await expectRefused(changed(identity(), 'authorization', (value) => value.replace(keys.alice.accessKeyId, keys.bob.accessKeyId)), /verify aksk signature fail/);
  });
  it.each([
    (value: string) => value.replace('Access=', `Access=${keys.bob.accessKeyId}, Access=`),
    (value: string) => `${value}, Access=${keys.bob.accessKeyId}`,
    (value: string) => value.replace('Access=', `Credential=${keys.bob.accessKeyId}/20260115/globe/sts, Access=`),
  ])('an Authorization with two access keys is refused (%#)', async (change) => {
    await expectRefused(changed(identity(), 'authorization', change), /Authorization must be/);
  });
});

describe('S8: a query is read as the SDKs sign it, or refused', () => {
  it.each(['?a=1&a=2', '?b[c]=3', '?b=2&a=1', '?a', '?a=b=c', '?a=%2B+%20', '?%E2%82%AC=%e2%82%ac', '?a=~!\'()*'])('%s: signed is verified', async (query) => {
    expect((await send(service, signed(service, keys.alice, { path: `/v5/caller-identity${query}` }))).status).toBe(200);
  });
  it.each([['?a=1&a=2', '?a=2&a=1&a=1'], ['?a=%20', '?a=+'], ['?a=1', '?a=2'], ['?a=1', ''], ['?a=%2526', '?a=%26']])('%s signed does not verify as %s', async (one, other) => {
    await expectRefused({ ...signed(service, keys.alice, { path: `/v5/caller-identity${one}` }), target: `/v5/caller-identity${other}` }, /verify aksk signature fail/);
  });
  it.each(['?a=%ff', '?a=%', '?a=%zz', '?a=%C0%80', '?&a=1', '?a&&b'])('%s is refused', async (query) => {
    await expectRefused({ ...identity(), target: `/v5/caller-identity${query}` }, /query must be/);
  });
});

describe('S12: a signature of another form', () => {
  const cases: readonly (readonly [string, (signature: string) => string])[] = [
    ['in upper case', (signature) => signature.toUpperCase()],
    ['shorter', (signature) => signature.slice(0, 62)],
    ['longer', (signature) => `${signature}00`],
    ['of an odd length', (signature) => signature.slice(1)],
    ['empty', () => ''],
    ['with a blank', (signature) => `${signature.slice(0, 32)} ${signature.slice(32)}`],
    ['with a blank in front', (signature) => ` ${signature}`],
    ['in base64', (signature) => Buffer.from(signature, 'hex').toString('base64')],
    ['very long', (signature) => signature.repeat(25)],
    ['that is not hex', (signature) => `${signature.slice(0, 63)}g`],
    ['of an algorithm with a longer one', () => '30'.repeat(36)],
  ];
  it.each(cases)('%s is refused with 401, never 500', async (_name, change) => {
    await expectRefused(withSignature(identity(), change(signatureOf(identity()))), /./);
  });

  it('made with an empty secret is refused, for known and unknown keys', async () => {
    for (const accessKeyId of [keys.alice.accessKeyId, 'HPUAUNKNOWN000000000']) {
      const request = changed(identity(), 'authorization', (value) => value.replace(keys.alice.accessKeyId, accessKeyId));
      await expectRefused(withSignature(request, signatureOf(signAgain(request, { accessKeyId, secretAccessKey: '' }, 'host;x-sdk-date'))), /verify aksk signature fail/);
    }
  });

  it.each([['an HMAC', 'SDK-ECDSA-P256-SHA256'], ['an HMAC', 'SDK-HMAC-SM3'], ['an HMAC', 'V11-HMAC-SHA256']])('%s under the name of %s is refused', async (_what, algorithm) => {
    await expectRefused(changed(identity(), 'authorization', (value) => value.replace('SDK-HMAC-SHA256', algorithm)), /./);
  });
});

describe('each algorithm', () => {
  const algorithms = ['SDK-HMAC-SHA256', 'V11-HMAC-SHA256', 'SDK-ECDSA-P256-SHA256', ...(getHashes().includes('sm3') ? ['SDK-HMAC-SM3' as const] : [])] as const;
  it.each(algorithms)('%s verifies for a permanent key and for a session', async (algorithm) => {
    expect((await send(service, signed(service, keys.alice, { algorithm, body: assumeBody }))).status).toBe(200);
    expect((await send(service, signed(service, session, { algorithm, body: assumeBody }))).status).toBe(200);
  });

  it('V11 is accepted for our own region and service only', async () => {
    const request = signed(service, keys.alice, { algorithm: 'V11-HMAC-SHA256' });
    await expectRefused(changed(request, 'authorization', (value) => value.replace('/globe/', '/other-1/')), /scope must be `20260115\/globe\/sts`/);
    await expectRefused(changed(request, 'authorization', (value) => value.replace('/sts,', '/iam,')), /scope must be/);
    await expectRefused(changed(request, 'authorization', (value) => value.replace('/20260115/', '/20260114/')), /scope must be/);
  });
});

/** The request signed anew by hand over these headers alone: for what the signer of src/ refuses to make. */
function signAgain(request: WireRequest, { accessKeyId, secretAccessKey }: Credentials, signedHeaders: string, host?: string): WireRequest {
  const all = host === undefined ? request : { ...request, headers: [['host', host] as const, ...request.headers] };
  const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
  const block = signedHeaders.split(';').map((name) => `${name}:${headerOf(all, name)}\n`).join('');
  const canonical = `${all.method}\n${all.target}/\n\n${block}\n${signedHeaders}\n${sha256(all.body)}`;
  const signature = createHmac('sha256', secretAccessKey).update(`SDK-HMAC-SHA256\n${headerOf(all, 'x-sdk-date')}\n${sha256(canonical)}`).digest('hex');
  return changed(all, 'authorization', () => `SDK-HMAC-SHA256 Access=${accessKeyId}, SignedHeaders=${signedHeaders}, Signature=${signature}`);
}
