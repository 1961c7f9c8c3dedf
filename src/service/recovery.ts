// Whether a cell holds all that was acknowledged; one that went back is brought forward again, by one process at a time.
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../base/api-error.js';
import { seconds, type Clock } from '../base/clock.js';
import { systemAccountId } from '../directory/entities.js';
import { readCell, type CellPosition, type CellWatch } from '../redis/cell-watch.js';
import { reach } from '../redis/client.js';
import { holdRecovery, lockRecovery, missingEndings, recoverCell, unlockRecovery, type NeededEnding, type RecoveryTools, type Shortfall } from '../redis/recovery.js';
import type { Alarms } from './alarms.js';
import { cellOfEnding, strictest } from './journal/endings.js';
import { neededUntil, type JournalEntry } from './journal/entry.js';
import type { JournalReader } from './journal/reader.js';
import type { RevocationJournal } from './journal/writer.js';
import { machineEvent } from './machine-event.js';
import type { LoggedEnding, RevocationLog } from './revocation-log/reader.js';

export interface RecoveryParts {
  readonly tools: RecoveryTools;
  readonly watch: CellWatch;
  readonly clock: Clock;
  readonly journal: Pick<RevocationJournal, 'append'>;
  readonly journals: JournalReader;
  /** Asked only for a cell that went back. */
  readonly revocationLog: RevocationLog;
  /** Events of the cell that the sealed log has; undefined: it has no log. */
  sealedSize(cell: number): Promise<number | undefined>;
  readonly alarms: Alarms;
  /** How long a recovery waits for other processes to tell how far they saw the cell. */
  readonly settleMilliseconds?: number;
}

/** [choice] Processes lose their connections at about the same time, and write what they know at once. */
const usualSettleMilliseconds = 1000;
/** The log of a week may take longer to read than the lock lasts. */
const holdMilliseconds = 1000;

interface Standing {
  readonly position: CellPosition;
  /** Undefined when nothing is missing. */
  readonly shortfall: Shortfall | undefined;
}

/**
 * Gives where the cell stands, once it holds all that was acknowledged: it is not behind what this process saw, what any
 * journal tells or what the log has sealed, and all endings of the journals that still matter are in it. Throws a 503
 * as long as this is not so or not known.
 */
export function cellChecker(parts: RecoveryParts): (cell: number) => Promise<CellPosition> {
  const { tools, watch, clock, journal, journals, revocationLog, alarms, settleMilliseconds = usualSettleMilliseconds } = parts;
  const { redis, names, random } = tools;

  async function standing(cell: number, logged: readonly LoggedEnding[] = []): Promise<Standing> {
    const now = seconds(clock.now());
    const [journaled, sealed = 0] = await Promise.all([journals.read(cell), parts.sealedSize(cell)]);
    // INVARIANT: Redis is read after the journals: what is in them was in Redis before.
    const position = await reach(() => readCell(redis, names, cell));
    const needed = journaled.entries.flatMap((entry): NeededEnding[] => (entry.ending !== undefined && neededUntil(entry) > now ? [{ ending: entry.ending, time: entry.time }] : []));
    const missing = await missingEndings(tools, strictest([...needed, ...logged.filter((each) => isLacking(each, cell, position))]));
    const sequence = Math.max(watch.known(cell).sequence, journaled.sequence, sealed);
    const isWhole = position.incarnation !== '' && position.sequence >= sequence && missing.length === 0;
    return { position, shortfall: isWhole ? undefined : { cell, missing, sequence, sealed } };
  }

  /** An epoch stands in the cell of its event, and was raised in one step with it: only what is behind the event lacks it. */
  const isLacking = ({ ending, sequence }: LoggedEnding, cell: number, position: CellPosition): boolean =>
    cellOfEnding(names, ending) === cell && (ending.kind === 'mark' || sequence > position.sequence);

  /** Other processes may tell meanwhile how far they saw the cell. */
  async function readLog(cell: number, token: string, sequence: number): Promise<readonly LoggedEnding[]> {
    const holding = setInterval(() => void holdRecovery(tools, cell, token).catch(() => undefined), holdMilliseconds);
    try {
      const [logged] = await Promise.all([revocationLog.read({ cell, sequence }), sleep(settleMilliseconds)]);
      return logged;
    } finally {
      clearInterval(holding);
    }
  }

  async function recover(cell: number): Promise<CellPosition> {
    const token = await lockRecovery(tools, cell);
    if (token === undefined) throw new ApiError('cellWentBack', 'the state of this service was put back to an earlier one: another process is making it safe; try again');
    try {
      const { sequence } = await reach(() => readCell(redis, names, cell));
      const logged = await readLog(cell, token, sequence);
      const { position, shortfall } = await standing(cell, logged);
      if (shortfall === undefined) return position;
      // A journal tells of them from now on, also before this recovery is itself in the log.
      const news = new Set<NeededEnding>(logged);
      await keep(shortfall.missing.filter((each) => news.has(each)).map(({ ending, time }) => ({ time, cell, position, ending })), 'what was replayed cannot be kept in the revocation journal');
      const makeEvent = (operation: string, request: object): ReturnType<typeof machineEvent> => ({ ...machineEvent(operation, systemAccountId, { clock, random }), request: { ...request } });
      const recovered = await recoverCell(tools, token, shortfall, makeEvent, clock.now());
      alarms.raise({ cell, replayed: shortfall.missing.length, sequence: recovered.sequence }, 'a cell that went back holds all revocations again');
      return recovered;
    } finally {
      await unlockRecovery(tools, cell, token).catch(() => undefined);
    }
  }

  async function keep(entries: readonly JournalEntry[], failure: string): Promise<void> {
    if (entries.length > 0) await journal.append(entries).catch((error: unknown) => alarms.raise({ cause: String(error) }, failure));
  }

  return async (cell) => {
    const { position, shortfall } = await standing(cell);
    if (shortfall === undefined) return position;
    const known = watch.known(cell);
    alarms.raise({ cell, sequence: position.sequence, knownSequence: shortfall.sequence, missingRevocations: shortfall.missing.length }, 'a cell went back to an earlier state: calls are refused until its revocations are replayed');
    // Whoever recovers the cell must not give out again the numbers that this process saw.
    await keep([{ time: seconds(clock.now()), cell, position: known }], 'how far a cell was cannot be told to other processes');
    return recover(cell);
  };
}
