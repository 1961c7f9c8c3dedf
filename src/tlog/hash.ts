// The hashes of a Merkle tree (RFC 6962 §2.1): SHA-256, with different first bytes for leaves and inner nodes.
import { hash } from 'node:crypto';

/** Bytes of a hash. */
export const hashSize = 32;

const leafPrefix = Buffer.of(0);
const nodePrefix = Buffer.of(1);

export const leafHash = (entry: Buffer): Buffer => sha256(Buffer.concat([leafPrefix, entry]));

export const nodeHash = (left: Buffer, right: Buffer): Buffer => sha256(Buffer.concat([nodePrefix, left, right]));

/** In one call: sealing hashes every event twice, and an object that hashes piece by piece costs as much again. */
const sha256 = (bytes: Buffer): Buffer => hash('sha256', bytes, 'buffer');

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
