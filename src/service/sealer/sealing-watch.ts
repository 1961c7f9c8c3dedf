// What a process tells of sealing: reasons not to be ready, warnings, and numbers for metrics; read at most once a second.
import type { Clock } from '../../base/clock.js';
import { readSealing, type CellSealing } from '../../redis/sealing-status.js';
import type { KeyNames } from '../../redis/cells.js';
import type { RedisConnection } from '../../redis/client.js';
import type { Keyring } from '../../keyring/keyring.js';

export interface SealingWatch {
  readinessOfSealing(): Promise<{ readonly reasons: readonly string[]; readonly warnings: readonly string[] }>;
  cells(): Promise<readonly WatchedCell[]>;
}

export interface WatchedCell extends CellSealing {
  /** 0 when nothing waits. */
  readonly oldestWaitsMilliseconds: number;
}

export interface SealingWatchTools {
  readonly redis: RedisConnection;
  readonly names: KeyNames;
  readonly keyring: Keyring;
  readonly clock: Clock;
  /** `STS_AUDIT_MAX_UNSEALED`. */
  readonly mostUnsealedEvents: number;
}

const keptMilliseconds = 1000;
/** How long events may wait before the service says that it is not ready. */
const patienceMilliseconds = 10_000;
const warnedFrom = 0.8;

export function sealingWatch({ redis, names, keyring, clock, mostUnsealedEvents }: SealingWatchTools): SealingWatch {
  let kept: { readonly since: number; readonly cells: Promise<readonly WatchedCell[]> } | undefined;
  /** Which event of a cell waits longest, and since when this process has seen it there: a span that no clock can bend. */
  const oldest = new Map<number, { readonly streamId: string; readonly since: number }>();
  const waitedFor = ({ cell, oldest: waiting }: CellSealing): number => {
    if (waiting === undefined) {
      oldest.delete(cell);
      return 0;
    }
    const known = oldest.get(cell);
    const since = known?.streamId === waiting.streamId ? known.since : performance.now();
    oldest.set(cell, { streamId: waiting.streamId, since });
    return Math.max(performance.now() - since, waiting.time === undefined ? 0 : clock.now() - waiting.time);
  };
  const read = async (): Promise<readonly WatchedCell[]> =>
    (await readSealing(redis, names, keyring)).map((sealing) => ({ ...sealing, oldestWaitsMilliseconds: waitedFor(sealing) }));
  const cells = (): Promise<readonly WatchedCell[]> => {
    const now = performance.now();
    if (kept === undefined || now - kept.since >= keptMilliseconds) kept = { since: now, cells: read() };
    return kept.cells;
  };
  return {
    cells,
    async readinessOfSealing() {
      // That Redis is away is told by others.
      const all = await cells().catch(() => []);
      const reasons = all.flatMap(({ cell, fault, oldestWaitsMilliseconds: waited }) => {
        if (fault !== undefined) return [`events of cell ${cell} cannot be sealed: ${fault}`];
        return waited > patienceMilliseconds ? [`events of cell ${cell} wait to be sealed for ${Math.floor(waited / 1000)} s`] : [];
      });
      const warnings = all.filter(({ unsealed }) => unsealed > warnedFrom * mostUnsealedEvents)
        .map(({ cell, unsealed }) => `${unsealed} events of cell ${cell} wait to be sealed; from ${mostUnsealedEvents} on calls are refused`);
      return { reasons, warnings };
    },
  };
}
