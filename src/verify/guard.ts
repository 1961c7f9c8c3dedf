// A guard for Express (and whatever calls handlers like it): lets a request through when its signer may do what the route is for.
import type { ReceivedRequest } from '../signing/index.js';
import type { Question } from './question.js';
import type { Refusal } from './refusal.js';
import type { Verifier } from './verifier.js';

/** What the guard needs of a request of Express. */
export interface GuardedRequest extends AsyncIterable<unknown> {
  readonly method: string;
  /** The raw target, as it was received. */
  readonly originalUrl: string;
  readonly rawHeaders: readonly string[];
  readonly ip?: string | undefined;
  readonly readableEnded: boolean;
  /** Whether anybody was given bytes of the body. */
  readonly readableDidRead: boolean;
  /** The raw bytes of the body, where something has read them already. */
  rawBody?: unknown;
  body?: unknown;
}

/** What the guard needs of a response of Express. */
export interface GuardedResponse {
  statusCode: number;
  /** `principal` is who signed. */
  readonly locals: object;
  setHeader(name: string, value: string): unknown;
  end(text: string): unknown;
}

export type Next = (error?: unknown) => void;

export interface GuardOptions {
  /** A larger body is refused with 413; 1 MiB if absent. */
  readonly mostBodyBytes?: number;
}

/** URN of what the request is about, or all that is to be asked but the action. */
export type ResourceFrom<Request> = (request: Request) => string | Omit<Question, 'action'> | Promise<string | Omit<Question, 'action'>>;

export type RequireAction = <Request extends GuardedRequest>(action: string, resourceFrom: ResourceFrom<Request>) => (request: Request, response: GuardedResponse, next: Next) => Promise<void>;

/**
 * Makes `requireAction(action, resourceFrom)`, which stands before the handler of a route. It reads the body, which is
 * a Buffer in `request.rawBody` afterwards, and in `request.body` where nothing else was there: parsers behind it find
 * nothing left to read. One that stands before it must leave the raw bytes in `request.rawBody`; a body that was read
 * and not kept is an error, which goes to the application as one of `resourceFrom` does. Refusals are answered with
 * 401, 403, 413 or 503 and `{error_code, error_msg}`.
 */
export function expressGuard(verifier: Verifier, { mostBodyBytes = 1_048_576 }: GuardOptions = {}): RequireAction {
  return (action, resourceFrom) => async (request, response, next) => {
    try {
      const body = await bodyOf(request, mostBodyBytes);
      if (body === undefined) {
        answer(response, 413, { error_code: 'body_too_large', error_msg: `the body is larger than ${mostBodyBytes} bytes` });
        return;
      }
      request.rawBody = body;
      request.body ??= body;
      const about = await resourceFrom(request);
      const { method, originalUrl: target, rawHeaders } = request;
      const received: ReceivedRequest = { method, target, rawHeaders, body };
      const result = await verifier.authorize(received, request.ip ?? '', [{ ...(typeof about === 'string' ? { resource: about } : about), action }]);
      if (!result.ok) {
        refuse(response, result);
        return;
      }
      // INVARIANT: exactly one question was asked; without a clear yes nobody passes.
      const [given] = result.answers;
      if (given?.allowed !== true || result.answers.length !== 1) {
        const message = given?.encodedAuthorizationMessage;
        answer(response, 403, {
          error_code: 'denied', error_msg: `access denied: \`${result.principal.urn}\` is not authorized to perform \`${action}\``,
          ...(message !== undefined && { encoded_authorization_message: message }),
        });
        return;
      }
      Object.assign(response.locals, { principal: result.principal });
      next();
    } catch (error) {
      next(error);
    }
  };
}

/** The raw bytes; undefined when there are too many. Rejects where they are gone: something stood before the guard and read them. */
async function bodyOf(request: GuardedRequest, most: number): Promise<Buffer | undefined> {
  if (Buffer.isBuffer(request.rawBody)) return request.rawBody.length > most ? undefined : request.rawBody;
  // INVARIANT: what somebody else has read is not verified as an empty body.
  if (request.readableDidRead || (request.readableEnded && announcesBody(request))) throw new Error('the body was read before the guard: let the guard stand before what reads bodies, or keep the raw bytes in `rawBody`');
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) throw new Error('the body was given another encoding before the guard: its raw bytes are needed');
    size += part.length;
    if (size > most) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** By its framing (RFC 9112 §6.3): without these two there is no body, and what ended without giving anything is whole. */
const announcesBody = ({ rawHeaders }: GuardedRequest): boolean => rawHeaders.some((name, at) => at % 2 === 0 && (
  /^transfer-encoding$/i.test(name) || (/^content-length$/i.test(name) && !/^0+$/.test(rawHeaders[at + 1] ?? ''))));

const refuse = (response: GuardedResponse, { status, reason, message }: Refusal): void => answer(response, status, { error_code: reason, error_msg: message });

function answer(response: GuardedResponse, status: number, body: Readonly<Record<string, string>>): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Cache-Control', 'no-store');
  if (status === 503) response.setHeader('Retry-After', '1');
  if (status === 413) response.setHeader('Connection', 'close');
  response.end(JSON.stringify(body));
}
