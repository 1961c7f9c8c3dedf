// Identifiers: their forms, the cell that a session id tells, and that none comes twice.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pooledRandom } from '../../src/base/clock.js';
import { cellOfSessionId, isAccessKeyId, maximumCells, newAccessKeyId, newEntityId, newMfaSeed, newSecretAccessKey, newSessionId } from '../../src/urn/ids.js';

const random = pooledRandom();

describe('a session id', () => {
  it('tells its cell, whichever of all possible cells', () => {
    expect(maximumCells).toBe(1024);
    for (let cell = 0; cell < maximumCells; cell += 1) expect(cellOfSessionId(newSessionId(cell, random))).toBe(cell);
  });

  it('is an access key id of 20 characters that no permanent key has', () => {
    for (let cell = 0; cell < 32; cell += 1) {
      const id = newSessionId(cell, random);
      expect(id).toMatch(/^HST[A-Z2-7]{17}$/);
      expect(isAccessKeyId(id)).toBe(true);
    }
    for (let count = 0; count < 100; count += 1) expect(cellOfSessionId(newAccessKeyId(random))).toBeUndefined();
  });

  it.each(['', 'HST', `HST${'A'.repeat(16)}`, `HST${'A'.repeat(18)}`, `hst${'A'.repeat(17)}`, `HST${'a'.repeat(17)}`, `HST${'0'.repeat(17)}`, `HST${'A'.repeat(16)}\n`, `HST${'A'.repeat(17)}\n`, ` HST${'A'.repeat(17)}`, `HST{c00}${'A'.repeat(12)}`])('is not %j', (text) => {
    expect(cellOfSessionId(text)).toBeUndefined();
  });

  it('is only what has its alphabet: nothing in it can end a Redis key or name another cell', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', minLength: 17, maxLength: 17 }), (rest) => {
      expect(cellOfSessionId(`HST${rest}`) !== undefined).toBe(/^[A-Z2-7]*$/.test(rest));
    }));
  });
});

describe('every kind of id', () => {
  const kinds: readonly (readonly [string, RegExp, () => string])[] = [
    ['entity', /^[0-9a-f]{32}$/, () => newEntityId(random)], ['access key', /^HPUA[A-Z2-7]{16}$/, () => newAccessKeyId(random)],
    ['secret access key', /^[A-Za-z0-9_-]{40}$/, () => newSecretAccessKey(random)], ['session', /^HST[A-Z2-7]{17}$/, () => newSessionId(3, random)],
    ['MFA seed', /^[A-Z2-7]{32}$/, () => newMfaSeed(random)],
  ];
  it.each(kinds)('%s: has its form and never comes twice', (_kind, form, make) => {
    const ids = Array.from({ length: 20_000 }, make);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids.slice(0, 500)) expect(id).toMatch(form);
  });

  it.each(kinds.filter(([kind]) => kind !== 'entity'))('%s: uses every character of its alphabet at every free place', (_kind, _form, make) => {
    const ids = Array.from({ length: 5000 }, make);
    const last = new Set(ids.map((id) => id.at(-1)));
    expect(last.size).toBeGreaterThanOrEqual(32);
  });
});
