// Puts the rooms together: from settings and a Redis to everything that serving or administering needs.
import { pooledRandom, systemClock, type Clock, type Random } from '../base/clock.js';
import { unidentifiedCounter, type UnidentifiedCounter } from '../audit/unidentified.js';
import type { RingKey } from '../keyring/key.js';
import { keySetOf, type Keyring } from '../keyring/keyring.js';
import { attemptCounters } from '../redis/attempts.js';
import { eventStream, recordUnidentifiedCalls } from '../redis/audit-store.js';
import { openCells, type CellWatch } from '../redis/cell-watch.js';
import { keyNames, type KeyNames } from '../redis/cells.js';
import { commitStore } from '../redis/commit-store.js';
import { directoryReader } from '../redis/directory-store.js';
import { openInstall, type Install } from '../redis/install.js';
import { sessionIndex } from '../redis/session-index.js';
import { sessionIds, sessionReader } from '../redis/session-store.js';
import { statusSource } from '../redis/status-source.js';
import { readCatalogue } from '../catalogue/index.js';
import { formatVerifierKey } from '../tlog/index.js';
import type { CommitStore } from '../sts/commit.js';
import type { Services, StsSettings } from '../sts/services.js';
import { endingSeconds } from '../sessions/lifetime.js';
import { statusPublication, type StatusPublication } from '../sts/status-publication.js';
import { turns } from '../sts/turns.js';
import { alarms, type Alarms } from './alarms.js';
import { auditReader } from './audit-reader.js';
import { cellEvents, type CellEvents } from './cell-events.js';
import { durability, type Durability } from './durability.js';
import { keyEvents } from './keys/key-events.js';
import { keyTimes } from './keys/key-times.js';
import { openKeyWatch } from './keys/open-key-watch.js';
import type { KeyWatch } from './keys/key-watch.js';
import { processDigests } from './process-digests.js';
import { revocationLog } from './revocation-log/reader.js';
import { processWatch, type ProcessWatch } from './process-watch.js';
import { auditLogOf, type AuditLog } from './sealer/audit-log.js';
import { sealingWatch, type SealingWatch } from './sealer/sealing-watch.js';
import type { Settings } from './settings.js';
import type { RedisConnection } from '../redis/client.js';

const attemptWindowSeconds = 300;
const signatureFailureSlots = 65_536;
/** A signature is good from 15 minutes before its date to 15 minutes after. */
const presentationWindowSeconds = 1860;
/** As many as there are slots at all: what is counted does not share a counter. */
const allSlots = 2 ** 48;

export interface Composition {
  readonly redis: RedisConnection;
  readonly names: KeyNames;
  readonly cells: CellWatch;
  readonly install: Install;
  readonly keyring: Keyring;
  readonly keyWatch: KeyWatch;
  readonly services: Services;
  readonly store: CommitStore;
  readonly unidentified: UnidentifiedCounter;
  readonly auditLog: AuditLog;
  readonly sealingWatch: SealingWatch;
  /** Of all accounts, sealed or not. */
  readonly auditEvents: CellEvents;
  readonly alarms: Alarms;
  readonly durability: Omit<Durability, 'store'>;
  readonly publishedStatus: StatusPublication;
  readonly processes: ProcessWatch;
  /** Writes what was counted of calls without a caller. */
  flushUnidentified(): Promise<void>;
  /** Resolves when the events of key changes that were made until now are written, or cannot be. */
  keyChangesTold(): Promise<void>;
}

export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
}

export const realSurroundings = (): Surroundings => ({ clock: systemClock, random: pooledRandom() });

export interface ComposeOptions {
  /** For work on the keys themselves: keys in use may lack their files. */
  readonly mayLackKeys?: boolean;
}

