// Turns: writers of one account in one process wait for each other, instead of losing the same race again and again.

export interface Turns {
  /** Whether anyone waits for a turn at this account, or has it. */
  areTaken(accountId: string): boolean;
  /** Runs the work when everyone who came before is done. */
  take<Result>(accountId: string, work: () => Promise<Result>): Promise<Result>;
}

export function turns(): Turns {
  /** The end of each account's queue. */
  const last = new Map<string, Promise<void>>();
  return {
    areTaken: (accountId) => last.has(accountId),
    async take(accountId, work) {
      const before = last.get(accountId);
      let end: () => void = () => undefined;
      const mine = new Promise<void>((resolve) => {
        end = resolve;
      });
      last.set(accountId, mine);
      try {
        await before;
        return await work();
      } finally {
        end();
        if (last.get(accountId) === mine) last.delete(accountId);
      }
    },
  };
}
