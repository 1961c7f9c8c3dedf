// A relying party for tests: a real HTTP server that keeps what it received, and forwards it as its service would.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { GlobalCredentials } from '@huaweicloud/huaweicloud-sdk-core';
import { HcClient } from '@huaweicloud/huaweicloud-sdk-core/HcClient.js';
import { DefaultHttpClient } from '@huaweicloud/huaweicloud-sdk-core/http/DefaultHttpClient.js';
import { signRequest, type SigningInput } from '../../src/signing/index.js';
import type { Credentials } from './service.js';

export interface Received {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly scheme?: Pick<SigningInput, 'algorithm' | 'region' | 'service'>;
}

export interface RelyingParty {
  readonly url: string;
  /** A request of the official SDK's client, as it arrived. */
  sdk(credentials: Credentials, domainId: string, sent?: Sent): Promise<Received>;
  /** A request signed by an algorithm that the SDK's core does not have, or for another scope. */
  signed(credentials: Credentials, date: number, sent?: Sent): Promise<Received>;
  stop(): Promise<void>;
}

export async function startRelyingParty(): Promise<RelyingParty> {
  let last: Received | undefined;
  const server = createServer((incoming, response) => {
    void readAll(incoming).then((body) => {
      last = { method: incoming.method ?? '', target: incoming.url ?? '', headers: pairsOf(incoming.rawHeaders), body };
      response.setHeader('content-type', 'application/json').end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = urlOf(server);
  const received = (): Received => {
    if (last === undefined) throw new Error('nothing was received');
    return last;
  };
  return {
    url,
    async sdk({ accessKeyId, secretAccessKey, securityToken }, domainId, { method = 'GET', path = '/bucket/key', body, headers = {} } = {}) {
      const signing = new GlobalCredentials().withAk(accessKeyId).withSk(secretAccessKey).withDomainId(domainId);
      if (securityToken !== undefined) signing.withSecurityToken(securityToken);
      const client = new HcClient(new DefaultHttpClient({}, [url])).withEndpoints([url]).withCredential(signing);
      // The client sends `data` as JSON.
      const data = body === undefined ? undefined : (JSON.parse(body) as Record<string, unknown>);
      await client.sendRequest({ method, url: path, contentType: 'application/json', queryParams: {}, pathParams: {}, headers: { ...headers }, ...(data !== undefined && { data }) });
      return received();
    },
    async signed(credentials, date, { method = 'GET', path = '/bucket/key', body, headers = {}, scheme = {} } = {}) {
      const signedHeaders = signRequest({ method, url: `${url}${path}`, headers, ...credentials, date: new Date(date), ...(body !== undefined && { body }), ...scheme });
      const { host: _set, ...rest } = signedHeaders;
      await fetch(`${url}${path}`, { method, headers: rest, ...(body !== undefined && { body }) });
      return received();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What the service asks about one request. */
export const forwarded = ({ method, target, headers, body }: Received, questions: readonly object[], more: object = {}) =>
  ({ method, target, headers, ...(body.length > 0 && { body: body.toString('base64') }), source_ip: '192.0.2.1', questions, ...more });

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const pairsOf = (raw: readonly string[]): readonly (readonly [string, string])[] =>
  raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));

function urlOf(server: Server): string {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the relying party has no port');
  return `http://127.0.0.1:${address.port}`;
}
