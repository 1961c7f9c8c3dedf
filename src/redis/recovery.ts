// Brings a cell forward again that went back: its revocations are written again, its lost numbers get an event each.
import type { AuditEvent } from '../audit/event.js';
import { encodeEvent } from '../audit/record.js';
import { seconds, type Random } from '../base/clock.js';
import { authenticateRecord, openRecord } from '../keyring/authenticate.js';
import type { Keyring } from '../keyring/keyring.js';
import { encodeRevocationNote } from '../sessions/revocation-note.js';
import type { Ending } from '../sts/commit.js';
import { boundariesField, boundariesOf, withBoundary } from './boundaries.js';
import { readCell, type CellPosition } from './cell-watch.js';
import type { KeyNames } from './cells.js';
import { reach, runScript, type RedisConnection } from './client.js';
import { eventPlace, markPlace, sessionPlace } from './commit-steps.js';
import { bitOffset, endedBoundary, endedEpoch } from './ended.js';
import { markSeconds } from '../sessions/lifetime.js';
import { decodeSession } from '../sessions/record.js';
import type { StatusIndex } from '../sessions/session.js';
import { fillScript, replayScript, unlockScript } from './scripts/recover.js';

/** What was acknowledged once and must be found. */
const lostOperation = 'AuditEventsLost';
const replayedOperation = 'RevocationsReplayed';
/** Events of the system account about a cell itself: they stand in that cell. */
export const cellOperations: ReadonlySet<string> = new Set([lostOperation, replayedOperation]);

export interface NeededEnding {
  readonly ending: Ending;
  /** When it was written first, in seconds since the epoch. */
  readonly time: number;
}

export interface RecoveryTools {
  readonly redis: RedisConnection;
  readonly names: KeyNames;
  readonly keyring: Keyring;
  readonly random: Random;
}

/** How far a cell that went back must get, and what it must hold then. */
export interface Shortfall {
  readonly cell: number;
  readonly missing: readonly NeededEnding[];
  /** Number of the newest event that was given out. */
  readonly sequence: number;
  /** Events of the cell that the sealed log has: none of them is lost. */
  readonly sealed: number;
}

/** To be held again well before. */
const lockMilliseconds = 5000;
const stepsPerRun = 200;
const lostEventsPerRun = 1000;
const looksAtOnce = 1000;
const boundaryTries = 10;

/**
 * [choice] How far the places in status lists are moved on: beyond all that can have been given since what is left was
 * written. A session takes one, a decision that has to be made again another, and each start of a process leaves out up
 * to a block of 256.
 */
const statusIndexMargin = 2 ** 20;

/** Those that Redis does not hold. */
export async function missingEndings({ redis, names }: RecoveryTools, needed: readonly NeededEnding[]): Promise<readonly NeededEnding[]> {
  const missing: NeededEnding[] = [];
  for (let at = 0; at < needed.length; at += looksAtOnce) {
    const some = needed.slice(at, at + looksAtOnce);
    const held = await reach(() => Promise.all(some.map(({ ending }) => isHeld(redis, names, ending))));
    missing.push(...some.filter((_, index) => held[index] !== true));
  }
  return missing;
}

async function isHeld(redis: RedisConnection, names: KeyNames, ending: Ending): Promise<boolean> {
  if (ending.kind === 'mark') return (await redis.exists(names.mark(ending.sessionId))) === 1;
  const state = names.accountState(ending.accountId);
  if (ending.kind === 'epoch') return Number((await redis.hget(state, ending.subject)) ?? 0) >= ending.epoch;
  return (boundariesOf(await redis.hget(state, boundariesField)).of.get(ending.subject) ?? 0) >= ending.issuedBefore;
}

/** A token when nobody else recovers the cell at this moment. */
export async function lockRecovery({ redis, names, random }: RecoveryTools, cell: number): Promise<string | undefined> {
  const token = random.bytes(16).toString('hex');
  const answer = await reach(() => redis.set(names.recoveryLock(cell), token, 'PX', lockMilliseconds, 'NX'));
  return answer === 'OK' ? token : undefined;
}

/** Gives the lock up, if it is still that of the token. */
export async function unlockRecovery({ redis, names }: RecoveryTools, cell: number, token: string): Promise<void> {
  await reach(() => runScript(redis, unlockScript, [names.recoveryLock(cell)], [token]));
}

/** Makes the lock last for whoever has the token; throws when it is another's by now. */
export async function holdRecovery({ redis, names }: RecoveryTools, cell: number, token: string): Promise<void> {
  const answer = await reach(() => runScript(redis, replayScript, [names.recoveryLock(cell)], [token, lockMilliseconds]));
  if (typeof answer !== 'number') throw lostLock(cell);
}

/** Another process holds the lock by now: this one was too slow. */
const lostLock = (cell: number): Error => new Error(`the lock on the recovery of cell ${cell} was lost`);

