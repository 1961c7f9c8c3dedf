// One exchange: it ends in time, or when its caller wants it to.
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { send } from '../../src/client/send.js';
import { bareServer, beginningOfAnswer } from '../support/bare-server.js';

describe('a service that', () => {
  it.each<[string, (socket: Socket) => unknown]>([
    ['says nothing', () => undefined],
    ['stops in the middle', (socket) => socket.write(beginningOfAnswer)],
  ])('%s is unavailable after the time-out', async (_, behave) => {
    const url = await bareServer(behave);
    await expect(send({ method: 'GET', url, headers: {}, body: '' }, { timeoutMilliseconds: 100 }))
      .rejects.toMatchObject({ reason: 'unavailable', isRetryable: true, message: `endpoint \`${url.origin}\` did not answer within 0.1 seconds` });
    const ending = new AbortController();
    const exchange = send({ method: 'GET', url, headers: {}, body: '' }, { signal: ending.signal });
    setImmediate(() => ending.abort(new Error('enough')));
    await expect(exchange).rejects.toThrow('enough');
  });

  it.each([['does not say how much', ''], ['lies about how much', 'Content-Length: 100000000000\r\n']])('answers without end and %s is unavailable, and is not listened to any longer', async (_, header) => {
    let written = 0;
    let isClosed = false;
    const part = Buffer.alloc(1024 * 1024, ' ');
    const url = await bareServer((socket) => {
      const write = (): void => {
        while (!socket.destroyed && socket.write(part)) written += 1;
      };
      socket.on('drain', write).on('close', () => (isClosed = true)).write(`HTTP/1.1 200 OK\r\n${header}\r\n`);
      write();
    });
    await expect(send({ method: 'GET', url, headers: {}, body: '' }, { timeoutMilliseconds: 5000 }))
      .rejects.toMatchObject({ reason: 'unavailable', isRetryable: true, message: `endpoint \`${url.origin}\` answered with more than 16 MiB` });
    await expect.poll(() => isClosed).toBe(true);
    expect(written).toBeLessThan(64);
  });
});
