// Calls that nobody can be charged with: a flood of them is a few lines, and none of them is lost.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unidentifiedCounter } from '../../src/audit/unidentified.js';

const call = { sourceIp: '192.0.2.1', operation: 'AssumeAgency', errorCode: 'APIGW.0301', claimedAccessKeyId: 'HPUAALICE00000000000' };
const at = (milliseconds: number) => {
  let now = milliseconds;
  return { clock: { now: () => now }, set: (to: number) => void (now = to) };
};

describe('unidentified calls', () => {
  it('are one entry per second, address, operation, cause and claimed key', () => {
    const { clock, set } = at(1_000_250);
    const counter = unidentifiedCounter(clock);
    for (const changes of [{}, {}, { sourceIp: '192.0.2.2' }, { operation: 'none' }, { errorCode: 'APIGW.0308' }, { claimedAccessKeyId: '' }, {}]) counter.count({ ...call, ...changes });
    set(1_000_999);
    counter.count(call);
    set(1_001_000);
    counter.count(call);
    expect(counter.take().map(({ time, count }) => [time, count])).toEqual([[1_000_000, 4], [1_000_000, 1], [1_000_000, 1], [1_000_000, 1], [1_000_000, 1], [1_001_000, 1]]);
  });

  it('are taken once', () => {
    const counter = unidentifiedCounter(at(0).clock);
    counter.count(call);
    expect(counter.take()).toHaveLength(1);
    expect(counter.take()).toEqual([]);
  });

  it('from ever new addresses with ever new keys are bounded entries, and all counted', () => {
    const counter = unidentifiedCounter(at(0).clock);
    for (let index = 0; index < 10_000; index += 1) counter.count({ ...call, sourceIp: `2001:db8::${index.toString(16)}`, claimedAccessKeyId: `KEY${index}` });
    const entries = counter.take();
    expect(entries).toHaveLength(257);
    expect(entries.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
    expect(entries.at(-1)).toEqual({ time: 0, sourceIp: '', operation: '', errorCode: '', claimedAccessKeyId: '', count: 10_000 - 256 });
  });

  it('whose claimed keys differ behind 64 characters are one entry', () => {
    const counter = unidentifiedCounter(at(0).clock);
    for (const end of ['a', 'b']) counter.count({ ...call, claimedAccessKeyId: `${'x'.repeat(64)}${end}` });
    expect(counter.take()).toMatchObject([{ claimedAccessKeyId: 'x'.repeat(64), count: 2 }]);
  });

  it('are never mixed up, whatever stands in their fields', () => {
    fc.assert(fc.property(fc.array(fc.record({ sourceIp: fc.string(), operation: fc.string(), errorCode: fc.string(), claimedAccessKeyId: fc.string() }), { maxLength: 50 }), (calls) => {
      const counter = unidentifiedCounter(at(0).clock);
      for (const one of calls) counter.count(one);
      const entries = counter.take();
      expect(new Set(entries.map(({ count: _count, ...entry }) => JSON.stringify(entry))).size).toBe(entries.length);
      expect(entries.reduce((sum, { count }) => sum + count, 0)).toBe(calls.length);
    }));
  });
});
