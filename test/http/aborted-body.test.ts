// A client that goes away while its address is counted leaves nothing behind that waits for its body.
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiError } from '../../src/base/api-error.js';
import { addressLimit } from '../../src/http/rate-limit.js';
import { readBody } from '../../src/http/received-body.js';

/** Of each request: goes on once its address is counted. */
let counted: (() => void)[] = [];
let asked: () => void = () => undefined;
let ended: (error: unknown) => void = () => undefined;
let server: Server;

beforeAll(async () => {
  const app = express();
  app.use((request, _response, next) => {
    // The way to Redis takes as long as the test wants.
    request.once('close', () => counted.forEach((go) => setImmediate(go)));
    next();
  });
  app.use(addressLimit(10, {
    takeAtHand: () => false,
    take: () => new Promise((resolve) => {
      counted.push(() => resolve(true));
      asked();
    }),
  }));
  app.use(readBody);
  app.use((_request: Request, response: Response) => {
    ended(undefined);
    response.end('served');
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    ended(error);
    response.status(400).end();
  });
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

it.each([
  ['before its body', 'content-length: 5\r\n\r\n'],
  ['within its body', 'content-length: 5\r\n\r\n{"a'],
  ['within its chunks', 'transfer-encoding: chunked\r\n\r\n3\r\n{"a'],
])('%s: the request ends as one whose body did not arrive', async (_when, rest) => {
  counted = [];
  const [isAsked, end] = [new Promise<void>((resolve) => { asked = resolve; }), new Promise((resolve) => { ended = resolve; })];
  const { port } = server.address() as AddressInfo; // It listens on a port.
  const socket = connect(port, '127.0.0.1');
  socket.write(`POST / HTTP/1.1\r\nhost: a\r\n${rest}`);
  await isAsked;
  socket.destroy();
  const error = await end;
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ errorName: 'malformedBody' });
});

it('a body that arrived while its address was counted is read', async () => {
  counted = [];
  const [isAsked, end] = [new Promise<void>((resolve) => { asked = resolve; }), new Promise((resolve) => { ended = resolve; })];
  const { port } = server.address() as AddressInfo; // It listens on a port.
  const socket = connect(port, '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n{"a"}');
  await isAsked;
  setImmediate(() => counted.forEach((go) => go()));
  expect(await end).toBeUndefined();
  socket.destroy();
});
