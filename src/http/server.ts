// The HTTP server around the application: bounded in everything a client can stretch, and able to stop in order.
import { createServer, IncomingMessage, ServerResponse, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Express } from 'express';
import type { Random } from '../base/clock.js';

const maximumHeaderBytes = 16 * 1024;
const maximumHeaders = 100;
const headersTimeoutMilliseconds = 10_000;
const requestTimeoutMilliseconds = 15_000;
const keepAliveTimeoutMilliseconds = 60_000;

/**
 * A server whose requests and responses have the application's prototypes from birth. Express sets them on every
 * request otherwise, which V8 before version 12 (Node 20) makes five times slower than the request itself.
 */
export function createHttpServer(app: Express, random: Random, countUnparsable: CountUnparsable): Server {
  const refuseManyHeaders = manyHeadersRefuser(app, random, countUnparsable);
  const server = createServer(
    {
      IncomingMessage: bornWith(IncomingMessage, app.request),
      ServerResponse: bornWith(ServerResponse, app.response),
      maxHeaderSize: maximumHeaderBytes,
      headersTimeout: headersTimeoutMilliseconds,
      requestTimeout: requestTimeoutMilliseconds,
      keepAliveTimeout: keepAliveTimeoutMilliseconds,
      connectionsCheckingInterval: 2_000,
    },
    refuseManyHeaders,
  );
  server.maxHeadersCount = maximumHeaders;
  // RFC 9110 §10.1.1: an expectation that is not known may be ignored; Node's own refusal has no body.
  server.on('checkExpectation', refuseManyHeaders);
  server.on('clientError', clientErrorAnswerer(random, countUnparsable));
  return server;
}

/** A constructor like `base` whose instances have `prototype` from the start. */
function bornWith<Base extends typeof IncomingMessage | typeof ServerResponse>(base: Base, prototype: object): Base {
  const constructor = function (this: object, ...values: unknown[]): void {
    Reflect.apply(base as unknown as (...values: unknown[]) => void, this, values);
  };
  constructor.prototype = prototype;
  // Node calls it with `new` only, and the prototype inherits from the base's.
  return constructor as unknown as Base;
}

/** Node leaves the headers beyond its limit out of `headers` without a word: such a request would have two readings. */
const manyHeadersRefuser = (app: Express, random: Random, countUnparsable: CountUnparsable): RequestListener => (request, response) => {
  if (request.rawHeaders.length <= 2 * maximumHeaders) {
    app(request, response);
    return;
  }
  countUnparsable(request.socket.remoteAddress ?? '', tooManyHeaders[1]);
  const body = refusalBody(tooManyHeaders, random);
  response.writeHead(431, { Connection: 'close', 'Content-Type': 'application/json', 'Cache-Control': 'no-store', 'Content-Length': body.length }).end(body);
};

const refusalBody = ([, code, text]: Refusal, random: Random): string =>
  JSON.stringify({ error_code: code, error_msg: text, request_id: random.bytes(16).toString('hex') });

/** Counts what never became a request. */
export type CountUnparsable = (sourceIp: string, errorCode: string) => void;

type Refusal = readonly [line: string, code: string, text: string];
const tooManyHeaders: Refusal = ['431 Request Header Fields Too Large', 'APIGW.0201', 'the headers are too large or too many'];
const refusals: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: tooManyHeaders,
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'APIGW.0201', 'the request took too long to arrive'],
};

/** What is no HTTP request gets the error body of any other refusal, and its connection ends. */
const clientErrorAnswerer = (random: Random, countUnparsable: CountUnparsable) => (error: Error & { code?: string }, socket: Socket): void => {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const refusal = refusals[error.code ?? ''] ?? ['400 Bad Request', 'APIGW.0201', 'this is no HTTP request'];
  countUnparsable(socket.remoteAddress ?? '', refusal[1]);
  const body = refusalBody(refusal, random);
  socket.end(`HTTP/1.1 ${refusal[0]}\r\nConnection: close\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
};

export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Takes no new connection, lets the calls in flight end, and cuts what is left after `patienceMilliseconds`. */
export function close(server: Server, patienceMilliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), patienceMilliseconds);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
