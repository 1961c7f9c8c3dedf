// Step two of verifying: the signature itself, and the canonical request shown to a caller who got it wrong.
import { createHmac, timingSafeEqual, verify } from 'node:crypto';
import { hmacSha256 } from '../base/hmac.js';
import { algorithmProperties, type AlgorithmProperties } from './algorithms.js';
import { canonicalRequest, canonicalRequestHash, scopeText, stringToSign, type HeaderReading } from './canonical.js';
import { readHeaderText } from './headers.js';
import type { VerificationKey } from './key.js';
import { payloadHashes } from './payload.js';
import { canonicalQuery, canonicalUris } from './target.js';
import type { ParsedSignature, SignedRequest } from './types.js';

/**
 * Whether the request was signed with this key: method, target, signed headers and body (request signatures §10).
 * Tries at most 2 URIs × 2 payload hashes × 2 header readings, the usual one first; how many depends on the request
 * alone, never on the key. Compares in constant time. Never throws.
 * @param signature what `parseSignedRequest` made of this same request
 */
export function verifySignature(request: SignedRequest, signature: ParsedSignature, key: VerificationKey): boolean {
  return verifiedRequestHash(request, signature, key) !== undefined;
}

/**
 * The hash of the very canonical request that the signature fits, undefined where it fits none. It is the same for
 * every form of a request that one signature covers, also where the signature itself can be bent (ECDSA).
 */
export function verifiedRequestHash(request: SignedRequest, signature: ParsedSignature, key: VerificationKey): string | undefined {
  const query = canonicalQuery(request.target);
  if (query === undefined) return undefined;
  const algorithm = algorithmProperties(signature.algorithm);
  const check = signatureCheck(algorithm, signature, key);
  const { signedHeaders, signedValues } = signature;

  for (const uri of canonicalUris(request.target, signature.pathReading)) {
    for (const payloadHash of payloadHashes(algorithm, contentHeaderOf(algorithm, signature), request.body)) {
      const text = canonicalRequest({ method: request.method, uri, query, signedHeaders, signedValues, payloadHash });
      const fits = (reading: HeaderReading): string | undefined => {
        const requestHash = canonicalRequestHash(algorithm, text, reading);
        const isSigned = check(stringToSign(signature.algorithm, signature.dateText, signature.scope, requestHash));
        return isSigned ? requestHash : undefined;
      };
      // Only what fits neither way is searched for bytes that make a difference.
      const requestHash = fits('utf8') ?? (/[\x80-\xff]/.test(text) ? fits('latin1') : undefined);
      if (requestHash !== undefined) {
        return key.isUsable && key.accessKeyId === signature.accessKeyId ? requestHash : undefined;
      }
    }
  }
  return undefined;
}

function contentHeaderOf(algorithm: AlgorithmProperties, signature: ParsedSignature): string | undefined {
  return signature.signedValues[signature.signedHeaders.indexOf(algorithm.contentHeader)];
}

function signatureCheck(
  algorithm: AlgorithmProperties,
  signature: ParsedSignature,
  key: VerificationKey,
): (text: string) => boolean {
  if (algorithm.kind === 'ecdsa') {
    const given = Buffer.from(signature.signature, 'hex');
    const publicKey = key.publicKey();
    return (text) => publicKey !== undefined && verify('sha256', Buffer.from(text), publicKey, given);
  }
  const secretKey =
    algorithm.kind === 'derived' ? signature.scope && key.scopeKey(scopeText(signature.scope)) : key.secretKey;
  return (text) => {
    if (secretKey === undefined) return false;
    const expected =
      algorithm.hash === 'sha256'
        ? hmacSha256(secretKey, text, 'hex')
        : createHmac(algorithm.hash, secretKey).update(text).digest('hex');
    return isSameText(expected, signature.signature);
  };
}

const hexDigits = 64;
const [left, right] = [Buffer.alloc(hexDigits), Buffer.alloc(hexDigits)];

/**
 * In constant time. Hex of 32 bytes each, as it was received: to read both as bytes takes 0.6 microseconds, to copy
 * both to where they are compared 0.3.
 */
function isSameText(expected: string, given: string): boolean {
  if (expected.length !== hexDigits || given.length !== hexDigits) return false;
  left.write(expected, 'latin1');
  right.write(given, 'latin1');
  const isSame = timingSafeEqual(left, right);
  left.fill(0);
  return isSame;
}

const displayLimit = 2000;
const maskedHeaders: ReadonlySet<string> = new Set(['x-security-token', 'x-auth-token', 'cookie']);

/**
 * The canonical request as the gateway shows it: line feeds as `|`, tokens as `***`, at most 2,000 characters
 * (request signatures §9). The first candidate of `verifySignature`. Never throws.
 */
export function canonicalRequestForDisplay(request: SignedRequest, signature: ParsedSignature): string {
  const algorithm = algorithmProperties(signature.algorithm);
  const { signedHeaders } = signature;
  const text = canonicalRequest({
    method: request.method,
    uri: canonicalUris(request.target, signature.pathReading)[0] ?? '',
    query: canonicalQuery(request.target) ?? '',
    signedHeaders,
    signedValues: signature.signedValues.map((value, index) =>
      maskedHeaders.has(signedHeaders[index] ?? '') ? '***' : readHeaderText(value),
    ),
    payloadHash: payloadHashes(algorithm, contentHeaderOf(algorithm, signature), request.body)[0] ?? '',
  }).replaceAll('\n', '|');
  return text.length > displayLimit ? `${text.slice(0, displayLimit - 1)}…` : text;
}
