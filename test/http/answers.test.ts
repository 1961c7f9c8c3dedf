// What every answer has, whatever it answers: security headers, no caching, an id that leads to the log, and one body for errors.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../src/http/app.js';
import { accountA, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type Answer, type TestService } from '../support/service.js';
import { assumeBody, assumePath, decodePath, eventsInOrder, plus, send, sendBytes, signed, without, type WireRequest } from './support.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
});
afterAll(() => service.stop());

const plain = (target: string, method = 'GET'): WireRequest => ({ method, target, headers: [['host', 'localhost']], body: Buffer.alloc(0) });
const assume = (body: object): WireRequest => signed(service, keys.alice, { body: JSON.stringify(body) });
const named = { agency_session_name: 'session-1' };

/** One answer of each kind that the application gives. */
const answers: readonly (readonly [status: number, what: string, () => WireRequest])[] = [
  [200, 'credentials', () => signed(service, keys.alice, { body: assumeBody })],
  [200, 'an identity', () => signed(service, keys.alice)],
  [200, 'healthz', () => plain('/healthz')],
  [200, 'readyz', () => plain('/readyz')],
  [200, 'the OpenAPI document', () => plain('/openapi.json')],
  [400, 'a malformed body', () => signed(service, keys.alice, { body: '{' })],
  [400, 'a wrong field', () => assume({})],
  [400, 'a compressed body', () => signed(service, keys.alice, { body: assumeBody, headers: { 'content-encoding': 'gzip' } })],
  [400, 'an undecodable message', () => signed(service, keys.alice, { path: decodePath, body: '{"encoded_message":"x"}' })],
  [401, 'no signature', () => without(signed(service, keys.alice), 'authorization')],
  [401, 'a wrong signature', () => signed(service, { ...keys.alice, secretAccessKey: 'wrong' })],
  [401, 'an old date', () => signed(service, keys.alice, { date: service.clock.now() - 3_600_000 })],
  [403, 'a denial by the caller\'s side', () => signed(service, keys.carol, { body: assumeBody })],
  [403, 'a denial by the target\'s side', () => assume({ ...named, agency_urn: agencies.untrusting })],
  [404, 'an unknown route', () => plain('/nowhere')],
  [404, 'an odd path', () => plain('/v5//x')],
  [404, 'an unknown method', () => plain(assumePath, 'PATCH')],
  [413, 'a body too large', () => plus(signed(service, keys.alice, { method: 'POST' }), ['content-length', '100000'])],
];

describe('every answer', () => {
  it.each(answers)('%d, %s: carries the security headers, is not kept, and has an id of its own', async (status, _what, request) => {
    const answer = await send(service, request());
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN',
      'content-security-policy': 'default-src \'none\';frame-ancestors \'none\'', 'referrer-policy': 'no-referrer', 'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'cross-origin-resource-policy': 'same-origin', 'cross-origin-opener-policy': 'same-origin',
    });
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    for (const name of ['x-powered-by', 'etag', 'server', 'set-cookie', 'access-control-allow-origin', 'allow']) expect(answer.headers).not.toHaveProperty(name);
  });

  it.each(answers.filter(([status]) => status >= 400))('%d, %s: has the one form of errors, with the id of its header', async (status, _what, request) => {
    const { body, headers } = await send(service, request());
    expect(Object.keys(body).filter((name) => name !== 'encoded_authorization_message')).toEqual(['error_code', 'error_msg', 'request_id']);
    expect(body.error_code).toMatch(/^(STS5\.\d{4}|APIGW\.\d{4})$/);
    expect(body.error_msg).not.toMatch(/ at |node_modules|\.ts|\.js|undefined|\[object/);
    expect(body.request_id).toBe(headers['x-request-id']);
    expect('encoded_authorization_message' in body).toBe(status === 403);
  });

  it.each(answers.filter(([status]) => status >= 400))('%d, %s: leaves one line in the log, by its id', async (status, _what, request) => {
    const { body } = await send(service, request());
    const lines = service.logged.filter(({ fields }) => 'requestId' in fields && fields.requestId === body.request_id);
    expect(lines).toMatchObject([{ level: 'info', fields: { status, code: body.error_code, sourceIp: '127.0.0.1' } }]);
  });
});

