// How sealing stands in each cell, as any process can read it: what waits, how far the log is, and what is wrong.
import { olderField } from './audit-seal.js';
import { decodeEvent } from '../audit/record.js';
import { openRecord } from '../keyring/authenticate.js';
import type { Keyring } from '../keyring/keyring.js';
import type { KeyNames } from './cells.js';
import { reach, type RedisConnection } from './client.js';
import { eventPlace } from './commit-steps.js';

export interface CellSealing {
  readonly cell: number;
  /** Events that wait. */
  readonly unsealed: number;
  /** The one that waits longest; its time, in milliseconds since the epoch, is absent when it cannot be read. */
  readonly oldest?: { readonly streamId: string; readonly time?: number };
  readonly sealedSize: number;
  /** Since events were sealed here last, by the clock of Redis; absent before. */
  readonly secondsSinceSealed?: number;
  readonly alarms: number;
  readonly fault?: string;
}

export async function readSealing(redis: RedisConnection, names: KeyNames, keyring: Keyring): Promise<readonly CellSealing[]> {
  return reach(() => Promise.all(Array.from({ length: names.cells }, (_, cell) => readCellSealing(redis, names, keyring, cell))));
}

async function readCellSealing(redis: RedisConnection, names: KeyNames, keyring: Keyring, cell: number): Promise<CellSealing> {
  const [unsealed, entries, [sealed, sealedAt, alarms, seconds], fault] = await Promise.all([
    redis.xlen(names.audit(cell)), redis.xrange(names.audit(cell), '-', '+', 'COUNT', 1), readState(redis, names, cell), redis.get(names.sealerFault(cell)),
  ]);
  const [oldest] = entries;
  return {
    cell, unsealed, sealedSize: Number(sealed ?? 0), alarms: Number(alarms ?? 0),
    ...(oldest !== undefined && { oldest: { streamId: oldest[0], ...timeOf(keyring, cell, oldest[1]) } }),
    ...(sealedAt !== null && { secondsSinceSealed: Math.max(0, seconds - Number(sealedAt)) }),
    ...(fault !== null && { fault }),
  };
}

async function readState(redis: RedisConnection, names: KeyNames, cell: number): Promise<readonly [sealed: string | null, sealedAt: string | null, alarms: string | null, seconds: number]> {
  const [[sealed = null, sealedAt = null, alarms = null], [seconds]] = await Promise.all([redis.hmget(names.cellState(cell), 'sealed', 'sealed-at', 'alarms'), redis.time()]);
  return [sealed, sealedAt, alarms, seconds ?? 0];
}

function timeOf(keyring: Keyring, cell: number, [field, value = '']: readonly string[]): { readonly time?: number } {
  try {
    return { time: decodeEvent(field === olderField ? value : openRecord(keyring['record-authentication'], eventPlace(cell), value)).time };
  } catch {
    // The sealer stops at it and says why.
    return {};
  }
}

/** Long enough for the next try, which renews it. */
const faultMilliseconds = 10_000;

export async function setSealingFault(redis: RedisConnection, names: KeyNames, cell: number, fault: string): Promise<void> {
  await reach(() => redis.set(names.sealerFault(cell), fault, 'PX', faultMilliseconds));
}

export async function clearSealingFault(redis: RedisConnection, names: KeyNames, cell: number): Promise<void> {
  await reach(() => redis.del(names.sealerFault(cell)));
}

export async function countAlarm(redis: RedisConnection, names: KeyNames, cell: number): Promise<void> {
  await reach(() => redis.hincrby(names.cellState(cell), 'alarms', 1));
}
