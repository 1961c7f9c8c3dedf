// A stand-in of the service on the wire: verifies signatures, issues sessions, records what it was asked.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { parseSignedRequest, verificationKey, verifySignature } from '../../src/signing/index.js';

export const now = new Date('2026-01-15T08:30:00.000Z');
export const botKey = { accessKeyId: 'HPUABOT0000000000001', secretAccessKey: 'Bot0Secret000000000000000000000000000001' };
export const account = '0123456789abcdef0123456789abcdef';
export const agency = (name: string): string => `iam::${account}:agency:${name}`;

const Body = z.record(z.string(), z.unknown());

export interface ReceivedCall {
  readonly accessKeyId: string;
  readonly target: string;
  readonly contentType: string | undefined;
  readonly body: z.infer<typeof Body>;
}

export interface StandInAnswer {
  readonly status: number;
  /** Text is sent as it is, anything else as JSON. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface StandIn {
  readonly endpoint: string;
  readonly calls: readonly ReceivedCall[];
  /** The n-th session issued, from 1. */
  session(number: number): { accessKeyId: string; secretAccessKey: string; securityToken: string };
  close(): Promise<void>;
}

/**
 * @param respond an answer other than the usual one, or undefined
 * @param alwaysHeaders of every answer
 * @param time what it judges signatures by: exactly, where it stands still
 */
export async function startStandIn(
  respond: (call: ReceivedCall, index: number) => StandInAnswer | undefined = () => undefined, alwaysHeaders: Readonly<Record<string, string>> = {}, time: Date | 'of the machine' = now,
): Promise<StandIn> {
  const calls: ReceivedCall[] = [];
  const keys = new Map<string, { secret: string; token: string | undefined }>([[botKey.accessKeyId, { secret: botKey.secretAccessKey, token: undefined }]]);

  const answer = async (request: IncomingMessage): Promise<StandInAnswer> => {
    const body = await buffer(request);
    const received = { method: request.method ?? '', target: request.url ?? '', rawHeaders: request.rawHeaders, body };
    const parsed = parseSignedRequest(received, { ...(time === 'of the machine' ? { now: Date.now(), maximumSkewSeconds: 900 } : { now: time.getTime(), maximumSkewSeconds: 0 }), region: 'r', service: 'sts', allowUnsignedPayload: false });
    const refused = (reason: string) => ({ status: 401, body: { error_code: 'APIGW.0301', error_msg: reason, request_id: 'r-401' } });
    if (!parsed.ok) return refused(parsed.message);
    const { accessKeyId, securityToken, signedHeaders } = parsed.signature;
    const key = keys.get(accessKeyId);
    if (key === undefined || !verifySignature(received, parsed.signature, verificationKey(accessKeyId, key.secret))) return refused('signature');
    if (key.token !== securityToken) return refused('token');
    if (!signedHeaders.includes('host')) return refused('host is not signed');

    const call = { accessKeyId, target: received.target, contentType: request.headers['content-type'], body: body.length === 0 ? {} : Body.parse(JSON.parse(body.toString('utf8'))) };
    calls.push(call);
    const special = respond(call, calls.length);
    if (special !== undefined) return special;
    if (request.method === 'POST' && call.target === '/v5/agencies/assume') return { status: 200, body: issue(call) };
    if (request.method === 'GET' && call.target === '/v5/caller-identity') return { status: 200, body: { account_id: account, principal_urn: `iam::${account}:user:bot`, principal_id: 'b0' } };
    if (call.target === '/v5/decode-authorization-message') return { status: 200, body: { decoded_message: JSON.stringify({ asked: call.body['encoded_message'] }) } };
    return { status: 404, body: { error_code: 'APIGW.0101', error_msg: 'no such API' } };
  };

  const session = (number: number) => ({
    accessKeyId: `HSTAA${String(number).padStart(15, '0')}`,
    // What a shell could trip over.
    secretAccessKey: `se'cr"et$(id)\`id\`\\;&|<>*?#~!{}[]${'0'.repeat(4)}${number}`,
    securityToken: `token'$HOME"${number}`,
  });
  const issue = (call: ReceivedCall) => {
    const { accessKeyId, secretAccessKey, securityToken } = session(keys.size);
    keys.set(accessKeyId, { secret: secretAccessKey, token: securityToken });
    const [, name] = String(call.body['agency_urn']).split(':agency:');
    return {
      assumed_agency: { urn: `sts::${account}:assumed-agency:${name ?? ''}/${String(call.body['agency_session_name'])}`, id: 'a:s' },
      credentials: { access_key_id: accessKeyId, secret_access_key: secretAccessKey, security_token: securityToken, expiration: '2026-01-15T09:30:00.000Z' },
    };
  };

  const server = createServer((request, response) => {
    void answer(request).then(({ status, body, headers }) => {
      response.writeHead(status, { ...alwaysHeaders, ...headers }).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // A TCP server has no other kind of address.
  return {
    endpoint: `http://127.0.0.1:${port}`,
    calls,
    session,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
