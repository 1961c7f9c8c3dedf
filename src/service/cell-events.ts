// The events of each cell in their order, joined from the sealed log and the stream of those that wait to be sealed.
import { LRUCache } from 'lru-cache';
import { eventId, LogDamagedError, readCheckpoint, readEntries, readMinimumIndex, type Checkpoint, type LogPlace } from '../audit/log/log.js';
import type { EventStream } from '../redis/audit-store.js';
import { tileWidth } from '../tlog/index.js';
import { logAccess, unavailable, type ReachLog } from './reach-log.js';
import type { AuditLog } from './sealer/audit-log.js';

export interface CellEvent {
  readonly sequence: number;
  /** The event as `encodeEvent` made it. */
  readonly record: string;
  readonly sealed: boolean;
}

export interface CellEvents {
  readonly cells: number;
  /** The number, or that of the newest event if that is smaller; 0 in a cell without events. */
  atMost(cell: number, sequence: number): Promise<number>;
  /** Number of the oldest event that was not removed; 1 where nothing was. */
  oldest(cell: number): Promise<number>;
  /** All events from one number to another that exists, both included. */
  range(cell: number, from: number, to: number): Promise<readonly CellEvent[]>;
  /** The newest checkpoint; undefined when nothing of the cell is sealed. */
  checkpoint(cell: number): Promise<Checkpoint | undefined>;
  place(cell: number): LogPlace;
  readonly reachLog: ReachLog;
}

export interface CellEventsParts {
  readonly cells: number;
  readonly stream: EventStream;
  readonly log: AuditLog;
}

/** Of 256 events each, some 150 KiB. */
const keptBundles = 64;

export function cellEvents({ cells, stream, log }: CellEventsParts): CellEvents {
  /** The largest checkpoint of each cell that was seen: what is behind it is read from the log without asking again. */
  const known = new Map<number, Checkpoint>();
  const bundles = new LRUCache<string, readonly string[]>({ max: keptBundles });
  const reachLog = logAccess();
  const place = (cell: number): LogPlace => log.place(cell);
  const knownSize = (cell: number): number => known.get(cell)?.size ?? 0;

  async function checkpoint(cell: number): Promise<Checkpoint | undefined> {
    const found = await reachLog(() => readCheckpoint(place(cell), log.verifiers));
    // A log that was cut is the sealer's to find; what was signed for once can still be read, or is damaged.
    if (found !== undefined && found.size >= knownSize(cell)) known.set(cell, found);
    return known.get(cell);
  }

  async function sealedRange(cell: number, from: number, to: number): Promise<readonly string[]> {
    const size = knownSize(cell);
    if (to > size) throw new LogDamagedError(`event \`${eventId(cell, size + 1)}\` is neither in the log nor in the stream`);
    const records: string[] = [];
    for (let index = Math.floor((from - 1) / tileWidth); index * tileWidth < to; index += 1) {
      const start = index * tileWidth;
      records.push(...(await bundle(cell, index, size)).slice(Math.max(0, from - 1 - start), to - start));
    }
    return records;
  }

  /** Full bundles never change. */
  async function bundle(cell: number, index: number, size: number): Promise<readonly string[]> {
    const start = index * tileWidth;
    const key = `${cell}/${index}`;
    const kept = bundles.get(key);
    if (kept !== undefined) return kept;
    const entries = await readEntries(place(cell), size, start, Math.min(start + tileWidth, size));
    const records = entries.map((entry, at) => recordOf(entry, cell, start + at + 1));
    if (records.length === tileWidth) bundles.set(key, records);
    return records;
  }

  return {
    cells, place, checkpoint, reachLog,
    async atMost(cell, sequence) {
      if (sequence <= knownSize(cell)) return sequence;
      // INVARIANT: the stream is asked first. What it lost meanwhile stands under a checkpoint that is read afterwards.
      const waiting = await stream.newest(cell);
      return Math.min(sequence, Math.max(waiting ?? 0, (await checkpoint(cell))?.size ?? 0));
    },
    oldest: (cell) => reachLog(async () => (await readMinimumIndex(place(cell))) + 1),
    async range(cell, from, to) {
      const waiting = to <= knownSize(cell) ? [] : await stream.range(cell, from, to);
      if (to > knownSize(cell)) await checkpoint(cell);
      const end = (waiting[0]?.sequence ?? to + 1) - 1;
      const sealed = from > end ? [] : await reachLog(() => sealedRange(cell, from, end));
      const size = knownSize(cell);
      const events = [...sealed.map((record, at) => ({ sequence: from + at, record })), ...waiting].map((event) => ({ ...event, sealed: event.sequence <= size }));
      const gap = events.findIndex(({ sequence }, at) => sequence !== from + at);
      if (gap >= 0 || events.length !== to - from + 1) {
        throw unavailable(new LogDamagedError(`event \`${eventId(cell, from + (gap < 0 ? events.length : gap))}\` is missing in the stream`));
      }
      return events;
    },
  };
}

function recordOf(entry: Buffer, cell: number, sequence: number): string {
  const text = entry.toString();
  const beginning = `["${eventId(cell, sequence)}",`;
  if (!text.startsWith(beginning) || !text.endsWith(']')) throw new LogDamagedError(`the entry of event \`${eventId(cell, sequence)}\` is not an event with its id`);
  return text.slice(beginning.length, -1);
}
