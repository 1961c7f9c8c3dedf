// One HTTP exchange: sends exactly the headers that were signed and returns whatever answer comes.
import http from 'node:http';
import https from 'node:https';
import { text as readText } from 'node:stream/consumers';
import { CommandError, exitCodes, systemErrorCode } from './command-error.js';
import { quote } from './text.js';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** Header `X-Request-Id`. */
  readonly requestId: string | undefined;
  readonly text: string;
}

const timeoutMilliseconds = 10_000;

/**
 * Follows no redirect (the token would go elsewhere) and repeats nothing (a second session would come into being).
 * Throws a CommandError that names the endpoint when no complete answer arrives in time.
 */
export async function send(request: HttpRequest, timeout = timeoutMilliseconds): Promise<HttpAnswer> {
  const signal = AbortSignal.timeout(timeout);
  try {
    return await exchange(request, signal);
  } catch (error) {
    const endpoint = `endpoint ${quote(request.url.origin)}`;
    if (signal.aborted) throw new CommandError(exitCodes.unreachable, `${endpoint} did not answer within ${timeout / 1000} seconds`);
    throw new CommandError(exitCodes.unreachable, `${endpoint} cannot be reached: ${systemErrorCode(error)}`);
  }
}

// Not fetch: it sets and drops headers of its own, and the host header must be the one that was signed.
async function exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  const { request: open } = request.url.protocol === 'https:' ? https : http;
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const outgoing = open(request.url, { method: request.method, headers: request.headers, signal }, resolve);
    outgoing.once('error', reject);
    outgoing.end(request.body);
  });
  const requestId = response.headers['x-request-id'];
  return { status: response.statusCode ?? 0, requestId: typeof requestId === 'string' ? requestId : undefined, text: await readText(response) };
}
