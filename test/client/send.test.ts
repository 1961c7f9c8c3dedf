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
});
