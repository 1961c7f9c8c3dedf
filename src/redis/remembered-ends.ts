// What this process last read of what ends sessions, per account: a decision may stand on it, since its commit asks again.
import { LRUCache } from 'lru-cache';
import type { Boundaries, EndOfSessions, EpochSubject } from '../directory/store.js';

/** Subjects of all accounts together, and of one, that are remembered at most: source identities come from callers. */
const mostSubjectsTogether = 200_000;
const mostSubjects = 2_000;

interface Remembered {
  boundaries: Boundaries;
  readonly epochs: Map<EpochSubject, number>;
  /** What was given last: most calls of an account ask for the same as the one before. */
  last: { readonly subjects: readonly EpochSubject[]; readonly ends: EndOfSessions } | undefined;
}

export interface RememberedEnds {
  /** Undefined unless every subject is known. */
  of(accountId: string, subjects: readonly EpochSubject[]): EndOfSessions | undefined;
  remember(accountId: string, ends: EndOfSessions): void;
  forget(accountId: string): void;
}

export function rememberedEnds(): RememberedEnds {
  const accounts = new LRUCache<string, Remembered>({ maxSize: mostSubjectsTogether, sizeCalculation: ({ epochs, boundaries }) => 1 + epochs.size + boundaries.of.size });
  return {
    of(accountId, subjects) {
      const known = accounts.get(accountId);
      if (known === undefined) return undefined;
      if (known.last !== undefined && isSame(known.last.subjects, subjects)) return known.last.ends;
      const epochs = new Map<EpochSubject, number>();
      for (const subject of subjects) {
        const epoch = known.epochs.get(subject);
        if (epoch === undefined) return undefined;
        epochs.set(subject, epoch);
      }
      known.last = { subjects, ends: { epochs, boundaries: known.boundaries } };
      return known.last.ends;
    },
    remember(accountId, { epochs, boundaries }) {
      let known = accounts.get(accountId);
      if (known === undefined || known.epochs.size > mostSubjects) known = { boundaries, epochs: new Map(), last: undefined };
      known.boundaries = boundaries;
      known.last = undefined;
      for (const [subject, epoch] of epochs) known.epochs.set(subject, epoch);
      accounts.set(accountId, known);
    },
    forget: (accountId) => void accounts.delete(accountId),
  };
}

function isSame(one: readonly EpochSubject[], other: readonly EpochSubject[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
