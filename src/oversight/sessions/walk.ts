// Walks the tree below a session level by level, a bounded piece at a time, from wherever the last piece ended.
import type { IndexEntry, SessionIndex } from '../../sessions/session-index.js';

/**
 * Where a walk stands: the level it is on, whether that has a session at all, and the way down to the next one: of the
 * children of each session on it, those below the place are still to come (null: all). No more than a way is kept, so
 * each level is reached from the top again; there are no more levels than a chain may have hops.
 */
export interface WalkPosition {
  readonly level: number;
  readonly isPopulated: boolean;
  readonly way: readonly (readonly [parentId: string, below: number | null])[];
}

export interface WalkedSession {
  readonly sessionId: string;
  /** Ids from the session that the walk started from to the parent. */
  readonly path: readonly string[];
}

export interface WalkedPiece {
  readonly sessions: readonly WalkedSession[];
  /** Undefined: the whole tree was walked. */
  readonly next: WalkPosition | undefined;
}

type Tree = Pick<SessionIndex, 'ofParent' | 'ends'>;

interface Frame {
  readonly parentId: string;
  /** Of the children that were not read yet; undefined: none were. */
  below: number | undefined;
  /** Children that were read and have children themselves, with the place above those. */
  waiting: readonly { readonly sessionId: string; readonly place: number; readonly end: number }[];
}

const readTogether = 128;

/** @param mostSteps how many index entries and parents are looked at: a piece may end before it has `most` sessions */
export async function walkDown(tree: Tree, rootId: string, from: WalkPosition | undefined, most: number, mostSteps: number): Promise<WalkedPiece> {
  const start: WalkPosition = { level: 1, isPopulated: false, way: [[rootId, null]] };
  let { level, isPopulated } = from ?? start;
  let frames = framesOf(from ?? start);
  const sessions: WalkedSession[] = [];
  for (let steps = 0; steps < mostSteps && sessions.length < most; steps += 1) {
    const frame = frames.at(-1);
    if (frame === undefined) {
      if (!isPopulated) break;
      level += 1;
      isPopulated = false;
      frames = framesOf(start);
    } else if (frames.length < level) {
      steps += await goDown(tree, frames, frame);
    } else {
      const children = await childrenOf(tree, frame, Math.min(readTogether, most - sessions.length));
      const path = frames.map(({ parentId }) => parentId);
      sessions.push(...children.map(({ sessionId }) => ({ sessionId, path })));
      isPopulated ||= children.length > 0;
      steps += children.length;
      if (children.length === 0) frames.pop();
    }
  }
  if (frames.length === 0 && !isPopulated) return { sessions, next: undefined };
  return { sessions, next: { level, isPopulated, way: frames.map(({ parentId, below, waiting: [next] }) => [parentId, next === undefined ? below ?? null : next.place + 1]) } };
}

const framesOf = ({ way }: WalkPosition): Frame[] => way.map(([parentId, below]) => ({ parentId, below: below ?? undefined, waiting: [] }));

/** The next children of a frame; none when all were read. */
async function childrenOf(tree: Tree, frame: Frame, most: number): ReturnType<Tree['ofParent']> {
  if (frame.below === 0) return [];
  const children = await tree.ofParent(frame.parentId, frame.below, most);
  frame.below = children.at(-1)?.place ?? 0;
  return children;
}

/**
 * To the next child that has children, or up again. Gives back how many children were looked at. INVARIANT: whoever
 * goes on from a position gets further with the first step, however small the pieces are: what was read is gone into.
 */
async function goDown(tree: Tree, frames: Frame[], frame: Frame): Promise<number> {
  const children = frame.waiting.length > 0 ? [] : await childrenOf(tree, frame, readTogether);
  if (children.length > 0) frame.waiting = await parentsAmong(tree, children);
  else if (frame.waiting.length === 0) frames.pop();
  const [next, ...waiting] = frame.waiting;
  if (next === undefined) return children.length;
  frame.waiting = waiting;
  frames.push({ parentId: next.sessionId, below: next.end, waiting: [] });
  return children.length;
}

async function parentsAmong(tree: Tree, children: readonly IndexEntry[]): Promise<Frame['waiting']> {
  const ends = await tree.ends(children.map(({ sessionId }) => sessionId));
  return children.flatMap(({ sessionId, place }) => {
    const end = ends.get(sessionId);
    return end === undefined ? [] : [{ sessionId, place, end }];
  });
}
