// What is kept stays within its bound, and what was used longest ago goes first.
import { describe, expect, it } from 'vitest';
import { boundedMap } from '../../src/verify/bounded-map.js';

const kept = (map: { get(key: string): unknown }): string => ['a', 'b', 'c', 'd', 'e'].filter((key) => map.get(key) !== undefined).join('');

describe('a bounded map', () => {
  it('counts its entries, where nothing is said of their weight', () => {
    const map = boundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 1);
    map.get('a');
    map.set('c', 1);
    expect(kept(map)).toBe('ac');
  });

  it.each<[what: string, sets: readonly (readonly [key: string, weight: number])[], left: string]>([
    ['up to the bound', [['a', 4], ['b', 6]], 'ab'], ['one over it', [['a', 4], ['b', 6], ['c', 1]], 'bc'], ['a heavy one in the place of several', [['a', 3], ['b', 3], ['c', 3], ['d', 7]], 'cd'],
    ['one that is set again with another weight', [['a', 9], ['a', 1], ['b', 9]], 'ab'], ['one set heavier', [['a', 1], ['b', 5], ['a', 6]], 'a'], ['one that is too heavy by itself drives out no other', [['a', 4], ['b', 11]], 'a'],
    ['one that became too heavy is not the old one', [['a', 4], ['a', 11]], ''],
  ])('weighs them: %s', (_, sets, left) => {
    const map = boundedMap<string, number>(10, (weight) => weight);
    for (const [key, weight] of sets) map.set(key, weight);
    expect(kept(map)).toBe(left);
    map.delete('a');
    map.delete('a');
    map.set('e', 10);
    expect(kept(map)).toBe('e');
  });
});
