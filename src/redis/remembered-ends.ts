// What this process last read of what ends sessions, per account: a decision may stand on it, since its commit asks again.
import { LRUCache } from 'lru-cache';
import type { Boundaries, EndOfSessions, EpochSubject } from '../directory/store.js';

/** Subjects of all accounts together, and of one, that are remembered at most: source identities come from callers. */
const mostSubjectsTogether = 200_000;
const mostSubjects = 2_000;

interface Remembered {
  boundaries: Boundaries;
  readonly epochs: Map<EpochSubject, number>;
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
      const epochs = new Map<EpochSubject, number>();
      for (const subject of subjects) {
        const epoch = known.epochs.get(subject);
        if (epoch === undefined) return undefined;
        epochs.set(subject, epoch);
      }
      return { epochs, boundaries: known.boundaries };
    },
    remember(accountId, { epochs, boundaries }) {
      let known = accounts.get(accountId);
      if (known === undefined || known.epochs.size > mostSubjects) known = { boundaries, epochs: new Map() };
      known.boundaries = boundaries;
      for (const [subject, epoch] of epochs) known.epochs.set(subject, epoch);
      accounts.set(accountId, known);
    },
    forget: (accountId) => void accounts.delete(accountId),
  };
}
