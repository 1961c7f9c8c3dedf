// Several clients at once through several processes, and the order in which the audit says that their calls were decided.
import fc from 'fast-check';
import { expect } from 'vitest';
import type { AuditEvent } from '../../../src/audit/event.js';
import { chosen, type Dice, type ModelOperation, type Prepared } from './operation.js';
import { idIn } from './pool.js';
import type { World } from './account.js';
import type { ApiAnswer } from './client.js';
import { dice, expectDecided } from './sequential.js';
import type { Model } from './state.js';

type DrawnCall = readonly [operation: ModelOperation, dice: Dice];

export interface Storm {
  readonly clients: readonly (readonly DrawnCall[])[];
}

/** Nothing here can be made small, since no two runs are alike: a report tells the seed, and not all the dice. */
export function storms(operations: readonly ModelOperation[], clients: number, calls: number): fc.Arbitrary<Storm> {
  const call = fc.tuple(fc.constantFrom(...operations), dice);
  const exactly = <Item>(item: fc.Arbitrary<Item>, length: number): fc.Arbitrary<Item[]> => fc.array(item, { minLength: length, maxLength: length });
  return exactly(exactly(call, calls), clients).map((drawn) => ({ clients: drawn, [fc.toStringMethod]: () => `${clients} clients with ${calls} calls each` }));
}

/** A call that was answered; moments count sendings and answers, not time. */
export interface Answered {
  readonly prepared: Prepared;
  readonly answer: ApiAnswer;
  readonly sentAt: number;
  readonly answeredAt: number;
}

/** Each client makes its calls one after another. @param before runs before each call */
export async function runClients({ pool, senders }: World, { clients }: Storm, before: () => Promise<void>): Promise<readonly Answered[]> {
  const all: Answered[] = [];
  let moment = 0;
  await Promise.all(clients.map(async (calls, client) => {
    const send = chosen(senders, client);
    for (const [operation, dice] of calls) {
      await before();
      const prepared = operation.prepare(pool, dice);
      const sentAt = (moment += 1);
      const answer = await send(prepared.call);
      pool.learn(prepared, answer);
      all.push({ prepared, answer, sentAt, answeredAt: (moment += 1) });
    }
  }));
  return all;
}

export const gaveUp = ({ answer: { status, body } }: Answered): boolean => status === 503 && body['error_code'] === 'PAP5.1504';

/** What the audit says of a call that changed nothing is no more than that it was answered: a commit behind it may be one that it did not see. */
const changed = ({ request = {} }: AuditEvent): boolean => 'written' in request || 'removed' in request;

/**
 * Holds the answers against the model: the calls that changed the account, in the order of their events, are what one
 * caller would have got who made them in that order; each other call was decided on a state that stood at some moment
 * while it was under way; and nobody was overtaken by a change whose caller had sent it after the own answer.
 * Changes the model; returns how many calls changed the account.
 */
export function expectSerial(model: Model, answered: readonly Answered[], events: readonly AuditEvent[]): number {
  const byRequest = new Map(answered.filter((call) => !gaveUp(call)).map((call) => [call.answer.requestId, call]));
  expect(events.map(({ requestId }) => requestId).sort()).toEqual([...byRequest.keys()].sort());
  /** The states that there were, each with when the change that made it was answered. */
  const states: { readonly model: Model; readonly answeredAt: number }[] = [{ model: structuredClone(model), answeredAt: 0 }];
  const others: (readonly [AuditEvent, Answered])[] = [];
  let lastSent = 0;
  for (const event of events) {
    const call = byRequest.get(event.requestId);
    if (call === undefined) throw new Error(`no call has the request id ${event.requestId}`);
    const { prepared, answer, sentAt, answeredAt } = call;
    expect([event.operation, event.status, event.errorCode]).toEqual([prepared.name, answer.status, answer.body['error_code']]);
    if (!changed(event)) {
      others.push([event, call]);
      continue;
    }
    expect(answeredAt).toBeGreaterThan(lastSent);
    lastSent = Math.max(lastSent, sentAt);
    expectDecided(prepared, answer, prepared.decide(model, { id: idIn(prepared, answer), time: event.time }));
    states.push({ model: structuredClone(model), answeredAt });
  }
  for (const [event, call] of others) expectDecidedOnOne(states, event, call);
  return states.length - 1;
}

function expectDecidedOnOne(states: readonly { readonly model: Model; readonly answeredAt: number }[], { time }: AuditEvent, { prepared, answer, sentAt }: Answered): void {
  // What was acknowledged before the call was sent is in whatever it was decided on.
  const first = Math.max(0, states.findLastIndex(({ answeredAt }) => answeredAt < sentAt));
  const failures: unknown[] = [];
  for (const { model } of states.slice(first)) {
    const copy = structuredClone(model);
    try {
      expectDecided(prepared, answer, prepared.decide(copy, { id: idIn(prepared, answer), time }));
      expect(copy).toEqual(model);
      return;
    } catch (failure) {
      failures.push(failure);
    }
  }
  throw failures[0];
}
