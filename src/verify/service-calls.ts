// Calls of the registered service at the token service, signed with its own access key.
import { createHash } from 'node:crypto';
import { signRequest, type ParsedSignature, type ReceivedRequest } from '../signing/index.js';
import type { ServiceCredentials } from './options.js';
import { Refused } from './refusal.js';
import type { Remote, VerifierClock } from './remote.js';

const mostAnswerBytes = 4 * 1024 * 1024;

/** The members of the answer. Throws {@link Refused} when the token service gives none. */
export type ServiceCall = (path: string, body: object) => Promise<Readonly<Record<string, unknown>>>;

export function serviceCalls(endpoint: string, { accessKeyId, secretAccessKey }: ServiceCredentials, remote: Remote, clock: VerifierClock): ServiceCall {
  return async (path, body) => {
    const url = `${endpoint}${path}`;
    const text = JSON.stringify(body);
    const headers = signRequest({ method: 'POST', url, headers: { 'content-type': 'application/json' }, body: text, accessKeyId, secretAccessKey, date: new Date(clock.now()) });
    const { host: _, ...sent } = headers;
    const answer = await remote(url, { method: 'POST', headers: sent, body: text, mostBytes: mostAnswerBytes }).catch((error: unknown) => {
      throw unavailable(error instanceof Error ? error.message : 'unknown');
    });
    const members = membersOf(answer.text);
    if (answer.status !== 200 || members === undefined) throw unavailable([answer.status, members?.['error_code'], members?.['error_msg']].filter((part) => typeof part === 'string' || typeof part === 'number').join(' '));
    return members;
  };
}

const unavailable = (cause: string): Refused => new Refused('service_unavailable', `the token service does not answer what was asked: ${cause}`);

function membersOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? Object.fromEntries(Object.entries(json)) : undefined;
  } catch {
    return undefined;
  }
}

/** A request as the token service wants it told: what was signed of it, and of the body its hash. */
export function forwarded({ method, target, body }: ReceivedRequest, signature: ParsedSignature, authorization: string, sourceIp: string): object {
  return {
    method, target, source_ip: sourceIp, ...(signature.pathReading !== undefined && target.includes('%') && { path_reading: signature.pathReading }),
    headers: [['authorization', authorization], ...signature.signedHeaders.map((name, at) => [name, signature.signedValues[at] ?? ''])],
    body_hash: createHash(signature.algorithm === 'SDK-HMAC-SM3' ? 'sm3' : 'sha256').update(body).digest('hex'),
  };
}

export function authorizationOf({ rawHeaders }: ReceivedRequest): string {
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization');
  return (rawHeaders[at + 1] ?? '').trim();
}
