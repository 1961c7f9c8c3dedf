// What the load generator is told, and what it answers.
import type { RequestSource } from './source.js';

export interface Round {
  readonly milliseconds: number;
  readonly connections: number;
  /** Requests a second; absent: each connection sends as soon as it has its answer. */
  readonly rate?: number;
}

export type Order =
  | { readonly kind: 'open'; readonly target: string; readonly port: number; readonly source: RequestSource }
  | ({ readonly kind: 'round'; readonly target: string } & Round)
  | { readonly kind: 'close'; readonly target: string };

export interface RoundResult {
  /** All answers, those after the end of the round as well. */
  readonly answers: number;
  /** Of those within the round. */
  readonly perSecond: number;
  /** Status 0: the connection broke. */
  readonly statuses: readonly (readonly [status: number, count: number])[];
  /** Milliseconds. */
  readonly latencies: Float64Array;
  /** Processor time of the generator per request. */
  readonly generatorMicroseconds: number;
  /** Requests that had to be signed during the round. */
  readonly signedLate: number;
}
