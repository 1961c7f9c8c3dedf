// What is remembered of requests that were good lets nothing pass that would be refused without it.
import { describe, expect, it } from 'vitest';
import { parseSignedRequest, verificationKey, verifySignature } from '../../src/signing/index.js';
import { accessKeyId, ourOptions, ourOutcome, reauthorized, secretAccessKey, signed, withHeader } from './support.js';

describe('a beginning of Authorization that is known', () => {
  it.each([
    ['upper-case digits', (text: string) => text.toUpperCase()], ['another character', (text: string) => `${text.slice(0, -1)}g`], ['a line feed at the end', (text: string) => `${text.slice(1)}\n`],
    ['one digit less', (text: string) => text.slice(1)], ['one digit more', (text: string) => `${text}0`], ['nothing', () => ''],
  ])('is not enough: with a signature of %s the value is refused', (_what, bent) => {
    const request = signed();
    expect(ourOutcome(request)).toBe('valid');
    const outcome = ourOutcome(reauthorized(request, (value) => value.replace(/[0-9a-f]{64}$/, bent)));
    expect(['authorization_malformed', 'signature_malformed']).toContain(outcome);
  });

  it('of ECDSA is not enough: behind a DER signature of 64 digits, 64 other digits are looked at as if they were the first', () => {
    const request = signed({ algorithm: 'SDK-ECDSA-P256-SHA256' });
    const outcomeWith = (hex: string) => ourOutcome(reauthorized(request, (value) => value.replace(/Signature=\w+$/, `Signature=${hex}`)));
    const integer = `020d${'01'.repeat(13)}`;
    const der = `301e${integer}${integer}`;
    expect(der).toHaveLength(64);
    // Of the right form and wrong numbers: whoever is asked for the key can tell.
    expect(outcomeWith(der)).toBe('signature_mismatch');
    for (const other of ['ff'.repeat(32), '0'.repeat(64), der.replace('020d', '020e')]) expect([other, outcomeWith(other)]).toEqual([other, 'signature_malformed']);
    expect(outcomeWith(der)).toBe('signature_mismatch');
  });

  it('is read as it was the first time, for each of more keys than are kept', () => {
    for (const round of [1, 2]) {
      for (let number = 0; number < 1200; number += 1) {
        const result = parseSignedRequest(reauthorized(signed(), (value) => value.replace(accessKeyId, `KEY${number}`)), ourOptions);
        expect(result.ok && [round, result.signature.accessKeyId]).toEqual([round, `KEY${number}`]);
      }
    }
  });
});

describe('a security token that is known', () => {
  const token = 'x'.repeat(400);
  const request = () => signed({ securityToken: token });

  it('passes again, and one that differs in one character is looked at', () => {
    const key = verificationKey(accessKeyId, secretAccessKey);
    for (const round of [1, 2]) {
      const parsed = parseSignedRequest(request(), ourOptions);
      expect([round, parsed.ok && verifySignature(request(), parsed.signature, key)]).toEqual([round, true]);
    }
    expect(ourOutcome(withHeader(request(), 'x-security-token', `${token.slice(1)}\xe9`))).toBe('header_malformed');
  });
});
