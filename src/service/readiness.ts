// Whether calls can be served now: what anybody may ask as often as he likes, so Redis is asked once a second.
import { inTime } from '../base/in-time.js';
import type { Readiness } from '../http/app.js';
import { weakDurability } from '../redis/install.js';
import { refusesWrites } from '../redis/readiness.js';
import { missingReplicas } from '../redis/replicas.js';
import type { Settings } from './settings.js';
import type { RedisConnection } from '../redis/client.js';

const keptMilliseconds = 1000;
const patienceMilliseconds = 2000;

/** What else can keep a process from serving. */
export type ReadinessPart = () => Promise<Omit<Readiness, 'ready'>>;

/**
 * One probe per process and second: whoever asks within it shares its answer.
 *
 * INVARIANT: no probe begins while another one is under way: on a disk that hangs each would take one more of the few
 * threads of the process, until none is left to verify tokens with.
 */
export function readinessProbe(settings: Settings, redis: RedisConnection, parts: readonly ReadinessPart[] = []): () => Promise<Readiness> {
  let kept: { readonly since: number; readonly answer: Promise<Readiness> } | undefined;
  let isUnderWay = false;
  return async () => {
    // Not the service's clock: the span must pass, whatever the time of day does.
    const now = performance.now();
    if (kept === undefined || (!isUnderWay && now - kept.since >= keptMilliseconds)) {
      isUnderWay = true;
      kept = { since: now, answer: probe(settings, redis, parts).finally(() => {
        isUnderWay = false;
      }) };
    }
    const late = new Error('what is asked does not answer');
    return inTime(kept.answer, Math.max(0, kept.since + patienceMilliseconds - now), () => late).catch((error: unknown): Readiness => {
      if (error !== late) throw error;
      return { ready: false, reasons: [late.message], warnings: [] };
    });
  };
}

async function probe(settings: Settings, redis: RedisConnection, parts: readonly ReadinessPart[]): Promise<Readiness> {
  const [weak, missing] = await Promise.all([
    settings.STS_ALLOW_WEAK_REDIS ? weakDurability(redis).catch(() => ['the durability settings of Redis cannot be read']) : [],
    missingReplicas(redis, settings.STS_REDIS_WAIT_REPLICAS).catch(() => ['the replicas of Redis cannot be counted']),
  ]);
  const refusal = await refusesWrites(redis);
  const others = await Promise.all(parts.map((part) => part()));
  const reasons = [...(refusal === undefined ? [] : [refusal]), ...others.flatMap((other) => other.reasons)];
  return { ready: reasons.length === 0, reasons, warnings: [...weak, ...missing, ...others.flatMap((other) => other.warnings)] };
}
