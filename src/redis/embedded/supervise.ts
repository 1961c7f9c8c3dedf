// Keeps one server running: starts it again when it dies, ever more slowly while it keeps dying.
import { setTimeout as sleep } from 'node:timers/promises';
import { endServer, type ServerProcess } from './child.js';

export interface Supervisor {
  current(): ServerProcess;
  /** Ends the server for good. */
  stop(): Promise<void>;
}

const firstPauseMilliseconds = 50;
const longestPauseMilliseconds = 5_000;
/** A server that lived this long is no longer counted as failing. */
const steadyMilliseconds = 60_000;

export function supervise(first: ServerProcess, startOne: (stopRequested: AbortSignal) => Promise<ServerProcess>, restart: boolean, log: (message: string) => void): Supervisor {
  const stopRequested = new AbortController();
  const wasStopped = (): boolean => stopRequested.signal.aborted;
  let server = first;

  const watch = async (): Promise<void> => {
    let pause = firstPauseMilliseconds;
    for (;;) {
      const startedAt = Date.now();
      // The stop may have been asked for while a new server was starting.
      if (wasStopped()) await endServer(server);
      const how = await server.ended;
      if (wasStopped()) return;
      log(`embedded redis: pid ${server.pid} ended unexpectedly (${how})${restart ? ', starting it again' : ''}`);
      if (!restart) return;
      if (Date.now() - startedAt > steadyMilliseconds) pause = firstPauseMilliseconds;
      for (let running = false; !running; pause = Math.min(pause * 2, longestPauseMilliseconds)) {
        try {
          await sleep(pause, undefined, { signal: stopRequested.signal });
          server = await startOne(stopRequested.signal);
          running = true;
        } catch (error) {
          if (wasStopped()) return;
          log(`embedded redis: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    }
  };
  const watching = watch();

  return {
    current: () => server,
    stop: async () => {
      stopRequested.abort();
      if (server.isRunning()) await endServer(server);
      await watching;
    },
  };
}
