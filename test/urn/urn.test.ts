// URNs: five segments cut at the first four colons, and an agency's URN in exactly one spelling.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agencyUrn, isAccountId, mfaSerialNumber, parseAgencyUrn, parseUrn, sessionUrn, userUrn } from '../../src/urn/urn.js';

const account = 'a'.repeat(32);
const hex = fc.constantFrom(...Array.from('0123456789abcdef'));
const accountId = fc.string({ unit: hex, minLength: 32, maxLength: 32 });
const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789');
const name = fc.string({ unit: fc.constantFrom(...letters, ...Array.from('_+=,.@-')), minLength: 1, maxLength: 64 });
const path = fc.array(fc.string({ unit: fc.constantFrom(...letters, ...Array.from('.,+@=_-')), minLength: 1, maxLength: 20 }), { maxLength: 5 }).map((parts) => parts.map((part) => `${part}/`).join(''));

describe('a URN', () => {
  it('is five segments; the last one keeps all further colons and slashes', () => {
    expect(parseUrn('iam::acc:agency:a/b:c::d')).toEqual({ service: 'iam', region: '', accountId: 'acc', type: 'agency', path: 'a/b:c::d' });
    fc.assert(fc.property(fc.tuple(...Array.from({ length: 4 }, () => fc.string().map((text) => text.replaceAll(':', '')))), fc.string({ minLength: 1 }), ([service = '', region = '', id = '', type = ''], rest) => {
      expect(parseUrn([service, region, id, type, rest].join(':'))).toEqual({ service, region, accountId: id, type, path: rest });
    }));
  });

  it.each(['', 'iam', 'iam::acc:agency', 'iam::acc:agency:', ':::', '::::'])('is not `%s`', (text) => {
    expect(parseUrn(text)).toBeUndefined();
  });
});

describe('an agency\'s URN', () => {
  it('gives back account, path and name', () => {
    fc.assert(fc.property(accountId, path, name, (id, folder, agency) => {
      expect(parseAgencyUrn(agencyUrn(id, folder, agency))).toEqual({ accountId: id, path: folder, name: agency });
    }), { numRuns: 500 });
  });

  it('has one spelling: what parses is what its parts make again', () => {
    const near = fc.string({ unit: fc.constantFrom(...Array.from('iamsts:/agency.,+@=_-aA0 \n%')), maxLength: 60 });
    fc.assert(fc.property(fc.oneof(near, near.map((text) => `iam::${account}:agency:${text}`)), (text) => {
      const parsed = parseAgencyUrn(text);
      if (parsed !== undefined) expect(agencyUrn(parsed.accountId, parsed.path, parsed.name)).toBe(text);
    }), { numRuns: 2000 });
  });

  it.each([
    `IAM::${account}:agency:first`, `sts::${account}:agency:first`, `iam:cn-1:${account}:agency:first`, `iam::${account.toUpperCase()}:agency:first`, `iam::${account.slice(1)}:agency:first`, `iam::*:agency:first`,
    `iam::${account}:user:first`, `iam::${account}:Agency:first`, `iam::${account}:agency:`, `iam::${account}:agency:/first`, `iam::${account}:agency:ops//first`, `iam::${account}:agency:ops/`, `iam::${account}:agency:fir st`,
    `iam::${account}:agency:first\n`, ` iam::${account}:agency:first`, `iam::${account}:agency:first:x`, `iam::${account}:agency:*`, `iam::${account}:agency:é`, `iam::${account}:agency:${'a'.repeat(65)}`, `iam::${account}:agency:${'a/'.repeat(257)}first`,
  ])('is not `%s`', (text) => {
    expect(parseAgencyUrn(text)).toBeUndefined();
  });

  it('takes a name of 64 and a path of 512 characters', () => {
    expect(parseAgencyUrn(`iam::${account}:agency:${'a/'.repeat(256)}${'a'.repeat(64)}`)).toMatchObject({ path: 'a/'.repeat(256), name: 'a'.repeat(64) });
  });

  it('is judged in time that grows with its length alone', () => {
    const started = performance.now();
    for (const text of ['a'.repeat(100_000), 'a/'.repeat(50_000), '/'.repeat(100_000), `${'a/'.repeat(50_000)}!`]) expect(parseAgencyUrn(`iam::${account}:agency:${text}`)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('the other URNs', () => {
  it('have the protocol\'s forms', () => {
    expect([userUrn(account, 'alice'), mfaSerialNumber(account, 'phone'), sessionUrn(account, 'first', 'one')]).toEqual([
      `iam::${account}:user:alice`, `iam::${account}:mfa:phone`, `sts::${account}:assumed-agency:first/one`,
    ]);
  });

  it.each([[account, true], ['0'.repeat(32), true], [account.toUpperCase(), false], ['a'.repeat(31), false], ['a'.repeat(33), false], [`${account}\n`, false], ['g'.repeat(32), false], ['', false]])('`%s` as an account id: %s', (text, expected) => {
    expect(isAccountId(text)).toBe(expected);
  });
});
