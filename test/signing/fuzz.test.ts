// Any input gets an answer, and no single changed byte of what was signed goes unnoticed.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalRequestForDisplay,
  checkPath,
  parseSignedRequest,
  queryPairs,
  verificationKey,
  verifySignature,
  type ReceivedRequest,
  type SignatureAlgorithm,
} from '../../src/signing/index.js';
import { accessKeyId, ourOptions, ourOutcome, parsed, secretAccessKey, signed } from './support.js';

const key = verificationKey(accessKeyId, secretAccessKey);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ maxLength: 60 }),
  fc.constantFrom('/v5/agencies/assume', '', '\ud800', '%', '?'),
);

describe('no input makes the verifier throw', () => {
  const headerName = fc.oneof(
    text,
    fc.constantFrom('Authorization', 'X-Sdk-Date', 'host', 'X-Security-Token', 'x-sdk-content-sha256'),
  );
  const headerValue = fc.oneof(
    text,
    fc.constantFrom('20260115T083000Z', 'UNSIGNED-PAYLOAD'),
    fc
      .tuple(
        fc.constantFrom('SDK-HMAC-SHA256', 'SDK-ECDSA-P256-SHA256', 'SDK-HMAC-SM3', 'SDK-SM2-SM3'),
        fc.stringMatching(/^[0-9a-f]{0,150}$/),
      )
      .map(([name, hex]) => `${name} Access=${accessKeyId}, SignedHeaders=x-sdk-date, Signature=${hex}`),
  );
  const request = fc.record({
    method: fc.oneof(fc.constantFrom('GET', 'POST'), text),
    target: fc.oneof(
      text,
      text.map((path) => `/${path}`),
      fc.tuple(text, text).map(([path, query]) => `/${path}?${query}`),
    ),
    rawHeaders: fc.array(fc.tuple(headerName, headerValue), { maxLength: 8 }).map((pairs) => pairs.flat()),
    body: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  });
  const genuine = parsed(signed(), ourOptions);

  it('whatever the request', () => {
    fc.assert(
      fc.property(request, (received) => {
        const result = parseSignedRequest(received, ourOptions);
        const signature = result.ok ? result.signature : genuine;
        expect(verifySignature(received, signature, key)).toBe(false);
        expect(canonicalRequestForDisplay(received, signature).length).toBeLessThanOrEqual(2000);
        checkPath(received.target);
        queryPairs(received.target);
      }),
      { numRuns: 3000 },
    );
  });

  it('whatever the headers of an otherwise genuine request', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(headerName, headerValue), { maxLength: 3 }), fc.boolean(), (pairs, first) => {
        const received = signed();
        const rawHeaders = first
          ? [...pairs.flat(), ...received.rawHeaders]
          : [...received.rawHeaders, ...pairs.flat()];
        const result = parseSignedRequest({ ...received, rawHeaders }, ourOptions);
        if (result.ok) verifySignature({ ...received, rawHeaders }, result.signature, key);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a single changed byte is refused', () => {
  const algorithms: readonly SignatureAlgorithm[] = [
    'SDK-HMAC-SHA256',
    'V11-HMAC-SHA256',
    'SDK-ECDSA-P256-SHA256',
    'SDK-HMAC-SM3',
  ];
  const requests = algorithms.map((algorithm) =>
    signed({
      algorithm,
      url: 'https://sts.example-1.example.com/v5/agencies/assume?limit=10&marker=abc',
      securityToken: 'header.payload.signature',
      headers: { 'Content-Type': 'application/json', 'X-Note': '測試' },
    }),
  );
  // Every header of these requests is signed, but for Authorization itself, of which every byte counts as well.
  const places = (request: ReceivedRequest) => ['method', 'target', 'body', ...request.rawHeaders.keys()] as const;

  function changed(
    request: ReceivedRequest,
    place: string | number,
    at: number,
    byte: number,
  ): ReceivedRequest | undefined {
    const change = (original: Buffer): Buffer | undefined => {
      const position = at % original.length;
      if (original[position] === byte) return undefined;
      const copy = Buffer.from(original);
      copy[position] = byte;
      return copy;
    };
    if (place === 'body') {
      const body = change(request.body);
      return body && { ...request, body };
    }
    const original =
      typeof place === 'number'
        ? (request.rawHeaders[place] ?? '')
        : place === 'method'
          ? request.method
          : request.target;
    const bytes = change(Buffer.from(original, 'latin1'))?.toString('latin1');
    if (bytes === undefined) return undefined;
    if (place === 'method') return { ...request, method: bytes };
    if (place === 'target') return { ...request, target: bytes };
    // Header names have no case: that is no change.
    if (Number(place) % 2 === 0 && bytes.toLowerCase() === original) return undefined;
    return { ...request, rawHeaders: request.rawHeaders.map((value, index) => (index === place ? bytes : value)) };
  }

  it.each(requests.map((request, index) => [algorithms[index] ?? '', request] as const))(
    '%s: at random',
    (_, request) => {
      expect(ourOutcome(request)).toBe('valid');
      fc.assert(
        fc.property(
          fc.constantFrom(...places(request)),
          fc.nat(10_000),
          fc.integer({ min: 0, max: 255 }),
          (place, at, byte) => {
            const tampered = changed(request, place, at, byte);
            fc.pre(tampered !== undefined);
            expect(ourOutcome(tampered)).not.toBe('valid');
          },
        ),
        { numRuns: 3000 },
      );
    },
  );

  it('SDK-HMAC-SHA256: every byte in turn, every bit flipped', () => {
    const [request] = requests;
    if (request === undefined) throw new Error('no request');
    for (const place of places(request)) {
      const original =
        place === 'body'
          ? request.body
          : Buffer.from(
              place === 'method'
                ? request.method
                : place === 'target'
                  ? request.target
                  : (request.rawHeaders[place] ?? ''),
              'latin1',
            );
      for (let at = 0; at < original.length; at += 1) {
        for (let bit = 0; bit < 8; bit += 1) {
          const tampered = changed(request, place, at, (original[at] ?? 0) ^ (1 << bit));
          if (tampered !== undefined && ourOutcome(tampered) === 'valid')
            expect.fail(`${place} byte ${at} bit ${bit} goes unnoticed`);
        }
      }
    }
  });
});
