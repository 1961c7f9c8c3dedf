// Clocks: how far they are apart is measured, never underestimated; who is too far off decides nothing; time never goes back.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { neverBack } from '../../src/base/clock.js';
import { clockRefusal, measuredOffset, widestSkewSeconds } from '../../src/service/clock-skew.js';

describe('a measured offset', () => {
  it('is within its error of the truth, wherever in between the question was answered', () => {
    fc.assert(fc.property(fc.integer({ min: -100_000, max: 100_000 }), fc.nat(5000), fc.nat(5000), (truth, there, back) => {
      const start = 1_700_000_000_000;
      const { offset, error } = measuredOffset(start + truth, start + there + back + truth, start + there);
      expect(Math.abs(offset - truth)).toBeLessThanOrEqual(error + 1);
    }));
  });
});

describe('the widest skew', () => {
  const clock = (offset: number, error = 0) => ({ offset, error });
  it.each([
    ['of nobody', [], 0],
    ['of one alone', [clock(90_000, 40)], 0],
    ['of two that agree', [clock(10), clock(10)], 0],
    ['is rounded up', [clock(0), clock(1)], 1],
    ['counts both errors', [clock(0, 600), clock(500, 600)], 2],
    ['is of the two that are farthest apart', [clock(-3000), clock(1000), clock(2000)], 5],
    ['does not depend on the order', [clock(2000), clock(-3000), clock(1000)], 5],
    ['is of two processes, not of one with a large error', [clock(0, 10_000), clock(0), clock(0)], 10],
  ])('%s', (_what, offsets, expected) => {
    expect(widestSkewSeconds(offsets)).toBe(expected);
  });

  it('is that of all pairs', () => {
    const some = fc.record({ offset: fc.integer({ min: -10_000, max: 10_000 }), error: fc.nat(3000) });
    fc.assert(fc.property(fc.array(some, { minLength: 2, maxLength: 6 }), (offsets) => {
      const pairs = offsets.flatMap((one, index) => offsets.slice(index + 1).map((other) => Math.abs(one.offset - other.offset) + one.error + other.error));
      expect(widestSkewSeconds(offsets)).toBe(Math.ceil(Math.max(...pairs) / 1000));
    }));
  });
});

describe('a process', () => {
  it.each([
    [60_000, 0, 1000, 1000, undefined],
    [60_001, 0, 1000, 1000, 'the clock of this process is 60 s ahead of that of Redis, and `STS_MAX_CLOCK_SKEW` allows 60 s'],
    [-300_000, 0, 1000, 1000, 'the clock of this process is 300 s behind that of Redis, and `STS_MAX_CLOCK_SKEW` allows 60 s'],
    [61_000, 2000, 1000, 1000, undefined],
    [0, 0, 0, 60_000, undefined],
    [0, 0, 0, 3_600_000, 'the clock of Redis went back by 3600 s, and `STS_MAX_CLOCK_SKEW` allows 60 s'],
  ])('%i ms off (± %i) with Redis at %i after %i', (offset, error, now, floor, refusal) => {
    expect(clockRefusal({ offset, error }, { now, floor }, 60)).toBe(refusal);
  });
});

it('a clock that is put back stands still until its time has come again', () => {
  const times = [1000, 2000, 500, 1999, 2001, 0];
  const clock = neverBack({ now: () => times.shift() ?? 0 });
  expect(Array.from({ length: 6 }, () => clock.now())).toEqual([1000, 2000, 2000, 2000, 2001, 2001]);
});
