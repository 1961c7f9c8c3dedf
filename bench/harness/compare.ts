// Rounds of several variants in rotating order, and what they say of each other: medians of paired ratios.
import type { Load } from '../load/load.js';
import type { RoundResult } from '../load/orders.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { processorTime } from './machine.js';
import type { Measured } from './servers.js';
import type { SigningCost } from './signing-cost.js';
import { median, quantile, sum } from './statistics.js';

export interface Variant {
  readonly name: string;
  /** Of the load generator. */
  readonly target: string;
  readonly server: Measured;
  /** Status of an answer as it should be; 200 if absent. */
  readonly answer?: number;
}

export interface Plan {
  /** Beside the first one, which is not counted. */
  readonly rounds: number;
  readonly milliseconds: number;
  /** Of the round that is not counted. */
  readonly warmUpMilliseconds: number;
  readonly connections: number;
  /** Whether a round ends only when all that a server does behind its answers is done; otherwise when it rests for a moment. */
  readonly awaitsSealing?: boolean;
  /** Requests a second of each variant, by name; absent: closed loops. */
  readonly rates?: ReadonlyMap<string, number>;
}

export interface VariantResult {
  readonly name: string;
  readonly requestsPerSecond: number;
  /** Processor time per request, microseconds; undefined where the system does not tell. */
  readonly serverMicroseconds: number | undefined;
  readonly redisMicroseconds: number | undefined;
  readonly generatorMicroseconds: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly requests: number;
  /** Answers with another status than the expected one, by status, those of the first round as well; 0: the connection broke. */
  readonly failures: Readonly<Record<string, number>>;
  /** Requests that were signed during the rounds, for lack of ready ones. */
  readonly signedLate: number;
}

export interface Ratio {
  readonly of: string;
  readonly to: string;
  /** Median of the ratios of neighbouring rounds. */
  readonly requestsPerSecond: number;
  readonly serverMicroseconds: number | undefined;
  readonly p99: number;
  /** The smallest and the largest ratio of requests a second: how far to trust the median. */
  readonly range: readonly [number, number];
}

export interface Comparison {
  readonly variants: readonly VariantResult[];
  readonly ratios: readonly Ratio[];
  /** Processor time of one Ed25519 signature between the rounds, microseconds. */
  readonly signatureMicroseconds: number;
}

interface MeasuredRound extends RoundResult {
  readonly serverMicroseconds: number | undefined;
  readonly redisMicroseconds: number | undefined;
}

/** @param pairs which variant is told as a ratio of which other */
export async function compare(load: Load, signing: SigningCost, variants: readonly Variant[], pairs: readonly (readonly [of: string, to: string])[], plan: Plan): Promise<Comparison> {
  const rounds = new Map<string, MeasuredRound[]>(variants.map(({ name }) => [name, []]));
  const firsts = new Map<string, MeasuredRound[]>(variants.map(({ name }) => [name, []]));
  const signatures: number[] = [];
  for (let round = 0; round <= plan.rounds; round += 1) {
    const turn = round % variants.length;
    for (const variant of [...variants.slice(turn), ...variants.slice(0, turn)]) {
      const result = await measuredRound(load, variant, round === 0 ? { ...plan, milliseconds: plan.warmUpMilliseconds } : plan);
      (round === 0 ? firsts : rounds).get(variant.name)?.push(result);
    }
    if (round > 0) signatures.push(await signing.measure());
  }
  const of = (name: string): readonly MeasuredRound[] => rounds.get(name) ?? [];
  return {
    variants: variants.map(({ name, answer = 200 }) => variantResult(name, answer, of(name), firsts.get(name) ?? [])),
    ratios: pairs.map(([one, other]) => ratioOf(one, of(one), other, of(other))),
    signatureMicroseconds: median(signatures),
  };
}

