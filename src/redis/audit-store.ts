// The stream of audit events that wait to be sealed, read back; and the bounded stream of calls that no account can be charged with.
import type { UnidentifiedCalls } from '../audit/event.js';
import { openRecord } from '../keyring/authenticate.js';
import type { Keyring } from '../keyring/keyring.js';
import { unidentifiedCallsKey, type KeyNames } from './cells.js';
import { reach, type RedisConnection } from './client.js';
import { eventPlace } from './commit-steps.js';

export interface StreamedEvent {
  readonly sequence: number;
  /** The event as `encodeEvent` made it. */
  readonly record: string;
}

/** What of each cell's events is not trimmed yet. */
export interface EventStream {
  /** Undefined when nothing waits. */
  newest(cell: number): Promise<number | undefined>;
  /** Those of these sequence numbers, first and last included, that are still there. Throws a TamperedRecordError for a changed one. */
  range(cell: number, from: number, to: number): Promise<readonly StreamedEvent[]>;
}

export function eventStream(redis: RedisConnection, names: KeyNames, keyring: Keyring): EventStream {
  return {
    async newest(cell) {
      const [entry] = await reach(() => redis.xrevrange(names.audit(cell), '+', '-', 'COUNT', 1));
      return entry && sequenceOf(entry[0]);
    },
    async range(cell, from, to) {
      const entries = await reach(() => redis.xrange(names.audit(cell), `0-${from}`, `0-${to}`));
      // All of them are checked: an event whose account was changed would be missing in that account's audit.
      return entries.map(([id, fields]) => ({ sequence: sequenceOf(id), record: openRecord(keyring['record-authentication'], eventPlace(cell), fields[1] ?? '') }));
    },
  };
}

const sequenceOf = (streamId: string): number => Number(streamId.slice(streamId.indexOf('-') + 1));

const keptUnidentified = 100_000;

/** Appends a second's counts; the oldest ones go when the stream is full. */
export async function recordUnidentifiedCalls(redis: RedisConnection, calls: readonly UnidentifiedCalls[]): Promise<void> {
  await Promise.all(calls.map((call) => redis.xadd(unidentifiedCallsKey, 'MAXLEN', '~', keptUnidentified, '*', 'e', JSON.stringify(call))));
}

/** The newest `count` entries, oldest first. */
export async function readUnidentifiedCalls(redis: RedisConnection, count: number): Promise<readonly UnidentifiedCalls[]> {
  const entries = await redis.xrevrange(unidentifiedCallsKey, '+', '-', 'COUNT', count);
  // Written by recordUnidentifiedCalls.
  return entries.reverse().map(([, fields]) => JSON.parse(fields[1] ?? '{}') as UnidentifiedCalls);
}
