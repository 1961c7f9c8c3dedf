// What was signed is what is routed, nothing is served without a signature, and one connection is no way around either.
import { getHashes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../src/http/app.js';
import type { Operation } from '../../src/http/operation.js';
import { proofOf } from '../../src/http/pipeline.js';
import { accountA, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { assumeBody, assumePath, bytesOf, changed, eventsInOrder, identityPath, plus, send, sendBytes, signed, without, written, type WireRequest } from './support.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
});
afterAll(() => service.stop());

/** How each family tells that nobody was identified. */
const unidentified: Readonly<Record<Operation['family'], object>> = { sts: { error_code: 'APIGW.0301' }, iam: { error_code: 'APIGW.0301' }, legacy: { error_code: 'IAM.0001' }, keystone: { error: { code: 401 } } };

const bodyOf = (method: string): { body?: string } => (method === 'post' || method === 'put' || method === 'patch' ? { body: '{}' } : {});
/** The operation's path with something in the places of its parameters. */
const pathOf = ({ path }: { path: string }): string => path.replaceAll(/\{\w+\}/g, 'a');
/** A request of the operation, rightly signed. */
const requestOf = (operation: { method: string; path: string }, credentials: Credentials = keys.alice, algorithm?: 'SDK-ECDSA-P256-SHA256'): WireRequest =>
  signed(service, credentials, { method: operation.method.toUpperCase(), path: pathOf(operation), ...bodyOf(operation.method), ...(algorithm !== undefined && { algorithm }) });
/** Whether some operation is what this asks for. */
const isServed = (method: string, path: string): boolean =>
  operations.some((operation) => operation.method.toUpperCase() === method && new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path));

describe('S6: no operation answers a caller that it has not authenticated', () => {
  const wrong: readonly (readonly [string, (request: WireRequest) => WireRequest])[] = [
    ['no Authorization', (request) => without(request, 'authorization')],
    ['an empty Authorization', (request) => changed(request, 'authorization', () => '')],
    ...['Basic YWxpY2U6c2VjcmV0', 'Bearer e30.e30.e30', 'AWS4-HMAC-SHA256 Credential=x/20260115/globe/sts/aws4_request, SignedHeaders=host, Signature=00', 'None', 'SDK-HMAC-SHA1 Access=x, SignedHeaders=host, Signature=00']
      .map((value) => [`the scheme ${value.split(' ')[0] ?? ''}`, (request: WireRequest) => changed(request, 'authorization', () => value)] as const),
    ...['SDK-HMAC-SHA256', 'V11-HMAC-SHA256', 'SDK-ECDSA-P256-SHA256', 'SDK-HMAC-SM3', 'SDK-SM2-SM3', 'sdk-hmac-sha256', 'SDK-HMAC-SHA512']
      .map((name) => [`a signature of another algorithm as ${name}`, (request: WireRequest) =>
        changed(request, 'authorization', (value) => value.replace(/^\S+/, name).replace(/[0-9a-f]{64}$/, '0'.repeat(64)))] as const),
    ['an X-Auth-Token', (request) => plus(without(request, 'authorization'), ['x-auth-token', 'MIIEgwYJKoZIhvcNAQcCoIIEdDCC'])],
    ['a cookie', (request) => plus(without(request, 'authorization'), ['cookie', 'session=alice'])],
    ['an authorization in a proxy\'s header', (request) => ({ ...request, headers: request.headers.map(([name, value]) => [name === 'authorization' ? 'proxy-authorization' : name, value]) })],
  ];
  it.each(operations.flatMap((operation) => wrong.map(([what, change]) => [operation.name, what, operation, change] as const)))('%s with %s', async (_name, _what, operation, change) => {
    const before = await written(service);
    const answer = await send(service, change(requestOf(operation)));
    expect(answer).toMatchObject({ status: 401, body: operation.method === 'head' ? {} : unidentified[operation.family] });
    expect(await written(service)).toEqual(before);
  });

  it.each(operations.flatMap((operation) => (['SDK-HMAC-SHA256', 'V11-HMAC-SHA256', 'SDK-ECDSA-P256-SHA256', 'SDK-HMAC-SM3'] as const).map((algorithm) => [operation.name, algorithm, operation] as const)))(
    '%s authenticates a caller by %s, and refuses the same with one bit of the secret wrong', async (_name, algorithm, operation) => {
      if (algorithm === 'SDK-HMAC-SM3' && !getHashes().includes('sm3')) return;
      const call = { method: operation.method.toUpperCase(), path: pathOf(operation), algorithm, ...bodyOf(operation.method) };
      expect([200, 400, 403, 404]).toContain((await send(service, signed(service, keys.alice, call))).status);
      const impostor = { ...keys.alice, secretAccessKey: keys.alice.secretAccessKey.replace(/.$/, 'y') };
      expect((await send(service, signed(service, impostor, call))).status).toBe(401);
    });

  it('every operation demands a signature by its table', () => {
    expect(operations.map(({ authentication }) => authentication)).toEqual(operations.map(({ name }) => (name === 'KeystoneCreateToken' ? 'login' : 'signature')));
  });

  it('a token is proof for the older system alone, and a password for making tokens alone', () => {
    const proofs = new Map<string, Set<string>>();
    for (const operation of operations) proofs.set(operation.family, (proofs.get(operation.family) ?? new Set()).add(proofOf(operation)));
    expect(proofs).toEqual(new Map([['sts', new Set(['signature'])], ['iam', new Set(['signature'])], ['legacy', new Set(['token'])], ['keystone', new Set(['token', 'login'])]]));
  });
});

