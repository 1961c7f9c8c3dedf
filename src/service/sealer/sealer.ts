// The sealer of a process: takes turns at the cells, a few at a time, for as long as the process serves.
import { randomInt } from 'node:crypto';
import type { Log } from '../../http/errors.js';
import type { Checkpoint } from '../../audit/log/log.js';
import { cellsToSeal } from '../../redis/audit-seal.js';
import type { Alarms } from '../alarms.js';
import { faultReports } from './fault-reports.js';
import { sealCell, type SealTools } from './seal-cell.js';

export interface Sealer {
  /** A turn at every cell, now; rejects with the first fault. For tests, and for the end of a process. */
  sealAll(): Promise<void>;
  /** Takes no more turns, and waits for those under way, within limits. */
  stop(): Promise<void>;
}

export interface SealerOptions extends Omit<SealTools, 'mended' | 'times'> {
  readonly alarms: Alarms;
  readonly logger: Log;
  /** Before each turn; where it throws, none is taken. */
  readonly beforeTurn?: () => Promise<void>;
  /** After a turn that left nothing to do. */
  readonly afterTurn?: (cell: number, checkpoint: Checkpoint) => Promise<void>;
  readonly times?: SealTools['times'];
}

/** A turn that goes on for longer, as on a disk that hangs, and one of a process that was killed, is anybody's then. */
const standardTimes: SealTools['times'] = { turnMilliseconds: 5000, idleMilliseconds: 4000 };

const everyMilliseconds = 1000;
/** A cell with a fault is tried again after this. */
const afterFaultMilliseconds = 1000;
/**
 * Cells that one process seals at once. INVARIANT: a turn asks the disk for one thing after the other, and for three at
 * once where much waits, so a disk that hangs does not take all of the threads that the process has for what blocks.
 */
const atOnce = 1;
const stopMilliseconds = 3000;

/** @param start false: only {@link Sealer.sealAll} seals */
export function startSealer(options: SealerOptions, start: boolean): Sealer {
  const { redis, names, alarms, logger, times = standardTimes } = options;
  const reports = faultReports(redis, names, alarms, logger);
  const tools: SealTools = { ...options, times, mended: (cell, what) => reports.mended(cell, what) };
  const cells = shuffled(names.cells);
  const running = new Map<number, Promise<void>>();
  const waiting: (() => void)[] = [];
  const notBefore = new Map<number, number>();
  let free = atOnce;
  let stopping = false;

  const takeTurn = async (cell: number): Promise<void> => {
    await options.beforeTurn?.();
    const result = await sealCell(tools, cell);
    if (typeof result === 'string') return;
    await reports.succeeded(cell);
    if (result.checkpoint === undefined) return;
    // What it does can wait, and says nothing about sealing.
    await options.afterTurn?.(cell, result.checkpoint).catch((error: unknown) => logger.error({ cell, cause: String(error) }, 'old events were not removed from the audit log'));
  };
  const inTurn = async (cell: number, onFault?: (error: unknown) => void): Promise<void> => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free -= 1;
    try {
      if (!stopping) await takeTurn(cell);
    } catch (error) {
      // The connection goes with the process.
      if (stopping) return;
      notBefore.set(cell, performance.now() + afterFaultMilliseconds);
      await reports.failed(cell, error);
      onFault?.(error);
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
  const tick = async (): Promise<void> => {
    // Redis that cannot be asked is a fault of every cell, told by its turn.
    for (const cell of await cellsToSeal(redis, names, cells).catch(() => cells)) {
      if (stopping || running.has(cell) || (notBefore.get(cell) ?? 0) > performance.now()) continue;
      running.set(cell, inTurn(cell).finally(() => running.delete(cell)));
    }
  };
  let ticking: Promise<void> | undefined;
  const timer = start ? setInterval(() => {
    ticking ??= tick().finally(() => {
      ticking = undefined;
    });
  }, everyMilliseconds) : undefined;
  return {
    async sealAll() {
      const faults: unknown[] = [];
      for (const cell of cells) await inTurn(cell, (error) => faults.push(error));
      if (faults.length > 0) throw faults[0];
    },
    async stop() {
      stopping = true;
      clearInterval(timer);
      let patience: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        patience = setTimeout(resolve, stopMilliseconds);
      });
      await Promise.race([Promise.all(running.values()), late]);
      clearTimeout(patience);
    },
  };
}

/** Each process has its own order, so that they seldom meet. */
function shuffled(count: number): readonly number[] {
  const cells = Array.from({ length: count }, (_, cell) => cell);
  for (let at = count - 1; at > 0; at -= 1) {
    const other = randomInt(at + 1);
    // Both are indexes of the list.
    [cells[at], cells[other]] = [cells[other] as number, cells[at] as number];
  }
  return cells;
}
