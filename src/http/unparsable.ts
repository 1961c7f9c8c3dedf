// Requests that never reach the application: what is no HTTP, too many headers, a sender that takes too long.
import { STATUS_CODES, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import type { Express } from 'express';
import { ApiError } from '../base/api-error.js';
import type { Random } from '../base/clock.js';
import { errorBody } from './errors.js';

export const maximumHeaders = 100;
export const maximumHeaderBytes = 16 * 1024;

/** Counts what never became a request. */
export type CountUnparsable = (sourceIp: string, errorCode: string) => void;

/** Node leaves the headers beyond its limit out of `headers` without a word: such a request would have two readings. */
export const refuseManyHeaders = (app: Express, random: Random, count: CountUnparsable): RequestListener => (request, response) => {
  if (request.rawHeaders.length <= 2 * maximumHeaders) {
    app(request, response);
    return;
  }
  response.detachSocket(request.socket);
  answer(request.socket, tooManyHeaders(), random, count);
};

/** Answers a parser's error with the error body of any other refusal; the connection ends. */
export const answerClientError = (random: Random, count: CountUnparsable) => (error: Error & { code?: string }, socket: Socket): void => {
  if (!socket.writable || error.code === 'ECONNRESET') socket.destroy();
  else answer(socket, refusalOf(error.code), random, count);
};

const tooManyHeaders = (): ApiError => new ApiError('headersTooLarge', `the headers are larger than ${maximumHeaderBytes} bytes, or more than ${maximumHeaders}`);

function refusalOf(code: string | undefined): ApiError {
  if (code === 'HPE_HEADER_OVERFLOW') return tooManyHeaders();
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new ApiError('requestTimeout', 'the request took too long to arrive');
  return new ApiError('malformedRequest', 'this is no HTTP request');
}

function answer(socket: Socket, error: ApiError, random: Random, count: CountUnparsable): void {
  count(socket.remoteAddress ?? '', error.code('sts'));
  const requestId = random.bytes(16).toString('hex');
  const body = JSON.stringify(errorBody(error, 'sts', requestId));
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`, 'Connection: close', 'Content-Type: application/json', 'Cache-Control: no-store',
    `X-Request-Id: ${requestId}`, `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
