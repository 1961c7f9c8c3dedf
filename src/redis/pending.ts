// Parts of commits that wait for their last part, on a cluster: found again after a conflict or a crash, and declared void.
import { z } from 'zod';
import type { AuditEvent } from '../audit/event.js';
import { encodeEvent } from '../audit/record.js';
import { authenticateRecord, openRecord } from '../keyring/authenticate.js';
import type { KeyNames } from './cells.js';
import { reach, type RedisConnection } from './client.js';
import { eventPlace, type CommitTools } from './commit-steps.js';
import { runSteps } from './run-steps.js';
import { addStep, anyKeys, cellTagOf, type Steps } from './steps.js';

/** A commit in several parts. */
export interface Waiting {
  readonly requestId: string;
  /** Hash tag of the cell in which the commit comes to its end. */
  readonly homeCell: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** What a cell remembers of a part; the events are to be appended when the commit did not come to its end. */
interface Pending extends Omit<Waiting, 'requestId'> {
  readonly voidEvents: readonly string[];
}

const layout = z.tuple([z.literal(1), z.string(), z.number(), z.array(z.string())]);

const encodePending = ({ homeCell, since, voidEvents }: Pending): string => JSON.stringify([1, homeCell, since, [...voidEvents]] satisfies z.infer<typeof layout>);

function decodePending(text: string): Pending {
  const [, homeCell, since, voidEvents] = layout.parse(JSON.parse(text));
  return { homeCell, since, voidEvents };
}

const pendingPlace = (cell: string, requestId: string): readonly string[] => ['pending', cell, requestId];

/**
 * [choice] How long the outcome of a commit is remembered for those who find one of its parts. Usually it goes with
 * them at once; after a crash a part may be found as late as all processes were away.
 */
const outcomeSeconds = 30 * 86_400;

/** Whoever finds a part of the commit learns here whether it came to its end, or sees to it that it never does. */
export function addOutcome(steps: Steps, { requestId, homeCell }: Waiting, names: KeyNames): void {
  const key = names.outcome(homeCell, requestId);
  steps.unshift({ letter: 'M', key, values: [] });
  addStep(steps, 'W', key, 'done', outcomeSeconds);
}

/** Writes a part down together with it. @param events of the whole commit */
export function addPending(steps: Steps, cell: string, { requestId, homeCell, since }: Waiting, events: readonly AuditEvent[], { names, keyring }: CommitTools): void {
  const own = events.filter(({ accountId }) => cellTagOf(names.accountState(accountId)) === cell);
  const content = encodePending({ homeCell, since, voidEvents: own.map((event) => encodeEvent(voided(event))) });
  addStep(steps, 'P', names.pending(cell), 1, requestId, authenticateRecord(keyring['record-authentication'], pendingPlace(cell, requestId), content));
}

/** What is told of a call whose event stands, although it had no effect. */
function voided({ issuedSession: _issued, request, ...event }: AuditEvent): AuditEvent {
  const { written: _written, removed: _removed, ...asked } = request ?? {};
  return {
    ...event, ...(request !== undefined && { request: asked }),
    status: 503, errorCode: 'STS5.1504', decision: 'void: the event with this request id that stands before tells of a call that had no effect',
  };
}

/** Of a commit that came to its end. The outcome goes last: as long as a part waits, somebody may ask for it. */
export async function forgetPending(redis: RedisConnection, names: KeyNames, { requestId, homeCell }: Waiting, cells: readonly string[]): Promise<void> {
  if (cells.length === 0) return;
  await Promise.all(cells.map((cell) => redis.hdel(names.pending(cell), requestId)));
  await redis.del(names.outcome(homeCell, requestId));
}

/** Where a part waits: the hash tag of its cell, and the request it belongs to. */
export interface PendingPart {
  readonly cell: string;
  readonly requestId: string;
}

/**
 * Ends the waiting of one part. Unless its commit came to its end, it is kept from doing so for good, and the part's
 * events are followed by ones that declare them void. Any process may do this, and several at once; true for the one
 * that did it.
 */
export async function settlePending(redis: RedisConnection, tools: CommitTools, { cell, requestId }: PendingPart, mostUnsealedEvents: number): Promise<boolean> {
  const { names, keyring, cells } = tools;
  const key = names.pending(cell);
  const record = await redis.hget(key, requestId);
  if (record === null) return false;
  const { homeCell, voidEvents } = decodePending(openRecord(keyring['record-authentication'], pendingPlace(cell, requestId), record));
  const outcomeKey = names.outcome(homeCell, requestId);
  await redis.set(outcomeKey, 'void', 'EX', outcomeSeconds, 'NX');
  const isDone = (await redis.get(outcomeKey)) === 'done';
  const number = Number(/\d+/.exec(cell)?.[0]);
  const { incarnation, sequence } = cells.known(number);
  const steps: Steps = [];
  addStep(steps, 'N', names.cellState(number), incarnation, sequence, anyKeys);
  // Of several that do this at once, one finds the part still waiting.
  addStep(steps, 'G', key, 1, requestId, record);
  for (const event of isDone ? [] : voidEvents) {
    const stored = authenticateRecord(keyring['record-authentication'], eventPlace(number), event);
    steps.push({ letter: 'E', key: names.audit(number), values: [{ key: names.cellState(number) }, stored, mostUnsealedEvents], result: { kind: 'event', cell: number } });
  }
  addStep(steps, 'D', key, 1, requestId);
  const ran = await runSteps(redis, steps);
  for (const given of ran.numbers) if (ran.verdict === 'ok') cells.saw(number, given);
  return ran.verdict === 'ok';
}

/** Milliseconds after which a part is taken for one that nobody brings to its end any more. */
const patienceMilliseconds = 60_000;

/**
 * Settles what waits for too long in all cells; gives how many parts that were. One that cannot be settled keeps none
 * of the others from it; the first reason is thrown at the end.
 */
export async function settleOldParts(redis: RedisConnection, tools: CommitTools, now: number, mostUnsealedEvents: number): Promise<number> {
  const { names, keyring } = tools;
  const failures: unknown[] = [];
  /** What the work gives, or the other value if it fails. */
  const attempt = <T>(work: () => Promise<T>, otherwise: T): Promise<T> => reach(work).catch((error: unknown) => {
    failures.push(error);
    return otherwise;
  });
  const settleOld = async (part: PendingPart, record: string): Promise<boolean> => {
    const { since } = decodePending(openRecord(keyring['record-authentication'], pendingPlace(part.cell, part.requestId), record));
    return now - since >= patienceMilliseconds && settlePending(redis, tools, part, mostUnsealedEvents);
  };
  let settled = 0;
  for (let number = 0; number < names.cells; number += 1) {
    const cell = names.tag(number);
    for (const [requestId, record] of Object.entries(await attempt(() => redis.hgetall(names.pending(cell)), {}))) {
      if (await attempt(() => settleOld({ cell, requestId }, record), false)) settled += 1;
    }
  }
  if (failures.length > 0) throw failures[0];
  return settled;
}
