// One serving process: the application on its port, from ready to an orderly end.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../http/app.js';
import type { Log } from '../http/errors.js';
import { close, createHttpServer, listen } from '../http/server.js';
import { rateWindowSeconds } from '../http/rate-limit.js';
import { rateCounter } from '../redis/rate-counters.js';
import { jwkSet } from '../keyring/jwks.js';
import { authenticators } from '../sts/authenticators.js';
import type { Composition } from './composition.js';
import { followKeys } from './keys/follow-keys.js';
import { keyReadiness } from './keys/key-readiness.js';
import { readinessProbe, type ReadinessPart } from './readiness.js';
import { metricsOf } from './sealer/metrics-of.js';
import { openAuditFolder } from './sealer/log-folder.js';
import { sealerOf } from './sealer/sealer-of.js';
import { SettingsError, type Settings } from './settings.js';
import { followParts } from './settle-parts.js';

/** Counters that may exist at once; more subjects share them, so that no flood of addresses fills Redis. */
const rateSlots = 262_144;

const flushMilliseconds = 1000;
/** How long calls in flight may take at the end. */
export const patienceMilliseconds = 10_000;
const sweepMilliseconds = 50;

export interface Worker {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * The server with everything behind it, not listening yet.
 * @param sealing what readiness says of sealing; absent: nobody seals, and that is no reason
 */
export function createWorkerServer(settings: Settings, composition: Composition, log: Log, sealing?: ReadinessPart): Server {
  const { services, store, redis, keyring, unidentified, durability, processes, sealingWatch, keyWatch } = composition;
  composition.alarms.attach(log);
  const limitOf = (whose: string, perMinute: number) =>
    ({ perMinute, counter: rateCounter(redis, keyring, { purpose: `rate:${whose}`, limit: perMinute, windowSeconds: rateWindowSeconds, slots: rateSlots }) });
  const app = createApp({
    door: { services, store, authenticate: authenticators(services) },
    random: services.random,
    limits: {
      address: limitOf('address', settings.STS_RATE_ADDRESS_PER_MINUTE),
      accessKey: limitOf('access-key', settings.STS_RATE_ACCESS_KEY_PER_MINUTE),
    },
    trustProxy: settings.STS_TRUST_PROXY,
    publishedStatus: composition.publishedStatus,
    publishedKeys: { read: async () => ({ isFresh: await keyWatch.isFresh(), set: jwkSet(composition.keyring) }), maxAgeSeconds: settings.STS_JWKS_MAX_AGE },
    metrics: () => metricsOf(sealingWatch, processes),
    readiness: readinessProbe(settings, redis, [...(sealing === undefined ? [] : [sealing]), async () => {
      const refusal = processes.refusal();
      const keys = keyReadiness(keyWatch.view(), keyWatch.times);
      return { reasons: [...(await durability.reasons()), ...(refusal === undefined ? [] : [refusal]), ...keys.reasons], warnings: [...processes.warnings(), ...keys.warnings] };
    }]),
    log,
    countUnidentified: (call) => unidentified.count(call),
  });
  return createHttpServer(app, services.random, (sourceIp, errorCode) => unidentified.count({ sourceIp, operation: 'none', errorCode, claimedAccessKeyId: '' }));
}

export async function startWorker(settings: Settings, composition: Composition, log: Log): Promise<Worker> {
  const folder = await openAuditFolder(composition);
  const server = createWorkerServer(settings, composition, log, () => composition.sealingWatch.readinessOfSealing());
  // Without Redis it is not ready, and goes on when Redis is back.
  await composition.processes.look().catch(() => undefined);
  // From now on no key is used that this process lacks.
  composition.keyWatch.serve();
  await composition.keyWatch.look().catch(() => undefined);
  const endDurability = await composition.durability.start();
  await listen(server, settings.STS_PORT, settings.STS_HOST).catch((error: unknown) => {
    endDurability();
    throw new SettingsError(`\`STS_HOST\` and \`STS_PORT\`: ${settings.STS_HOST}:${settings.STS_PORT} cannot be served: ${error instanceof Error ? error.message : String(error)}`);
  });

  const endProcessWatch = composition.processes.start();
  const endKeyWatch = followKeys(settings, composition, log);
  const flush = (): void => {
    composition.flushUnidentified().catch((error: unknown) => log.error({ cause: String(error) }, 'counts of unidentified calls were not written'));
  };
  const sealer = sealerOf(settings, composition, folder, log, true);
  const endSettling = followParts(settings, composition, log);
  const timer = setInterval(flush, flushMilliseconds);
  timer.unref();
  return {
    // A server that listens on TCP has an address of this form.
    port: (server.address() as AddressInfo).port,
    async stop() {
      clearInterval(timer);
      // A client that keeps its connection would hold the end up: it ends with the answer in flight, or with the next one.
      server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
      const sweep = setInterval(() => server.closeIdleConnections(), sweepMilliseconds);
      await close(server, patienceMilliseconds);
      clearInterval(sweep);
      await composition.flushUnidentified().catch(() => undefined);
      await sealer.stop();
      endSettling();
      endProcessWatch();
      await endKeyWatch();
      endDurability();
      composition.redis.disconnect();
    },
  };
}
