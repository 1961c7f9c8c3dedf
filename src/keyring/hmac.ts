// HMAC-SHA256 (RFC 2104) of a text, with two hashes in one call each: node's own object costs twice as much for texts of a few hundred bytes.
import { createHmac, hash, type KeyObject } from 'node:crypto';

const blockBytes = 64;
const hashBytes = 32;
/** Of the texts that are hashed in place; longer ones are seldom, and node's own way is as good for them. */
const mostTextBytes = 16_384;
const mostBytesOfCharacter = 3;

/** The key's two blocks, each in front of the place of what is hashed with it. */
interface Blocks {
  readonly inner: Buffer;
  readonly outer: Buffer;
}

/** As long as the key itself is in use. */
const blocksOfKeys = new WeakMap<KeyObject, Blocks>();

/** The code as base64url, 43 characters. @param key a secret */
export function hmacSha256(key: KeyObject, text: string): string {
  if (text.length * mostBytesOfCharacter > mostTextBytes) return createHmac('sha256', key).update(text).digest('base64url');
  const { inner, outer } = blocksOf(key);
  const end = blockBytes + inner.write(text, blockBytes);
  // A text as the result is the quickest one to get.
  outer.write(hash('sha256', inner.subarray(0, end), 'binary'), blockBytes, 'latin1');
  return hash('sha256', outer, 'base64url');
}

function blocksOf(key: KeyObject): Blocks {
  const known = blocksOfKeys.get(key);
  if (known !== undefined) return known;
  const secret = key.export();
  const block = secret.length > blockBytes ? hash('sha256', secret, 'buffer') : secret;
  const padded = (pad: number, more: number): Buffer => {
    const bytes = Buffer.alloc(blockBytes + more, 0);
    for (let at = 0; at < blockBytes; at += 1) bytes[at] = (block[at] ?? 0) ^ pad;
    return bytes;
  };
  const made = { inner: padded(0x36, mostTextBytes), outer: padded(0x5c, hashBytes) };
  blocksOfKeys.set(key, made);
  return made;
}
