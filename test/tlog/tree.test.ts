// The Merkle tree of RFC 6962: known roots and proofs, and proofs of every pair of sizes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { consistencyProof, emptyRoot, extendTree, inclusionProof, leafHash, nodeHash, rootOfEdge, rootOver, treeRoot, verifyConsistency, verifyInclusion, type Edge, type HashLookup } from '../../src/tlog/index.js';

/** Inputs and results that the implementations of Certificate Transparency are tested with. */
const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((hex) => Buffer.from(hex, 'hex'));
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125', 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7', '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef', 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const lookupOf = (leaves: readonly Buffer[]): HashLookup => (level, index) => Promise.resolve(rootOver(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)));
const hex = (hashes: readonly Buffer[]): readonly string[] => hashes.map((hash) => hash.toString('hex'));
const numbered = (count: number): readonly Buffer[] => Array.from({ length: count }, (_, at) => leafHash(Buffer.from(String(at))));

/** The definition of RFC 6962 §2.1, word for word. */
function definition(leaves: readonly Buffer[]): Buffer {
  if (leaves.length < 2) return leaves[0] ?? emptyRoot;
  const split = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
  return nodeHash(definition(leaves.slice(0, split)), definition(leaves.slice(split)));
}

describe('known answers', () => {
  it.each(roots.map((root, size) => [size, root] as const))('of the root of %i leaves', async (size, root) => {
    expect((await treeRoot(lookupOf(inputs.map(leafHash)), size)).toString('hex')).toBe(root);
  });

  it.each<[index: number, size: number, proof: readonly string[]]>([
    [0, 1, []],
    [0, 8, ['96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7', '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4']],
    [5, 8, ['bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b', 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7']],
    [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  ])('of the inclusion of leaf %i in %i', async (index, size, proof) => {
    expect(hex(await inclusionProof(lookupOf(inputs.map(leafHash)), index, size))).toEqual(proof);
  });

  it.each<[from: number, to: number, proof: readonly string[]]>([
    [1, 1, []],
    [1, 8, ['96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7', '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4']],
    [6, 8, ['0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a', 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7']],
    [2, 5, ['5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b']],
  ])('of the consistency of %i and %i', async (from, to, proof) => {
    expect(hex(await consistencyProof(lookupOf(inputs.map(leafHash)), from, to))).toEqual(proof);
  });
});

describe('for every size up to 40', () => {
  const leaves = numbered(40);
  const lookup = lookupOf(leaves);
  const rootAt = leaves.map((_, size) => definition(leaves.slice(0, size)));
  rootAt.push(definition(leaves));
  const root = (size: number): Buffer => rootAt[size] ?? emptyRoot;

  it('the root is the one of the definition', async () => {
    for (let size = 0; size <= 40; size += 1) expect(await treeRoot(lookup, size)).toEqual(root(size));
  });

  it('each leaf is proved, and no other leaf, place, size or root with its proof', async () => {
    for (let size = 1; size <= 40; size += 1) {
      for (let index = 0; index < size; index += 1) {
        const proof = await inclusionProof(lookup, index, size);
        const inclusion = { leafHash: leaves[index] ?? emptyRoot, index, size, proof };
        expect(verifyInclusion(inclusion, root(size))).toBe(true);
        expect(verifyInclusion({ ...inclusion, leafHash: emptyRoot }, root(size))).toBe(false);
        expect(verifyInclusion({ ...inclusion, index: index + 1 }, root(size))).toBe(false);
        expect(verifyInclusion({ ...inclusion, proof: [...proof, emptyRoot] }, root(size))).toBe(false);
        expect(verifyInclusion({ ...inclusion, proof: proof.slice(1) }, root(size))).toBe(proof.length === 0);
        expect(verifyInclusion(inclusion, root(size - 1))).toBe(false);
      }
    }
  });

  it('each pair is consistent, and no pair with another root', async () => {
    for (let to = 1; to <= 40; to += 1) {
      for (let from = 1; from <= to; from += 1) {
        const proof = await consistencyProof(lookup, from, to);
        const [old, now] = [{ size: from, root: root(from) }, { size: to, root: root(to) }];
        expect(verifyConsistency(old, now, proof)).toBe(true);
        expect(verifyConsistency({ ...old, root: emptyRoot }, now, proof)).toBe(false);
        expect(verifyConsistency(old, { ...now, root: emptyRoot }, proof)).toBe(false);
        expect(verifyConsistency(old, now, [...proof, emptyRoot])).toBe(false);
        if (from < to) expect(verifyConsistency(now, old, proof)).toBe(false);
        if (proof.length > 0) expect(verifyConsistency(old, now, proof.slice(1))).toBe(false);
      }
    }
  });

  it('every tree continues the empty one, without a proof', () => {
    expect(verifyConsistency({ size: 0, root: emptyRoot }, { size: 7, root: root(7) }, [])).toBe(true);
    expect(verifyConsistency({ size: 0, root: root(1) }, { size: 7, root: root(7) }, [])).toBe(false);
  });
});

describe('a tree that grows at its right edge', () => {
  const leaves = numbered(70_000);
  const batches = fc.array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 250, max: 260 }), fc.integer({ min: 1, max: 1500 })), { minLength: 1, maxLength: 8 });

  it('has the root of the definition, and the tiles of the last step are those of one step', () => {
    fc.assert(fc.property(batches, (counts) => {
      let [size, edge]: [number, Edge] = [0, []];
      const tiles = new Map<string, string>();
      for (const count of counts) {
        const extended = extendTree(size, edge, leaves.slice(size, size + count));
        for (const { level, index, width, hashes } of extended.tiles) tiles.set(`${level}/${index}/${width}`, hex(hashes).join());
        [size, edge] = [size + count, extended.edge];
      }
      const atOnce = extendTree(0, [], leaves.slice(0, size));
      expect(rootOfEdge(edge)).toEqual(definition(leaves.slice(0, size)));
      expect(rootOfEdge(atOnce.edge)).toEqual(rootOfEdge(edge));
      for (const { level, index, width, hashes } of atOnce.tiles) expect(tiles.get(`${level}/${index}/${width}`)).toBe(hex(hashes).join());
    }), { numRuns: 20 });
  });

  it('of 70,000 leaves has the tiles that the format names as its example', () => {
    const { tiles } = extendTree(0, [], leaves);
    const counts = (level: number, full: boolean): number => tiles.filter((tile) => tile.level === level && (tile.width === 256) === full).length;
    expect([counts(0, true), counts(1, true), counts(2, true)]).toEqual([273, 1, 0]);
    expect(tiles.filter(({ width }) => width < 256).map(({ level, width }) => [level, width])).toEqual([[0, 112], [1, 17], [2, 1]]);
  });
});
