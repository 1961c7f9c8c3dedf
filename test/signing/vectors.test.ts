// Every vector of the specification: accepted, refused for its reason, and equal in every intermediate value.
import { createHmac, createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deriveEcdsaPrivateKey, deriveScopeKey } from '../../src/signing/derive.js';
import {
  ecdsaPublicJwk,
  publicVerificationKey,
  scopeVerificationKey,
  verificationKey,
  verifySignature,
} from '../../src/signing/index.js';
import { candidatesOf, optionsOf, outcomeOf, parsed, receivedOf, vectorFile, vectorOf } from './support.js';

const positive = [...vectorFile.vectors, ...vectorFile.published_vectors];
const supported = positive.filter((vector) => vector.algorithm !== 'SDK-SM2-SM3');
const derived = supported.filter((vector) => vector.derivation !== undefined);
const ecdsa = supported.filter((vector) => vector.public_key_jwk !== undefined);

describe('the vector file is complete', () => {
  it('has 23 vectors, 7 published ones, 18 negative cases and 1 boundary case', () => {
    expect([
      vectorFile.vectors.length,
      vectorFile.published_vectors.length,
      vectorFile.negative_cases.length,
      vectorFile.boundary_cases.length,
    ]).toEqual([23, 7, 18, 1]);
    expect([derived.length, ecdsa.length]).toEqual([5, 2]);
  });
});

describe('a genuine request verifies', () => {
  it.each(supported)('$id: $description', (vector) => {
    expect(outcomeOf(vector)).toBe('valid');
  });

  it.each(vectorFile.boundary_cases)('$id: $change', (vector) => {
    expect(vector.expect).toBe('valid');
    expect(outcomeOf(vector)).toBe('valid');
  });
});

describe('intermediate values are those of the SDKs', () => {
  it.each(supported)('$id', (vector) => {
    const request = receivedOf(vector);
    const signature = parsed(request, optionsOf(vector));
    expect(signature).toMatchObject({
      algorithm: vector.algorithm,
      accessKeyId: vector.credentials.access_key_id,
      signedHeaders: vector.signed_headers,
      signature: vector.signature,
    });
    expect(candidatesOf(request, signature)).toContainEqual({
      payloadHash: vector.payload_hash,
      canonicalRequest: vector.canonical_request,
      hash: vector.canonical_request_hash,
      stringToSign: vector.string_to_sign,
    });
  });
});

describe('a changed request is refused for its reason', () => {
  it.each(vectorFile.negative_cases)('$id: $change ($expect)', (vector) => {
    expect(outcomeOf(vector)).toBe(vector.expect);
  });
});

describe('SM2 is not offered', () => {
  it('py-sm2-sm3-get is refused as algorithm_unsupported', () => {
    expect(outcomeOf(vectorOf('py-sm2-sm3-get'))).toBe('algorithm_unsupported');
  });
});

describe('an unsigned payload needs the setting', () => {
  it('py-post-unsigned-payload is refused without it', () => {
    const vector = vectorOf('py-post-unsigned-payload');
    expect(outcomeOf({ ...vector, id: 'without the setting' })).toBe('unsigned_payload');
  });
});

describe('derived V11 keys', () => {
  it.each(derived)('$id: PRK, OKM and key text', ({ credentials, derivation }) => {
    const { access_key_id: accessKeyId, secret_access_key: secret } = credentials;
    expect(createHmac('sha256', accessKeyId).update(secret).digest('hex')).toBe(derivation?.hkdf_prk_hex);
    const text = deriveScopeKey(accessKeyId, createSecretKey(secret, 'utf8'), derivation?.info ?? '');
    expect(text).toBe(derivation?.hmac_key_utf8);
    expect(text).toBe(derivation?.hkdf_okm_hex);
  });

  it.each(derived)('$id: the derived key alone verifies its scope and no other', (vector) => {
    const request = receivedOf(vector);
    const signature = parsed(request, optionsOf(vector));
    const { info = '', hmac_key_utf8: text = '' } = vector.derivation ?? {};
    const { access_key_id: accessKeyId } = vector.credentials;
    expect(verifySignature(request, signature, scopeVerificationKey(accessKeyId, info, text))).toBe(true);
    expect(verifySignature(request, signature, scopeVerificationKey(accessKeyId, `${info}x`, text))).toBe(false);
  });
});

describe('derived P-256 keys', () => {
  it.each(ecdsa)('$id: private key and JWK', ({ credentials, key_derivation, public_key_jwk }) => {
    const { access_key_id: accessKeyId, secret_access_key: secret } = credentials;
    expect(deriveEcdsaPrivateKey(accessKeyId, createSecretKey(secret, 'utf8')).toString('hex')).toBe(
      key_derivation?.private_key_hex,
    );
    expect(ecdsaPublicJwk(verificationKey(accessKeyId, secret))).toEqual(public_key_jwk);
  });

  it.each(ecdsa)('$id: the public key alone verifies, and verifies ECDSA only', (vector) => {
    if (vector.public_key_jwk === undefined) throw new Error('no JWK');
    const { access_key_id: accessKeyId } = vector.credentials;
    const key = publicVerificationKey(accessKeyId, vector.public_key_jwk);
    const request = receivedOf(vector);
    expect(verifySignature(request, parsed(request, optionsOf(vector)), key)).toBe(true);
    const other = vectorOf('py-get-caller-identity');
    expect(verifySignature(receivedOf(other), parsed(receivedOf(other), optionsOf(other)), key)).toBe(false);
  });
});
