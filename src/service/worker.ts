// One serving process: the application on its port, from ready to an orderly end.
import type { AddressInfo } from 'node:net';
import { createApp, type Readiness } from '../http/app.js';
import type { Log } from '../http/errors.js';
import { close, createHttpServer, listen } from '../http/server.js';
import { rateLimitStore } from '../redis/rate-limit-store.js';
import { weakDurability } from '../redis/install.js';
import { authenticator } from '../sts/authenticate.js';
import type { Composition } from './composition.js';
import type { Settings } from './settings.js';

const flushMilliseconds = 1000;
const patienceMilliseconds = 10_000;

export interface Worker {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startWorker(settings: Settings, composition: Composition, log: Log): Promise<Worker> {
  const { services, store, redis, unidentified } = composition;
  const app = createApp({
    door: { services, store, authenticate: authenticator(services) },
    random: services.random,
    limits: { perAddress: settings.STS_RATE_ADDRESS_PER_MINUTE, perAccessKey: settings.STS_RATE_ACCESS_KEY_PER_MINUTE },
    limitStore: (prefix) => rateLimitStore(redis, prefix),
    trustProxy: settings.STS_TRUST_PROXY,
    readiness: () => readiness(settings, composition),
    log,
    countUnidentified: (call) => unidentified.count(call),
  });
  const server = createHttpServer(app);
  await listen(server, settings.STS_PORT, settings.STS_HOST);

  const flush = (): void => {
    composition.flushUnidentified().catch((error: unknown) => log.error({ cause: String(error) }, 'counts of unidentified calls were not written'));
  };
  const timer = setInterval(flush, flushMilliseconds);
  timer.unref();
  return {
    // A server that listens on TCP has an address of this form.
    port: (server.address() as AddressInfo).port,
    async stop() {
      clearInterval(timer);
      await close(server, patienceMilliseconds);
      await composition.flushUnidentified().catch(() => undefined);
      redis.disconnect();
    },
  };
}

async function readiness(settings: Settings, { redis }: Composition): Promise<Readiness> {
  const warnings = settings.STS_ALLOW_WEAK_REDIS ? await weakDurability(redis).catch(() => ['the durability settings of Redis cannot be read']) : [];
  try {
    await redis.ping();
    return { ready: true, reasons: [], warnings };
  } catch {
    return { ready: false, reasons: ['Redis cannot be reached'], warnings };
  }
}
