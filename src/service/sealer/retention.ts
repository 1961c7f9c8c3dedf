// Retention: removes events from the log that are older than a setting says, and leaves an event that tells so.
import { parseEntry, pruneEntries, readEntries, readMinimumIndex, type Checkpoint } from '../../audit/log/log.js';
import { decodeEvent } from '../../audit/record.js';
import { systemAccountId } from '../../directory/entities.js';
import type { CommitStore } from '../../sts/commit.js';
import type { Services } from '../../sts/services.js';
import { tileWidth } from '../../tlog/index.js';
import { machineEvent, recordMachineEvent } from '../machine-event.js';
import type { AuditLog } from './audit-log.js';

export interface RetentionTools {
  readonly log: AuditLog;
  readonly services: Pick<Services, 'clock' | 'random'>;
  readonly store: CommitStore;
  /** `STS_AUDIT_RETENTION_DAYS`; 0: for ever. */
  readonly days: number;
}

const everyMilliseconds = 3_600_000;
const retryMilliseconds = 60_000;
const dayMilliseconds = 86_400_000;

/** To be called after each turn at a cell: prunes the cell the first time and then once an hour. */
export function retention(tools: RetentionTools): (cell: number, checkpoint: Checkpoint) => Promise<void> {
  const due = new Map<number, number>();
  return async (cell, checkpoint) => {
    const now = performance.now();
    if (tools.days === 0 || now < (due.get(cell) ?? 0)) return;
    due.set(cell, now + retryMilliseconds);
    await pruneCell(tools, cell, checkpoint);
    due.set(cell, now + everyMilliseconds);
  };
}

/** Gives the number of events that went. */
export async function pruneCell(tools: RetentionTools, cell: number, checkpoint: Checkpoint): Promise<number> {
  const { log, services, store, days } = tools;
  const before = services.clock.now() - days * dayMilliseconds;
  const place = log.place(cell);
  const minimum = await readMinimumIndex(place);
  const bundle = await firstYoungBundle(log, cell, checkpoint.size, minimum / tileWidth, before);
  const removed = bundle * tileWidth - minimum;
  if (removed === 0) return 0;
  // INVARIANT: what is gone was announced; a crash in between announces it twice.
  const event = {
    ...machineEvent('AuditLogPruned', systemAccountId, services),
    request: { cell, first_kept_event: `${cell}-${minimum + removed + 1}`, older_than: new Date(before).toISOString() },
  };
  await recordMachineEvent(store, event);
  await pruneEntries(place, checkpoint, minimum + removed, log.signer);
  return removed;
}

/** The first full bundle from `from` on that holds an event to be kept: found in as few steps as its place has digits in base 2. */
async function firstYoungBundle(log: AuditLog, cell: number, size: number, from: number, before: number): Promise<number> {
  let [low, high] = [from, Math.floor(size / tileWidth)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const entries = await readEntries(log.place(cell), size, middle * tileWidth, (middle + 1) * tileWidth);
    if (entries.every((entry) => decodeEvent(parseEntry(entry).record).time < before)) low = middle + 1;
    else high = middle;
  }
  return low;
}
