// Starts the private server of a data folder as a child process, restarts it if it dies, and stops it with the service.
import { obtainRedisBinary } from './binary.js';
import { endServer, spawnServer, waitUntilReady, type ServerProcess } from './child.js';
import { claimFolder, type Claim } from './claim.js';
import { writeConfiguration } from './configuration.js';
import { endOrphan } from './orphan.js';
import { openPlaces, prepareSocketPath, removeSocket, type Places } from './places.js';
import { supervise } from './supervise.js';

export interface EmbeddedRedisOptions {
  readonly dataDir: string;
  readonly log: (message: string) => void;
  /** A server program to use instead of looking for one. */
  readonly binary?: string;
  /** Where an obtained program is kept (default: the user's cache folder). */
  readonly cacheDir?: string;
  /** Start it again when it dies (default: true). */
  readonly restart?: boolean;
}

export interface EmbeddedRedis {
  readonly socketPath: string;
  /** Of the server that runs now: another one after a restart. */
  readonly pid: number;
  /** Ends the server in order and frees the data folder. */
  stop(): Promise<void>;
  /** For tests: SIGKILL; resolves when the process is gone, before the restart. */
  kill(): Promise<void>;
}

/** Resolves when the server answers and has loaded its data; the data folder is then ours until `stop`. */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const places = await openPlaces(options.dataDir);
  const result = await claimFolder(places.folder);
  if ('heldBy' in result)
    throw new Error(`the data folder ${options.dataDir} is in use by another service (pid ${result.heldBy.pid}): stop it first, or set STS_DATA_DIR to another folder`);
  try {
    return await serve(options, places, result.claim);
  } catch (error) {
    await result.claim.release();
    throw error;
  }
}

async function serve(options: EmbeddedRedisOptions, places: Places, claim: Claim): Promise<EmbeddedRedis> {
  const binary = await obtainRedisBinary(options);
  await endOrphan(places, options.log);
  const socketPath = await prepareSocketPath(places);
  await writeConfiguration(places, socketPath);

  const startOne = async (signal?: AbortSignal): Promise<ServerProcess> => {
    const server = await spawnServer(binary, places);
    try {
      await waitUntilReady(server, { socketPath, logFile: places.logFile, log: options.log, signal });
      return server;
    } catch (error) {
      await endServer(server);
      throw error;
    }
  };
  const supervisor = supervise(await startOne(), startOne, options.restart ?? true, options.log);

  // For systems where the kernel does not tie the server to us; a service that is killed there leaves an orphan.
  const endWithUs = (): void => supervisor.current().signal('SIGTERM');
  process.once('exit', endWithUs);

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    process.off('exit', endWithUs);
    await removeSocket(places, socketPath);
    await claim.release();
  };
  return {
    socketPath,
    get pid() {
      return supervisor.current().pid;
    },
    stop: () => (stopping ??= stop()),
    kill: async () => {
      const server = supervisor.current();
      server.signal('SIGKILL');
      await server.ended;
    },
  };
}
