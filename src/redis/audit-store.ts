// Audit events read back, and the bounded stream of calls that no account can be charged with.
import type { Redis } from 'ioredis';
import type { AuditEvent, UnidentifiedCalls } from '../audit/event.js';
import { decodeEvent } from '../audit/record.js';
import { unidentifiedCallsKey, type KeyNames } from './cells.js';

export interface StoredEvent {
  /** `<cell>-<sequence>`: stable, and dense within the cell. */
  readonly id: string;
  readonly event: AuditEvent;
}

/** Where a reader stands in each cell: the sequence number of the last event read. */
export type AuditPosition = ReadonlyMap<number, number>;

const batch = 500;

interface ReadEvents {
  /** Oldest first. */
  readonly events: readonly StoredEvent[];
  readonly position: AuditPosition;
}

/** The next events behind `after`, of all accounts or of one: what the next 500 of each cell hold of them. `position` stays where there are none. */
export async function readEvents(redis: Redis, names: KeyNames, after: AuditPosition, accountId?: string): Promise<ReadEvents> {
  const position = new Map(after);
  const events: StoredEvent[] = [];
  for (const cell of cellsOf(names, accountId)) {
    const entries = await redis.xrange(names.audit(cell), `(0-${after.get(cell) ?? 0}`, '+', 'COUNT', batch);
    events.push(...entries.map((entry) => storedEvent(cell, entry)));
    const last = entries.at(-1)?.[0];
    if (last !== undefined) position.set(cell, sequenceOf(last));
  }
  return { events: inOrder(ofAccount(events, accountId)), position };
}

/** The last `count` events, of all accounts or of one, and where their cells end. */
export async function readLastEvents(redis: Redis, names: KeyNames, count: number, accountId?: string): Promise<ReadEvents> {
  const position = new Map<number, number>();
  const events: StoredEvent[] = [];
  for (const cell of cellsOf(names, accountId)) {
    const last = await readLastOfCell(redis, names, cell, count, accountId);
    if (last.end > 0) position.set(cell, last.end);
    events.push(...last.events);
  }
  return { events: inOrder(events).slice(-count), position };
}

/** Backwards, a batch at a time: however many events of other accounts lie between, no more than a batch is held of them. */
async function readLastOfCell(redis: Redis, names: KeyNames, cell: number, count: number, accountId: string | undefined): Promise<{ events: readonly StoredEvent[]; end: number }> {
  const newestFirst: StoredEvent[] = [];
  const page = accountId === undefined ? Math.min(count, batch) : batch;
  let end = 0;
  for (let from = '+'; newestFirst.length < count; ) {
    const entries = await redis.xrevrange(names.audit(cell), from, '-', 'COUNT', page);
    if (from === '+') end = sequenceOf(entries[0]?.[0] ?? '0-0');
    newestFirst.push(...ofAccount(entries.map((entry) => storedEvent(cell, entry)), accountId));
    const oldest = entries.at(-1)?.[0];
    if (oldest === undefined || entries.length < page) break;
    from = `(${oldest}`;
  }
  return { events: newestFirst.slice(0, count).reverse(), end };
}

/** An account's events are all in its own cell. */
const cellsOf = (names: KeyNames, accountId: string | undefined): readonly number[] =>
  accountId === undefined ? Array.from({ length: names.cells }, (_, cell) => cell) : [names.cellOfAccount(accountId)];

const ofAccount = (events: readonly StoredEvent[], accountId: string | undefined): readonly StoredEvent[] =>
  accountId === undefined ? events : events.filter(({ event }) => event.accountId === accountId);

/** A sort that keeps the order within a cell where times are equal. */
const inOrder = (events: readonly StoredEvent[]): readonly StoredEvent[] => [...events].sort((a, b) => a.event.time - b.event.time);

const sequenceOf = (streamId: string): number => Number(streamId.slice(streamId.indexOf('-') + 1));

function storedEvent(cell: number, [streamId, fields]: [string, string[]]): StoredEvent {
  return { id: `${cell}-${sequenceOf(streamId)}`, event: decodeEvent(fields[1] ?? '') };
}

const keptUnidentified = 100_000;

/** Appends a second's counts; the oldest ones go when the stream is full. */
export async function recordUnidentifiedCalls(redis: Redis, calls: readonly UnidentifiedCalls[]): Promise<void> {
  await Promise.all(calls.map((call) => redis.xadd(unidentifiedCallsKey, 'MAXLEN', '~', keptUnidentified, '*', 'e', JSON.stringify(call))));
}

/** The newest `count` entries, oldest first. */
export async function readUnidentifiedCalls(redis: Redis, count: number): Promise<readonly UnidentifiedCalls[]> {
  const entries = await redis.xrevrange(unidentifiedCallsKey, '+', '-', 'COUNT', count);
  // Written by recordUnidentifiedCalls.
  return entries.reverse().map(([, fields]) => JSON.parse(fields[1] ?? '{}') as UnidentifiedCalls);
}
