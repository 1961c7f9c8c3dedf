// Turns of sealing at a cell, its unsealed events, and the record of what is sealed.
import { authenticateRecord, openRecord } from '../keyring/authenticate.js';
import type { Keyring } from '../keyring/keyring.js';
import { auditLogKey, type KeyNames } from './cells.js';
import { reach, runScript, type RedisConnection } from './client.js';
import { beginScript, holdScript, trimScript } from './scripts/seal.js';

/** One try at one cell, by one process. */
export interface SealingTurn {
  readonly cell: number;
  readonly fence: number;
  readonly token: string;
  /** Number of the newest event when the turn began. */
  readonly sequence: number;
  /** Events that Redis knows to be sealed, and the signed checkpoint of that size; empty when there are none. */
  readonly sealed: { readonly size: number; readonly note: string };
  /** Id of the stream's first entry when the turn began; `''` when there is none. */
  readonly firstUnsealed: string;
}

export interface TurnTimes {
  /** How long a turn is the caller's alone, unless it is held longer. */
  readonly turnMilliseconds: number;
  /** How often the log of a cell without events is looked at. */
  readonly idleMilliseconds: number;
}

/** `taken`: another process is at the cell. `idle`: there is nothing to do. */
export async function beginTurn(redis: RedisConnection, names: KeyNames, cell: number, token: string, times: TurnTimes): Promise<SealingTurn | 'taken' | 'idle'> {
  const keys = [names.sealer(cell), names.cellState(cell), names.audit(cell), names.sealerChecked(cell)];
  // The script answers an array of texts and numbers.
  const [verdict, fence, size, note, sequence, first] = await reach(() => runScript(redis, beginScript, keys, [token, times.turnMilliseconds, times.idleMilliseconds])) as readonly unknown[];
  if (verdict === 'taken' || verdict === 'idle') return verdict;
  return { cell, fence: Number(fence), token, sequence: Number(sequence), sealed: { size: Number(size), note: String(note) }, firstUnsealed: String(first) };
}

/** The cells in which {@link beginTurn} would find something to do, unless another process is at it: asked all at once, and only a hint. */
export async function cellsToSeal(redis: RedisConnection, names: KeyNames, cells: readonly number[]): Promise<readonly number[]> {
  const due = await reach(() => Promise.all(cells.map(async (cell) => {
    const [waiting, checked] = await Promise.all([redis.xlen(names.audit(cell)), redis.exists(names.sealerChecked(cell))]);
    return waiting > 0 || checked === 0;
  })));
  return cells.filter((_, index) => due[index]);
}

/** Makes the turn last; false when it is the caller's no more. */
export const holdTurn = async (redis: RedisConnection, names: KeyNames, { cell, token }: SealingTurn, { turnMilliseconds }: TurnTimes): Promise<boolean> =>
  (await reach(() => runScript(redis, holdScript, [names.sealer(cell)], [token, turnMilliseconds]))) === 1;

/** Lets others go on at once. */
export async function endTurn(redis: RedisConnection, names: KeyNames, { cell, token }: SealingTurn): Promise<void> {
  await reach(() => runScript(redis, holdScript, [names.sealer(cell)], [token]));
}

/** An event as the stream holds it. */
export interface UnsealedEntry {
  /** The id in the stream; `0-<number>` for entries of ours. */
  readonly streamId: string;
  readonly fields: readonly string[];
}

/** The next entries behind event number `after`, whatever stands there. */
export async function readUnsealed(redis: RedisConnection, names: KeyNames, cell: number, after: number, count: number): Promise<readonly UnsealedEntry[]> {
  const entries = await reach(() => redis.xrange(names.audit(cell), `(0-${after}`, '+', 'COUNT', count));
  return entries.map(([streamId, fields]) => ({ streamId, fields }));
}

/** How many entries wait in the fullest of all cells. */
export const mostUnsealed = async (redis: RedisConnection, names: KeyNames): Promise<number> =>
  Math.max(...(await reach(() => Promise.all(Array.from({ length: names.cells }, (_, cell) => redis.xlen(names.audit(cell)))))));

/** Entries up to event number `to`, which a log of that size holds already. */
export async function readSealedAlready(redis: RedisConnection, names: KeyNames, cell: number, to: number): Promise<readonly UnsealedEntry[]> {
  const entries = to === 0 ? [] : await reach(() => redis.xrange(names.audit(cell), '-', `0-${to}`));
  return entries.map(([streamId, fields]) => ({ streamId, fields }));
}

export type TrimResult = 'trimmed' | 'lost' | 'beyond' | 'back';

/** Records a durable checkpoint and lets its events go from the stream; see {@link trimScript} for the refusals. */
export async function trimSealed(redis: RedisConnection, names: KeyNames, { cell, fence, token }: SealingTurn, { size, note }: { readonly size: number; readonly note: string }): Promise<TrimResult> {
  const answer = await reach(() => runScript(redis, trimScript, [names.cellState(cell), names.audit(cell)], [fence, token, size, note]));
  // One of the script's answers.
  return answer as TrimResult;
}

const place = ['audit-log'];

/** Id of the folder that the events of this installation are sealed in; undefined before there is one. Throws a TamperedRecordError. */
export async function recordedLogId(redis: RedisConnection, keyring: Keyring): Promise<string | undefined> {
  const record = await redis.get(auditLogKey);
  return record === null ? undefined : openRecord(keyring['record-authentication'], place, record);
}

/** Records the id unless there is one, and gives the one that stands there then. */
export async function recordLogId(redis: RedisConnection, keyring: Keyring, id: string): Promise<string> {
  await redis.set(auditLogKey, authenticateRecord(keyring['record-authentication'], place, id), 'NX');
  return (await recordedLogId(redis, keyring)) ?? '';
}

const searched = 1000;

/** Number of the last event that an older release left without an authentication code; 0 when there is none. */
export async function lastUnauthenticated(redis: RedisConnection, names: KeyNames, cell: number): Promise<number> {
  for (let from = '+'; ; ) {
    const entries = await redis.xrevrange(names.audit(cell), from, '-', 'COUNT', searched);
    const found = entries.find(([, fields]) => fields[0] === olderField);
    const oldest = entries.at(-1)?.[0];
    if (found !== undefined || oldest === undefined || entries.length < searched) return eventNumber(found?.[0] ?? '') ?? 0;
    from = `(${oldest}`;
  }
}

/** Names the value of an entry; older releases wrote the event without an authentication code. */
export const eventField = 'r';
export const olderField = 'e';

/** The number of an event in its cell; undefined for an id that is none of ours. */
export function eventNumber(streamId: string): number | undefined {
  const number = Number(/^0-([1-9]\d{0,15})$/.exec(streamId)?.[1]);
  return Number.isSafeInteger(number) ? number : undefined;
}
