// Puts the rooms together: from settings and a Redis to everything that serving or administering needs.
import { Redis } from 'ioredis';
import { pooledRandom, systemClock, type Clock, type Random } from '../base/clock.js';
import { unidentifiedCounter, type UnidentifiedCounter } from '../audit/unidentified.js';
import type { Keyring } from '../keyring/keyring.js';
import { attemptCounters, type MakeAttemptCounter } from '../redis/attempts.js';
import { recordUnidentifiedCalls } from '../redis/audit-store.js';
import { keyNames, type KeyNames } from '../redis/cells.js';
import { commitStore } from '../redis/commit-store.js';
import { directoryReader } from '../redis/directory-store.js';
import { openInstall, type Install } from '../redis/install.js';
import { sessionIds, sessionReader } from '../redis/session-store.js';
import { readCatalogue } from '../catalogue/index.js';
import type { CommitStore } from '../sts/commit.js';
import type { Services } from '../sts/services.js';
import { turns } from '../sts/turns.js';
import type { Settings } from './settings.js';

const attemptWindowSeconds = 300;
const signatureFailureSlots = 65_536;
/** As many as there are slots at all: devices do not share a counter. */
const mfaSlots = 2 ** 48;

export interface Composition {
  readonly redis: Redis;
  readonly names: KeyNames;
  readonly install: Install;
  readonly keyring: Keyring;
  readonly services: Services;
  readonly store: CommitStore;
  readonly attemptCounter: MakeAttemptCounter;
  readonly unidentified: UnidentifiedCounter;
  /** Writes what was counted of calls without a caller. */
  flushUnidentified(): Promise<void>;
}

export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
}

export const realSurroundings = (): Surroundings => ({ clock: systemClock, random: pooledRandom() });

export async function compose(settings: Settings, redis: Redis, keyring: Keyring, { clock, random }: Surroundings): Promise<Composition> {
  const install = await openInstall(redis, keyring, settings.STS_CELLS, random);
  const names = keyNames(install.cells);
  const catalogue = await readCatalogue(settings.STS_CATALOGUE_DIR);
  const unidentified = unidentifiedCounter(clock);
  const attemptCounter = attemptCounters(redis, keyring);
  const services: Services = {
    clock,
    random,
    keyring,
    catalogue,
    directory: directoryReader(redis, names, keyring, { systemPolicies: catalogue.systemPolicies }),
    turns: turns(),
    sessions: sessionReader(redis, names, keyring),
    sessionIds: sessionIds(redis, names, random),
    mfaAttempts: attemptCounter('mfa', attemptWindowSeconds, mfaSlots),
    signatureFailures: attemptCounter('signature', attemptWindowSeconds, signatureFailureSlots),
    settings: {
      issuer: settings.STS_ISSUER ?? `urn:agency-sts:${install.id}`,
      region: settings.STS_REGION,
      serviceName: settings.STS_SERVICE_NAME,
      maximumChainDepth: settings.STS_MAX_CHAIN_DEPTH,
      maximumChainAgeSeconds: settings.STS_MAX_CHAIN_AGE,
      allowUnsignedPayload: settings.STS_ALLOW_UNSIGNED_PAYLOAD,
      rejectReplays: settings.STS_REJECT_REPLAYS,
    },
  };
  return {
    redis, names, install, keyring, services, unidentified, attemptCounter,
    store: commitStore(redis, names, keyring, random),
    flushUnidentified: () => recordUnidentifiedCalls(redis, unidentified.take()),
  };
}
