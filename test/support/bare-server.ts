// A server below HTTP: what it does with a connection is up to the test.
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export const beginningOfAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{';

/** Until the end of the test. */
export async function bareServer(behave: (socket: Socket) => unknown): Promise<URL> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // A TCP server has no other kind of address.
  return new URL(`http://127.0.0.1:${port}/`);
}
