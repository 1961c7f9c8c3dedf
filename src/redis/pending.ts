// Parts of commits that wait for their last part, on a cluster: found again after a conflict or a crash, and declared void.
import { z } from 'zod';
import { authenticateRecord, openRecord } from '../keyring/authenticate.js';
import type { RedisConnection } from './client.js';
import { reach } from './client.js';
import { eventPlace, type CommitTools } from './commit-steps.js';
import { runSteps } from './run-steps.js';
import { addStep, type Steps } from './steps.js';

/** What a cell remembers of a part. */
export interface Pending {
  /** Hash tag of the cell in which the commit comes to its end. */
  readonly homeCell: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** To be appended when the commit did not come to its end. */
  readonly voidEvents: readonly string[];
}

const layout = z.tuple([z.literal(1), z.string(), z.number(), z.array(z.string())]);

export const encodePending = ({ homeCell, since, voidEvents }: Pending): string => JSON.stringify([1, homeCell, since, [...voidEvents]] satisfies z.infer<typeof layout>);

function decodePending(text: string): Pending {
  const [, homeCell, since, voidEvents] = layout.parse(JSON.parse(text));
  return { homeCell, since, voidEvents };
}

export const pendingPlace = (cell: string, requestId: string): readonly string[] => ['pending', cell, requestId];

/** Where a part waits: the hash tag of its cell, and the request it belongs to. */
export interface PendingPart {
  readonly cell: string;
  readonly requestId: string;
}

/** How long the outcome of a commit is remembered for those who find one of its parts. */
export const outcomeSeconds = 3600;

/**
 * Ends the waiting of one part. Unless its commit came to its end, it is kept from doing so for good, and the part's
 * events are followed by ones that declare them void. Any process may do this, and several at once.
 */
export async function settlePending(redis: RedisConnection, tools: CommitTools, { cell, requestId }: PendingPart, mostUnsealedEvents: number): Promise<void> {
  const { names, keyring } = tools;
  const key = names.pending(cell);
  const record = await redis.hget(key, requestId);
  if (record === null) return;
  const { homeCell, voidEvents } = decodePending(openRecord(keyring['record-authentication'], pendingPlace(cell, requestId), record));
  const outcomeKey = names.outcome(homeCell, requestId);
  await redis.set(outcomeKey, 'void', 'EX', outcomeSeconds, 'NX');
  const steps: Steps = [];
  // Of several that do this at once, one finds the part still waiting.
  addStep(steps, 'G', key, 1, requestId, record);
  if ((await redis.get(outcomeKey)) !== 'done') {
    const number = Number(/\d+/.exec(cell)?.[0]);
    for (const event of voidEvents) {
      const stored = authenticateRecord(keyring['record-authentication'], eventPlace(number), event);
      steps.push({ letter: 'E', key: names.audit(number), values: [{ key: names.cellState(number) }, stored, mostUnsealedEvents], result: { kind: 'event', cell: number } });
    }
  }
  addStep(steps, 'D', key, 1, requestId);
  await runSteps(redis, steps);
}

/** Milliseconds after which a part is taken for one that nobody brings to its end any more. */
const patienceMilliseconds = 60_000;

/** Settles what waits for too long in all cells; gives how many parts that were. */
export async function settleOldParts(redis: RedisConnection, tools: CommitTools, now: number, mostUnsealedEvents: number): Promise<number> {
  const { names, keyring } = tools;
  let settled = 0;
  for (let number = 0; number < names.cells; number += 1) {
    const cell = names.tag(number);
    for (const [requestId, record] of Object.entries(await reach(() => redis.hgetall(names.pending(cell))))) {
      const { since } = decodePending(openRecord(keyring['record-authentication'], pendingPlace(cell, requestId), record));
      if (now - since < patienceMilliseconds) continue;
      await reach(() => settlePending(redis, tools, { cell, requestId }, mostUnsealedEvents));
      settled += 1;
    }
  }
  return settled;
}
