// The service's own rooms in this process, over the Redis of a server that is not started yet: for filling it.
import { readSettings, type Settings } from '../../src/service/settings.js';
import { realSurroundings, type Composition } from '../../src/service/composition.js';
import { applyBootstrap, readBootstrapFile } from '../../src/service/bootstrap.js';
import { connectRedis, openComposition, prepareKeys } from '../../src/service/state.js';

/** Prepares keys and accounts as the first start of the service does, and lets work on them. */
export async function withComposition<Result>(environment: Readonly<Record<string, string>>, work: (composition: Composition, settings: Settings) => Promise<Result>): Promise<Result> {
  const settings = readSettings(environment);
  const { STS_REDIS_URL: url = '', STS_BOOTSTRAP_FILE: file = '' } = settings;
  const redis = await connectRedis(settings, url, () => undefined);
  try {
    const surroundings = realSurroundings();
    await prepareKeys(settings, redis, surroundings, () => undefined);
    const composition = await openComposition(settings, redis, surroundings);
    if (await composition.services.directory.isEmpty()) await applyBootstrap(await readBootstrapFile(file), composition);
    return await work(composition, settings);
  } finally {
    redis.disconnect();
  }
}
