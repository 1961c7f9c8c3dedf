// The hashes of a Merkle tree (RFC 6962 §2.1): SHA-256, with different first bytes for leaves and inner nodes.
import { createHash } from 'node:crypto';

/** Bytes of a hash. */
export const hashSize = 32;

const leafPrefix = Buffer.of(0);
const nodePrefix = Buffer.of(1);

export const leafHash = (entry: Buffer): Buffer => createHash('sha256').update(leafPrefix).update(entry).digest();

export const nodeHash = (left: Buffer, right: Buffer): Buffer => createHash('sha256').update(nodePrefix).update(left).update(right).digest();

/** The root of a tree without leaves. */
export const emptyRoot: Buffer = createHash('sha256').digest();

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
