// The HTTP server around the application: bounded in everything a client can stretch, and able to stop in order.
import { createServer, IncomingMessage, ServerResponse, type Server } from 'node:http';
import type { Express } from 'express';
import type { Random } from '../base/clock.js';
import { answerClientError, maximumHeaderBytes, maximumHeaders, refuseManyHeaders, type CountUnparsable } from './unparsable.js';

const headersTimeoutMilliseconds = 10_000;
const requestTimeoutMilliseconds = 15_000;
const keepAliveTimeoutMilliseconds = 60_000;

/**
 * A server whose requests and responses have the application's prototypes from birth. Express sets them on every
 * request otherwise, which V8 before version 12 (Node 20) makes five times slower than the request itself.
 */
export function createHttpServer(app: Express, random: Random, countUnparsable: CountUnparsable): Server {
  const listener = refuseManyHeaders(app, random, countUnparsable);
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
    listener,
  );
  server.maxHeadersCount = maximumHeaders;
  // RFC 9110 §10.1.1: an expectation that is not known may be ignored; Node's own refusal has no body.
  server.on('checkExpectation', listener);
  server.on('clientError', answerClientError(random, countUnparsable));
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
