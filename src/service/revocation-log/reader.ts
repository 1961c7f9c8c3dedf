// The revocations that the audit tells of, in the log or waiting to be sealed, in all cells: for a cell that went back and whose journals are lost.
import { decodeEvent, recordTime } from '../../audit/record.js';
import { afresh } from '../../base/afresh.js';
import { seconds, type Clock } from '../../base/clock.js';
import type { NeededEnding } from '../../redis/recovery.js';
import { markSeconds } from '../../sessions/lifetime.js';
import { tileWidth } from '../../tlog/index.js';
import type { CellEvent, CellEvents } from '../cell-events.js';
import { neededUntil } from '../journal/entry.js';
import { placeOfTime } from '../place-of-time.js';
import { UnreadableLogError } from '../reach-log.js';
import { endingsOfEvent, revocationTraces } from './endings.js';

export interface LoggedEnding extends NeededEnding {
  /** Of the event. */
  readonly cell: number;
  readonly sequence: number;
}

export interface RevocationLog {
  /**
   * Those that the cell may have lost and that still matter, told by the events of all cells; where nothing was sealed
   * ever, by those that wait to be. Throws when an event that might tell of one cannot be read.
   */
  read(left: Left): Promise<readonly LoggedEnding[]>;
}

/** A cell that went back, and its newest event that is left; 0: none is. */
export interface Left {
  readonly cell: number;
  readonly sequence: number;
}

export interface RevocationLogParts {
  /** Of its own: what is read here must not push out what callers read. */
  readonly events: CellEvents;
  readonly clock: Clock;
  readonly clockSkewSeconds: () => number;
}

/** Times of events are those of the calls' beginnings, by the clocks of their processes. */
const marginMilliseconds = 600_000;

export function revocationLog({ events, clock, clockSkewSeconds }: RevocationLogParts): RevocationLog {
  const isNeeded = (ending: LoggedEnding): boolean => neededUntil(ending) > seconds(clock.now());

  async function readSealed(cell: number, size: number, since: number): Promise<readonly LoggedEnding[]> {
    const oldest = await events.oldest(cell);
    const beginning = await placeOfTime(events, cell, { oldest, newest: size }, 'oldest', since) ?? 0;
    return readRange(cell, Math.max(oldest, beginning + 1), size);
  }

  const oldestThatMatters = (): number => clock.now() - markSeconds * 1000;

  /** What is lost was written later than what is left. Undefined: nothing is left that tells a time. */
  async function beginningFor({ cell, sequence }: Left): Promise<number | undefined> {
    if (sequence === 0) return undefined;
    await events.checkpoint(cell);
    const [newest] = await events.range(cell, sequence, sequence).catch(() => []);
    return newest === undefined ? undefined : Math.max(oldestThatMatters(), recordTime(newest.record) - marginMilliseconds);
  }

  async function readSince(since: number): Promise<readonly LoggedEnding[]> {
    const all: LoggedEnding[] = [];
    for (let cell = 0; cell < events.cells; cell += 1) for (const ending of await readCell(cell, since)) all.push(ending);
    return all;
  }
  // An emptied Redis has all cells ask for the same.
  const readEverything = afresh(() => readSince(oldestThatMatters()));

  async function readRange(cell: number, from: number, to: number): Promise<readonly LoggedEnding[]> {
    const endings: LoggedEnding[] = [];
    for (let first = from; first <= to;) {
      const last = Math.min(to, Math.ceil(first / tileWidth) * tileWidth);
      for (const event of await events.range(cell, first, last)) {
        endings.push(...loggedEndings(cell, event, clockSkewSeconds()).filter(isNeeded));
      }
      first = last + 1;
    }
    return endings;
  }

  async function readCell(cell: number, since: number): Promise<readonly LoggedEnding[]> {
    // A stream that went back may still hold what is sealed: that is read from the log, and only the rest from the stream.
    const size = (await events.checkpoint(cell))?.size ?? 0;
    const sealed = size === 0 ? [] : await readSealed(cell, size, since);
    return [...sealed, ...await readRange(cell, size + 1, await events.atMost(cell, Infinity))];
  }

  return {
    async read(left) {
      try {
        const since = await beginningFor(left);
        return await (since === undefined ? readEverything() : readSince(since));
      } catch (error) {
        if (error instanceof UnreadableLogError) throw new Error(`what was revoked cannot be read from the audit log: ${error.reason}`, { cause: error });
        throw error;
      }
    },
  };
}

function loggedEndings(cell: number, { sequence, record }: CellEvent, skew: number): readonly LoggedEnding[] {
  if (!revocationTraces.some((trace) => record.includes(trace))) return [];
  const event = decodeEvent(record);
  return endingsOfEvent(event, skew).map((ending) => ({ cell, sequence, ending, time: seconds(event.time) }));
}
