// One turn at one cell: checks what waits, appends it to the log on disk, and lets it go from the stream.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { appendEntries, folderOf, LogDamagedError, requirePlainFolder, type Checkpoint } from '../../audit/log/log.js';
import type { Random } from '../../base/clock.js';
import type { Keyring } from '../../keyring/keyring.js';
import { beginTurn, endTurn, eventNumber, holdTurn, mostUnsealed, readSealedAlready, readUnsealed, trimSealed, type SealingTurn, type TurnTimes } from '../../redis/audit-seal.js';
import type { KeyNames } from '../../redis/cells.js';
import { reach, type RedisConnection } from '../../redis/client.js';
import { connectionMark, isConnectionOf, waitForReplicas, type ConnectionMark } from '../../redis/replicas.js';
import { tileWidth } from '../../tlog/index.js';
import type { AuditLog } from './audit-log.js';
import { checkUnsealed, missingText, type CheckedBatch, type UnsealedRules } from './check-unsealed.js';
import type { LogFolder } from './log-folder.js';
import { checkTiles, foreignAmongSealed, standingLog } from './standing-log.js';

export interface SealTools {
  readonly redis: RedisConnection;
  readonly names: KeyNames;
  readonly keyring: Keyring;
  readonly random: Random;
  readonly log: AuditLog;
  readonly folder: LogFolder;
  /** `STS_REDIS_WAIT_REPLICAS`. */
  readonly replicas: number;
  readonly times: TurnTimes;
  /** Hears of what had to be mended. */
  readonly mended: (cell: number, what: string) => void;
}

/** Events do not fit what was sealed or what this service wrote: sealing stops before them. */
export class UnsealableError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnsealableError';
  }
}

export type TurnResult = 'taken' | 'idle' | { readonly checkpoint: Checkpoint | undefined };

/** How events are read and checked, by how many wait in the fullest cell. */
interface Pace {
  readonly most: number;
  /** Of a batch: what is written once per batch takes as long as some hundred events. */
  readonly batchSize: number;
  readonly pieceSize: number;
  readonly restMilliseconds: number;
}
/**
 * While little waits the rests are long, so that sealing takes a small part of the processor from the calls. INVARIANT:
 * with much waiting there are none, for nothing may keep sealing behind the calls: at `STS_AUDIT_MAX_UNSEALED` they are
 * refused.
 */
const paces: readonly [Pace, ...Pace[]] = [
  { most: Infinity, batchSize: 8192, pieceSize: 512, restMilliseconds: 0 },
  { most: 8192, batchSize: 2048, pieceSize: 128, restMilliseconds: 4 },
  { most: 2048, batchSize: 2048, pieceSize: 128, restMilliseconds: 16 },
];
const replicaMilliseconds = 2000;

/**
 * Seals all that waits in the cell. Throws an UnsealableError or a LogDamagedError when something is not as this
 * service left it; all that stands before it is sealed then.
 */
export async function sealCell(tools: SealTools, cell: number): Promise<TurnResult> {
  const { redis, names, random, times } = tools;
  const turn = await beginTurn(redis, names, cell, random.bytes(8).toString('hex'), times);
  if (typeof turn === 'string') return turn;
  try {
    await tools.folder.check();
    await requirePlainFolders(folderOf(tools.log.place(cell)));
    if (turn.sequence < turn.sealed.size) throw wentBack(cell, turn.sealed.size);
    const { checkpoint, restored } = await standingLog(tools.log, turn);
    if (restored !== undefined) tools.mended(cell, `the checkpoint of the log was put back: ${restored}`);
    const rules: UnsealedRules = { names, keyring: tools.keyring, cell, lastOlderEvent: tools.folder.lastOlderEvent(cell) };
    if (!(await trimSealedAlready(tools, turn, rules, checkpoint))) return 'taken';
    return await sealWaiting(tools, turn, rules, checkpoint);
  } finally {
    // It ends by itself if it cannot be given back.
    await endTurn(redis, names, turn).catch(() => undefined);
  }
}

/** Elsewhere nothing is read, and above all nothing written. */
async function requirePlainFolders(folder: string): Promise<void> {
  await requirePlainFolder(folder);
  await requirePlainFolder(join(folder, 'tile'));
}

const wentBack = (cell: number, size: number): UnsealableError =>
  new UnsealableError(`cell ${cell} in Redis ends before event \`${cell}-${size}\`, which is sealed: it was put back to an earlier state`);

