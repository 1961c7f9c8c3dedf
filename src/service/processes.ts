// The serving processes: one alone, or several that share a port and are watched by the first.
import cluster, { type Worker as ClusterWorker } from 'node:cluster';
import type { Log } from '../http/errors.js';
import { realSurroundings } from './composition.js';
import { redisErrors } from './log.js';
import { SettingsError, type Settings } from './settings.js';
import { connectRedis, openComposition } from './state.js';
import { patienceMilliseconds, startWorker } from './worker.js';

/** Set for processes that only serve; everything they need is prepared. */
export const workerVariable = 'AGENCY_STS_WORKER';
/** Threads for what blocks, of which a disk that hangs holds some: Node's own four are too few beside the verification of tokens. */
const poolThreads = '16';
const restartMilliseconds = 1000;
/** A serving process that has not ended by then hangs. */
const insistMilliseconds = patienceMilliseconds + 5000;

export interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

/** Serves in this process. */
export async function serveAlone(settings: Settings, log: Log): Promise<Running> {
  const redis = await connectRedis(settings, settings.STS_REDIS_URL ?? '', redisErrors(log));
  try {
    return await startWorker(settings, await openComposition(settings, redis, realSurroundings()), log);
  } catch (error) {
    // A connection that is left open would keep a process alive that cannot serve.
    redis.disconnect();
    throw error;
  }
}

/** Serves as one of several processes, until the first one says or is gone. */
export async function serveAsWorker(settings: Settings, log: Log): Promise<void> {
  // Ctrl-C goes to all processes of a terminal; the first process tells when to stop.
  process.on('SIGINT', () => undefined);
  const stop = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('disconnect', () => resolve());
  });
  let worker: Running;
  try {
    worker = await serveAlone(settings, log);
  } catch (error) {
    log.error({ cause: String(error) }, 'a serving process could not start');
    await tellFirstProcess({ failure: error instanceof Error ? error.message : String(error), isSettingsError: error instanceof SettingsError });
    process.disconnect();
    return;
  }
  await tellFirstProcess({ port: worker.port });
  await stop;
  await worker.stop();
  if (process.connected) process.disconnect();
}

/** What a serving process says when it serves, or cannot. */
type WorkerMessage = { readonly port: number } | { readonly failure: string; readonly isSettingsError: boolean };

function tellFirstProcess(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}

/** Serves in processes of their own; one that ends is replaced. Rejects when one of the first cannot serve. */
export async function serveInWorkers(settings: Settings, environment: NodeJS.ProcessEnv, url: string, log: Log): Promise<Running> {
  let stopping = false;
  /** Of the first ones, those not ready yet: the death of one ends the start. */
  const starting = new Set<ClusterWorker>();
  const fork = (): ClusterWorker => cluster.fork({ UV_THREADPOOL_SIZE: poolThreads, ...environment, STS_REDIS_URL: url, [workerVariable]: '1' });
  const forkFirst = async (): Promise<number> => {
    const worker = fork();
    starting.add(worker);
    const port = await listening(worker);
    starting.delete(worker);
    return port;
  };
  const stop = async (): Promise<void> => {
    stopping = true;
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    await Promise.all(workers.map(ended));
  };
  // Before the first fork: one may be ready and dead while another still starts.
  cluster.on('exit', (worker, code, signal) => {
    if (stopping || starting.has(worker)) return;
    log.error({ worker: worker.process.pid, code, signal }, 'a serving process ended; another one is started');
    setTimeout(() => {
      if (!stopping) fork();
    }, restartMilliseconds);
  });
  const ports = await Promise.all(Array.from({ length: settings.STS_WORKERS }, forkFirst)).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { port: ports[0] ?? settings.STS_PORT, stop };
}

function listening(worker: ClusterWorker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once('message', (message: WorkerMessage) => {
      if ('port' in message) resolve(message.port);
      else reject(message.isSettingsError ? new SettingsError(message.failure) : new Error(message.failure));
    });
    worker.once('exit', (code) => reject(new Error(`a serving process ended with code ${code} before it was ready`)));
  });
}

function ended(worker: ClusterWorker): Promise<void> {
  return new Promise((resolve) => {
    if (worker.isDead()) {
      resolve();
      return;
    }
    const insist = setTimeout(() => worker.process.kill('SIGKILL'), insistMilliseconds);
    worker.once('exit', () => {
      clearTimeout(insist);
      resolve();
    });
    worker.process.kill('SIGTERM');
  });
}
