// The body of a request: what was signed is what arrived, byte by byte, and whatever a client sends, its cost is bounded.
import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maximumBodyBytes } from '../../src/http/received-body.js';
import { accounts, agencies, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { assumeBody, bytesOf, openSocket, plus, send, sendBytes, signed, written, type WireRequest } from './support.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
});
afterAll(() => service.stop());

const assume = (body: string | Buffer = assumeBody, headers: Readonly<Record<string, string>> = {}): WireRequest => signed(service, keys.alice, { body, headers });
const withBody = (request: WireRequest, body: string | Buffer): WireRequest => ({ ...request, body: Buffer.from(body) });
/** A valid body of exactly so many bytes. */
const bodyOfSize = (bytes: number): string => `${assumeBody.slice(0, -1)}${' '.repeat(bytes - assumeBody.length)}}`;

describe('S9: the signature covers the bytes received', () => {
  const bent: readonly (readonly [string, (body: string) => string | Buffer])[] = [
    ['serialised anew', (body) => JSON.stringify(JSON.parse(body), null, 1)],
    ['with its members in another order', (body) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(body) as object).reverse()))],
    ['with a byte order mark', (body) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(body)])],
    ['in UTF-16', (body) => Buffer.from(body, 'utf16le')],
    ['compressed', (body) => gzipSync(body)],
    ['with a line feed at the end', (body) => `${body}\n`],
    ['with an escape for a letter', (body) => body.replace('session-1', 'session\\u002d1')],
    ['of another session', (body) => body.replace('session-1', 'session-2')],
    ['empty', () => ''],
  ];
  it.each(bent)('a body %s is not the one that was signed', async (_name, bend) => {
    const before = await written(service);
    const request = assume();
    expect(await send(service, withBody(request, bend(request.body.toString())))).toMatchObject({ status: 401, body: { error_code: 'APIGW.0301' } });
    expect(await written(service)).toEqual(before);
  });

  it.each([['spaced', ' {\n "agency_session_name" : "session-1",\t"agency_urn":"' + agencies.first + '" }\r\n'], ['escaped', assumeBody.replace('session-1', 'session\\u002d1')]])(
    'a body %s is verified as it stands', async (_name, body) => {
      expect((await send(service, assume(body))).status).toBe(200);
    });

  it('a body with a member twice is refused: another reader would see another value', async () => {
    expect(await send(service, assume(assumeBody.replace('}', ',"agency_session_name":"session-9"}')))).toMatchObject({
      status: 400, body: { error_code: 'STS5.1101', error_msg: expect.stringContaining('`agency_session_name`') as string },
    });
  });

  it('a body that comes in chunks is the same body', async () => {
    const request = assume();
    const chunks = Array.from(request.body.toString()).map((letter) => `1\r\n${letter}\r\n`).join('');
    expect((await send(service, withBody(plus(request, ['transfer-encoding', 'chunked']), `${chunks}0\r\n\r\n`))).status).toBe(200);
  });

  it('a body under an operation that has none is verified too', async () => {
    const request = signed(service, keys.alice, { method: 'GET', path: '/v5/caller-identity', body: 'x' });
    expect((await send(service, request)).status).toBe(200);
    expect((await send(service, withBody(request, 'y'))).status).toBe(401);
  });

  it('UNSIGNED-PAYLOAD stands for no body unless a setting allows it', async () => {
    expect(await send(service, assume(assumeBody, { 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD' }))).toMatchObject({ status: 401 });
  });
});

describe('S9: a rightly signed body in a form that could be read in two ways is refused', () => {
  const refused: readonly (readonly [string, string | Buffer, Readonly<Record<string, string>>])[] = [
    ['a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(assumeBody)]), {}],
    ['UTF-16 without a word', Buffer.from(assumeBody, 'utf16le'), {}],
    ['UTF-16 by charset', Buffer.from(assumeBody, 'utf16le'), { 'content-type': 'application/json; charset=utf-16' }],
    ['UTF-8 under another charset', assumeBody, { 'content-type': 'application/json; charset=iso-8859-1' }],
    ['invalid UTF-8', Buffer.concat([Buffer.from(assumeBody.slice(0, -2)), Buffer.from([0xff]), Buffer.from('"}')]), {}],
    ['gzip', gzipSync(assumeBody), { 'content-encoding': 'gzip' }],
    ['gzip by two encodings', gzipSync(assumeBody), { 'content-encoding': 'identity, gzip' }],
    ['gzip in capitals', gzipSync(assumeBody), { 'content-encoding': 'GZIP' }],
    ['an unknown encoding', assumeBody, { 'content-encoding': 'br2' }],
    ['a form', 'agency_session_name=session-1', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['JSON as a form', assumeBody, { 'content-type': 'application/x-www-form-urlencoded' }],
    ['JSON as text', assumeBody, { 'content-type': 'text/plain' }],
    ['JSON of a profile', assumeBody, { 'content-type': 'application/merge-patch+json' }],
    ['XML', '<a/>', { 'content-type': 'application/xml' }],
    ['multipart', '--x\r\n\r\n{}\r\n--x--', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['two JSON texts', `${assumeBody}${assumeBody}`, {}],
    ['JSON with a comment', `/**/${assumeBody}`, {}],
    ['a bare word', 'NaN', {}],
  ];
  it.each(refused)('%s', async (_name, body, headers) => {
    const { sessions } = await written(service);
    expect(await send(service, assume(body, headers))).toMatchObject({ status: 400, body: { error_code: 'STS5.1101' } });
    expect((await written(service)).sessions).toBe(sessions);
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'application/json;charset="UTF-8"', 'APPLICATION/JSON ; Charset=utf8'])('%s is JSON', async (type) => {
    expect((await send(service, assume(assumeBody, { 'content-type': type }))).status).toBe(200);
  });

  it('a body without a Content-Type is read as JSON', async () => {
    expect((await send(service, signed(service, keys.alice, { body: assumeBody, untyped: true }))).status).toBe(200);
  });
});

describe('F11: the body is at most 64 KiB', () => {
  it('exactly so many bytes are read, one more is refused', async () => {
    expect(maximumBodyBytes).toBe(65_536);
    expect((await send(service, assume(bodyOfSize(maximumBodyBytes)))).status).toBe(200);
    expect(await send(service, assume(bodyOfSize(maximumBodyBytes + 1)))).toMatchObject({ status: 413, body: { error_code: 'APIGW.0201' } });
  });

  it('in chunks as well, whatever is announced', async () => {
    for (const [bytes, status] of [[maximumBodyBytes, 200], [maximumBodyBytes + 1, 413]] as const) {
      const request = assume(bodyOfSize(bytes));
      const chunked = withBody(plus(request, ['transfer-encoding', 'chunked']), `${bytes.toString(16)}\r\n${request.body.toString()}\r\n0\r\n\r\n`);
      expect((await send(service, chunked)).status).toBe(status);
    }
  });

  it('100 MB are refused by their announcement, before they come', async () => {
    const socket = await openSocket(service);
    const answer = new Promise<string>((resolve) => socket.once('data', (data: Buffer) => resolve(data.toString())));
    socket.write(bytesOf(plus(assume(), ['content-length', String(100 * 1024 * 1024)]), false));
    expect(await answer).toMatch(/^HTTP\/1.1 413 /);
    socket.destroy();
  });

  it('a gzip bomb is never inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(maximumBodyBytes);
    const started = performance.now();
    expect((await send(service, assume(bomb, { 'content-encoding': 'gzip' }))).status).toBe(400);
    expect((await send(service, assume(bomb))).status).toBe(400);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('F11: JSON of any shape costs a 400, not the service', () => {
  const depth = 32_000;
  const shapes: readonly (readonly [string, string])[] = [
    ['50,000 arrays that do not end', '['.repeat(50_000)],
    ['32,000 arrays in one another', '['.repeat(depth) + ']'.repeat(depth)],
    ['10,000 objects in one another', '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000)],
    ['deep arrays as tags', `{"agency_urn":"${agencies.first}","agency_session_name":"session-1","tags":${'['.repeat(depth)}${']'.repeat(depth)}}`],
    ['30,000 tags', `{"tags":[${'1,'.repeat(30_000)}1]}`],
    ['a number without end', `{"agency_urn":"${agencies.first}","agency_session_name":"session-1","duration_seconds":${'9'.repeat(60_000)}}`],
    ['1e999', `{"agency_urn":"${agencies.first}","agency_session_name":"session-1","duration_seconds":1e999}`],
    ['a string of 60,000 escapes', `{"agency_urn":"${'\\u0000'.repeat(10_000)}"}`],
    ['null', 'null'], ['an array', '[]'], ['a string', '"x"'], ['nothing', ' '],
  ];
  it.each(shapes)('%s', async (_name, body) => {
    const started = performance.now();
    const answer = await send(service, assume(body));
    expect(answer).toMatchObject({ status: 400 });
    expect(answer.body.error_msg?.length).toBeLessThan(300);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('deep JSON is refused, also in a member that nobody reads', async () => {
    expect(await send(service, assume(assumeBody.replace('}', `,"other":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)))).toMatchObject({ status: 400, body: { error_code: 'STS5.1101', error_msg: 'the body is nested deeper than 64 levels' } });
  });

  it.each(['__proto__', 'constructor', 'toString'])('a member named %s gives nothing to anything', async (name) => {
    const answer = await send(service, assume(`{"agency_urn":"${agencies.first}","${name}":{"agency_session_name":"session-1"}}`));
    expect(answer).toMatchObject({ status: 400, body: { error_msg: '`agency_session_name`: is required' } });
  });
});

describe('F11: headers', () => {
  const many = (count: number): (readonly [string, string])[] => Array.from({ length: count }, (_value, index) => [`a${index}`, 'b'] as const);
  it('10,000 are refused with 431', async () => {
    const [answer] = await sendBytes(service, bytesOf(plus(assume(), ...many(10_000))));
    expect(answer).toMatchObject({ status: 431, body: { error_msg: 'the headers are larger than 16384 bytes, or more than 100' } });
  });

  it('100 are read and one more is refused, however small: none is left out in silence', async () => {
    const request = assume();
    // `connection` and `content-length` come on top.
    const room = 100 - request.headers.length - 2;
    expect((await send(service, plus(request, ...many(room)))).status).toBe(200);
    const [answer] = await sendBytes(service, bytesOf(plus(request, ...many(room + 1))));
    expect(answer).toMatchObject({ status: 431, headers: { connection: 'close' }, body: { error_code: 'APIGW.0202' } });
  });

  it('one of 20 KB is refused with 431', async () => {
    const [answer] = await sendBytes(service, bytesOf(plus(assume(), ['x-long', 'a'.repeat(20_000)])));
    expect(answer).toMatchObject({ status: 431, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' } });
  });

  it('a target of 20 KB is refused with 431', async () => {
    const [answer] = await sendBytes(service, bytesOf({ ...signed(service, keys.alice), target: `/v5/caller-identity?a=${'a'.repeat(20_000)}` }));
    expect(answer?.status).toBe(431);
  });

  it('a token longer than any of ours is refused before it is parsed', async () => {
    expect(await send(service, signed(service, { accessKeyId: `HST${'A'.repeat(17)}`, secretAccessKey: 'x', securityToken: `e30.${'A'.repeat(12_000)}.e30` }))).toMatchObject({ status: 401 });
  });
});

describe('F11: a client that takes its time or goes', () => {
  it('has 10 seconds for its headers and 15 for its request', () => {
    expect(service.server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 15_000, maxHeadersCount: 100 });
  });

  it('gone in the middle of its body leaves no 500, no event, no session, and a service that serves', async () => {
    const before = await written(service);
    const logged = service.logged.length;
    const request = assume();
    for (const framing of [['content-length', String(request.body.length)], ['transfer-encoding', 'chunked']] as const) {
      const socket = await openSocket(service);
      const bytes = bytesOf(plus(request, framing), false);
      socket.write(bytes.subarray(0, bytes.length - 20));
      await sleep(50);
      socket.destroy();
      await sleep(50);
    }
    expect(await written(service)).toEqual(before);
    expect(service.logged.slice(logged).filter(({ level }) => level === 'error')).toEqual([]);
    expect((await send(service, assume())).status).toBe(200);
  });

  it('that waits for a 100 Continue gets it, and one that expects anything else gets an answer all the same', async () => {
    const answers = await sendBytes(service, bytesOf(plus(assume(), ['expect', '100-continue'])));
    expect(answers.map(({ status }) => status)).toEqual([100, 200]);
    expect((await send(service, plus(assume(), ['expect', '200-ok']))).status).toBe(200);
  });
});
