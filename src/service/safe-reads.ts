// Reads of what ended sessions that no commit follows: only from a state that lacks no revocation.
import { ApiError } from '../base/api-error.js';
import { readCell, type CellWatch } from '../redis/cell-watch.js';
import type { KeyNames } from '../redis/cells.js';
import { reach, type RedisConnection } from '../redis/client.js';
import type { CellGate } from './cell-gate.js';

export interface SafeReadParts {
  readonly redis: RedisConnection;
  readonly names: KeyNames;
  readonly watch: CellWatch;
  readonly gate: CellGate;
  readonly refuse: () => void;
}

/** INVARIANT: where the cells stand is asked behind the work: a state that went back before or meanwhile shows. */
export function safeReads({ redis, names, watch, gate, refuse }: SafeReadParts): <Value>(cells: readonly number[], work: () => Promise<Value>) => Promise<Value> {
  return async (cells, work) => {
    refuse();
    const passage = await gate.enter(cells);
    const known = cells.map((cell) => watch.known(cell));
    const found = await work();
    const positions = await reach(() => Promise.all(cells.map((cell) => readCell(redis, names, cell))));
    const behind = cells.filter((_, at) => known[at]?.incarnation !== positions[at]?.incarnation || (positions[at]?.sequence ?? 0) < (known[at]?.sequence ?? 0));
    if (behind.length > 0) {
      gate.close(behind);
      throw new ApiError('cellWentBack', 'the state of this service was put back to an earlier one: it is being made safe; try again');
    }
    passage.leave();
    return found;
  };
}
