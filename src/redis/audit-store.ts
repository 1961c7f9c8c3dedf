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

/** The events of all cells behind `after`, oldest first within a cell, at most 500 of each. */
export async function readEvents(redis: Redis, names: KeyNames, after: AuditPosition): Promise<{ events: readonly StoredEvent[]; position: AuditPosition }> {
  const position = new Map(after);
  const events: StoredEvent[] = [];
  for (let cell = 0; cell < names.cells; cell += 1) {
    const entries = await redis.xrange(names.audit(cell), `(0-${after.get(cell) ?? 0}`, '+', 'COUNT', batch);
    for (const entry of entries) events.push(storedEvent(cell, entry));
    const last = entries.at(-1)?.[0];
    if (last !== undefined) position.set(cell, sequenceOf(last));
  }
  return { events: events.sort((a, b) => a.event.time - b.event.time), position };
}

/** The last `count` events of each cell, and where they end. */
export async function readLastEvents(redis: Redis, names: KeyNames, count: number): Promise<{ events: readonly StoredEvent[]; position: AuditPosition }> {
  const position = new Map<number, number>();
  const events: StoredEvent[] = [];
  for (let cell = 0; cell < names.cells; cell += 1) {
    const entries = await redis.xrevrange(names.audit(cell), '+', '-', 'COUNT', count);
    const [newest] = entries;
    if (newest !== undefined) position.set(cell, sequenceOf(newest[0]));
    for (const entry of entries.reverse()) events.push(storedEvent(cell, entry));
  }
  return { events: events.sort((a, b) => a.event.time - b.event.time).slice(-count), position };
}

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
