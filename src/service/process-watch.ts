// What this process knows of the others of its installation: how far their clocks are apart, and whether they run with the same.
import { z } from 'zod';
import { ApiError } from '../base/api-error.js';
import type { Clock, Random } from '../base/clock.js';
import type { RedisConnection } from '../redis/client.js';
import { tellProcesses } from '../redis/processes.js';
import type { Alarms } from './alarms.js';
import { clockRefusal, measuredOffset, widestSkewSeconds } from './clock-skew.js';
import type { ProcessDigests } from './process-digests.js';

export interface ProcessWatch {
  /** Measures the clock, tells the others, and hears what they tell. */
  look(): Promise<void>;
  /** Looks every few seconds, until what it gives is called. */
  start(): () => void;
  /** The most that any two processes' clocks were apart within the last minute. */
  clockSkewSeconds(): number;
  /** Of this process's clock against that of Redis, in milliseconds; undefined before the first look. */
  clockOffset(): number | undefined;
  /** Why this process must not decide anything; undefined when it may. */
  refusal(): string | undefined;
  /** Throws the 503 of a refusal. */
  refuse(): void;
  warnings(): readonly string[];
}

export interface ProcessWatchParts {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly digests: ProcessDigests;
  readonly maximumSkewSeconds: number;
  readonly alarms: Alarms;
}

const lookMilliseconds = 5000;
const rememberedMilliseconds = 60_000;

const told = z.object({ offset: z.number(), error: z.number(), digests: z.record(z.string(), z.string()) });

/** Undefined for what another release tells. */
function readTold(text: string): z.infer<typeof told> | undefined {
  try {
    return told.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function processWatch({ redis, clock, random, digests, maximumSkewSeconds, alarms }: ProcessWatchParts): ProcessWatch {
  const id = random.bytes(8).toString('hex');
  let skews: readonly { readonly at: number; readonly seconds: number }[] = [];
  let offset: number | undefined;
  let refusal: string | undefined;
  let warnings: readonly string[] = [];

  async function look(): Promise<void> {
    const before = clock.now();
    const redisTime = await tellProcesses(redis, id);
    const measured = measuredOffset(before, clock.now(), redisTime.now);
    const heard = await tellProcesses(redis, id, JSON.stringify({ ...measured, digests }));
    const answers = [...heard.told].flatMap(([other, text]) => (other === id ? [] : [readTold(text)]));
    const others = answers.filter((answer) => answer !== undefined);
    offset = measured.offset;
    // Not the clock that is measured: the span must pass, whatever the time of day does.
    const at = performance.now();
    skews = [...skews.filter((skew) => at - skew.at < rememberedMilliseconds), { at, seconds: widestSkewSeconds([measured, ...others]) }];
    const refused = clockRefusal(measured, redisTime, maximumSkewSeconds);
    if (refused !== undefined && refusal === undefined) alarms.raise({ offset }, refused);
    refusal = refused;
    warnings = Object.entries(digests).filter(([name, digest]) => others.some((other) => other.digests[name] !== digest))
      .map(([name]) => `another process of this installation runs with ${name}`);
    if (others.length < answers.length) warnings = [...warnings, 'another process of this installation tells what this one cannot read: it runs another release, and its clock is not known here'];
  }

  return {
    look,
    start() {
      // While Redis cannot be asked there is nothing to decide on either.
      const timer = setInterval(() => void look().catch(() => undefined), lookMilliseconds);
      timer.unref();
      return () => clearInterval(timer);
    },
    clockSkewSeconds: () => Math.max(0, ...skews.map(({ seconds }) => seconds)),
    clockOffset: () => offset,
    refusal: () => refusal,
    refuse() {
      if (refusal !== undefined) throw new ApiError('clockOff', 'the clock of this process cannot be relied on at the moment; try again');
    },
    warnings: () => warnings,
  };
}
