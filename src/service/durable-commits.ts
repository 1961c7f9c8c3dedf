// Commits that outlive a failover: through the gate, onto the replicas, into the journal, and only then answered.
import { ApiError } from '../base/api-error.js';
import { seconds, type Clock } from '../base/clock.js';
import type { CellWatch } from '../redis/cell-watch.js';
import type { KeyNames } from '../redis/cells.js';
import type { RedisConnection } from '../redis/client.js';
import { cellsOf } from '../redis/commit-steps.js';
import { missingEndings, type RecoveryTools } from '../redis/recovery.js';
import { waitForReplicas } from '../redis/replicas.js';
import type { CommitResult, CommitStore, Ending } from '../sts/commit.js';
import type { CellGate, Passage } from './cell-gate.js';
import { cellOfEnding } from './journal/endings.js';
import type { RevocationJournal } from './journal/writer.js';

export interface DurableCommitParts {
  readonly tools: RecoveryTools;
  readonly watch: CellWatch;
  readonly clock: Clock;
  readonly gate: CellGate;
  readonly journal: Pick<RevocationJournal, 'append'>;
  /** How many replicas must have a revocation or a change before it is answered. */
  readonly replicas: number;
  /** Throws while this process must not decide anything. */
  refuse(): void;
}

const replicaMilliseconds = 2000;

/**
 * INVARIANT: a revocation is acknowledged only when it is on as many replicas as wanted, then in the journal on the
 * disk, and after that still found over the connection that the commit went over: so whoever is connected to another
 * state by then, with or without the revocation, reads the journal before he serves.
 */
export function durableCommits(store: CommitStore, parts: DurableCommitParts): CommitStore {
  const { tools, gate, replicas } = parts;
  const { redis, names } = tools;
  return {
    async commit(commit) {
      parts.refuse();
      const cells = cellsOf(commit, names);
      const entered = gate.enter(cells);
      const passage = entered instanceof Promise ? await entered : entered;
      let result: CommitResult;
      try {
        result = await store.commit(commit);
      } catch (error) {
        if (!(error instanceof ApiError) || error.errorName !== 'cellWentBack') throw error;
        // Nothing was written. Where another process has recovered the cell already, the call is decided again on it.
        gate.close(cells);
        await gate.enter(cells);
        result = { result: 'conflict' };
      }
      passage.leave();
      if (result.result !== 'committed') return result;
      const isLasting = result.endings.length > 0 || (commit.changes ?? []).length > 0;
      if (isLasting) await waitOn(redis, names, passage, replicas);
      if (result.endings.length > 0) {
        await keep(parts, result.endings);
        passage.leave();
      }
      return result;
    },
  };
}

async function waitOn(redis: RedisConnection, names: KeyNames, { marks }: Passage, wanted: number): Promise<void> {
  if (wanted === 0) return;
  const servers = new Map([...marks].map(([cell, mark]) => [mark.server, { cell, mark }]));
  await Promise.all([...servers.values()].map(async ({ cell, mark }) => {
    const have = await waitForReplicas(redis, names.cellState(cell), wanted, replicaMilliseconds, mark).catch((error: unknown) => {
      throw notReplicated(error);
    });
    if (have < wanted) throw notReplicated(new Error(`${have} of ${wanted} replicas have it`));
  }));
}

function notReplicated(cause: unknown): ApiError {
  const error = new ApiError('notReplicated', 'it is written, but not yet safe against a failover: too few replicas have it; a revocation may be repeated until it succeeds');
  error.cause = cause;
  return error;
}

async function keep({ tools, watch, clock, journal }: DurableCommitParts, endings: readonly Ending[]): Promise<void> {
  const time = seconds(clock.now());
  const { names } = tools;
  await journal.append(endings.map((ending) => {
    const cell = cellOfEnding(names, ending);
    return { time, cell, position: watch.known(cell), ending };
  }));
  const missing = await missingEndings(tools, endings.map((ending) => ({ ending, time })));
  if (missing.length > 0) throw new ApiError('cellWentBack', 'the state of this service was put back to an earlier one during the call; repeat the call until it succeeds');
}
