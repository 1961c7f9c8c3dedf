// What ends sessions is remembered as it was read last, whatever was given of it before.
import { expect, it } from 'vitest';
import type { Boundaries, EpochSubject } from '../../src/directory/store.js';
import { rememberedEnds } from '../../src/redis/remembered-ends.js';

const none: Boundaries = { text: '0', of: new Map() };
const epochs = (...of: readonly [EpochSubject, number][]): ReadonlyMap<EpochSubject, number> => new Map(of);

it('is given for the subjects that are asked for, in their order, and for no unknown one', () => {
  const ends = rememberedEnds();
  ends.remember('a', { epochs: epochs(['account', 1], ['user:u', 2], ['key:k', 3]), boundaries: none });
  const asked: readonly EpochSubject[][] = [['user:u', 'account'], ['user:u', 'account'], ['account', 'user:u'], ['account'], [], ['user:u', 'account', 'key:k']];
  for (const subjects of asked) expect([...(ends.of('a', subjects)?.epochs.keys() ?? [])]).toEqual(subjects);
  expect(ends.of('a', ['account', 'user:v'])).toBeUndefined();
  expect(ends.of('b', ['account'])).toBeUndefined();
});

it('is given as it was read last: a later epoch, a later boundary, nothing once it is forgotten', () => {
  const ends = rememberedEnds();
  ends.remember('a', { epochs: epochs(['account', 1], ['user:u', 2]), boundaries: none });
  expect(ends.of('a', ['account', 'user:u'])?.epochs).toEqual(epochs(['account', 1], ['user:u', 2]));
  const later: Boundaries = { text: '{"account":9}', of: new Map([['account', 9]]) };
  ends.remember('a', { epochs: epochs(['user:u', 5]), boundaries: later });
  expect(ends.of('a', ['account', 'user:u'])).toEqual({ epochs: epochs(['account', 1], ['user:u', 5]), boundaries: later });
  ends.forget('a');
  expect(ends.of('a', ['account', 'user:u'])).toBeUndefined();
});
