// An operation of the model: drawn from dice, sent as a call, and decided by the rules.
import type { Pool } from './pool.js';
import { Refusal, type Model } from './state.js';

/** Kinds of things that calls name by id; an access key goes by its user's id, a slash and its own. */
export type Kind = 'user' | 'group' | 'policy' | 'agency' | 'key';
export type Dice = readonly [number, number, number, number];

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** The account's root user otherwise. */
  readonly byOperator?: true;
}

/** What no model can foretell: the id that the service gave, and the time of the call. */
export interface Made {
  readonly id: string;
  readonly time: number;
}

export interface Decision {
  readonly status: number;
  readonly code?: string;
  /** Of an answer that was allowed. */
  readonly body?: unknown;
  /** Whether the account has changed. */
  readonly writes: boolean;
}

/** One call, with everything that the dice decided. */
export interface Prepared {
  readonly name: string;
  readonly call: Call;
  readonly makes?: Kind;
  readonly removes?: { readonly kind: Kind; readonly id: string };
  /** Changes the model as the call does the account. */
  decide(model: Model, made: Made): Decision;
}

export interface ModelOperation {
  readonly name: string;
  prepare(pool: Pool, dice: Dice): Prepared;
}

interface Definition<Args> {
  /** In the audit, too. */
  readonly name: string;
  readonly status: number;
  readonly makes?: Kind;
  readonly removes?: (args: Args) => { readonly kind: Kind; readonly id: string };
  readonly draw: (pool: Pool, dice: Dice) => Args;
  readonly call: (args: Args) => Call;
  /** The body; throws the {@link Refusal}. */
  readonly decide: (model: Model, args: Args, made: Made) => unknown;
}

/** The answer to a write that finds everything as it is to be. */
export const nothingToChange = Symbol('nothing to change');

export const modelOperation = <Args>({ name, status, makes, removes, draw, call: callOf, decide }: Definition<Args>): ModelOperation => ({
  name,
  prepare(pool, dice) {
    const args = draw(pool, dice);
    const call = callOf(args);
    return {
      name, call, ...(makes !== undefined && { makes }), ...(removes !== undefined && { removes: removes(args) }),
      decide(model, made) {
        try {
          const body = decide(model, args, made);
          return { status, body: body === undefined || body === nothingToChange ? {} : body, writes: call.method !== 'GET' && body !== nothingToChange };
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          return { status: error.status, code: error.code, writes: false };
        }
      },
    };
  },
});

/** The item that a die means. */
export function chosen<Item>(items: readonly Item[], die: number): Item {
  const item = items[die % items.length];
  if (item === undefined) throw new Error('nothing to choose from');
  return item;
}

/** One of a few names, so that conflicts are frequent; `malformed`, now and then. */
export const drawName = (malformed: string, die: number): string => (die % 20 === 0 ? malformed : `name-${die % 6}`);

export const drawDescription = (die: number): string => chosen(['', 'one', 'other'], die);

export function refuseMalformed(isMalformed: boolean, code = 'PAP5.1102'): void {
  if (isMalformed) throw new Refusal(400, code);
}