describe('a request id', () => {
  it('is never taken from the request: one call could look like another in the audit', async () => {
    const id = 'f'.repeat(32);
    const answer = await send(service, plus(signed(service, keys.alice), ['x-request-id', id]));
    expect(answer.headers['x-request-id']).not.toBe(id);
    expect((await eventsInOrder(service, accountA)).at(-1)?.requestId).toBe(answer.headers['x-request-id']);
  });

  it('is another one for every answer', async () => {
    const ids = (await Promise.all(Array.from({ length: 50 }, () => send(service, plain('/healthz'))))).map(({ headers }) => headers['x-request-id']);
    expect(new Set(ids).size).toBe(50);
  });
});

describe('what is no HTTP request', () => {
  it.each(['GARBAGE\r\n\r\n', 'GET /healthz HTTP/9.9\r\n\r\n', 'GET /healthz HTTP/1.1\r\nhost: a\r\nno colon\r\n\r\n', '\0\0\0\0', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc'])('gets a 400 in the form of errors, and the connection ends: %j', async (text) => {
    const [answer] = await sendBytes(service, Buffer.from(text, 'latin1'));
    expect(answer).toMatchObject({ status: 400, headers: { connection: 'close', 'content-type': 'application/json', 'cache-control': 'no-store' }, body: { error_code: 'APIGW.0204', error_msg: 'this is no HTTP request' } });
  });
});

describe('/healthz and /readyz', () => {
  it('need no signature and tell only what they are for', async () => {
    expect((await send(service, plain('/healthz'))).body).toEqual({ status: 'alive' });
    expect((await send(service, plain('/readyz'))).body).toEqual({ status: 'ready', reasons: [], warnings: [] });
  });

  it('answer HEAD, as monitors ask', async () => {
    for (const path of ['/healthz', '/readyz']) expect((await send(service, plain(path, 'HEAD'))).status).toBe(200);
  });

  it('without Redis the service is alive and not ready, refuses every call with 503, and recovers by itself', async () => {
    const readiness = async (): Promise<Answer> => send(service, plain('/readyz'));
    const until = async (status: number): Promise<Answer> => {
      for (let tries = 0; tries < 2000; tries += 1) {
        const answer = await readiness();
        if (answer.status === status) return answer;
        await sleep(5);
      }
      throw new Error(`never ${status}`);
    };
    // Longer than the second for which a process remembers how it found Redis.
    service.redis.disconnect();
    const refused = await until(503);
    expect(refused.body).toEqual({ status: 'not ready', reasons: ['Redis cannot be reached'], warnings: [] });
    expect((await send(service, plain('/healthz'))).status).toBe(200);
    await service.redis.connect();
    await until(200);
    expect((await send(service, signed(service, keys.alice, { body: assumeBody }))).status).toBe(200);
  });

  it('a call while Redis cannot be reached is a 503 with its code, and no credential', async () => {
    const ended = new Promise((resolve) => service.redis.once('end', resolve));
    service.redis.disconnect();
    await ended;
    const answer = await send(service, signed(service, keys.alice, { body: assumeBody }));
    await service.redis.connect();
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1', 'cache-control': 'no-store' }, body: { error_code: 'STS5.1503', request_id: answer.headers['x-request-id'] } });
    expect((await send(service, signed(service, keys.alice, { body: assumeBody }))).status).toBe(200);
  });
});

interface Reference { readonly $ref?: string }
interface Described { readonly description?: string; readonly content?: Readonly<Record<string, { readonly schema: object }>> }
interface DocumentedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly requestBody?: Described & { readonly required: boolean };
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, Described & Reference>>;
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>>; readonly securitySchemes: Readonly<Record<string, { readonly type: string }>> };
}

