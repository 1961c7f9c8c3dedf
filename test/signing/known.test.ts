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
