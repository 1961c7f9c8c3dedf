// The forms of what is published: status lists as the draft has them, and epoch lists.
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bitOffset } from '../../src/redis/ended.js';
import { isMarked, placeOfStatusList, readEpochListClaim, readStatusListClaim, statusListClaim, statusListId, statusListSize, subjectDigest } from '../../src/status/index.js';

describe('a status list', () => {
  it('reads the example of the draft: sixteen places of one bit each', () => {
    // draft-ietf-oauth-status-list, section 4.1: places 0, 3, 4, 5, 7, 8, 9, 13 and 15 are set.
    const bits = readStatusListClaim({ bits: 1, lst: 'eNrbuRgAAhcBXQ' });
    expect(Buffer.from(bits ?? []).toString('hex')).toBe('b9a3');
    expect(Array.from({ length: 17 }, (_, index) => isMarked(bits ?? new Uint8Array(), index))).toEqual(
      [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1].map((bit): boolean | undefined => bit === 1).concat([undefined]));
  });

  it('has all places, whatever was marked of them, and survives its compression', () => {
    const bits = readStatusListClaim(statusListClaim(Uint8Array.from([1, 128])));
    const set = Array.from({ length: statusListSize }, (_, index) => index).filter((index) => isMarked(bits ?? new Uint8Array(), index));
    expect(set).toEqual([0, 15]);
    expect(isMarked(bits ?? new Uint8Array(), statusListSize)).toBeUndefined();
  });

  it.each([-1, 0.5, NaN, Infinity, 2 ** 53])('has no place %s', (index) => {
    expect(isMarked(new Uint8Array(8), index)).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['no object', 'list'], ['null', null], ['two bits', { bits: 2, lst: 'eNrbuRgAAhcBXQ' }], ['no list', { bits: 1 }], ['no base64url', { bits: 1, lst: 'eNrb+RgA=' }],
    ['no zlib stream', { bits: 1, lst: 'AAAA' }], ['an empty text', { bits: 1, lst: '' }], ['a number', { bits: 1, lst: 7 }],
    ['a bomb', { bits: 1, lst: deflateSync(Buffer.alloc(50_000_000)).toString('base64url') }],
  ])('is not made of %s', (_, claim) => {
    expect(readStatusListClaim(claim)).toBeUndefined();
  });

  it('is named by its cell and number, and by nothing else', () => {
    expect(placeOfStatusList(statusListId(12, 3))).toEqual({ cell: 12, number: 3 });
    for (const text of ['', '1', '01-2', '1-02', '1--2', '-1-2', '1-2-3', '1-2 ', '99999-1', '1-2\n']) expect(() => placeOfStatusList(text)).toThrow();
  });

  it('counts the bits of a byte from the lowest on, where Redis counts from the highest', () => {
    expect([0, 1, 7, 8, 15, 131_071].map(bitOffset)).toEqual([7, 6, 0, 15, 8, 131_064]);
  });
});

describe('an epoch list', () => {
  const keys = { token_keys: ['b'], secret_keys: ['c'] };
  it('is read as it was written', () => {
    const digest = subjectDigest('handle', 'agency:one');
    expect(digest).toMatch(/^[\w-]{22}$/);
    expect(readEpochListClaim({ ...keys, epochs: { [digest]: 7 }, boundaries: {} })).toEqual({ tokenKeys: new Set(['b']), secretKeys: new Set(['c']), epochs: new Map([[digest, 7]]), boundaries: new Map() });
  });

  it('names a subject of one account otherwise than that of another', () => {
    expect(new Set([subjectDigest('one', 'account'), subjectDigest('two', 'account'), subjectDigest('one', 'key:x')]).size).toBe(3);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined], ['a list', []], ['no keys', { epochs: {}, boundaries: {} }], ['a fraction', { ...keys, epochs: { a: 0.5 }, boundaries: {} }],
    ['a text', { ...keys, epochs: {}, boundaries: { a: '1' } }], ['keys of numbers', { ...keys, token_keys: [1], epochs: {}, boundaries: {} }], ['epochs in a list', { ...keys, epochs: [1], boundaries: {} }],
    ['no token keys', { ...keys, token_keys: undefined, epochs: {}, boundaries: {} }], ['no secret keys', { ...keys, secret_keys: undefined, epochs: {}, boundaries: {} }],
  ])('is not made of %s', (_, claim) => {
    expect(readEpochListClaim(claim)).toBeUndefined();
  });
});