/**
 * Recovers the cell for the holder of the token, and gives up the lock. It may break off at any point: until the last
 * step the cell stands behind what was given out, and the next one does it all again.
 * @param now milliseconds since the epoch
 */
export async function recoverCell(tools: RecoveryTools, token: string, { cell, missing, sequence, sealed }: Shortfall, makeEvent: (operation: string, request: object) => AuditEvent, now: number): Promise<CellPosition> {
  const { redis, names, keyring, random } = tools;
  await replayEndings(tools, token, cell, missing, seconds(now));
  const before = await readCell(redis, names, cell);
  const lost = Math.max(0, sequence - Math.max(before.sequence, sealed));
  const record = (event: AuditEvent): string => authenticateRecord(keyring['record-authentication'], eventPlace(cell), encodeEvent(event));
  const incarnation = random.bytes(8).toString('hex');
  const values = [
    token, lockMilliseconds, sealed, sequence, lostEventsPerRun, record(makeEvent(lostOperation, { cell })),
    record(makeEvent(replayedOperation, { cell, replayed: missing.length, lost_events: lost })), incarnation, sequence + statusIndexMargin,
  ];
  for (;;) {
    const answer = await reach(() => runScript(redis, fillScript, [names.recoveryLock(cell), names.cellState(cell), names.audit(cell), names.statusIndex(cell)], values));
    if (!Array.isArray(answer)) throw lostLock(cell);
    if (answer[1] === 1) return { incarnation, sequence: Number(answer[0]) };
  }
}

async function replayEndings(tools: RecoveryTools, token: string, cell: number, missing: readonly NeededEnding[], now: number): Promise<void> {
  const run = async (steps: readonly Step[]): Promise<number> => {
    const keys = steps.map(({ key }) => key);
    const values = steps.flatMap(({ letter, values: [first, second] }, index) => [letter, index + 2, first, second]);
    const answer = await reach(() => runScript(tools.redis, replayScript, [tools.names.recoveryLock(cell), ...keys], [token, lockMilliseconds, ...values]));
    if (typeof answer !== 'number') throw lostLock(cell);
    return answer;
  };
  const steps = (await Promise.all(missing.map((needed) => plainSteps(tools, needed, now)))).flat();
  for (let at = 0; at < steps.length; at += stepsPerRun) await run(steps.slice(at, at + stepsPerRun));
  for (const accountId of new Set(missing.flatMap(({ ending }) => (ending.kind === 'boundary' ? [ending.accountId] : [])))) {
    for (let tries = 1; (await run([await boundaryStep(tools, accountId, missing)])) > 0; tries += 1) {
      if (tries === boundaryTries) throw new Error(`the boundaries of an account in cell ${cell} kept changing`);
    }
  }
}

interface Step {
  readonly letter: 'K' | 'U' | 'B' | 'S' | 'T';
  readonly key: string;
  readonly values: readonly [string | number, string | number];
}

async function plainSteps(tools: RecoveryTools, { ending, time }: NeededEnding, now: number): Promise<readonly Step[]> {
  const { names, keyring } = tools;
  if (ending.kind === 'mark') {
    const { sessionId, note } = ending;
    const left = Math.min(time + markSeconds - now, markSeconds);
    if (left <= 0) return [];
    const record = authenticateRecord(keyring['record-authentication'], markPlace(sessionId), encodeRevocationNote(note));
    const status = ending.status ?? (await statusOf(tools, sessionId));
    return [
      { letter: 'K', key: names.mark(sessionId), values: [record, left] },
      ...(status === undefined ? [] : [{ letter: 'S', key: names.statusBits(status.list), values: [bitOffset(status.index), left] } as const]),
    ];
  }
  const { kind, accountId, subject } = ending;
  const ended = names.ended(accountId);
  if (kind === 'boundary') return [{ letter: 'T', key: ended, values: endedBoundary(subject, ending.issuedBefore, now) }];
  return [
    { letter: 'U', key: names.accountState(accountId), values: [subject, ending.epoch] },
    { letter: 'T', key: ended, values: endedEpoch(subject, ending.epoch, now) },
  ];
}

/** From its record, while there is one: of a mark that an older journal tells. */
async function statusOf({ redis, names, keyring }: RecoveryTools, sessionId: string): Promise<StatusIndex | undefined> {
  const record = await reach(() => redis.get(names.session(sessionId)));
  return record === null ? undefined : decodeSession(sessionId, openRecord(keyring['record-authentication'], sessionPlace(sessionId), record)).status;
}

async function boundaryStep({ redis, names }: RecoveryTools, accountId: string, missing: readonly NeededEnding[]): Promise<Step> {
  const key = names.accountState(accountId);
  const found = boundariesOf(await reach(() => redis.hget(key, boundariesField)));
  const wanted = missing.reduce((boundaries, { ending }) => (ending.kind === 'boundary' && ending.accountId === accountId
    ? boundariesOf(withBoundary(boundaries, ending.subject, ending.issuedBefore, 0)) : boundaries), found);
  return { letter: 'B', key, values: [found.text, wanted.text] };
}