describe('S7: a path with two readings is no path of ours', () => {
  const raw = (request: WireRequest, target: string): WireRequest => ({ ...request, target });
  const assume = (): WireRequest => signed(service, keys.alice, { body: assumeBody });

  it.each([
    '/v5/agencies/../agencies/assume', '/v5/agencies/./assume', '/v5/x/%2e%2e/agencies/assume', '/v5%2fagencies%2fassume', '/v5/agencies%2Fassume', '//v5/agencies/assume', '/v5//agencies/assume',
    '/v5/agencies/assume//', '/v5/agencies/assume/.', '/v5/agencies/assume/..', '/v5/agencies\\assume', '/v5/agencies/assum%65', '/v5/agencies/assume%00', '/v5/agencies/assume%3f',
    'http://evil.example/v5/agencies/assume', 'HTTP://127.0.0.1/v5/agencies/assume', '*', 'v5/agencies/assume', '/V5/agencies/assume', '/v5/Agencies/assume', '/v5/agencies/ASSUME',
    '/v5/agencies/assume;a=1', '/v5/agencies/assume#x', '/v5/agencies/assume/x', '/v5/agency', '/',
  ])('%s, with the signature of the true path', async (target) => {
    const before = await written(service);
    const [answer] = await sendBytes(service, bytesOf(raw(assume(), target)));
    expect([400, 404]).toContain(answer?.status);
    expect(JSON.stringify(answer?.body)).not.toContain('credentials');
    expect(await written(service)).toEqual(before);
  });

  it.each(['/v5/agencies/%61ssume', '/v5/x%2f..%2fagencies/assume', '/v5/agencies/assume%2F'])('%s, rightly signed as it stands', async (target) => {
    expect(await send(service, signed(service, keys.alice, { path: target, body: assumeBody }))).toMatchObject({ status: 404, body: { error_code: 'APIGW.0101' } });
  });

  it('a trailing slash is the same path for signature and route', async () => {
    for (const target of [assumePath, `${assumePath}/`]) expect((await send(service, raw(assume(), target))).status).toBe(200);
    expect((await send(service, signed(service, keys.alice, { path: `${identityPath}/` }))).status).toBe(200);
  });

  it('the host of a request is no part of its route', async () => {
    expect((await send(service, signed(service, keys.alice, { headers: { host: 'sts.example.com' } }))).status).toBe(200);
  });

  it.each(['x-http-method-override', 'x-method-override', 'x-original-url', 'x-rewrite-url', 'x-forwarded-prefix'])('%s rewrites nothing', async (name) => {
    const answer = await send(service, plus(signed(service, keys.alice), [name, name.includes('method') ? 'POST' : assumePath]));
    expect(answer).toMatchObject({ status: 200, body: { account_id: accountA } });
  });
});

