// The sealer of a composition: with its log, its store for events of its own, and its settings.
import type { Log } from '../../http/errors.js';
import type { Composition } from '../composition.js';
import type { Settings } from '../settings.js';
import type { LogFolder } from './log-folder.js';
import { keyChange } from './key-change.js';
import { retention } from './retention.js';
import { startSealer, type Sealer, type SealerOptions } from './sealer.js';

/** @param start false: only `sealAll` seals */
export function sealerOf(settings: Settings, composition: Composition, folder: LogFolder, logger: Log, start: boolean, times?: SealerOptions['times']): Sealer {
  const { redis, names, keyring, alarms, services, store, auditLog: log } = composition;
  return startSealer({
    redis, names, keyring, alarms, log, folder, logger, random: services.random, replicas: settings.STS_REDIS_WAIT_REPLICAS,
    beforeTurn: keyChange({ redis, names, keyring, log, services, store }),
    afterTurn: retention({ log, services, store, days: settings.STS_AUDIT_RETENTION_DAYS }),
    ...(times !== undefined && { times }),
  }, start);
}
