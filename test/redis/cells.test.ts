// Names of keys: what is no id of a session names none, whatever was asked for before.
import { describe, expect, it } from 'vitest';
import { keyNames, type KeyNames } from '../../src/redis/cells.js';
import { pooledRandom } from '../../src/base/clock.js';
import { newSessionId } from '../../src/urn/ids.js';

describe('the names of a session', () => {
  const asked: readonly (readonly [what: string, ask: (names: KeyNames, id: string) => unknown])[] = [
    ['its record', (names, id) => names.session(id)],
    ['its mark', (names, id) => names.mark(id)],
    ['its use', (names, id) => names.sessionUse(id)],
    ['its children', (names, id) => names.sessionChildren(id)],
    ['its cell', (names, id) => names.cellOfSession(id)],
  ];

  it.each(asked)('are not given for an empty id, as the first one asked for or behind a good one: %s', (_what, ask) => {
    const names = keyNames(16);
    const refused = '`` is no id of a session or a token';
    expect(() => ask(names, '')).toThrow(refused);
    expect(() => ask(names, '')).toThrow(refused);
    const id = newSessionId(7, pooledRandom());
    expect([names.cellOfSession(id), names.session(id)]).toEqual([7, `{c07}:session:${id}`]);
    expect(() => ask(names, '')).toThrow(refused);
    expect(names.cellOfSession(id)).toBe(7);
  });
});
