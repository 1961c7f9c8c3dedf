// What the tests of the door share: requests signed and then bent, sent as raw bytes, and what came back.
import { connect, type Socket } from 'node:net';
import type { AuditEvent } from '../../src/audit/event.js';
import { signRequest, type SignatureAlgorithm } from '../../src/signing/index.js';
import { agencies } from '../support/accounts.js';
import { storedEvents } from '../support/events.js';
import type { Answer, AnswerBody, Credentials, TestService } from '../support/service.js';

export interface WireRequest {
  readonly method: string;
  readonly target: string;
  /** In their order; one character per byte. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

export interface SignedCall {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Leaves out the Content-Type that a body has otherwise. */
  readonly untyped?: boolean;
  readonly algorithm?: SignatureAlgorithm;
  /** Milliseconds; the service's own time otherwise. */
  readonly date?: number;
}

export const identityPath = '/v5/caller-identity';
export const assumePath = '/v5/agencies/assume';
export const decodePath = '/v5/decode-authorization-message';
export const assumeBody = JSON.stringify({ agency_urn: agencies.first, agency_session_name: 'session-1' });

/** A signed request; of GetCallerIdentity, or of AssumeAgency when it has a body, unless it says otherwise. */
export function signed(service: TestService, credentials: Credentials, call: SignedCall = {}): WireRequest {
  const body = Buffer.from(call.body ?? '');
  const method = call.method ?? (body.length > 0 ? 'POST' : 'GET');
  const target = call.path ?? (body.length > 0 ? assumePath : identityPath);
  const headers = signRequest({
    method, url: `${service.url}${target}`, headers: { ...(body.length > 0 && call.untyped !== true && { 'content-type': 'application/json' }), ...call.headers },
    ...(body.length > 0 && { body }),
    ...credentials, date: new Date(call.date ?? service.clock.now()), region: 'globe', service: 'sts',
    ...(call.algorithm !== undefined && { algorithm: call.algorithm }),
  });
  return { method, target, headers: Object.entries(headers), body };
}

/** The same request with the value of one header changed. */
export const changed = (request: WireRequest, name: string, change: (value: string) => string): WireRequest =>
  ({ ...request, headers: request.headers.map(([key, value]) => [key, key === name ? change(value) : value]) });
export const without = (request: WireRequest, name: string): WireRequest =>
  ({ ...request, headers: request.headers.filter(([key]) => key !== name) });
export const plus = (request: WireRequest, ...more: readonly (readonly [string, string])[]): WireRequest =>
  ({ ...request, headers: [...request.headers, ...more] });
export const headerOf = (request: WireRequest, name: string): string => request.headers.find(([key]) => key === name)?.[1] ?? '';

/** The request as it goes over the wire; the last one of a connection asks for its end. */
export function bytesOf(request: WireRequest, last = true): Buffer {
  const framed = request.headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  const headers = [
    ...request.headers,
    ...(framed || request.body.length === 0 ? [] : [['content-length', String(request.body.length)] as const]),
    ...(last ? [['connection', 'close'] as const] : []),
  ];
  const head = `${request.method} ${request.target} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), request.body]);
}

export interface SendOptions {
  /** Address of the machine to send from; every one of 127.0.0.0/8 is ours. */
  readonly from?: string;
}

/** Sends and expects one answer. */
export async function send(service: TestService, request: WireRequest, options: SendOptions = {}): Promise<Answer> {
  const answers = await sendBytes(service, bytesOf(request), { ...options, bodiless: request.method === 'HEAD' });
  const [answer] = answers;
  if (answer === undefined || answers.length > 1) throw new Error(`${answers.length} answers came to one request`);
  return answer;
}

/** All answers until the service ends the connection. */
export async function sendBytes(service: TestService, bytes: Buffer, options: SendOptions & { bodiless?: boolean } = {}): Promise<readonly Answer[]> {
  const socket = await openSocket(service, options.from);
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`the service kept the connection open after: ${Buffer.concat(chunks).toString('latin1')}`));
    }, 8000);
    socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
    // A reset may follow a refusal that was sent before the request was read to its end.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.write(bytes);
  });
  return answersOf(Buffer.concat(chunks), options.bodiless === true);
}

export function openSocket(service: TestService, from?: string): Promise<Socket> {
  const port = Number(new URL(service.url).port);
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ...(from !== undefined && { localAddress: from }) });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function answersOf(bytes: Buffer, bodiless: boolean): readonly Answer[] {
  const answers: Answer[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) throw new Error(`no answer: ${rest.toString('latin1')}`);
    const [line = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(lines.map((text) => [text.slice(0, text.indexOf(':')).toLowerCase(), text.slice(text.indexOf(':') + 1).trim()]));
    const length = bodiless ? 0 : Number(headers['content-length'] ?? 0);
    const body = rest.subarray(end + 4, end + 4 + length).toString('utf8');
    answers.push({ status: Number(line.split(' ')[1]), headers, body: parsedBody(body) });
    rest = rest.subarray(end + 4 + length);
  }
  return answers;
}

/** Bodies that are no JSON are never of interest by their members. */
const parsedBody = (text: string): AnswerBody => (text.startsWith('{') ? JSON.parse(text) as AnswerBody : {});

/** The events of the account's cell in their true order, those of bootstrap files included. */
export async function eventsInOrder(service: TestService, accountId: string): Promise<readonly AuditEvent[]> {
  return (await storedEvents(service.composition, accountId)).map(({ event }) => event);
}

/** How many sessions and events the service has made: a refused call without a caller adds to neither. */
export async function written(service: TestService): Promise<{ sessions: number; events: number }> {
  const keys = await allKeys(service);
  const lengths = await Promise.all(keys.filter((key) => key.endsWith(':audit')).map((key) => service.redis.xlen(key)));
  return { sessions: keys.filter((key) => key.includes(':session:')).length, events: lengths.reduce((sum, length) => sum + length, 0) };
}

export async function allKeys(service: TestService): Promise<readonly string[]> {
  const keys = new Set<string>();
  for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
    const [next, page] = await service.redis.scan(cursor, 'COUNT', 1000);
    cursor = next;
    for (const key of page) keys.add(key);
  }
  return [...keys];
}
