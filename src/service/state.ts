// Opens the state of the service: its Redis (private or given), its key ring, and the checks both must pass.
import { createMissingKeys, hasKey, isEmptyKeyring, loadKeys } from '../keyring/files.js';
import { keyPurposes, type KeyPurpose } from '../keyring/key.js';
import { connected, createClient, type RedisConnection } from '../redis/client.js';
import { findEmbeddedRedis, hasEmbeddedData, startEmbeddedRedis } from '../redis/embedded/index.js';
import { isInstalled, refuseOldServer, weakDurability } from '../redis/install.js';
import { compose, type ComposeOptions, type Composition, type Surroundings } from './composition.js';
import { settingError, SettingsError, type Settings } from './settings.js';

const connectMilliseconds = 10_000;

export interface RedisPlace {
  readonly url: string;
  /** Ends the private server, when it was started for this. */
  stop(): Promise<void>;
}

/** The given Redis; else the private one, started unless `attach` finds it running for the same data folder. */
export async function openRedis(settings: Settings, say: (message: string) => void, attach: boolean): Promise<RedisPlace> {
  if (settings.STS_REDIS_URL !== undefined) return { url: settings.STS_REDIS_URL, stop: () => Promise.resolve() };
  const running = attach ? await findEmbeddedRedis(settings.STS_DATA_DIR) : undefined;
  if (running !== undefined) return { url: `unix://${running.socketPath}`, stop: () => Promise.resolve() };
  const embedded = await startEmbeddedRedis({ dataDir: settings.STS_DATA_DIR, log: say });
  return { url: `unix://${embedded.socketPath}`, stop: () => embedded.stop() };
}

/** The same for work that only reads: a folder without data stays as it is. Throws when there is none. */
export async function openExistingRedis(settings: Settings, say: (message: string) => void): Promise<RedisPlace> {
  if (settings.STS_REDIS_URL === undefined && !(await hasEmbeddedData(settings.STS_DATA_DIR))) throw noState(settings);
  return openRedis(settings, say, true);
}

/** Throws when the Redis was never filled. */
export async function refuseEmptyRedis(settings: Settings, redis: RedisConnection): Promise<void> {
  if (!(await isInstalled(redis))) throw noState(settings);
}

// Not the URL itself: it may hold a password.
const noState = ({ STS_REDIS_URL: url, STS_DATA_DIR: folder }: Settings): SettingsError =>
  new SettingsError(`there is no state in ${url === undefined ? `${folder} (\`STS_DATA_DIR\`)` : 'the Redis of `STS_REDIS_URL`'}: nothing was started or filled there`);

/** A connection that has been checked: new enough, and durable unless a setting says otherwise. */
export async function connectRedis(settings: Settings, url: string, onError: (error: Error) => void): Promise<RedisConnection> {
  const redis = createClient(url, onError);
  try {
    await connected(redis, connectMilliseconds).catch((error: unknown) => {
      throw settings.STS_REDIS_URL === undefined ? error : settingError('STS_REDIS_URL', error);
    });
    await refuseOldServer(redis);
    if (!settings.STS_REDIS_IS_DURABLE) await refuseWeakRedis(settings, redis);
    return redis;
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}

async function refuseWeakRedis(settings: Settings, redis: RedisConnection): Promise<void> {
  if (settings.STS_ALLOW_WEAK_REDIS) return;
  const weak = await weakDurability(redis);
  if (weak.length === 0) return;
  throw new SettingsError(
    `this Redis could lose credentials that were answered: ${weak.join('; ')}. Change its configuration, or accept the loss with STS_ALLOW_WEAK_REDIS=1`,
  );
}

/**
 * Makes the keys of a first start. With state in Redis already, a missing key is an error: what was made with it could
 * not be read. Only the key that signs the audit log is made later too: an installation from before it has signed nothing.
 */
export async function prepareKeys(settings: Settings, redis: RedisConnection, { clock, random }: Surroundings, say: (message: string) => void): Promise<void> {
  const directory = settings.STS_KEYS_DIR;
  const make = async (purposes: readonly KeyPurpose[]): Promise<void> => {
    const made = await createMissingKeys(directory, clock, random, purposes).catch((error: unknown) => {
      throw settingError('STS_KEYS_DIR', error);
    });
    if (made.length > 0) say(`made keys in ${directory}: ${made.join(', ')}`);
  };
  // Asked first: another start that makes both at this moment makes the keys before the install.
  if (!(await isInstalled(redis))) return make(keyPurposes);
  if (await isEmptyKeyring(directory)) {
    throw new SettingsError(`\`STS_KEYS_DIR\` names a folder without keys (${directory}), but this Redis was filled with a key ring: restore it`);
  }
  // Asked without the lock: the folder may be one that this process cannot write to.
  if (!(await hasKey(directory, 'audit-signing'))) await make(['audit-signing']);
}

export async function openComposition(settings: Settings, redis: RedisConnection, surroundings: Surroundings, options?: ComposeOptions): Promise<Composition> {
  return compose(settings, redis, await loadKeys(settings.STS_KEYS_DIR), surroundings, options);
}