describe('/openapi.json', () => {
  let document: Document;
  beforeAll(async () => {
    // Its own tests say whether it is one.
    document = (await send(service, plain('/openapi.json'))).body as unknown as Document;
  });
  const every = (): (readonly [path: string, method: string, DocumentedOperation])[] =>
    Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => [path, method, operation] as const));

  it('lists every operation of the tables, each once, and nothing else', () => {
    const listed = every().map(([path, method, { operationId }]) => `${operationId} ${method} ${path}`);
    expect(listed.sort()).toEqual(operations.map(({ name, method, path }) => `${name} ${method} ${path}`).sort());
  });

  it('has the members that OpenAPI 3.1 demands', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toEqual({ title: expect.any(String) as string, version: expect.any(String) as string });
    expect(new Set(every().map(([, , { operationId }]) => operationId)).size).toBe(every().length);
    for (const [path, method, operation] of every()) {
      expect(path).toMatch(/^\//);
      expect(['get', 'head', 'put', 'post', 'delete', 'patch']).toContain(method);
      expect(operation.summary).not.toBe('');
      for (const [status, { description }] of Object.entries(operation.responses)) expect([/^[1-5]\d\d$/.test(status), typeof description]).toEqual([true, 'string']);
      for (const scheme of operation.security.flatMap((requirement) => Object.keys(requirement))) expect(document.components.securitySchemes).toHaveProperty(scheme);
      expect(operation.security.length).toBeGreaterThan(0);
    }
    for (const { type } of Object.values(document.components.securitySchemes)) expect(['apiKey', 'http', 'mutualTLS', 'oauth2', 'openIdConnect']).toContain(type);
  });

  it('refers to nothing that it does not hold', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference = '']) => reference);
    expect(references.length).toBeGreaterThan(0);
    for (const reference of references) {
      const target = reference.replace(/^#\//, '').split('/').reduce<unknown>((value, name) => (value as Readonly<Record<string, unknown>> | undefined)?.[name], document);
      expect(target, reference).toBeDefined();
    }
  });

  it('tells the body, the answer and the statuses of each operation, and all statuses that the service was seen to give', () => {
    for (const { name, path, method, body, bodyForm, response, status, refusals } of operations) {
      const described = document.paths[path]?.[method];
      expect(described?.requestBody !== undefined, name).toBe(body !== undefined);
      if (body !== undefined) expect(described?.requestBody).toMatchObject({ required: true, content: { [bodyForm === 'urlencoded' ? 'application/x-www-form-urlencoded' : 'application/json']: { schema: { type: expect.stringMatching(/^(object|array)$/) as string } } } });
      const answered = described?.responses[String(status)]?.content?.['application/json']?.schema;
      if (response === undefined) expect(answered, name).toBeUndefined();
      else expect(answered, name).toMatchObject({ type: 'object', required: expect.any(Array) as string[] });
      expect(Object.keys(described?.responses ?? {}).map(Number)).toEqual(expect.arrayContaining([status, 401, 413, 429, 500, 503, ...refusals]));
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      expect(described?.parameters?.filter((one) => one.in === 'path').map((one) => one.name) ?? [], name).toEqual(inPath);
    }
    expect(document.paths[assumePath]?.['post']?.requestBody?.content?.['application/json']?.schema).toMatchObject({
      required: ['agency_urn', 'agency_session_name'],
      properties: { duration_seconds: { type: 'integer', minimum: 900, maximum: 43_200 }, tags: { type: 'array', maxItems: 20 }, agency_session_name: { minLength: 2, maxLength: 128 } },
    });
  });

  it('tells the headers that an operation looks at', () => {
    const headersOf = (name: string): readonly object[] => every().filter(([, , { operationId }]) => operationId === name).flatMap(([, , { parameters = [] }]) => parameters.filter((one) => one.in === 'header'));
    const header = (name: string): unknown => ({ name, in: 'header', required: false, description: expect.stringMatching(/signed/) as string, schema: { type: 'string' } });
    for (const name of ['CreateServiceLinkedAgencyV5', 'DeleteServiceLinkedAgencyV5', 'GetServiceLinkedAgencyDeletionStatusV5', 'SetServiceLinkedAgencyUsage']) expect(headersOf(name), name).toEqual([header('X-Source-Account')]);
    for (const name of ['ListPoliciesV5', 'GetPolicyV5', 'ListServicePrincipalsV5']) expect(headersOf(name), name).toEqual([header('X-Language')]);
    expect(headersOf('AssumeAgency')).toEqual([header('X-Source-Account'), header('X-Source-Urn')]);
    expect(headersOf('GetCallerIdentity')).toEqual([]);
  });

  it('holds nothing of the installation', () => {
    expect(JSON.stringify(document)).not.toMatch(/127\.0\.0\.1|localhost|\/tmp|redis/i);
  });
});