describe('a method or route that is none', () => {
  it.each(['HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'QUERY', 'PROPFIND'])('%s on every operation is no such API', async (method) => {
    for (const path of new Set(operations.map(pathOf))) {
      if (isServed(method, path)) continue;
      const answer = await send(service, signed(service, keys.alice, { method, path }));
      expect(answer.status).toBe(404);
      if (method !== 'HEAD') expect(answer.body).toMatchObject({ error_code: 'APIGW.0101', request_id: answer.headers['x-request-id'] });
      expect(answer.headers['allow']).toBeUndefined();
    }
  });

  const otherMethods = operations.map((operation) => [operation.name, operation.method === 'get' ? 'POST' : 'GET', pathOf(operation)] as const);
  it.each(otherMethods.filter(([, method, path]) => !isServed(method, path)))('%s is not answered by %s', async (_name, method, path) => {
    expect(await send(service, signed(service, keys.alice, { method, path }))).toMatchObject({ status: 404, body: { error_code: 'APIGW.0101' } });
  });

  it.each(['/v5/agencies/assume/with-oidc', '/v5/passwords', '/v3/auth/catalog', '/v1/metrics', '/admin', '/.env', '/v5/__proto__', '/constructor'])('%s is no such API', async (path) => {
    expect(await send(service, signed(service, keys.alice, { path }))).toMatchObject({ status: 404, body: { error_code: 'APIGW.0101', error_msg: 'no such API: GET on this path' } });
  });

  it('leaves no event, and no trace of the path in the answer', async () => {
    const before = await written(service);
    const answer = await send(service, signed(service, keys.alice, { path: '/v5/some-secret-path' }));
    expect(JSON.stringify(answer.body)).not.toContain('some-secret-path');
    expect(await written(service)).toEqual(before);
  });
});

describe('S10: one connection carries whole requests only', () => {
  const second = (): WireRequest => signed(service, keys.alice, { body: JSON.stringify({ agency_urn: agencies.first, agency_session_name: 'smuggled' }) });
  const issued = async (): Promise<number> => (await eventsInOrder(service, accountA)).filter(({ request }) => request?.['session_name'] === 'smuggled').length;

  const framings: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
    ['Content-Length and Transfer-Encoding', [['content-length', '5'], ['transfer-encoding', 'chunked']]],
    ['Transfer-Encoding and Content-Length', [['transfer-encoding', 'chunked'], ['content-length', '5']]],
    ['two Content-Lengths', [['content-length', '5'], ['content-length', '50']]],
    ['a Content-Length with a sign', [['content-length', '+5']]],
    ['a negative Content-Length', [['content-length', '-1']]],
    ['Transfer-Encoding chunked that is not the last', [['transfer-encoding', 'chunked, identity']]],
    ['an unknown Transfer-Encoding', [['transfer-encoding', 'xchunked']]],
    ['a blank before the colon', [['content-length ', '5']]],
  ];
  it.each(framings)('%s: 400, the connection ends, and what follows is no request', async (_what, headers) => {
    const before = await written(service);
    const request: WireRequest = { ...signed(service, keys.alice, { method: 'POST', path: identityPath }), body: Buffer.from('0\r\n\r\n') };
    const answers = await sendBytes(service, Buffer.concat([bytesOf(plus(request, ...headers), false), bytesOf(second())]));
    expect(answers.map(({ status }) => status)).toEqual([400]);
    expect(answers[0]?.body).toMatchObject({ error_msg: 'this is no HTTP request' });
    expect(await written(service)).toEqual(before);
    expect(await issued()).toBe(0);
  });

  it('a request behind another one needs its own signature', async () => {
    const before = await issued();
    const answers = await sendBytes(service, Buffer.concat([bytesOf(signed(service, keys.alice), false), bytesOf(without(second(), 'authorization'))]));
    expect(answers.map(({ status }) => status)).toEqual([200, 401]);
    expect(await issued()).toBe(before);
  });

  it('requests behind each other are answered in their order, each for its own caller', async () => {
    const callers = [keys.alice, keys.bob, keys.bert, keys.rootA];
    const answers = await sendBytes(service, Buffer.concat(callers.map((caller, index) => bytesOf(signed(service, caller), index === callers.length - 1))));
    expect(answers.map(({ body }) => body.principal_urn?.split(':').at(-1))).toEqual(['alice', 'bob', 'bert', 'root-a']);
  });

  it('a body that is longer than announced is the start of a bad request, not of the signed one', async () => {
    const request = signed(service, keys.alice, { body: assumeBody });
    const answers = await sendBytes(service, bytesOf({ ...plus(request, ['content-length', String(request.body.length)]), body: Buffer.concat([request.body, Buffer.from('\0garbage\r\n\r\n')]) }, false));
    expect(answers.at(-1)?.status).toBe(400);
  });

  it('a line feed in a header value never becomes a header', async () => {
    const answers = await sendBytes(service, bytesOf(plus(without(signed(service, keys.alice), 'authorization'), ['x-a', 'b\nauthorization: SDK-HMAC-SHA256 Access=x'])));
    expect(answers.map(({ status }) => status === 400 || status === 401)).toEqual([true]);
  });
});
