// What a suite is given and what it tells.
import type { Comparison } from '../harness/compare.js';
import type { Cores } from '../harness/machine.js';
import type { SigningCost } from '../harness/signing-cost.js';
import type { Pool } from '../harness/pool.js';
import type { Load } from '../load/load.js';

/** How long and how large: the short form is for smoke runs, and its numbers are rough. */
export interface Sizes {
  readonly rounds: number;
  readonly milliseconds: number;
  /** Of the round that is not counted. */
  readonly warmUpMilliseconds: number;
  readonly connections: number;
  /** Live sessions, few and many. */
  readonly sessions: readonly [number, number];
  readonly agencies: readonly [number, number];
  readonly accounts: readonly [number, number];
  readonly chainDepth: readonly [number, number];
  readonly statements: readonly [number, number];
  /** Sessions and events whose memory is measured. */
  readonly stored: number;
  /** Whether a round ends only when all its audit events are sealed. */
  readonly awaitsSealing: boolean;
}

export interface Bench {
  /** The service and the floor of the ordinary world; suites share them. */
  readonly standard: () => Promise<Pool>;
  readonly sizes: Sizes;
  readonly load: Load;
  readonly signing: SigningCost;
  readonly cores: Cores;
  readonly say: (message: string) => void;
}

/** A number that no comparison tells. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

export interface SuiteResult {
  readonly suite: string;
  readonly about: string;
  /** How long it took. */
  readonly seconds: number;
  readonly comparisons: readonly Comparison[];
  readonly figures: readonly Figure[];
  /** What a reader must know to read the numbers, such as what was skipped. */
  readonly notes: readonly string[];
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  run(bench: Bench): Promise<Omit<SuiteResult, 'suite' | 'about' | 'seconds'>>;
}
