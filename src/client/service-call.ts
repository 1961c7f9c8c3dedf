// One signed call of the service: its answer, or a CredentialsError that says what went wrong.
import { printable, quote } from '../base/text.js';
import { signRequest } from '../signing/index.js';
import type { Connection, Credentials } from './connection.js';
import { CredentialsError } from './credentials-error.js';
import { isObject, parseJson } from './json.js';
import { send, type HttpAnswer, type SendOptions } from './send.js';

export interface ServiceCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as a form where it is text, else as JSON; none for GET. */
  readonly body?: string | Readonly<Record<string, unknown>>;
}

export interface CallContext extends SendOptions {
  /** The time to sign with. */
  now(): Date;
  /** Is told the `Date` of every answer, in milliseconds since the epoch. */
  heard?(date: number): void;
}

/** Signs with SDK-HMAC-SHA256 (request signatures §1). The text of an answer 200 or 201; everything else is thrown. */
export async function callService({ endpoint, credentials }: Connection, call: ServiceCall, context: CallContext): Promise<string> {
  const url = new URL(call.path, endpoint);
  const body = call.body === undefined || typeof call.body === 'string' ? (call.body ?? '') : JSON.stringify(call.body);
  const headers = signRequest({
    method: call.method,
    url,
    headers: call.body === undefined ? {} : { 'content-type': typeof call.body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json;charset=UTF-8' },
    body,
    accessKeyId: credentials.accessKeyId,
    secretAccessKey: credentials.secretAccessKey,
    ...(credentials.securityToken !== undefined && { securityToken: credentials.securityToken }),
    date: context.now(),
  });
  const answer = await send({ method: call.method, url, headers, body }, context);
  const date = Date.parse(answer.headers.date ?? '');
  if (!Number.isNaN(date)) context.heard?.(date);
  if (answer.status !== 200 && answer.status !== 201) throw refusal(endpoint, answer, credentials);
  return answer.text;
}

/** The JSON of an answer 200, of any shape. */
export async function callForJson(connection: Connection, call: ServiceCall, context: CallContext): Promise<unknown> {
  const json = parseJson(await callService(connection, call, context));
  if (json === undefined) throw wrongAnswer(connection, 'something that is not JSON');
  return json;
}

/** For an answer 200 that is not what the call is answered with. */
export const wrongAnswer = ({ endpoint }: Connection, what: string): CredentialsError =>
  new CredentialsError('unavailable', `endpoint ${quote(endpoint.origin)} answered 200 with ${what}`);

function refusal(endpoint: URL, answer: HttpAnswer, credentials: Credentials): CredentialsError {
  const json = parseJson(answer.text);
  const body = isObject(json) ? json : {};
  const textOf = (name: string): string | undefined => (typeof body[name] === 'string' ? body[name] : undefined);
  const [code, encodedAuthorizationMessage] = [textOf('error_code'), textOf('encoded_authorization_message')];
  const header = answer.headers['x-request-id'];
  const requestId = textOf('request_id') ?? (typeof header === 'string' ? header : undefined);
  const request = requestId === undefined ? '' : ` (request id ${printable(requestId)})`;
  const details = { status: answer.status, requestId: requestId && printable(requestId), retryAfterSeconds: retryAfter(answer.headers['retry-after']) };
  if (code === undefined) {
    const kind = json === undefined ? 'something that is not JSON' : 'JSON without an error code';
    return new CredentialsError('unavailable', `endpoint ${quote(endpoint.origin)} answered ${answer.status} with ${kind}${request}`, details);
  }
  const message = printable(withoutSecrets(textOf('error_msg') ?? 'no message', credentials));
  const reason = answer.status >= 500 ? 'unavailable' : 'refused';
  return new CredentialsError(reason, `${answer.status} ${printable(code)} ${message}${request}`, { ...details, code: printable(code), encodedAuthorizationMessage });
}

// A gateway may mirror the canonical request with the token in it.
function withoutSecrets(text: string, { secretAccessKey, securityToken }: Credentials): string {
  const withoutSecret = text.replaceAll(secretAccessKey, '***');
  return securityToken === undefined ? withoutSecret : withoutSecret.replaceAll(securityToken, '***');
}

/** Seconds (RFC 9110 §10.2.3); its other form, a date, needs a clock that agrees and is taken as absent. */
const retryAfter = (header: string | undefined): number | undefined => (header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) : undefined);
