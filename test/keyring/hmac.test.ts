// The authentication code is HMAC-SHA256 as node's own implementation computes it.
import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hmacSha256 } from '../../src/keyring/hmac.js';

const expected = (secret: Uint8Array, text: string): string => createHmac('sha256', secret).update(text).digest('base64url');

describe('an authentication code', () => {
  it('is the one of RFC 2104, for any key and any text', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 130 }), fc.string({ unit: 'binary', maxLength: 600 }), (secret, text) => {
      expect(hmacSha256(createSecretKey(secret), text)).toBe(expected(secret, text));
    }));
  });

  it('does not depend on what was authenticated before with the same key', () => {
    const secret = Buffer.alloc(32, 7);
    const key = createSecretKey(secret);
    for (const text of ['x'.repeat(5000), 'y', '', 'é'.repeat(3000), '\ud83d\ude00', 'z'.repeat(5461), 'z'.repeat(5462), '\u4e2d'.repeat(5461), 'w'.repeat(20_000), 'x']) expect(hmacSha256(key, text)).toBe(expected(secret, text));
  });
});
