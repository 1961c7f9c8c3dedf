// One HTTP exchange: sends exactly the headers that were signed and returns whatever answer comes.
import http from 'node:http';
import https from 'node:https';
import { systemErrorCode } from '../base/system-error.js';
import { quote } from '../base/text.js';
import { CredentialsError } from './credentials-error.js';

interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

export interface SendOptions {
  /** Ends the exchange: what `send` rejects with is its reason then. */
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMilliseconds?: number | undefined;
  /** A connection of its own, closed at the end: one that was idle for long may be dead without our knowing. */
  readonly isAlone?: boolean | undefined;
}

const defaultTimeoutMilliseconds = 10_000;
/** [choice] No answer of the service comes near it. */
const mostAnswerBytes = 16 * 1024 * 1024;

/**
 * Follows no redirect (the token would go elsewhere) and repeats nothing (a second session would come into being).
 * Throws a CredentialsError that names the endpoint when no complete answer of a bearable size arrives in time.
 */
export async function send(request: HttpRequest, options: SendOptions = {}): Promise<HttpAnswer> {
  const { signal, timeoutMilliseconds = defaultTimeoutMilliseconds, isAlone = false } = options;
  const end = new AbortController();
  const abort = (): void => end.abort();
  const timer = setTimeout(abort, timeoutMilliseconds).unref();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    signal?.throwIfAborted();
    return await exchange(request, isAlone, end.signal);
  } catch (error) {
    signal?.throwIfAborted();
    const endpoint = `endpoint ${quote(request.url.origin)}`;
    if (error instanceof CredentialsError) throw error;
    if (end.signal.aborted) throw new CredentialsError('unavailable', `${endpoint} did not answer within ${timeoutMilliseconds / 1000} seconds`);
    throw new CredentialsError('unavailable', `${endpoint} cannot be reached: ${systemErrorCode(error)}`, {}, error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

// Not fetch: it sets and drops headers of its own, and the host header must be the one that was signed.
async function exchange(request: HttpRequest, isAlone: boolean, signal: AbortSignal): Promise<HttpAnswer> {
  const { request: open } = request.url.protocol === 'https:' ? https : http;
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const outgoing = open(request.url, { method: request.method, headers: request.headers, signal, ...(isAlone && { agent: false }) }, resolve);
    outgoing.once('error', reject);
    outgoing.end(request.body);
  });
  return { status: response.statusCode ?? 0, headers: response.headers, text: await boundedText(response, request.url) };
}

/** Breaking off ends the connection. */
async function boundedText(response: http.IncomingMessage, { origin }: URL): Promise<string> {
  // Its parts are bytes, as long as no encoding is set.
  const body: AsyncIterable<Buffer> = response;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > mostAnswerBytes) throw new CredentialsError('unavailable', `endpoint ${quote(origin)} answered with more than ${mostAnswerBytes / 1024 / 1024} MiB`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
