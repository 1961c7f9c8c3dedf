// A client of one serving process: signs, sends, and keeps its connection.
import { signRequest } from '../../../src/signing/index.js';
import type { Credentials } from '../../support/service.js';
import type { Call } from './operation.js';

export interface ApiAnswer {
  readonly status: number;
  readonly requestId: string;
  /** Empty when there is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

export type Send = (call: Call) => Promise<ApiAnswer>;

export interface Callers {
  readonly root: Credentials;
  readonly operator: Credentials;
}

/** @param now milliseconds since the epoch, by the service's clock */
export const sender = (url: string, { root, operator }: Callers, now: () => number): Send => async ({ method, path, body, byOperator }) => {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = signRequest({
    method, url: `${url}${path}`, headers: text === undefined ? {} : { 'content-type': 'application/json' }, ...(text !== undefined && { body: text }),
    ...(byOperator === true ? operator : root), date: new Date(now()),
  });
  const response = await fetch(`${url}${path}`, { method, headers, ...(text !== undefined && { body: text }) });
  const answer = await response.text();
  // Answers of these APIs are objects.
  return { status: response.status, requestId: response.headers.get('x-request-id') ?? '', body: answer === '' ? {} : JSON.parse(answer) as ApiAnswer['body'] };
};
