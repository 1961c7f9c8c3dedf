// The running service: prepares its state once, serves in several processes, and ends in order.
import cluster, { type Worker as ClusterWorker } from 'node:cluster';
import { mkdir } from 'node:fs/promises';
import type { Log } from '../http/errors.js';
import { printBanner } from './banner.js';
import { applyBootstrap, readBootstrapFile } from './bootstrap.js';
import { realSurroundings, type Composition } from './composition.js';
import { credentialsFile, generatedKeysKeeper } from './generated-keys.js';
import { createLog } from './log.js';
import { sampleFile } from './sample.js';
import { settingError, SettingsError, type Settings } from './settings.js';
import { connectRedis, openComposition, openRedis, prepareKeys } from './state.js';
import { patienceMilliseconds, startWorker } from './worker.js';

/** Set for processes that only serve; everything they need is prepared. */
export const workerVariable = 'AGENCY_STS_WORKER';
const restartMilliseconds = 1000;
/** A serving process that has not ended by then hangs. */
const insistMilliseconds = patienceMilliseconds + 5000;

/** Runs until SIGTERM or SIGINT. */
export async function serve(settings: Settings, environment: NodeJS.ProcessEnv, say: (message: string) => void): Promise<void> {
  const log = createLog(settings.STS_LOG_LEVEL);
  if (environment[workerVariable] !== undefined) return serveAsWorker(settings, log);
  await mkdir(settings.STS_DATA_DIR, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw settingError('STS_DATA_DIR', error);
  });
  const place = await openRedis(settings, say, false);
  try {
    const isEmpty = await prepareState(settings, place.url, log, say);
    const running = settings.STS_WORKERS === 1 ? await serveAlone({ ...settings, STS_REDIS_URL: place.url }, log) : await serveInWorkers(settings, environment, place.url, log);
    try {
      await printBanner(settings, running.port, credentialsFile(settings), isEmpty);
      await signalled();
    } finally {
      // Before Redis: calls in flight end with an answer.
      await running.stop();
    }
  } finally {
    await place.stop();
  }
}

interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

/** Keys and accounts of a first start; tells whether there are still no accounts. */
async function prepareState(settings: Settings, url: string, log: Log, say: (message: string) => void): Promise<boolean> {
  const redis = await connectRedis(settings, url, logged(log));
  try {
    const surroundings = realSurroundings();
    await prepareKeys(settings, redis, surroundings, say);
    const composition = await openComposition(settings, redis, surroundings);
    await fillEmptyDirectory(settings, composition, say);
    return await composition.services.directory.isEmpty();
  } finally {
    redis.disconnect();
  }
}

/** The settings' bootstrap file; without one, the sample accounts, but never into a Redis that was given. */
async function fillEmptyDirectory(settings: Settings, composition: Composition, say: (message: string) => void): Promise<void> {
  const file = settings.STS_BOOTSTRAP_FILE ?? (settings.STS_REDIS_URL === undefined ? sampleFile : undefined);
  if (file === undefined) return;
  // Read in any case: a wrong setting is told now, not when the directory is empty one day.
  const parsed = await readBootstrapFile(file).catch((error: unknown) => {
    throw settingError('STS_BOOTSTRAP_FILE', error);
  });
  if (!(await composition.services.directory.isEmpty())) return;
  const { changes } = await applyBootstrap(parsed, composition, generatedKeysKeeper(settings));
  say(`filled the empty directory from ${file}: ${changes.length} accounts`);
}

async function serveAlone(settings: Settings, log: Log): Promise<Running> {
  const redis = await connectRedis(settings, settings.STS_REDIS_URL ?? '', logged(log));
  try {
    return await startWorker(settings, await openComposition(settings, redis, realSurroundings()), log);
  } catch (error) {
    // A connection that is left open would keep a process alive that cannot serve.
    redis.disconnect();
    throw error;
  }
}

async function serveAsWorker(settings: Settings, log: Log): Promise<void> {
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

async function serveInWorkers(settings: Settings, environment: NodeJS.ProcessEnv, url: string, log: Log): Promise<Running> {
  let stopping = false;
  /** Of the first ones, those not ready yet: the death of one ends the start. */
  const starting = new Set<ClusterWorker>();
  const fork = (): ClusterWorker => cluster.fork({ ...environment, STS_REDIS_URL: url, [workerVariable]: '1' });
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

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
}

const repeatMilliseconds = 10_000;

/** Each failed try to connect is an error; the same one again is told every ten seconds. */
function logged(log: Log): (error: Error) => void {
  let last = { message: '', at: 0 };
  return ({ message }) => {
    const at = Date.now();
    if (message === last.message && at - last.at < repeatMilliseconds) return;
    last = { message, at };
    log.error({ cause: message }, 'the connection to Redis failed');
  };
}
