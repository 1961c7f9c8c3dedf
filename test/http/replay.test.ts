// With STS_REJECT_REPLAYS=1 a signed request is good for one use, however it is presented the second time.
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { assumeBody, changed, eventsInOrder, headerOf, plus, send, signed, written, type WireRequest } from './support.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts, { STS_REJECT_REPLAYS: '1', STS_ALLOW_UNSIGNED_PAYLOAD: '1' });
});
afterAll(() => service.stop());
/** Each test's requests differ from those of the others. */
const freshAssume = (): WireRequest => {
  service.clock.advance(1);
  return signed(service, keys.alice, { body: assumeBody });
};

const replayed = { status: 401, body: { error_code: 'APIGW.0301', error_msg: 'Incorrect IAM authentication information: this signed request was used before' } };

describe('S1: the second use of one signed request is refused', () => {
  const presentations: readonly (readonly [string, (request: WireRequest) => WireRequest])[] = [
    ['as it was', (request) => request],
    ['with other unsigned headers', (request) => plus(request, ['user-agent', 'other/2'], ['x-unsigned', 'new'])],
    ['with a trailing slash', (request) => ({ ...request, target: `${request.target}/` })],
    ['with header names in capitals', (request) => ({ ...request, headers: request.headers.map(([name, value]) => [name.toUpperCase(), value]) })],
    ['with the headers in another order', (request) => ({ ...request, headers: [...request.headers].reverse() })],
    ['with blanks around header values', (request) => changed(request, 'content-type', (value) => `  ${value}\t`)],
    ['in chunks', (request) => ({
      ...plus(request, ['transfer-encoding', 'chunked']),
      body: Buffer.from(`${request.body.length.toString(16)}\r\n${request.body.toString()}\r\n0\r\n\r\n`),
    })],
  ];
  it.each(presentations)('presented %s', async (_name, present) => {
    const request = freshAssume();
    expect(await send(service, request)).toMatchObject({ status: 200 });
    const before = await written(service);
    expect(await send(service, present(request))).toMatchObject(replayed);
    const after = await written(service);
    expect(after.sessions).toBe(before.sessions);
    // The refusal has its audit event.
    expect(after.events).toBe(before.events + 1);
    expect((await eventsInOrder(service, accountA)).at(-1)).toMatchObject({ operation: 'AssumeAgency', status: 401, errorCode: 'APIGW.0301' });
  });

  it('presented with an ECDSA signature (r, s) bent into (r, n - s), which verifies too', async () => {
    service.clock.advance(1);
    const request = signed(service, keys.alice, { body: assumeBody, algorithm: 'SDK-ECDSA-P256-SHA256' });
    const bent = changed(request, 'authorization', bentSignature);
    expect(headerOf(bent, 'authorization')).not.toBe(headerOf(request, 'authorization'));
    expect(await send(service, bent)).toMatchObject({ status: 200 });
    expect(await send(service, request)).toMatchObject(replayed);
    expect(await send(service, bent)).toMatchObject(replayed);
  });

  it('presented with a query in another order and other escapes', async () => {
    service.clock.advance(1);
    const request = signed(service, keys.alice, { path: '/v5/caller-identity?b=%7E1&a=x' });
    expect(await send(service, request)).toMatchObject({ status: 200 });
    expect(await send(service, { ...request, target: '/v5/caller-identity?a=%78&b=~1' })).toMatchObject(replayed);
  });

  it('presented at the same moment on many connections: one wins', async () => {
    const request = freshAssume();
    const statuses = (await Promise.all(Array.from({ length: 20 }, () => send(service, request)))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 401)).toHaveLength(19);
  });

  it('by a session as by a permanent key', async () => {
    service.clock.advance(1);
    const session = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'session-2' });
    const request = signed(service, session);
    expect(await send(service, request)).toMatchObject({ status: 200 });
    expect(await send(service, request)).toMatchObject(replayed);
  });

  // Open: the digest of src/sts/perform.ts is taken over the bytes received, not over what the signature covers.
  it('presented with a header value in the other of the two encodings that one signature fits', async () => {
    service.clock.advance(1);
    // Node's SDK hashes UTF-8 and sends latin1: both forms of the wire have the same signature.
    const request = signed(service, keys.alice, { headers: { 'x-note': 'é' } });
    expect(headerOf(request, 'x-note')).toBe('Ã©');
    const latin1 = changed(request, 'x-note', () => 'é');
    expect(await send(service, request)).toMatchObject({ status: 200 });
    expect(await send(service, latin1)).toMatchObject(replayed);
  });

  // Open, for the same reason.
  it('presented with another body, where the body is not signed', async () => {
    service.clock.advance(1);
    const request = signed(service, keys.alice, { body: assumeBody, headers: { 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD' } });
    expect(await send(service, request)).toMatchObject({ status: 200 });
    expect(await send(service, { ...request, body: Buffer.from(assumeBody.replace('session-1', 'session-2')) })).toMatchObject(replayed);
  });
});

it('a refused request is used up as well', async () => {
  service.clock.advance(1);
  const request = signed(service, keys.alice, { body: JSON.stringify({ agency_urn: agencies.untrusting, agency_session_name: 'session-1' }) });
  expect(await send(service, request)).toMatchObject({ status: 403 });
  expect(await send(service, request)).toMatchObject(replayed);
});

it('a request of the next second is another one', async () => {
  expect(await send(service, freshAssume())).toMatchObject({ status: 200 });
  expect(await send(service, freshAssume())).toMatchObject({ status: 200 });
});

it('what is remembered of a request outlives its skew window, and ends', async () => {
  const request = freshAssume();
  await send(service, request);
  const [key = ''] = await service.redis.keys('*:signed:*');
  expect(await service.redis.ttl(key)).toBeGreaterThan(2 * 900);
  expect(await service.redis.ttl(key)).toBeLessThan(3600);
});

it('a wrong signature over the same input does not use the request up', async () => {
  const request = freshAssume();
  const wrong = changed(request, 'authorization', (value) => value.replace(/[0-9a-f]{64}$/, createHmac('sha256', 'wrong').update('').digest('hex')));
  expect(await send(service, wrong)).toMatchObject({ status: 401 });
  expect(await send(service, request)).toMatchObject({ status: 200 });
});

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** (r, n - s) in DER for the (r, s) at the end of an Authorization value. */
function bentSignature(authorization: string): string {
  const [head = '', hex = ''] = authorization.split(/(?<=Signature=)/);
  const der = Buffer.from(hex, 'hex');
  const lengthOfR = der[3] ?? 0;
  const r = BigInt(`0x${der.subarray(4, 4 + lengthOfR).toString('hex')}`);
  const s = BigInt(`0x${der.subarray(6 + lengthOfR).toString('hex')}`);
  const content = Buffer.concat([derInteger(r), derInteger(order - s)]);
  return `${head}${Buffer.concat([Buffer.from([0x30, content.length]), content]).toString('hex')}`;
}

function derInteger(value: bigint): Buffer {
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  if (Number.parseInt(hex.slice(0, 2), 16) >= 0x80) hex = `00${hex}`;
  return Buffer.concat([Buffer.from([0x02, hex.length / 2]), Buffer.from(hex, 'hex')]);
}
