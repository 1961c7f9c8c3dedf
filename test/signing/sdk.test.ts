// The official Node SDK against our verifier: its signer classes, and its whole client over a real connection.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { BasicCredentials, GlobalCredentials } from '@huaweicloud/huaweicloud-sdk-core';
import { AKSKSigner } from '@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js';
import { DerivedAKSKSigner } from '@huaweicloud/huaweicloud-sdk-core/auth/DerivedAKSKSigner.js';
import { HcClient } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js';
import { DefaultHttpClient } from '@huaweicloud/huaweicloud-sdk-core/http/DefaultHttpClient.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReceivedRequest } from '../../src/signing/index.js';
import { accessKeyId, now, ourOptions, ourOutcome, parsed, secretAccessKey, wireHeaders } from './support.js';

const credentials = () =>
  new BasicCredentials().withAk(accessKeyId).withSk(secretAccessKey).withProjectId('0123456789abcdef0123456789abcdef');

describe.each([
  ['SDK-HMAC-SHA256', AKSKSigner],
  ['V11-HMAC-SHA256', DerivedAKSKSigner],
])('the signer class of %s', (algorithm, signer) => {
  const signing = credentials();
  signing.processDerivedAuthParams('sts', 'example-1');
  const host = 'sts.example-1.example.com';

  it.each([
    ['a GET', 'GET', '/v5/caller-identity', {}, undefined, {}],
    [
      'a query',
      'GET',
      '/v5/agencies',
      { zeta: '1', alpha: "a b*'()!~/", multi: ['y', 'x'], 张三: '+&=' },
      undefined,
      {},
    ],
    ['a POST', 'POST', '/v5/agencies/assume', {}, { agency_session_name: '会话' }, {}],
    ['a security token', 'POST', '/v5/agencies/assume', {}, {}, { 'X-Security-Token': 'header.payload.signature' }],
    ['an escaped path', 'GET', '/v5/demo/a%20b', {}, undefined, {}],
  ])('%s verifies', (_, method, path, queryParams, data, extra) => {
    const headers: Record<string, string> = {
      ...signer.sign(
        {
          endpoint: `https://${host}${path}`,
          method,
          queryParams,
          data,
          headers: { 'content-type': 'application/json', 'X-Sdk-Date': '20260115T083000Z', ...extra },
        },
        signing,
      ),
    };
    const query = Object.entries(queryParams).flatMap(([name, value]) =>
      [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
    );
    const request: ReceivedRequest = {
      method,
      target: query.length === 0 ? path : `${path}?${query.join('&')}`,
      rawHeaders: wireHeaders(headers),
      body: Buffer.from(data === undefined ? '' : JSON.stringify(data)),
    };
    expect(parsed(request, ourOptions)).toMatchObject({ algorithm, accessKeyId });
    expect(ourOutcome(request)).toBe('valid');
    expect(ourOutcome({ ...request, target: `${request.target}x` })).toBe('signature_mismatch');
  });
});

describe('the whole client, over a connection', () => {
  let server: Server;
  let endpoint = '';
  let received: ReceivedRequest | undefined;

  beforeAll(async () => {
    server = createServer((incoming, response) => {
      void readAll(incoming).then((body) => {
        received = { method: incoming.method ?? '', target: incoming.url ?? '', rawHeaders: incoming.rawHeaders, body };
        response.setHeader('content-type', 'application/json').end('{}');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    endpoint = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
  });

  afterAll(() => {
    server.close();
  });

  async function send(
    credential: BasicCredentials | GlobalCredentials,
    options: Partial<Parameters<HcClient['sendRequest']>[0]>,
  ) {
    // Not through its ClientBuilder: that needs `uuid`, which the package does not declare.
    const client = new HcClient(new DefaultHttpClient({}, [endpoint]))
      .withEndpoints([endpoint])
      .withCredential(credential);
    await client.sendRequest({
      method: 'GET',
      url: '/v5/caller-identity',
      contentType: 'application/json',
      queryParams: {},
      pathParams: {},
      headers: {},
      ...options,
    });
    if (received === undefined) throw new Error('nothing arrived');
    return received;
  }

  it.each([
    ['a GET', credentials(), {}],
    [
      'a GET of global credentials',
      new GlobalCredentials().withAk(accessKeyId).withSk(secretAccessKey).withDomainId('0123'),
      {},
    ],
    [
      'a query',
      credentials(),
      { url: '/v5/agencies', queryParams: { zeta: 1, alpha: "a b*'()!~/+", multi: ['x', 'y'], 张三: true, empty: '' } },
    ],
    [
      'a POST',
      credentials(),
      {
        method: 'POST',
        url: '/v5/agencies/assume',
        data: { agency_session_name: '会话', tags: [{ key: '部门', value: '研发' }] },
      },
    ],
    [
      'a security token',
      credentials().withSecurityToken('header.payload.signature'),
      { method: 'POST', data: { a: 1 } },
    ],
    ['a latin1 header value, signed as UTF-8 and sent as latin1', credentials(), { headers: { 'X-Note': 'é à' } }],
    ['a header value whose bytes are valid UTF-8 by chance', credentials(), { headers: { 'X-Note': 'Ã©' } }],
    ['a path with a blank', credentials(), { url: '/v5/demo/a b' }],
    [
      'V11',
      credentials()
        .withRegionId('example-1')
        .withDerivedPredicate(() => true),
      {},
    ],
  ])('%s verifies', async (name, credential, options) => {
    if (name === 'V11' && credential instanceof BasicCredentials)
      credential.processDerivedAuthParams('sts', 'example-1');
    const request = await send(credential, options);
    expect(parsed(request, { ...ourOptions, now: Date.now() }).algorithm).toBe(
      name === 'V11' ? 'V11-HMAC-SHA256' : 'SDK-HMAC-SHA256',
    );
    expect(ourOutcome(request, { now: Date.now() })).toBe('valid');
    expect(ourOutcome(request, { now: now - 1 })).toBe('date_out_of_range');
  });

  it('an unsigned payload is refused with a body, unless it is allowed', async () => {
    const request = await send(credentials(), { method: 'POST', contentType: 'text/plain', data: { a: 1 } });
    expect(ourOutcome(request, { now: Date.now() })).toBe('unsigned_payload');
    expect(ourOutcome(request, { now: Date.now(), allowUnsignedPayload: true })).toBe('valid');
  });
});

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk as Uint8Array)); // a request without an encoding yields bytes
  return Buffer.concat(chunks);
}
