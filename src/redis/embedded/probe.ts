// Asks the server behind a socket who it is and whether it is ready, without trusting that it is ours.
import { realpath } from 'node:fs/promises';
import { Redis } from 'ioredis';

export interface ServerIdentity {
  readonly pid: number;
  /** The real path of the folder it writes to. */
  readonly folder: string;
}

async function withConnection<Answer>(socketPath: string, ask: (redis: Redis) => Promise<Answer>): Promise<Answer | undefined> {
  const redis = new Redis({
    path: socketPath,
    protocol: 2,
    lazyConnect: true,
    // The ready check waits for the end of loading, and a loading server must be recognised too.
    enableReadyCheck: false,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    // Its timer goes on after a connection that was refused, and would keep a finished command line tool alive.
    disconnectTimeout: 50,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Refusals are answered by the calls below; without a listener they would also be printed.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await ask(redis);
  } catch {
    return undefined;
  } finally {
    redis.disconnect();
  }
}

/** True when it answers PING, which it refuses while it loads its data. */
export async function isReady(socketPath: string): Promise<boolean> {
  return (await withConnection(socketPath, (redis) => redis.ping())) === 'PONG';
}

export async function identifyServer(socketPath: string): Promise<ServerIdentity | undefined> {
  return withConnection(socketPath, async (redis) => {
    const information = await redis.info('server');
    const pid = Number(/^process_id:(\d+)/m.exec(information)?.[1] ?? Number.NaN);
    const directory: unknown = await redis.config('GET', 'dir');
    const folder: unknown = Array.isArray(directory) ? directory[1] : undefined;
    if (!Number.isInteger(pid) || typeof folder !== 'string') throw new Error('not a Redis that tells who it is');
    return { pid, folder: await realpath(folder) };
  });
}

/** Asks for an orderly end; every acknowledged write is in the append-only file already. */
export async function requestShutdown(socketPath: string): Promise<void> {
  await withConnection(socketPath, (redis) => redis.shutdown('NOSAVE'));
}
