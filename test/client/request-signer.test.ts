// Requests for `fetch`, signed with the credentials of a provider: what arrives is what was signed.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { requestSigner, signedFetch, type SignerOptions } from '../../src/client/index.js';
import { parseSignedRequest, verificationKey, verifySignature } from '../../src/signing/index.js';
import { agencies, ask } from '../support/accounts.js';
import type { AnswerBody } from '../support/service.js';
import { gatedService, type GatedService } from './support.js';

const key = { accessKeyId: 'HSTAAAAAAAAAAAAAAAAA', secretAccessKey: 'Signer0Secret', securityToken: 'token.of.it' };
const provider = { get: () => Promise.resolve(key) };

interface Received {
  readonly verified: boolean;
  readonly request: IncomingMessage;
  readonly body: Buffer;
  readonly signedHeaders: readonly string[];
}

/** A resource service that verifies signatures and answers whatever the test wants. */
async function resourceService(respond: (path: string) => { status: number; headers?: Record<string, string> } = () => ({ status: 200 })) {
  const received: Received[] = [];
  const server = createServer((request, response) => void buffer(request).then((body) => {
    const whole = { method: request.method ?? '', target: request.url ?? '', rawHeaders: request.rawHeaders, body };
    const parsed = parseSignedRequest(whole, { now: Date.now(), maximumSkewSeconds: 900, region: 'globe', service: 'obs', allowUnsignedPayload: false });
    const verified = parsed.ok && verifySignature(whole, parsed.signature, verificationKey(key.accessKeyId, key.secretAccessKey)) && parsed.signature.securityToken === key.securityToken;
    received.push({ verified, request, body, signedHeaders: parsed.ok ? parsed.signature.signedHeaders : [] });
    const { status, headers } = respond(request.url ?? '');
    response.writeHead(status, headers).end('answer');
  }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }; // A TCP server has no other kind of address.
}

const form = (): FormData => {
  const data = new FormData();
  data.set('file', new Blob(['content']), 'name.txt');
  return data;
};

describe('a signed request', () => {
  it.each<[string, string, RequestInit, SignerOptions]>([
    ['no body', '/v1/objects', {}, {}],
    ['a query that must be encoded', '/v1/objects?b=2&a=x%20y&c=%E4%B8%AD&a=1&d', {}, {}],
    ['a path with escapes', '/v1/a%20b/c', { method: 'DELETE' }, {}],
    ['text', '/v1/objects', { method: 'PUT', body: 'Köln', headers: { 'Content-Type': 'text/plain' } }, {}],
    ['bytes', '/v1/objects', { method: 'POST', body: new Uint8Array([0, 255, 10]) }, {}],
    ['a form', '/v1/objects', { method: 'POST', body: new URLSearchParams({ a: 'b c' }) }, {}],
    ['a form of parts', '/v1/objects', { method: 'POST', body: form() }, {}],
    ['headers beyond ASCII', '/v1/objects', { headers: { 'X-Name': Buffer.from('Köln 中').toString('latin1'), 'X-Other': ' padded ' } }, {}],
    ['a derived key', '/v1/objects', { method: 'POST', body: '{}' }, { algorithm: 'V11-HMAC-SHA256', region: 'globe', service: 'obs' }],
    ['an ECDSA key', '/v1/objects', { method: 'POST', body: '{}' }, { algorithm: 'SDK-ECDSA-P256-SHA256' }],
  ])('with %s is accepted', async (_, path, init, options) => {
    const service = await resourceService();
    const answer = await signedFetch(provider, options)(`${service.url}${path}`, init);
    expect([answer.status, await answer.text()]).toEqual([200, 'answer']);
    expect(service.received.map(({ verified }) => verified)).toEqual([true]);
  });

  it('signs the host, the token and all headers that it was given, and keeps a body as it is', async () => {
    const service = await resourceService();
    const request = new Request(`${service.url}/x`, { method: 'POST', body: 'body', headers: { 'X-Mine': '1' } });
    const signed = await requestSigner(provider)(request);
    await fetch(signed);
    expect(service.received[0]?.signedHeaders).toEqual(['content-type', 'host', 'x-mine', 'x-sdk-date', 'x-security-token']);
    expect(service.received[0]?.body.toString()).toBe('body');
  });

  it('is not led elsewhere by a redirect, which would get the token', async () => {
    const elsewhere = await resourceService();
    const service = await resourceService(() => ({ status: 302, headers: { Location: `${elsewhere.url}/` } }));
    const call = signedFetch(provider);
    await expect(call(`${service.url}/`)).rejects.toThrow();
    await expect(call(`${service.url}/`, { redirect: 'follow' })).rejects.toThrow();
    expect((await call(`${service.url}/`, { redirect: 'manual' })).status).toBe(302);
    expect(elsewhere.received).toEqual([]);
  });

  it('ends with the signal of its caller, also while credentials are awaited', async () => {
    const ending = new AbortController();
    const call = signedFetch({ get: ({ signal } = {}) => new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('given up')))) })('http://127.0.0.1:1/', { signal: ending.signal });
    setImmediate(() => ending.abort());
    await expect(call).rejects.toThrow('given up');
  });
});

describe('the service itself', () => {
  let gated: GatedService;
  beforeAll(async () => {
    gated = await gatedService();
  });
  afterAll(() => gated.stop());

  it('takes signed calls of an agency across renewals, by its own clock', async () => {
    const call = signedFetch(gated.provider({ agencies: [agencies.first] }));
    for (let round = 0; round < 2; round += 1) {
      const answer = await call(`${gated.endpoint}/v5/agencies/assume`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(ask(agencies.second)) });
      expect(answer.status).toBe(200);
      const { assumed_agency: assumed } = (await answer.json()) as AnswerBody; // The service's own.
      expect(assumed?.urn).toContain(':assumed-agency:second/session1');
      gated.service.clock.advance(3600);
    }
  });
});
