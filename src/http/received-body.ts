// The body of a request: limits before it is read, raw bytes for the signature, JSON behind it.
import { isUtf8 } from 'node:buffer';
import express, { type Request, type RequestHandler } from 'express';
import { ApiError } from '../base/api-error.js';

export const maximumBodyBytes = 64 * 1024;
/** Names of members come from the caller where the schema leaves them open. */
export const longestName = 64;

/** Refuses what would not be read, before anything of it is. */
export const refuseOddContent: RequestHandler = (request, _response, next) => {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > maximumBodyBytes) throw new ApiError('bodyTooLarge', `the body is larger than ${maximumBodyBytes} bytes`);
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ApiError('malformedBody', '`Content-Encoding`: a compressed body is not accepted');
  }
  next();
};

/** Keeps the raw bytes: they are what was signed. */
export const readBody: RequestHandler = express.raw({ type: () => true, limit: maximumBodyBytes, inflate: false });

/** The bytes received; empty without a body. */
export function rawBody(request: Request): Buffer {
  const body: unknown = request.body;
  if (Buffer.isBuffer(body)) return body;
  // When a client is gone the parser goes on without a body: that must not pass for an empty one.
  const announced = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (announced) throw new ApiError('malformedBody', 'the body did not arrive');
  return Buffer.alloc(0);
}

/** The JSON value of a body, in UTF-8. @param contentType as it was signed; an unsigned one decides nothing */
export function jsonBody(body: Buffer, contentType: string | undefined): unknown {
  refuseOtherType('application/json', contentType);
  const text = textOf(body);
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError('malformedBody', 'the body is not JSON');
  }
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
