// The guard under a real Express application: the route is reached by who may, with the very bytes that were signed.
import { Readable } from 'node:stream';
import express, { type NextFunction, type Request, type Response } from 'express';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountsPlus, allow, keys, policy, trust } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { createVerifier, expressGuard, type Verifier } from '../../src/verify/index.js';
import { clockOf, hosts, issuer, received, type RequestOptions } from './support.js';

let service: TestService;
let verifier: Verifier;
let credentials: Credentials;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      policies: [{ policy_name: 'own', policy_document: policy(allow('obs:object:*', { Resource: [`obs::${accountA}:object:own/*`] })) }],
      agencies: [{ agency_name: 'store', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['own'] }],
    },
  }), { STS_ISSUER: issuer });
  verifier = createVerifier({ mode: 'offline', issuer, endpoint: service.url, service: 'obs', hosts, clock: clockOf(service), credentials: keys.service });
  credentials = await service.session(keys.alice, { agency_urn: `iam::${accountA}:agency:store`, agency_session_name: 'session1' }, { algorithm: 'SDK-ECDSA-P256-SHA256' });
});
afterAll(() => service.stop());

const urn = ({ params }: Request): string => `obs::${accountA}:object:${[params['key']].flat().join('/')}`;

function application(before: express.RequestHandler[] = [], resourceFrom: (request: Request) => string = urn): { app: express.Express; reached: { count: number } } {
  const reached = { count: 0 };
  const app = express();
  for (const each of before) app.use(each);
  app.put('/*key', expressGuard(verifier, { mostBodyBytes: 1000 })('obs:object:PutObject', resourceFrom), (request: Request & { rawBody?: unknown }, response: Response) => {
    reached.count += 1;
    response.json({ principal: response.locals['principal'] as unknown, body: (request.rawBody as Buffer).toString(), same: request.body === request.rawBody });
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    response.status(500).json({ error_msg: error instanceof Error ? error.message : 'unknown' });
  });
  return { app, reached };
}

function put(app: express.Express, path: string, options: RequestOptions = {}, sent = options.body?.toString() ?? ''): supertest.Test {
  const request = received(service, credentials, { method: 'PUT', url: `https://objects.example${path}`, headers: { 'content-type': 'application/json' }, ...options });
  const headers = Object.fromEntries(request.rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, request.rawHeaders[at + 1] ?? '']] : [])));
  return supertest(app).put(path).set(headers).serialize((data) => data as string).send(sent);
}

