// Sorted maps and tables against the obvious ones: every way of changing them gives what a Map and a sort would give.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SortedMap } from '../../src/directory/sorted-map.js';
import { Table } from '../../src/directory/table.js';

const key = fc.string({ maxLength: 2 });
const change = fc.record({ remove: fc.array(key, { maxLength: 40 }), put: fc.array(fc.tuple(key, fc.nat()), { maxLength: 40 }) });
const sorted = (map: ReadonlyMap<string, number>) => [...map].sort(([one], [other]) => (one < other ? -1 : 1));

describe('a sorted map', () => {
  it('holds after any changes what a map and a sort would hold', () => {
    fc.assert(fc.property(fc.array(fc.tuple(key, fc.nat())), fc.array(change, { maxLength: 6 }), key, (entries, changes, asked) => {
      let map = SortedMap.of(entries);
      const model = new Map(entries);
      for (const { remove, put } of changes) {
        const before = [...map];
        const changed = map.with(remove, put);
        expect([...map]).toEqual(before);
        map = changed;
        for (const one of remove) model.delete(one);
        for (const [one, value] of put) model.set(one, value);
      }
      expect([...map]).toEqual(sorted(model));
      expect([map.size, map.get(asked), map.has(asked)]).toEqual([model.size, model.get(asked), model.has(asked)]);
      expect([...map.valuesAfter(asked)]).toEqual(sorted(model).flatMap(([one, value]) => (one > asked ? [value] : [])));
    }));
  });
});

interface Thing {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
}
const thing = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), createdAt: fc.nat({ max: 3 }) });

/** As many as there are things: somebody's name is soon another's. */
const names = ['one', 'two', 'three', 'four', 'five', 'six'];

describe('a table', () => {
  it('lets two entities exchange their names in one change', () => {
    const keys = { id: ({ id }: Thing) => id, name: ({ name }: Thing) => name, createdAt: ({ createdAt }: Thing) => createdAt };
    const table = Table.of<Thing>(keys, [{ id: 'a', name: 'one', createdAt: 0 }, { id: 'b', name: 'two', createdAt: 1 }]);
    const exchanged = table.with([], [{ id: 'a', name: 'two', createdAt: 0 }, { id: 'b', name: 'one', createdAt: 1 }]);
    expect([exchanged.named('one')?.id, exchanged.named('two')?.id]).toEqual(['b', 'a']);
  });

  it('finds by id and by name, and keeps the order of creation, after any changes', () => {
    fc.assert(fc.property(fc.array(fc.record({ remove: fc.array(fc.constantFrom<string>('a', 'b', 'c', 'd'), { maxLength: 2 }), put: fc.uniqueArray(thing, { maxLength: 3, selector: ({ id }) => id }) }), { maxLength: 8 }), (changes) => {
      let table = Table.of<Thing>({ id: ({ id }) => id, name: ({ name }) => name, createdAt: ({ createdAt }) => createdAt }, []);
      const model = new Map<string, Thing>();
      for (const [round, { remove, put }] of changes.entries()) {
        // Names change from round to round and are never shared, but one may take what another gives up or leaves behind.
        const changed = put.filter(({ id }) => !remove.includes(id));
        const held = [...model.values()].filter(({ id }) => !remove.includes(id) && !changed.some((one) => one.id === id)).map(({ name }) => name);
        const free = names.filter((name) => !held.includes(name));
        const named = changed.map((one, place) => ({ ...one, name: free[(round + place) % free.length] ?? '' }));
        table = table.with(remove, named);
        for (const id of remove) model.delete(id);
        for (const one of named) model.set(one.id, one);
      }
      const inOrder = [...model.values()].sort((one, other) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1));
      expect(table.values()).toEqual(inOrder);
      expect([...table.ids()]).toEqual([...model.keys()].sort());
      for (const one of model.values()) expect([table.get(one.id), table.named(one.name)]).toEqual([one, one]);
      for (const name of names) expect(table.named(name)).toEqual([...model.values()].find((one) => one.name === name));
      for (const [place, one] of inOrder.entries()) expect([...table.after(table.position(one))]).toEqual(inOrder.slice(place + 1));
    }));
  });
});
