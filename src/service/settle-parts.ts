// Looks again and again for parts of commits that nobody brings to their end, as there are on a cluster after a crash.
import { Cluster } from 'ioredis';
import type { Log } from '../http/errors.js';
import { settleOldParts } from '../redis/pending.js';
import type { Composition } from './composition.js';
import type { Settings } from './settings.js';

const settleMilliseconds = 30_000;

type Ground = Pick<Composition, 'redis' | 'names' | 'keyring' | 'cells'> & { readonly services: Pick<Composition['services'], 'random' | 'clock'> };

/** What it gives ends the looking. Where one server holds everything there are no parts. */
export function followParts({ STS_AUDIT_MAX_UNSEALED: mostUnsealedEvents }: Pick<Settings, 'STS_AUDIT_MAX_UNSEALED'>, ground: Ground, log: Log, everyMilliseconds = settleMilliseconds): () => void {
  const { redis, names, keyring, cells, services: { random, clock } } = ground;
  if (!(redis instanceof Cluster)) return () => undefined;
  const settle = async (): Promise<void> => {
    try {
      const settled = await settleOldParts(redis, { names, keyring, random, cells }, clock.now(), mostUnsealedEvents);
      if (settled > 0) log.info({ settled }, 'parts of calls that had broken off were settled');
    } catch (error) {
      log.error({ cause: String(error) }, 'parts of calls that broke off cannot be settled');
    }
  };
  const timer = setInterval(() => void settle(), everyMilliseconds);
  timer.unref();
  return () => clearInterval(timer);
}