describe('requireAction', () => {
  it('lets the handler have the principal and the very bytes that were signed', async () => {
    const { app } = application();
    const answer = await put(app, '/own/a', { body: '{"a":  1}' });
    expect([answer.status, answer.body as unknown]).toMatchObject([200, { body: '{"a":  1}', same: true, principal: { accountId: accountA, accessKeyId: credentials.accessKeyId } }]);
  });

  it.each<[what: string, path: string, options: RequestOptions, sent: string | undefined, status: number, code: string]>([
    ['what is not allowed', '/other/a', { body: '{}' }, undefined, 403, 'denied'], ['another body', '/own/a', { body: '{}' }, '{ }', 401, 'signature_mismatch'], ['a body that is too large', '/own/a', { body: 'x'.repeat(1001) }, undefined, 413, 'body_too_large'],
    ['a signature for another path', '/own/a', { url: 'https://objects.example/own/b', body: '{}' }, undefined, 401, 'signature_mismatch'], ['an algorithm of online', '/own/a', { body: '{}', algorithm: 'SDK-HMAC-SHA256' }, undefined, 401, 'online_only'],
  ])('keeps the handler from %s', async (_, path, options, sent, status, code) => {
    const { app, reached } = application();
    const answer = await put(app, path, options, sent);
    expect([answer.status, answer.headers['cache-control'], (answer.body as { error_code: string }).error_code, reached.count]).toEqual([status, 'no-store', code, 0]);
  });

  it('takes the raw bytes from a parser that kept them, and is an error behind one that did not', async () => {
    const keeping = express.json({ verify: (request, _response, bytes) => Object.assign(request, { rawBody: bytes }) });
    expect(await put(application([keeping]).app, '/own/a', { body: '{"a":1}' })).toMatchObject({ status: 200, body: { body: '{"a":1}', same: false } });
    const { app, reached } = application([express.json()]);
    expect(await put(app, '/own/a', { body: '{"a":1}' })).toMatchObject({ status: 500, body: { error_msg: expect.stringContaining('before the guard') as string } });
    expect(reached.count).toBe(0);
  });

  const drained: express.RequestHandler = (request, _response, next) => void request.on('end', () => next()).resume();
  it.each<[what: string, before: express.RequestHandler]>([
    ['the whole of it', drained],
    ['the whole of it, to make a text of it', express.text({ type: () => true })],
    ['a part of it', (request, _response, next) => void request.once('data', () => next(void request.pause()))],
  ])('verifies nothing in the place of a body of which something before it has read %s', async (_, before) => {
    const { app, reached } = application([before]);
    for (const signed of ['', 'EVIL']) expect(await put(app, '/own/a', { body: signed }, 'EVIL')).toMatchObject({ status: 500, body: { error_msg: expect.stringContaining('before the guard') as string } });
    expect(reached.count).toBe(0);
  });

  it.each<[what: string, before: express.RequestHandler[]]>([['at first hand', []], ['that something before it has looked into', [drained]], ['behind a parser', [express.json()]]])('takes a request without a body: %s', async (_, before) => {
    const { app } = application(before);
    const { rawHeaders } = received(service, credentials, { method: 'PUT', url: 'https://objects.example/own/a' });
    const headers = Object.fromEntries(rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? '']] : [])));
    expect(await supertest(app).put('/own/a').set(headers)).toMatchObject({ status: 200, body: { body: '' } });
  });

  it('leaves parsers behind it nothing to read: the handler has the bytes', async () => {
    const app = express();
    app.put('/*key', expressGuard(verifier)('obs:object:PutObject', urn), express.json(), (request: Request, response: Response) => {
      response.json(Buffer.isBuffer(request.body) && (JSON.parse(request.body.toString()) as unknown));
    });
    expect(await put(app, '/own/a', { body: '{"a":1}' })).toMatchObject({ status: 200, body: { a: 1 } });
  });

  it('hands an error of the application to the application', async () => {
    const { app, reached } = application([], () => {
      throw new Error('no such bucket');
    });
    expect(await put(app, '/own/a', { body: '{}' })).toMatchObject({ status: 500, body: { error_msg: 'no such bucket' } });
    expect(reached.count).toBe(0);
  });

  it('answers 503 and reaches nothing when nothing is known', async () => {
    const blind = createVerifier({ mode: 'offline', issuer, endpoint: 'http://127.0.0.1:9', service: 'obs', hosts, clock: clockOf(service) });
    const answer: { statusCode: number; locals: object; text: string; headers: Map<string, string> } = { statusCode: 0, locals: {}, text: '', headers: new Map() };
    const { method, target, rawHeaders } = received(service, credentials);
    const request = Object.assign(Readable.from([]), { method, originalUrl: target, rawHeaders, ip: '192.0.2.7' });
    let passed = false;
    await expressGuard(blind)('obs:object:GetObject', () => 'obs::::x')(request, {
      get statusCode() { return answer.statusCode; }, set statusCode(value) { answer.statusCode = value; }, locals: answer.locals,
      setHeader: (name, value) => answer.headers.set(name, value), end: (text) => { answer.text = text; },
    }, () => { passed = true; });
    expect([answer.statusCode, answer.headers.get('Retry-After'), passed]).toEqual([503, '1', false]);
    expect(JSON.parse(answer.text)).toMatchObject({ error_code: 'keys_unavailable' });
  });
});
