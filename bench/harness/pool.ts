// Servers that are started together, opened for the load generator under names, and stopped together.
import type { Load } from '../load/load.js';
import type { RequestSource } from '../load/source.js';
import type { Variant } from './compare.js';
import type { Measured } from './servers.js';

export interface Pool {
  /** Throws for a name that was not started. */
  server(name: string): Measured;
  /** A variant that sends these requests to the server. */
  variant(name: string, serverName: string, source: RequestSource): Promise<Variant>;
  stop(): Promise<void>;
}

/** Names of targets are the pool's own. */
let poolCount = 0;

export type Starts = Readonly<Record<string, () => Promise<Measured>>>;

/** One after another: two that start at once would fill each other's caches with what is not measured. */
export async function startPool(load: Load, starts: Starts): Promise<Pool> {
  const servers = new Map<string, Measured>();
  const targets: string[] = [];
  const number = (poolCount += 1);
  const stop = async (): Promise<void> => {
    for (const target of targets.splice(0)) await load.close(target);
    await Promise.all([...servers.values()].map((server) => server.stop()));
    servers.clear();
  };
  const server = (name: string): Measured => {
    const found = servers.get(name);
    if (found === undefined) throw new Error(`no server ${name} was started`);
    return found;
  };
  try {
    for (const [name, start] of Object.entries(starts)) servers.set(name, await start());
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    server, stop,
    async variant(name, serverName, source) {
      const target = `${number}.${targets.length} ${name}`;
      await load.open(target, server(serverName).port, source);
      targets.push(target);
      return { name, target, server: server(serverName) };
    },
  };
}
