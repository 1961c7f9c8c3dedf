// Whether calls can be served now: what anybody may ask as often as he likes, so Redis is asked once a second.
import type { Readiness } from '../http/app.js';
import { weakDurability } from '../redis/install.js';
import { refusesWrites } from '../redis/readiness.js';
import { missingReplicas } from '../redis/replicas.js';
import type { Settings } from './settings.js';
import type { RedisConnection } from '../redis/client.js';

const keptMilliseconds = 1000;

/** What else can keep a process from serving. */
export type ReadinessPart = () => Promise<Omit<Readiness, 'ready'>>;

/** One probe per process and second: whoever asks within it shares its answer. */
export function readinessProbe(settings: Settings, redis: RedisConnection, parts: readonly ReadinessPart[] = []): () => Promise<Readiness> {
  let kept: { readonly since: number; readonly answer: Promise<Readiness> } | undefined;
  return () => {
    // Not the service's clock: the span must pass, whatever the time of day does.
    const now = performance.now();
    if (kept === undefined || now - kept.since >= keptMilliseconds) kept = { since: now, answer: probe(settings, redis, parts) };
    return kept.answer;
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
