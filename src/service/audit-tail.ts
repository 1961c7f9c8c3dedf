// The last events and the next ones, of all accounts or of one, as who runs the service may read them.
import { eventId } from '../audit/log/entry.js';
import { decodeEvent, recordsOf } from '../audit/record.js';
import type { StoredEvent } from '../audit/reader.js';
import type { KeyNames } from '../redis/cells.js';
import type { CellEvent, CellEvents } from './cell-events.js';

/** Where a reader stands in each cell: the sequence number of the last event read. */
export type AuditPosition = ReadonlyMap<number, number>;

export interface TailSource {
  readonly names: KeyNames;
  readonly auditEvents: CellEvents;
}

interface ReadEvents {
  /** Oldest first. */
  readonly events: readonly StoredEvent[];
  readonly position: AuditPosition;
}

const batch = 512;

/** The next events behind `after`, of all accounts or of one: what the next 512 of each cell hold of them. `position` stays where there are none. */
export async function readEvents({ names, auditEvents: cells }: TailSource, after: AuditPosition, accountId?: string): Promise<ReadEvents> {
  const position = new Map(after);
  const events: StoredEvent[] = [];
  for (const cell of cellsOf(names, accountId)) {
    const from = Math.max((after.get(cell) ?? 0) + 1, await cells.oldest(cell));
    const to = await cells.atMost(cell, from + batch - 1);
    if (to < from) continue;
    events.push(...storedEvents(cell, await cells.range(cell, from, to), accountId));
    position.set(cell, to);
  }
  return { events: inOrder(events), position };
}

/** The last `count` events, of all accounts or of one, and where their cells end. */
export async function readLastEvents(source: TailSource, count: number, accountId?: string): Promise<ReadEvents> {
  const position = new Map<number, number>();
  const events: StoredEvent[] = [];
  for (const cell of cellsOf(source.names, accountId)) {
    const end = await source.auditEvents.atMost(cell, Infinity);
    if (end > 0) position.set(cell, end);
    events.push(...await readLastOfCell(source.auditEvents, { cell, end }, count, accountId));
  }
  return { events: inOrder(events).slice(-count), position };
}

/** Backwards, a batch at a time: however many events of other accounts lie between, no more than a batch is held of them. */
async function readLastOfCell(cells: CellEvents, { cell, end }: { readonly cell: number; readonly end: number }, count: number, accountId: string | undefined): Promise<readonly StoredEvent[]> {
  const oldest = await cells.oldest(cell);
  const page = accountId === undefined ? Math.min(count, batch) : batch;
  let found: readonly StoredEvent[] = [];
  for (let to = end; to >= oldest && found.length < count; to -= page) {
    found = [...storedEvents(cell, await cells.range(cell, Math.max(oldest, to - page + 1), to), accountId), ...found];
  }
  return found.slice(-count);
}

/** An account's events are all in its own cell. */
const cellsOf = (names: KeyNames, accountId: string | undefined): readonly number[] =>
  accountId === undefined ? Array.from({ length: names.cells }, (_, cell) => cell) : [names.cellOfAccount(accountId)];

function storedEvents(cell: number, events: readonly CellEvent[], accountId: string | undefined): readonly StoredEvent[] {
  const isWanted = accountId === undefined ? () => true : recordsOf(accountId);
  return events.filter(({ record }) => isWanted(record)).map(({ sequence, record }) => ({ id: eventId(cell, sequence), event: decodeEvent(record) }));
}

/** A sort that keeps the order within a cell where times are equal. */
const inOrder = (events: readonly StoredEvent[]): readonly StoredEvent[] => [...events].sort((a, b) => a.event.time - b.event.time);
