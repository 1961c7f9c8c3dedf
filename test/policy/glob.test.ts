// Wildcard matching: against its definition, and bounded where backtracking matchers explode (P3).
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileGlob, globOf, matchesGlob } from '../../src/policy/glob.js';

/** The definition: a star is nothing, or one character and a star. */
function defined(pattern: readonly string[], text: readonly string[]): boolean {
  const [item, ...rest] = pattern;
  if (item === undefined) return text.length === 0;
  if (item === '*') return defined(rest, text) || (text.length > 0 && defined(pattern, text.slice(1)));
  return text.length > 0 && (item === '?' || item === text[0]) && defined(rest, text.slice(1));
}

test('agrees with the definition', () => {
  const pattern = fc.array(fc.constantFrom('a', 'b', '*', '?', '\u{1F600}'), { maxLength: 8 });
  const text = fc.array(fc.constantFrom('a', 'b', '\u{1F600}'), { maxLength: 8 });
  fc.assert(fc.property(pattern, text, (items, characters) => {
    expect(matchesGlob(globOf(items.join('')), characters.join(''))).toBe(defined(items, characters));
  }), { numRuns: 20_000 });
});

test('a literal piece has no wildcards, whatever its neighbours are', () => {
  const glob = compileGlob([{ text: 'a*', literal: false }, { text: '*?', literal: true }]);
  expect(matchesGlob(glob, 'axx*?')).toBe(true);
  expect(matchesGlob(glob, 'axx')).toBe(false);
  expect(matchesGlob(compileGlob([{ text: '*', literal: true }]), 'x')).toBe(false);
});

test('runs of stars are compiled to one', () => {
  expect(globOf('a****b')).toEqual(globOf('a*b'));
  expect(globOf('***')).toEqual({ kind: 'anything' });
});

test('50 stars against 200 characters: under a millisecond each, and far from exponential', () => {
  const text = 'a'.repeat(200);
  const patterns = [`${'a*'.repeat(50)}b`, `${'*a'.repeat(50)}b`, `${'*?'.repeat(50)}b`, `${'a*?'.repeat(50)}b`];
  const start = performance.now();
  for (const pattern of patterns) {
    const glob = globOf(pattern);
    for (let round = 0; round < 250; round++) expect(matchesGlob(glob, text)).toBe(false);
  }
  // 1,000 matches; a backtracking matcher would need years for the first.
  expect(performance.now() - start).toBeLessThan(1000);
});

test('the largest pattern against the longest resource stays small', () => {
  const glob = globOf(`*${'a'.repeat(700)}b`);
  const start = performance.now();
  expect(matchesGlob(glob, 'a'.repeat(1500))).toBe(false);
  expect(performance.now() - start).toBeLessThan(500);
});