/** @param keys all of the folder */
export async function compose(settings: Settings, redis: RedisConnection, keys: readonly RingKey[], { clock, random }: Surroundings, { mayLackKeys = false }: ComposeOptions = {}): Promise<Composition> {
  const install = await openInstall(redis, { 'record-authentication': keySetOf('record-authentication', keys) }, settings.STS_CELLS, random);
  const names = keyNames(install.cells);
  const told = keyEvents({ clock, random });
  const keyWatch = await openKeyWatch({
    redis, names, random, directory: settings.STS_KEYS_DIR, times: keyTimes(settings), changed: (change) => told.changed(change),
  }, keys, mayLackKeys);
  const { keyring } = keyWatch;
  const cells = await openCells(redis, names, random);
  const catalogue = await readCatalogue(settings.STS_CATALOGUE_DIR);
  const unidentified = unidentifiedCounter(clock);
  const attemptCounter = attemptCounters(redis, keyring);
  const auditLog = auditLogOf(settings.STS_AUDIT_DIR, install, keyring);
  const makeEvents = (): CellEvents => cellEvents({ cells: install.cells, stream: eventStream(redis, names, keyring), log: auditLog });
  const auditEvents = makeEvents();
  const stsSettings: StsSettings = {
    issuer: settings.STS_ISSUER ?? `urn:agency-sts:${install.id}`,
    region: settings.STS_REGION,
    serviceName: settings.STS_SERVICE_NAME,
    maximumChainDepth: settings.STS_MAX_CHAIN_DEPTH,
    maximumChainAgeSeconds: settings.STS_MAX_CHAIN_AGE,
    allowUnsignedPayload: settings.STS_ALLOW_UNSIGNED_PAYLOAD,
    rejectReplays: settings.STS_REJECT_REPLAYS,
    derivePermanentKeys: settings.STS_DERIVE_PERMANENT_KEYS,
    alwaysConfirm: settings.STS_ALWAYS_CONFIRM,
    statusListLifeSeconds: settings.STS_STATUS_LIST_LIFE,
    regions: settings.STS_REGIONS,
    serviceAgencyUpdates: settings.STS_SERVICE_AGENCY_UPDATES,
  };
  const raised = alarms();
  const processes = processWatch({
    redis, clock, random, alarms: raised, maximumSkewSeconds: settings.STS_MAX_CLOCK_SKEW, digests: processDigests(keyring, catalogue, stsSettings, [install.cells, settings.STS_REDIS_WAIT_REPLICAS, settings.STS_JWKS_MAX_AGE]),
  });
  const { store, ...kept } = durability(commitStore(redis, { names, keyring, random, cells, keyLife: keyWatch }, { mostUnsealedEvents: settings.STS_AUDIT_MAX_UNSEALED }), {
    tools: { redis, names, keyring, random }, watch: cells, clock, alarms: raised, auditFolder: settings.STS_AUDIT_DIR, replicas: settings.STS_REDIS_WAIT_REPLICAS,
    sealedSize: (cell) => auditLog.sealedSize(cell), revocationLog: revocationLog({ events: makeEvents(), clock, clockSkewSeconds: () => processes.clockSkewSeconds() }), refuse: () => processes.refuse(),
  });
  told.attach(store);
  const services: Services = {
    clock,
    clockSkewSeconds: () => processes.clockSkewSeconds(),
    random,
    keyring,
    keyLife: keyWatch,
    catalogue,
    directory: directoryReader(redis, names, keyring, { provided: catalogue }),
    turns: turns(),
    sessions: sessionReader(redis, names, keyring),
    sessionIndex: sessionIndex(redis, names, keyring),
    sessionIds: sessionIds(redis, names, random),
    audit: auditReader({ cells: auditEvents, cellOfAccount: (accountId) => names.cellOfAccount(accountId), log: { name: auditLog.name, verifierKeys: auditLog.verifiers.map(formatVerifierKey) } }),
    mfaAttempts: attemptCounter('mfa', attemptWindowSeconds, allSlots),
    signatureFailures: attemptCounter('signature', attemptWindowSeconds, signatureFailureSlots),
    presentations: attemptCounter('presentation', presentationWindowSeconds, allSlots),
    settings: stsSettings,
  };
  return {
    redis, names, cells, install, keyring, keyWatch, services, unidentified, auditLog, auditEvents,
    store, processes, alarms: raised, durability: kept,
    publishedStatus: statusPublication({
      // A process that was held up may have missed that a key was retired.
      keyring: async () => {
        if (keyWatch.isStale()) await keyWatch.lookAgain();
        return keyring;
      },
      issuer: stsSettings.issuer, clock, monotonic: () => performance.now(), lifeSeconds: stsSettings.statusListLifeSeconds, 
      source: statusSource(redis, names, (wanted, work) => kept.read(wanted, work), endingSeconds(stsSettings.maximumChainAgeSeconds)),
    }),
    sealingWatch: sealingWatch({ redis, names, keyring, clock, mostUnsealedEvents: settings.STS_AUDIT_MAX_UNSEALED }),
    flushUnidentified: () => recordUnidentifiedCalls(redis, unidentified.take()),
    keyChangesTold: () => told.told(),
  };
}
