// The tree below a session is walked level by level, whole and without a double, however small the pieces are.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { walkDown, type WalkPosition } from '../../src/oversight/sessions/walk.js';
import type { IndexEntry, SessionIndex } from '../../src/sessions/session-index.js';

/** Parent → children, oldest first. */
type Tree = ReadonlyMap<string, readonly string[]>;

const indexOf = (tree: Tree): Pick<SessionIndex, 'ofParent' | 'ends'> => ({
  ofParent: (parentId, below, most) => {
    const entries = (tree.get(parentId) ?? []).map((sessionId, place): IndexEntry => ({ sessionId, place }));
    return Promise.resolve(entries.filter(({ place }) => below === undefined || place < below).reverse().slice(0, most));
  },
  ends: (ids) => Promise.resolve(new Map(ids.flatMap((id) => (tree.get(id) ?? []).length === 0 ? [] : [[id, tree.get(id)?.length ?? 0]]))),
});

/** Each node below the root is put under an earlier one. */
const trees = fc.array(fc.nat(), { maxLength: 40 }).map((parents): Tree => {
  const tree = new Map<string, string[]>();
  parents.forEach((parent, node) => {
    const parentId = String(parent % (node + 1));
    tree.set(parentId, [...(tree.get(parentId) ?? []), String(node + 1)]);
  });
  return tree;
});

function breadthFirst(tree: Tree): readonly string[] {
  const found: string[] = [];
  for (let level = ['0']; level.length > 0; found.push(...level)) level = level.flatMap((id) => (tree.get(id) ?? []).toReversed());
  return found;
}

async function walkedWhole(tree: Tree, most: number, mostSteps: number, between: () => void = () => undefined): Promise<readonly string[]> {
  const found: string[] = [];
  let next: WalkPosition | undefined;
  for (let pieces = 0; pieces === 0 || next !== undefined; pieces += 1) {
    if (pieces > 20_000) throw new Error('the walk does not end');
    const piece = await walkDown(indexOf(tree), '0', next, most, mostSteps);
    expect(piece.sessions.length).toBeLessThanOrEqual(most);
    for (const { sessionId, path } of piece.sessions) {
      expect([path[0], tree.get(path.at(-1) ?? '')?.includes(sessionId)]).toEqual(['0', true]);
      found.push(sessionId);
    }
    // As it goes through a marker.
    next = piece.next === undefined ? undefined : JSON.parse(JSON.stringify(piece.next)) as WalkPosition;
    between();
  }
  return found;
}

it('for any tree, any number per piece and any bound of the work', async () => {
  await fc.assert(fc.asyncProperty(trees, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 20 }), async (tree, most, mostSteps) => {
    expect(await walkedWhole(tree, most, mostSteps)).toEqual(breadthFirst(tree));
  }), { numRuns: 300 });
});

it('what was there before the walk is found once, whatever comes into being meanwhile', async () => {
  await fc.assert(fc.asyncProperty(trees, fc.integer({ min: 1, max: 5 }), async (tree, most) => {
    const growing = new Map(tree);
    let born = 0;
    const found = await walkedWhole(growing, most, 5, () => {
      // A few more below the root and below another: they may be seen or not.
      if (born < 6) for (const parentId of ['0', '1']) growing.set(parentId, [...(growing.get(parentId) ?? []), `new-${born += 1}`]);
    });
    expect(new Set(found).size).toBe(found.length);
    expect(breadthFirst(tree).filter((id) => !found.includes(id))).toEqual([]);
  }), { numRuns: 200 });
});
