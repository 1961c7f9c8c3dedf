// Roots and proofs (RFC 6962 §2.1) of a tree whose hashes are looked up, and checks of such proofs.
import { emptyRoot, nodeHash } from './hash.js';

/** The hash over the complete subtree of the leaves [index × 2^level, (index + 1) × 2^level). */
export type HashLookup = (level: number, index: number) => Promise<Buffer>;

/** Leaves from `start`, before `end`. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** The root of the tree of the first `size` leaves. */
export const treeRoot = (lookup: HashLookup, size: number): Promise<Buffer> => (size === 0 ? Promise.resolve(emptyRoot) : rangeHash(lookup, { start: 0, end: size }));

/** From the leaf's sibling up to the root's child. */
export function inclusionProof(lookup: HashLookup, index: number, size: number): Promise<readonly Buffer[]> {
  return Promise.all(pathRanges(index, { start: 0, end: size }).map((range) => rangeHash(lookup, range)));
}

/** Shows that the tree of `from` leaves is the beginning of the tree of `to` leaves; 0 < from <= to. */
export function consistencyProof(lookup: HashLookup, from: number, to: number): Promise<readonly Buffer[]> {
  return Promise.all(subproofRanges(from, { start: 0, end: to }, true).map((range) => rangeHash(lookup, range)));
}

export interface Inclusion {
  readonly leafHash: Buffer;
  readonly index: number;
  readonly size: number;
  readonly proof: readonly Buffer[];
}

/** The root that a proof leads to; undefined when it is too short or too long for its place. */
export function rootOfInclusion({ leafHash, index, size, proof }: Inclusion): Buffer | undefined {
  if (index < 0 || index >= size) return undefined;
  const last = proof.at(-1);
  if (size === 1 || last === undefined) return size === 1 && last === undefined ? leafHash : undefined;
  const left = split(size);
  const rest = proof.slice(0, -1);
  const below = rootOfInclusion(index < left ? { leafHash, index, size: left, proof: rest } : { leafHash, index: index - left, size: size - left, proof: rest });
  if (below === undefined) return undefined;
  return index < left ? nodeHash(below, last) : nodeHash(last, below);
}

export const verifyInclusion = (inclusion: Inclusion, root: Buffer): boolean => rootOfInclusion(inclusion)?.equals(root) === true;

export interface TreeHead {
  readonly size: number;
  readonly root: Buffer;
}

/** True when the proof shows that the tree `to` begins with the tree `from`. */
export function verifyConsistency(from: TreeHead, to: TreeHead, proof: readonly Buffer[]): boolean {
  if (from.size > to.size) return false;
  if (from.size === 0) return proof.length === 0 && from.root.equals(emptyRoot);
  const roots = rootsOfConsistency(from.size, to.size, proof, from.root);
  return roots !== undefined && roots.old.equals(from.root) && roots.new.equals(to.root);
}

/** @param known the root that needs no proof: that of the old tree, as long as it is a whole left part of the new one */
function rootsOfConsistency(from: number, to: number, proof: readonly Buffer[], known: Buffer | undefined): { readonly old: Buffer; readonly new: Buffer } | undefined {
  const last = proof.at(-1);
  if (from === to) {
    const whole = known ?? last;
    return whole !== undefined && proof.length === (known === undefined ? 1 : 0) ? { old: whole, new: whole } : undefined;
  }
  if (last === undefined) return undefined;
  const left = split(to);
  const rest = proof.slice(0, -1);
  if (from <= left) {
    const below = rootsOfConsistency(from, left, rest, known);
    return below && { old: below.old, new: nodeHash(below.new, last) };
  }
  const below = rootsOfConsistency(from - left, to - left, rest, undefined);
  return below && { old: nodeHash(last, below.old), new: nodeHash(last, below.new) };
}

function pathRanges(index: number, { start, end }: Range): readonly Range[] {
  if (end - start === 1) return [];
  const middle = start + split(end - start);
  return index < middle
    ? [...pathRanges(index, { start, end: middle }), { start: middle, end }]
    : [...pathRanges(index, { start: middle, end }), { start, end: middle }];
}

function subproofRanges(from: number, { start, end }: Range, whole: boolean): readonly Range[] {
  if (from === end) return whole ? [] : [{ start, end }];
  const middle = start + split(end - start);
  return from <= middle
    ? [...subproofRanges(from, { start, end: middle }, whole), { start: middle, end }]
    : [...subproofRanges(from, { start: middle, end }, false), { start, end: middle }];
}

/** The range is the whole of a subtree in the tree of RFC 6962, so its complete parts are aligned. */
async function rangeHash(lookup: HashLookup, { start, end }: Range): Promise<Buffer> {
  const parts: Promise<Buffer>[] = [];
  for (let at = start; at < end;) {
    const level = Math.floor(Math.log2(end - at));
    // The logarithm of a number just below a power of two may be rounded up to it.
    const fitting = 2 ** level > end - at ? level - 1 : level;
    parts.push(lookup(fitting, at / 2 ** fitting));
    at += 2 ** fitting;
  }
  return (await Promise.all(parts)).reduceRight((right, left) => nodeHash(left, right));
}

/** The largest power of two below `size`. */
function split(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}