async function measuredRound(load: Load, { name, target, server }: Variant, { milliseconds, connections, rates, awaitsSealing }: Plan): Promise<MeasuredRound> {
  const rate = rates?.get(name);
  const [pids, redisPids] = [server.pids(), server.redisPids()];
  const before = [total(pids), total(redisPids)] as const;
  const result = await load.round(target, { milliseconds, connections, ...(rate !== undefined && { rate }) });
  await settled(server, awaitsSealing === true);
  const after = [total(pids), total(redisPids)] as const;
  const perRequest = (start: number | undefined, end: number | undefined): number | undefined => (start === undefined || end === undefined ? undefined : Math.max(end - start, 0) / Math.max(result.answers, 1));
  return { ...result, serverMicroseconds: perRequest(before[0], after[0]), redisMicroseconds: perRequest(before[1], after[1]) };
}

const longestSettling = 6000;
const settlingStep = 60;

/**
 * Waits until a server has done what it does behind its answers, such as sealing the audit: it belongs to the requests
 * of this round, and must not run beside the next variant.
 */
async function settled(server: Measured, awaitsSealing: boolean): Promise<void> {
  const used = (): number => total([...server.pids(), ...server.redisPids()]) ?? 0;
  for (let waited = 0, before = used(); waited < longestSettling; waited += settlingStep) {
    await sleep(settlingStep);
    const now = used();
    // One tick of the system's clock is the least that can be seen.
    if (now - before < 20_000 && (!awaitsSealing || ((await server.isDone?.()) ?? true))) return;
    before = now;
  }
}

/** A process that ends meanwhile, such as one that rewrites the file of a Redis, takes its time along. */
function total(pids: readonly number[]): number | undefined {
  const times = pids.map(processorTime);
  return times.every((time) => time === undefined) ? undefined : sum(times.map((time) => time ?? 0));
}

function variantResult(name: string, expected: number, rounds: readonly MeasuredRound[], firsts: readonly MeasuredRound[]): VariantResult {
  const latencies = rounds.flatMap((round) => [...round.latencies]);
  const failures: Record<string, number> = {};
  for (const [status, count] of [...firsts, ...rounds].flatMap(({ statuses }) => statuses)) if (status !== expected) failures[status] = (failures[status] ?? 0) + count;
  return {
    name,
    requestsPerSecond: median(rounds.map(({ perSecond }) => perSecond)),
    serverMicroseconds: weighted(rounds, ({ serverMicroseconds }) => serverMicroseconds),
    redisMicroseconds: weighted(rounds, ({ redisMicroseconds }) => redisMicroseconds),
    generatorMicroseconds: median(rounds.map(({ generatorMicroseconds }) => generatorMicroseconds)),
    p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99),
    requests: sum(rounds.map(({ answers }) => answers)),
    failures,
    signedLate: sum(rounds.map(({ signedLate }) => signedLate)),
  };
}

/** Of all requests together: a round alone is too short for the system's clock ticks. */
function weighted(rounds: readonly MeasuredRound[], value: (round: MeasuredRound) => number | undefined): number | undefined {
  const products = rounds.map((round) => {
    const each = value(round);
    return each === undefined ? Number.NaN : each * round.answers;
  });
  const result = sum(products) / sum(rounds.map(({ answers }) => answers));
  return Number.isNaN(result) ? undefined : result;
}

function ratioOf(of: string, ones: readonly MeasuredRound[], to: string, others: readonly MeasuredRound[]): Ratio {
  const paired = (value: (round: MeasuredRound) => number): readonly number[] => ones.map((one, index) => {
    const other = others[index];
    return other === undefined ? Number.NaN : value(one) / value(other);
  });
  const perSecond = paired((round) => round.perSecond);
  const cost = median(paired((round) => round.serverMicroseconds ?? Number.NaN));
  return {
    of, to, requestsPerSecond: median(perSecond), serverMicroseconds: Number.isNaN(cost) ? undefined : cost,
    p99: median(paired((round) => quantile([...round.latencies], 0.99))), range: [Math.min(...perSecond), Math.max(...perSecond)],
  };
}
