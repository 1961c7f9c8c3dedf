// The gate before Redis: no call is served over a connection on which the cells it touches have not been checked.
import { ApiError } from '../base/api-error.js';
import type { CellPosition, CellWatch } from '../redis/cell-watch.js';
import type { KeyNames } from '../redis/cells.js';
import { reach, type RedisConnection } from '../redis/client.js';
import { connectionMark, isConnectionOf, type ConnectionMark } from '../redis/replicas.js';
import { onReconnected, serverIdentity } from '../redis/topology-identity.js';
import type { Alarms } from './alarms.js';

export interface Passage {
  /** The connection to each cell's server. */
  readonly marks: ReadonlyMap<number, ConnectionMark>;
  /** Throws when the way led over another connection than the one that was checked: what came back must not be answered. */
  leave(): void;
}

export interface CellGate {
  /** Waits for a check that is needed, for a moment; throws a 503 while a cell may lack a revocation. */
  enter(cells: ReadonlySet<number> | readonly number[]): Promise<Passage> | Passage;
  /** The cells must be checked again. */
  close(cells: Iterable<number>): void;
  /** Checks what was not checked yet, and tells why it cannot be served. */
  reasons(): Promise<readonly string[]>;
  /** Closes the cells whose server has another history by now although the connection stayed, or is a primary no more. */
  compareServers(): Promise<void>;
  /** Checks at once after each reconnection, until what it gives is called. */
  follow(): () => void;
}

export interface CellGateParts {
  readonly redis: RedisConnection;
  readonly names: KeyNames;
  readonly watch: CellWatch;
  readonly check: (cell: number) => Promise<CellPosition>;
  readonly alarms: Alarms;
}

/** A check takes a few milliseconds; callers do not wait for a recovery. */
const patienceMilliseconds = 1000;

/**
 * INVARIANT: a connection is a socket: a restarted server, a new primary and a restored backup are reached over a new
 * one, and what was checked over the old one counts no more. No window is left for a process that knows less than
 * another: whoever acknowledged a revocation had written its journal before, and proved afterwards that its own
 * connection still led to that state. Who connects to another state connects later, reads all journals after that, and
 * only then serves. Calls under way on the old connection fail with it. A server that loses its data while connections
 * stay has another incarnation, which every commit asks for.
 */
export function cellGate({ redis, names, watch, check, alarms }: CellGateParts): CellGate {
  const marks = new Map<number, ConnectionMark>();
  const identities = new Map<number, string>();
  const failures = new Map<number, string>();
  const running = new Map<number, Promise<void>>();
  const allCells = Array.from({ length: names.cells }, (_, cell) => cell);

  function isCurrent(cell: number, mark: ConnectionMark): boolean {
    try {
      return isConnectionOf(redis, names.cellState(cell), mark);
    } catch {
      // No server is known for the cell.
      return false;
    }
  }

  function openMark(cell: number): ConnectionMark | undefined {
    const mark = marks.get(cell);
    return mark !== undefined && isCurrent(cell, mark) ? mark : undefined;
  }

  async function checkCell(cell: number): Promise<void> {
    const mark = await reach(() => connectionMark(redis, names.cellState(cell)));
    // INVARIANT: only what a primary holds counts: a replica may take over with less than it shows later.
    const identity = await reach(() => serverIdentity(redis, names.cellState(cell)));
    const position = await check(cell);
    if (!isCurrent(cell, mark)) throw new ApiError('cellWentBack', 'the connection to the state of this service moved while it was checked; try again');
    watch.accept(cell, position);
    marks.set(cell, mark);
    identities.set(cell, identity);
    failures.delete(cell);
  }

  function checked(cell: number): Promise<void> {
    const known = running.get(cell);
    if (known !== undefined) return known;
    const work = checkCell(cell).catch((error: unknown) => {
      throw failed(cell, error);
    }).finally(() => running.delete(cell));
    running.set(cell, work);
    // Whoever waits is told.
    work.catch(() => undefined);
    return work;
  }

  function failed(cell: number, error: unknown): ApiError {
    // Told as such already: Redis cannot be reached.
    if (error instanceof ApiError && error.errorName === 'storeUnavailable') return error;
    const text = error instanceof Error ? error.message : String(error);
    if (failures.get(cell) !== text && !(error instanceof ApiError)) alarms.raise({ cell, cause: text }, 'a cell cannot be checked: calls are refused');
    failures.set(cell, text);
    if (error instanceof ApiError) return error;
    const unsafe = new ApiError('cellWentBack', 'whether the state of this service is the latest cannot be told at the moment; try again');
    unsafe.cause = error;
    return unsafe;
  }

  /** Undefined unless all of them are open. */
  function passageOf(cells: ReadonlySet<number> | readonly number[]): Passage | undefined {
    const passed = new Map<number, ConnectionMark>();
    for (const cell of cells) {
      const mark = openMark(cell);
      if (mark === undefined) return undefined;
      passed.set(cell, mark);
    }
    return {
      marks: passed,
      leave() {
        for (const [cell, mark] of passed) if (!isCurrent(cell, mark)) throw new ApiError('cellWentBack', 'the connection to the state of this service moved during the call; try again');
      },
    };
  }

  async function enterChecked(cells: ReadonlySet<number> | readonly number[]): Promise<Passage> {
    await inTime(Promise.all([...cells].filter((cell) => openMark(cell) === undefined).map(checked)));
    const passage = passageOf(cells);
    if (passage === undefined) throw stillChecked();
    return passage;
  }

  return {
    enter: (cells) => passageOf(cells) ?? enterChecked(cells),
    close(cells) {
      for (const cell of cells) marks.delete(cell);
    },
    async reasons() {
      await inTime(Promise.all(allCells.filter((cell) => openMark(cell) === undefined).map(checked))).catch(() => undefined);
      return [...new Set(failures.values())].map((text) => {
        const cells = allCells.filter((cell) => failures.get(cell) === text);
        return `${cells.length === 1 ? 'cell' : 'cells'} ${cells.join(', ')}: ${text}`;
      });
    },
    async compareServers() {
      const byServer = new Map([...marks].map(([cell, { server }]) => [server, cell]));
      await Promise.all([...byServer].map(async ([server, cell]) => {
        const identity = await serverIdentity(redis, names.cellState(cell)).catch(() => undefined);
        if (identity === identities.get(cell)) return;
        for (const [other, mark] of marks) if (mark.server === server) marks.delete(other);
      }));
    },
    follow: () => onReconnected(redis, () => void inTime(Promise.all(allCells.map(checked))).catch(() => undefined)),
  };
}

const stillChecked = (): ApiError => new ApiError('cellWentBack', 'whether the state of this service is the latest is being checked; try again');

async function inTime(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(stillChecked()), patienceMilliseconds);
  });
  try {
    await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
