// The connection of a service under test: to one server, with the commands that only such a connection has.
import { Redis } from 'ioredis';
import { connected, createClient } from '../../src/redis/client.js';

/** Made as the service makes its own; answers when commands can be sent. */
export async function standalone(url: string): Promise<Redis> {
  const connection = createClient(url, () => undefined);
  if (!(connection instanceof Redis)) throw new Error(`\`${url}\` is a cluster`);
  await connected(connection, 5000);
  return connection;
}
