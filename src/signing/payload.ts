// The payload hash: the body's own, or what a signed header puts in its place.
import { bodyHash, type AlgorithmProperties } from './algorithms.js';
import { refuse, type BodyHash, type Refused } from './types.js';

export const unsignedPayload = 'UNSIGNED-PAYLOAD';

/**
 * The content-hash rule (request signatures §4): a hash in the header must be the hash of the body received, and
 * UNSIGNED-PAYLOAD stands for a non-empty body only where that is allowed.
 */
export function checkPayload(
  algorithm: AlgorithmProperties,
  contentHeader: string | undefined,
  body: Buffer | BodyHash,
  allowUnsignedPayload: boolean,
): Refused | undefined {
  if (contentHeader === undefined) return undefined;
  if (contentHeader === unsignedPayload) {
    if (allowUnsignedPayload || bodyHash(algorithm, body) === algorithm.emptyBodyHash) return undefined;
    return refuse(
      'unsigned_payload',
      `header \`${algorithm.contentHeader}\` must be the hash of the body, not \`${unsignedPayload}\``,
    );
  }
  if (contentHeader === bodyHash(algorithm, body)) return undefined;
  return refuse(
    'content_hash_mismatch',
    `header \`${algorithm.contentHeader}\` is not the lower-case hex hash of the body received`,
  );
}

/** What may stand in the last line of the canonical request, the likelier first; none if the header lies. */
export function payloadHashes(
  algorithm: AlgorithmProperties,
  contentHeader: string | undefined,
  body: Buffer | BodyHash,
): readonly string[] {
  const hash = bodyHash(algorithm, body);
  if (contentHeader === undefined || contentHeader === hash) return [hash];
  if (contentHeader !== unsignedPayload) return [];
  // For an empty body Go and Node sign the text, Python the hash.
  return hash === algorithm.emptyBodyHash ? [unsignedPayload, hash] : [unsignedPayload];
}
