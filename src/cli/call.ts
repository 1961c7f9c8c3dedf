// One signed call of the service: its answer as a typed value, or a CommandError that says what went wrong.
import { z } from 'zod';
import { signRequest } from '../signing/index.js';
import { CommandError, exitCodes } from './command-error.js';
import type { Connection, Credentials } from './connection.js';
import { send, type HttpAnswer } from './send.js';
import { printable, quote, shellQuote } from './text.js';

export interface Call<Answer> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON; none for GET. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly answer: z.ZodType<Answer>;
}

/** Signs with SDK-HMAC-SHA256 (request signatures §1), at the time given. */
export async function callService<Answer>(connection: Connection, call: Call<Answer>, now: Date): Promise<Answer> {
  const { endpoint, credentials } = connection;
  const url = new URL(call.path, endpoint);
  const body = call.body === undefined ? '' : JSON.stringify(call.body);
  const headers = signRequest({
    method: call.method,
    url,
    headers: call.body === undefined ? {} : { 'content-type': 'application/json;charset=UTF-8' },
    body,
    accessKeyId: credentials.accessKeyId,
    secretAccessKey: credentials.secretAccessKey,
    ...(credentials.securityToken !== undefined && { securityToken: credentials.securityToken }),
    date: now,
  });
  const answer = await send({ method: call.method, url, headers, body });
  const json = parseJson(answer.text);
  if (answer.status !== 200) throw refusal(endpoint, answer, json, credentials);
  const parsed = call.answer.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new CommandError(exitCodes.unreachable, `endpoint ${quote(endpoint.origin)} answered 200 with ${json === undefined ? 'something that is not JSON' : 'JSON that is not the answer of this call'}`);
}

const ErrorBody = z.object({
  error_code: z.string(),
  error_msg: z.string().default('no message'),
  request_id: z.string().optional(),
  encoded_authorization_message: z.string().optional(),
});

function refusal(endpoint: URL, answer: HttpAnswer, json: unknown, credentials: Credentials): CommandError {
  const parsed = ErrorBody.safeParse(json);
  const requestId = (parsed.success ? parsed.data.request_id : undefined) ?? answer.requestId;
  const request = requestId === undefined ? '' : ` (request id ${printable(requestId)})`;
  if (!parsed.success) {
    const kind = json === undefined ? 'something that is not JSON' : 'JSON without an error code';
    return new CommandError(exitCodes.unreachable, `endpoint ${quote(endpoint.origin)} answered ${answer.status} with ${kind}${request}`);
  }
  const { error_code: code, error_msg: message, encoded_authorization_message: encoded } = parsed.data;
  const text = `${answer.status} ${printable(code)} ${printable(withoutSecrets(message, credentials))}${request}`;
  const exitCode = answer.status >= 500 ? exitCodes.unreachable : exitCodes.refused;
  return new CommandError(exitCode, encoded === undefined ? text : `${text}\n${decodeHint(encoded)}`, answer.status);
}

// A gateway may mirror the canonical request with the token in it.
function withoutSecrets(text: string, { secretAccessKey, securityToken }: Credentials): string {
  const withoutSecret = text.replaceAll(secretAccessKey, '***');
  return securityToken === undefined ? withoutSecret : withoutSecret.replaceAll(securityToken, '***');
}

function decodeHint(encoded: string): string {
  const endOfOptions = encoded.startsWith('-') ? '-- ' : '';
  return `the reason is sealed; with credentials that may read it, run: agency-sts decode ${endOfOptions}${shellQuote(encoded)}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
