// Our own signer: it makes the signatures of the SDKs, and our verifier accepts whatever it signs.
import { describe, expect, it } from 'vitest';
import {
  ecdsaPublicJwk,
  signRequest,
  verificationKey,
  verifySignature,
  type SignatureAlgorithm,
} from '../../src/signing/index.js';
import {
  accessKeyId,
  now,
  optionsOf,
  ourOptions,
  ourOutcome,
  parsed,
  receivedOf,
  secretAccessKey,
  signed,
  vectorFile,
  type VectorCase,
} from './support.js';

const algorithms: readonly SignatureAlgorithm[] = [
  'SDK-HMAC-SHA256',
  'V11-HMAC-SHA256',
  'SDK-ECDSA-P256-SHA256',
  'SDK-HMAC-SM3',
];

function resign(vector: VectorCase): string | undefined {
  const request = receivedOf(vector);
  const signature = parsed(request, optionsOf(vector));
  return signRequest({
    method: vector.request.method,
    url: `https://${vector.request.host}${vector.request.request_target}`,
    headers: vector.request.headers,
    body: request.body,
    accessKeyId: vector.credentials.access_key_id,
    secretAccessKey: vector.credentials.secret_access_key,
    algorithm: signature.algorithm,
    date: new Date(signature.signedAt),
    ...(signature.scope && { region: signature.scope.region, service: signature.scope.service }),
  })['authorization'];
}

describe('the signatures of the SDKs', () => {
  // Two readings that a signer has to choose between: Node escapes an escaped path again, Go leaves Host unsigned.
  const differs = (vector: VectorCase) =>
    vector.id === 'node-get-path-double-encoded' || !vector.signed_headers.includes('host');
  const deterministic = [...vectorFile.vectors, ...vectorFile.published_vectors].filter(
    (vector) => vector.deterministic !== false && !differs(vector),
  );

  it('are reproduced for all but 7 of the 27 deterministic vectors', () => expect(deterministic).toHaveLength(20));

  it.each(deterministic)('$id is reproduced exactly', (vector) => {
    expect(resign(vector)).toBe(vector.authorization);
  });
});

describe.each(algorithms)('%s: what our signer signs, our verifier accepts', (algorithm) => {
  it.each([
    ['a POST with a body', {}],
    ['a GET without a body', { method: 'GET', body: '' }],
    [
      'a query to be sorted',
      {
        url: 'https://sts.example-1.example.com:8443/v5/agencies?z=1&a=b%20c&a=%C3%A9&e=&f&%F0%9F%98%80=1&%EF%BF%BD=2',
      },
    ],
    ['a path with escapes', { url: 'https://sts.example-1.example.com/v5/demo/a b/é%2Fx/(1)*' }],
    ['a header of UTF-8', { headers: { 'X-Note': '  测试 é ' } }],
    ['a security token', { securityToken: 'header.payload.signature' }],
    ['a body of bytes', { body: Buffer.from([0xff, 0xfe, 0, 1]) }],
  ])('%s', (_, input) => {
    expect(ourOutcome(signed({ algorithm, ...input }))).toBe('valid');
  });

  it('a content hash given by the caller', () => {
    const contentHeader = algorithm === 'SDK-HMAC-SM3' ? 'X-Sdk-Content-Sm3' : 'X-Sdk-Content-Sha256';
    const request = signed({ algorithm, headers: { [contentHeader]: 'UNSIGNED-PAYLOAD' } });
    expect(ourOutcome(request)).toBe('unsigned_payload');
    expect(ourOutcome(request, { allowUnsignedPayload: true })).toBe('valid');
    expect(ourOutcome(signed({ algorithm, body: '', headers: { [contentHeader]: 'UNSIGNED-PAYLOAD' } }))).toBe('valid');
  });

  it('and another secret does not verify it', () => {
    const request = signed({ algorithm });
    const key = verificationKey(accessKeyId, `${secretAccessKey}x`);
    expect(verifySignature(request, parsed(request, ourOptions), key)).toBe(false);
  });
});

describe('the headers to send', () => {
  const input = {
    method: 'post',
    url: 'https://sts.example-1.example.com:443/v5/agencies/assume',
    headers: { 'X-Note': 'é', X_Twin: '1', Connection: 'close', Authorization: 'old' },
    accessKeyId,
    secretAccessKey,
    date: new Date(now + 999),
  };

  it('hold host, date and token, all signed, and values as UTF-8 bytes', () => {
    const headers = signRequest({ ...input, securityToken: 'token' });
    expect(headers).toMatchObject({
      host: 'sts.example-1.example.com',
      'x-sdk-date': '20260115T083000Z',
      'x-security-token': 'token',
      'x-note': 'Ã©',
      x_twin: '1',
      connection: 'close',
    });
    expect(headers['authorization']).toContain('SignedHeaders=host;x-note;x-sdk-date;x-security-token,');
  });

  it.each([
    ['a line feed in a value', { headers: { 'X-Note': 'a\nb' } }, 'header `x-note` contains a control character'],
    ['a malformed name', { headers: { 'X Note': 'a' } }, 'header name `X Note` is malformed'],
    ['a name given twice', { headers: { 'X-Note': 'a', 'x-note': 'b' } }, 'header `x-note` is given twice'],
    ['an empty secret', { secretAccessKey: '' }, 'access key id and secret access key must not be empty'],
    ['V11 without region', { algorithm: 'V11-HMAC-SHA256' as const }, 'V11-HMAC-SHA256 needs `region` and `service`'],
    ['a token with a blank', { securityToken: 'a b' }, 'security token must be printable ASCII without blanks'],
  ])('are refused for %s', (_, change, message) => {
    expect(() => signRequest({ ...input, ...change })).toThrow(message);
  });
});

describe('ECDSA keys', () => {
  it('are the same every time and differ by access key', () => {
    const jwk = ecdsaPublicJwk(verificationKey(accessKeyId, secretAccessKey));
    expect(ecdsaPublicJwk(verificationKey(accessKeyId, secretAccessKey))).toEqual(jwk);
    expect(ecdsaPublicJwk(verificationKey(`${accessKeyId}x`, secretAccessKey))).not.toEqual(jwk);
  });
});
