// The hashes of a Merkle tree (RFC 6962 §2.1): SHA-256, with different first bytes for leaves and inner nodes.
import { hash } from 'node:crypto';

/** Bytes of a hash. */
export const hashSize = 32;

/** Holds what is hashed, behind its first byte; longer ones are seldom. */
const scratch = Buffer.alloc(8192);
const leafPrefix = 0;
const nodePrefix = 1;

export function leafHash(entry: Buffer): Buffer {
  if (entry.length >= scratch.length) return sha256(Buffer.concat([Buffer.of(leafPrefix), entry]));
  scratch[0] = leafPrefix;
  entry.copy(scratch, 1);
  return sha256(scratch.subarray(0, 1 + entry.length));
}

export function nodeHash(left: Buffer, right: Buffer): Buffer {
  scratch[0] = nodePrefix;
  left.copy(scratch, 1);
  right.copy(scratch, 1 + left.length);
  return sha256(scratch.subarray(0, 1 + left.length + right.length));
}

/** In one call, and by way of a text: an object that hashes piece by piece, or a buffer of node's own for each hash, costs as much again. */
const sha256 = (bytes: Buffer): Buffer => Buffer.from(hash('sha256', bytes, 'binary'), 'latin1');

/** The root of a tree without leaves. */
export const emptyRoot: Buffer = hash('sha256', '', 'buffer');

/** The root over hashes of equally large complete subtrees, left to right. */
export function rootOver(hashes: readonly Buffer[]): Buffer {
  let row = hashes;
  while (row.length > 1) row = pairs(row);
  return row[0] ?? emptyRoot;
}

/** A last hash without a partner rises as it is: that is the tree of RFC 6962 for any number of leaves. */
function pairs(row: readonly Buffer[]): readonly Buffer[] {
  const above: Buffer[] = [];
  for (let at = 0; at < row.length; at += 2) {
    const [left, right] = [row[at], row[at + 1]];
    if (left !== undefined) above.push(right === undefined ? left : nodeHash(left, right));
  }
  return above;
}
