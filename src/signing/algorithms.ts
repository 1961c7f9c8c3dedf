// The table of signature algorithms: which hash, which kind of key, which payload header.
import { getHashes, hash } from 'node:crypto';
import type { BodyHash, SignatureAlgorithm } from './types.js';

export interface AlgorithmProperties {
  readonly hash: 'sha256' | 'sm3';
  /** `derived`: HMAC with a key of one day, region and service (request signatures §6). */
  readonly kind: 'hmac' | 'derived' | 'ecdsa';
  /** The header whose value replaces the payload hash (request signatures §4). */
  readonly contentHeader: 'x-sdk-content-sha256' | 'x-sdk-content-sm3';
  readonly emptyBodyHash: string;
}

const sha256 = {
  hash: 'sha256',
  contentHeader: 'x-sdk-content-sha256',
  emptyBodyHash: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
} as const;
const sm3 = {
  hash: 'sm3',
  contentHeader: 'x-sdk-content-sm3',
  emptyBodyHash: '1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b',
} as const;

const properties: Readonly<Record<SignatureAlgorithm, AlgorithmProperties>> = {
  'SDK-HMAC-SHA256': { ...sha256, kind: 'hmac' },
  'V11-HMAC-SHA256': { ...sha256, kind: 'derived' },
  'SDK-ECDSA-P256-SHA256': { ...sha256, kind: 'ecdsa' },
  'SDK-HMAC-SM3': { ...sm3, kind: 'hmac' },
};

// SM3 is an optional part of OpenSSL: where it is absent, hashing throws.
const hasSm3 = getHashes().includes('sm3');

export function algorithmProperties(algorithm: SignatureAlgorithm): AlgorithmProperties {
  return properties[algorithm];
}

const supported: ReadonlyMap<string, SignatureAlgorithm> = new Map(
  (['SDK-HMAC-SHA256', 'V11-HMAC-SHA256', 'SDK-ECDSA-P256-SHA256', 'SDK-HMAC-SM3'] as const)
    .filter((name) => hasSm3 || name !== 'SDK-HMAC-SM3')
    .map((name) => [name, name]),
);

/**
 * The algorithm of this name, where this process can compute it. What is looked up by the text of a header costs V8 a
 * search for the same text among all names that it knows, each time; by the name given back it does not.
 */
export const supportedAlgorithm = (name: string): SignatureAlgorithm | undefined => supported.get(name);

/** Lower-case hex hash of the raw body bytes. */
export function bodyHash(algorithm: AlgorithmProperties, body: Buffer | BodyHash): string {
  if (!Buffer.isBuffer(body)) return body.hash;
  return body.length === 0 ? algorithm.emptyBodyHash : hash(algorithm.hash, body, 'hex');
}
