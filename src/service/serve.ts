// The running service: prepares its state once, serves until it is told to stop, and ends in order.
import { mkdir } from 'node:fs/promises';
import { BootstrapError, type BootstrapFile } from '../directory/bootstrap-file.js';
import { sealedSecrets } from '../directory/bootstrap-secrets.js';
import type { Log } from '../http/errors.js';
import { withoutSodium } from '../keyring/ed25519.js';
import { printBanner, type Prepared } from './banner.js';
import { applyBootstrap, readBootstrapFile } from './bootstrap.js';
import { realSurroundings, type Composition } from './composition.js';
import { credentialsFile, generatedKeysKeeper } from './generated-keys.js';
import { createLog, redisErrors } from './log.js';
import { serveAlone, serveAsWorker, serveInWorkers, workerVariable } from './processes.js';
import { collectSeldom } from './collect-seldom.js';
import { optimiseSooner } from './optimise-sooner.js';
import { keepStringsPlain } from './plain-strings.js';
import { sampleFile } from './sample.js';
import { openAuditFolder } from './sealer/log-folder.js';
import { settingError, type Settings } from './settings.js';
import { connectRedis, openComposition, openRedis, prepareKeys } from './state.js';

/** Runs until SIGTERM or SIGINT. */
export async function serve(settings: Settings, environment: NodeJS.ProcessEnv, say: (message: string) => void): Promise<void> {
  keepStringsPlain();
  optimiseSooner();
  collectSeldom();
  const log = createLog(settings.STS_LOG_LEVEL);
  if (withoutSodium !== undefined) log.info({ cause: withoutSodium }, 'tokens are signed by OpenSSL, for libsodium cannot be loaded: that takes twice as long');
  if (environment[workerVariable] !== undefined) return serveAsWorker(settings, log);
  await mkdir(settings.STS_DATA_DIR, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw settingError('STS_DATA_DIR', error);
  });
  const place = await openRedis(settings, say, false);
  try {
    const prepared = await prepareState(settings, place.url, log, say);
    const running = settings.STS_WORKERS === 1 ? await serveAlone({ ...settings, STS_REDIS_URL: place.url }, log) : await serveInWorkers(settings, environment, place.url, log);
    try {
      await printBanner(settings, running.port, credentialsFile(settings), prepared);
      await signalled();
    } finally {
      // Before Redis: calls in flight end with an answer.
      await running.stop();
    }
  } finally {
    await place.stop();
  }
}

/** Keys and accounts of a first start. */
async function prepareState(settings: Settings, url: string, log: Log, say: (message: string) => void): Promise<Prepared> {
  const redis = await connectRedis(settings, url, redisErrors(log));
  try {
    const surroundings = realSurroundings();
    await prepareKeys(settings, redis, surroundings, say);
    const composition = await openComposition(settings, redis, surroundings);
    await openAuditFolder(composition);
    await fillEmptyDirectory(settings, composition, say);
    await composition.keyChangesTold();
    return { isEmpty: await composition.services.directory.isEmpty(), issuer: composition.services.settings.issuer };
  } finally {
    redis.disconnect();
  }
}

/** The settings' bootstrap file; without one, the sample accounts, but never into a Redis that was given. */
async function fillEmptyDirectory(settings: Settings, composition: Composition, say: (message: string) => void): Promise<void> {
  const file = settings.STS_BOOTSTRAP_FILE ?? (settings.STS_REDIS_URL === undefined ? sampleFile : undefined);
  if (file === undefined) return;
  // Read in any case: a wrong setting is told now, not when the directory is empty one day.
  const parsed = await readPlainFile(file).catch((error: unknown) => {
    throw settingError('STS_BOOTSTRAP_FILE', error);
  });
  if (!(await composition.services.directory.isEmpty())) return;
  const { changes } = await applyBootstrap(parsed, composition, generatedKeysKeeper(settings));
  say(`filled the empty directory from ${file}: ${changes.length} accounts`);
}

/** A start has no private key. */
async function readPlainFile(path: string): Promise<BootstrapFile> {
  const file = await readBootstrapFile(path);
  const [sealed] = sealedSecrets(file);
  if (sealed === undefined) return file;
  throw new BootstrapError(sealed.place, 'is sealed: leave the setting out, and before the start apply the file with `agency-sts bootstrap apply FILE --unseal-with PRIVATE_JWK_FILE`');
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
}
