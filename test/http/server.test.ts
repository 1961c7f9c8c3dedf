// What Node makes for each request is what the application wants, and quick to ask.
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';
import { expect, it } from 'vitest';
import { pooledRandom } from '../../src/base/clock.js';
import { close, createHttpServer, listen } from '../../src/http/server.js';
import { hasFastProperties } from '../support/v8.js';

it('requests and answers are born as the application makes them, and V8 keeps none of them as a dictionary', async () => {
  const app = express();
  const seen: object[] = [];
  const prototypes: (readonly [object | null, object])[] = [];
  app.use((request: Request, response: Response) => {
    seen.push(request, response);
    prototypes.push([Object.getPrototypeOf(request) as object | null, app.request], [Object.getPrototypeOf(response) as object | null, app.response]);
    response.json({ host: request.hostname });
  });
  const server = createHttpServer(app, pooledRandom(), () => undefined);
  await listen(server, 0, '127.0.0.1');
  try {
    // A server that listens on TCP has an address of this form.
    const { port } = server.address() as AddressInfo;
    for (let count = 0; count < 3; count += 1) {
      const [answer] = await once(get({ port, host: '127.0.0.1', headers: { host: 'sts.example' } }), 'response') as [IncomingMessage];
      const chunks = await answer.toArray() as Buffer[];
      expect(JSON.parse(Buffer.concat(chunks).toString())).toEqual({ host: 'sts.example' });
    }
  } finally {
    await close(server, 1000);
  }
  expect(seen.map(hasFastProperties)).toEqual(seen.map(() => true));
  for (const [prototype, expected] of prototypes) expect(prototype).toBe(expected);
});
