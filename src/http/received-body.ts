// The body of a request: limits before it is read, raw bytes for the signature, JSON behind it.
import { isUtf8 } from 'node:buffer';
import type { Request, RequestHandler } from 'express';
import { ApiError } from '../base/api-error.js';
import { jsonOf } from './json-text.js';

export const maximumBodyBytes = 64 * 1024;
/** Names of members come from the caller where the schema leaves them open. */
export const longestName = 64;

/** Refuses what would not be read, before anything of it is. */
export const refuseOddContent: RequestHandler = (request, _response, next) => {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > maximumBodyBytes) throw bodyTooLarge();
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ApiError('malformedBody', '`Content-Encoding`: a compressed body is not accepted');
  }
  next();
};

const bodyTooLarge = (): ApiError => new ApiError('bodyTooLarge', `the body is larger than ${maximumBodyBytes} bytes`);

/** Keeps the raw bytes: they are what was signed. What Express's own reader does besides costs more than the reading. */
export const readBody: RequestHandler = (request, _response, next) => {
  if (!announcesBody(request)) {
    next();
    return;
  }
  const chunks: Buffer[] = [];
  let length = 0;
  let isDone = false;
  const done = (error?: ApiError): void => {
    if (isDone) return;
    isDone = true;
    next(error);
  };
  // What comes behind a refusal is read to its end and forgotten: the answer can be received then.
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > maximumBodyBytes) done(bodyTooLarge());
    else chunks.push(chunk);
  });
  request.on('end', () => {
    request.body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    done();
  });
  const broken = (): void => {
    // A request closes behind its end too.
    if (!isDone) done(new ApiError('malformedBody', 'the body did not arrive as announced'));
  };
  request.on('error', broken);
  request.on('close', broken);
  // Who was counted meanwhile may have gone: then nothing of all this comes any more.
  if (request.destroyed || request.readableAborted) broken();
};

const announcesBody = ({ headers }: Request): boolean => headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** The bytes received; empty without a body. */
export function rawBody(request: Request): Buffer {
  const body: unknown = request.body;
  if (Buffer.isBuffer(body)) return body;
  // What did not arrive must not pass for an empty body.
  if (announcesBody(request)) throw new ApiError('malformedBody', 'the body did not arrive');
  return Buffer.alloc(0);
}

/** The JSON value of a body, in UTF-8. @param contentType as it was signed; an unsigned one decides nothing */
export function jsonBody(body: Buffer, contentType: string | undefined): unknown {
  refuseOtherType('application/json', contentType);
  return jsonOf(textOf(body));
}

export const urlencoded = 'application/x-www-form-urlencoded';

/** The members of a form; a member that is given twice is refused (RFC 6749 §3.2). */
export function formBody(body: Buffer, contentType: string | undefined): Readonly<Record<string, string>> {
  refuseOtherType(urlencoded, contentType);
  return distinctMembers(new URLSearchParams(textOf(body)));
}

/** Throws the 400 for a name that is given twice. */
export function distinctMembers(given: URLSearchParams): Readonly<Record<string, string>> {
  const members = new Map<string, string>();
  for (const [name, value] of given) {
    if (members.has(name)) throw new ApiError('invalidField', `\`${name.slice(0, longestName)}\`: is given twice`);
    members.set(name, value);
  }
  return Object.fromEntries(members);
}

function textOf(body: Buffer): string {
  if (!isUtf8(body)) throw new ApiError('malformedBody', 'the body is not UTF-8');
  return body.toString('utf8');
}

function refuseOtherType(expected: string, contentType: string | undefined): void {
  if (contentType === undefined) return;
  const [type = '', ...parameters] = contentType.toLowerCase().split(';').map((part) => part.trim());
  const charset = parameters.find((part) => part.startsWith('charset='))?.slice('charset='.length).replaceAll('"', '');
  if (type !== expected || (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')) {
    throw new ApiError('malformedBody', `\`Content-Type\` must be ${expected}, in UTF-8`);
  }
}
