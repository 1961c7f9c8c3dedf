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
      IncomingMessage: bornFor(app, 'request', IncomingMessage),
      ServerResponse: bornFor(app, 'response', ServerResponse),
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

/**
 * A class like `base` whose instances are born as the application would make them. A class, because V8 leaves room in
 * its instances for all members that the constructors of its bases set: without it they become dictionaries, and a
 * request and its answer cost 27 µs more (Node 24; 14 with Node 20).
 */
function bornFor<Base extends typeof IncomingMessage | typeof ServerResponse>(app: Express, what: 'request' | 'response', base: Base): Base {
  // A mixin in all but the type of its arguments, which TypeScript wants to be any.
  const Born = class extends (base as typeof IncomingMessage) {};
  Object.setPrototypeOf(Born.prototype, app[what]);
  // What Express would set on each one is what it has already.
  Object.assign(app, { [what]: Born.prototype });
  return Born as unknown as Base;
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