/** After a crash between checkpoint and trim. False: the turn is lost. */
async function trimSealedAlready(tools: SealTools, turn: SealingTurn, rules: UnsealedRules, checkpoint: Checkpoint | undefined): Promise<boolean> {
  if (checkpoint === undefined) return true;
  // The stream is in the order of its ids.
  const isAllBehind = turn.firstUnsealed === '' || (eventNumber(turn.firstUnsealed) ?? 0) > checkpoint.size;
  const entries = isAllBehind ? [] : await readSealedAlready(tools.redis, tools.names, turn.cell, checkpoint.size);
  if (entries.length === 0 && checkpoint.size === turn.sealed.size) return true;
  const foreign = await foreignAmongSealed(tools.log, rules, checkpoint, entries);
  if (foreign !== undefined) throw new UnsealableError(foreign);
  return trim(tools, turn, checkpoint);
}

async function sealWaiting(tools: SealTools, turn: SealingTurn, rules: UnsealedRules, standing: Checkpoint | undefined): Promise<TurnResult> {
  const { redis, names, log, times } = tools;
  let checkpoint = standing;
  for (;;) {
    const size = checkpoint?.size ?? 0;
    // Cells are sealed one after the other: while one is sealed at leisure, others could fill up.
    const pace = paceFor(await mostUnsealed(redis, names));
    const since = await reach(() => connectionMark(redis, names.audit(turn.cell)));
    const { good, fault, isEnd } = await readBatch(tools, rules, size, pace);
    if (good.length > 0) {
      await replicated(tools, turn.cell, since);
      // A server that lost events may have taken over since they were read: what is sealed now must still be there.
      if (!isConnectionOf(redis, names.audit(turn.cell), since)) throw new Error('the connection to Redis moved while events were to be sealed');
      checkpoint = await appendEntries(log.place(turn.cell), log.signer, checkpoint, good, log.memory);
      if (!(await trim(tools, turn, checkpoint))) return 'taken';
    } else if (checkpoint !== undefined) await checkTiles(log, turn.cell, checkpoint);
    if (fault !== undefined) throw new UnsealableError(fault);
    if (isEnd) break;
    if (!(await holdTurn(redis, names, turn, times))) return 'taken';
  }
  const end = checkpoint?.size ?? 0;
  if (end < turn.sequence) throw new UnsealableError(missingText(turn.cell, end + 1, turn.sequence));
  return { checkpoint };
}

const paceFor = (waiting: number): Pace => paces.findLast(({ most }) => waiting <= most) ?? paces[0];

/** Read and checked in pieces with rests between them: calls that wait for their answers meanwhile wait for one piece at most. */
async function readBatch({ redis, names }: SealTools, rules: UnsealedRules, size: number, { batchSize, pieceSize, restMilliseconds }: Pace): Promise<CheckedBatch & { readonly isEnd: boolean }> {
  const good: Buffer[] = [];
  // A batch that is not the last one ends with a bundle: the next one finds none that is begun.
  const most = batchSize - (size % tileWidth);
  for (;;) {
    const count = Math.min(pieceSize, most - good.length);
    const piece = await readUnsealed(redis, names, rules.cell, size + good.length, count);
    const checked = checkUnsealed(rules, size + good.length, piece);
    good.push(...checked.good);
    if (checked.fault !== undefined) return { good, fault: checked.fault, isEnd: true };
    const isEnd = piece.length < count;
    if (isEnd || good.length >= most) return { good, isEnd };
    if (restMilliseconds > 0) await sleep(restMilliseconds);
  }
}

/** INVARIANT: what is sealed cannot be lost by a failover any more, as far as revocations cannot: the log never holds what Redis forgets. */
async function replicated({ redis, names, replicas }: SealTools, cell: number, since: ConnectionMark): Promise<void> {
  const acknowledged = await reach(() => waitForReplicas(redis, names.audit(cell), replicas, replicaMilliseconds, since));
  if (acknowledged < replicas) throw new Error(`events wait for replicas: ${acknowledged} of STS_REDIS_WAIT_REPLICAS=${replicas} have them`);
}

/** False: somebody else began a turn since, and goes on. */
async function trim({ redis, names }: SealTools, turn: SealingTurn, checkpoint: Checkpoint): Promise<boolean> {
  const result = await trimSealed(redis, names, turn, checkpoint);
  if (result === 'back') throw wentBack(turn.cell, checkpoint.size);
  return result === 'trimmed';
}

/** Somebody tampered, or data was lost: not a matter of waiting. */
export const isAlarm = (error: unknown): boolean => error instanceof UnsealableError || error instanceof LogDamagedError;
