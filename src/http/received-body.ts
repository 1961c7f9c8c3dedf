// The body of a request: limits before it is read, raw bytes for the signature, JSON behind it.
import express, { type Request, type RequestHandler } from 'express';
import { ApiError } from '../base/api-error.js';

export const maximumBodyBytes = 64 * 1024;

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

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The JSON value of a body, in UTF-8. @param contentType as it was signed; an unsigned one decides nothing */
export function jsonBody(body: Buffer, contentType: string | undefined): unknown {
  refuseOtherCharset(contentType);
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw new ApiError('malformedBody', 'the body is not UTF-8');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError('malformedBody', 'the body is not JSON');
  }
}

function refuseOtherCharset(contentType: string | undefined): void {
  if (contentType === undefined) return;
  const [type = '', ...parameters] = contentType.toLowerCase().split(';').map((part) => part.trim());
  const charset = parameters.find((part) => part.startsWith('charset='))?.slice('charset='.length).replaceAll('"', '');
  if (type !== 'application/json' || (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')) {
    throw new ApiError('malformedBody', '`Content-Type` must be application/json, in UTF-8');
  }
}
