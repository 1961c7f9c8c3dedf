// HMAC-SHA256 in two hashes is the HMAC-SHA256 of Node.
import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hmacSha256 } from '../../src/base/hmac.js';

const encodings = ['base64url', 'base64', 'hex', 'binary'] as const;

it('is that of RFC 4231, with keys shorter and longer than a block', () => {
  const cases: readonly (readonly [key: Buffer, text: string, digest: string])[] = [
    [Buffer.alloc(20, 0x0b), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [Buffer.from('Jefe'), 'what do ya want for nothing?', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
    [Buffer.alloc(131, 0xaa), 'Test Using Larger Than Block-Size Key - Hash Key First', '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54'],
  ];
  for (const [key, text, digest] of cases) expect(hmacSha256(createSecretKey(key), text, 'hex')).toBe(digest);
});

it('is what Node makes of any key, text and encoding, one after another', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { minLength: 1, maxLength: 5 }), fc.constantFrom(...encodings), (secret, texts, encoding) => {
    const key = createSecretKey(secret);
    for (const text of texts) expect(hmacSha256(key, text, encoding)).toBe(createHmac('sha256', key).update(text).digest(encoding));
  }));
});

it.each([64, 2709, 2710, 4096, 8129, 30_000, 100_000])('is that of a text of %d characters of three bytes', (length) => {
  const key = createSecretKey(Buffer.from('secret'));
  const text = '€'.repeat(length);
  expect(hmacSha256(key, text, 'hex')).toBe(createHmac('sha256', key).update(text).digest('hex'));
});
