// One caller after another: each answer is the model's, through whichever process it is asked for.
import fc from 'fast-check';
import { expect } from 'vitest';
import { idIn } from './pool.js';
import type { ApiAnswer } from './client.js';
import type { World } from './account.js';
import { changeQuota } from './operations.js';
import { chosen, type Decision, type Dice, type ModelOperation, type Prepared } from './operation.js';

export interface RealWorld extends World {
  readonly clock: { now(): number; advance(seconds: number): void };
}

export const dice = fc.tuple(fc.nat(9999), fc.nat(9999), fc.nat(9999), fc.nat(9999));

class CallCommand implements fc.AsyncCommand<object, RealWorld> {
  /** Undefined: the operator changes a quota. */
  readonly #operation: ModelOperation | undefined;
  readonly #dice: Dice;
  readonly #process: number;
  /** What it came to, for the report of a failure. */
  #told = 'not run';

  constructor(operation: ModelOperation | undefined, drawn: Dice, process: number) {
    this.#operation = operation;
    this.#dice = drawn;
    this.#process = process;
  }

  check(): boolean {
    return true;
  }

  async run(_nothing: object, { model, pool, senders, clock }: RealWorld): Promise<void> {
    clock.advance(1);
    const prepared = (this.#operation ?? changeQuota(model.accountId)).prepare(pool, this.#dice);
    this.#told = `${prepared.name} ${JSON.stringify(prepared.call)}`;
    const answer = await chosen(senders, this.#process)(prepared.call);
    this.#told += ` → ${answer.status} ${JSON.stringify(answer.body)}`;
    pool.learn(prepared, answer);
    expectDecided(prepared, answer, prepared.decide(model, { id: idIn(prepared, answer), time: clock.now() }));
  }

  toString(): string {
    return this.#told;
  }
}

export function expectDecided({ name }: Prepared, { status, body }: ApiAnswer, decision: Decision): void {
  const { code, body: expected } = decision;
  const got = code === undefined ? { status, body } : { status, code: body['error_code'] };
  expect({ name, ...got }).toEqual(code === undefined ? { name, status: decision.status, body: expected } : { name, status: decision.status, code });
}

/** As many commands as are wanted, or fewer of a failure that was made small. */
export function commandsOf(operations: readonly ModelOperation[], maxCommands: number): fc.Arbitrary<Iterable<fc.AsyncCommand<object, RealWorld>>> {
  const command = fc.tuple(fc.option(fc.constantFrom(...operations), { freq: 30, nil: undefined }), dice, fc.nat(1)).map(([operation, drawn, process]) => new CallCommand(operation, drawn, process));
  return fc.commands([command], { maxCommands, size: 'max' });
}
