// Where a cell's log on disk stands, held against what Redis knows to be sealed.
import { LogDamagedError, originOf, parseEntry, readCheckpoint, readEntries, restoreCheckpoint, verifiedCheckpoint, type Checkpoint } from '../../audit/log/log.js';
import { readEdge } from '../../audit/log/tile-files.js';
import { folderOf } from '../../audit/log/place.js';
import { eventNumber, type SealingTurn, type UnsealedEntry } from '../../redis/audit-seal.js';
import { rootOfEdge } from '../../tlog/index.js';
import type { AuditLog } from './audit-log.js';
import { checkEntry, type UnsealedRules } from './check-unsealed.js';

export interface StandingLog {
  /** Undefined when nothing was sealed yet. */
  readonly checkpoint: Checkpoint | undefined;
  /** Why the checkpoint that Redis knows had to be put back; absent when it stood there. */
  readonly restored?: string;
}

/**
 * The newest checkpoint. One that was removed, damaged or replaced by an older one is put back from Redis's record if
 * the log on disk still fits it. Throws a LogDamagedError otherwise: what was sealed is not there any more.
 */
export async function standingLog(log: AuditLog, { cell, sealed }: SealingTurn): Promise<StandingLog> {
  const place = log.place(cell);
  const { checkpoint, damage } = await readCheckpoint(place, log.verifiers, log.memory).then(
    (found) => ({ checkpoint: found, damage: found === undefined ? 'it was gone' : `it was of size ${found.size}` }),
    (error: unknown) => {
      if (!(error instanceof LogDamagedError) || sealed.size === 0) throw error;
      return { checkpoint: undefined, damage: error.message };
    },
  );
  if (sealed.size === 0) return { checkpoint };
  const known = recordedCheckpoint(log, cell, sealed);
  if (checkpoint === undefined || checkpoint.size < known.size) {
    await restoreCheckpoint(place, known.note);
    return { checkpoint: known, restored: damage };
  }
  if (checkpoint.size === known.size && !checkpoint.root.equals(known.root)) {
    throw new LogDamagedError(`the log of \`${originOf(place)}\` is another one than was sealed: both have size ${known.size}`);
  }
  return { checkpoint };
}

function recordedCheckpoint(log: AuditLog, cell: number, { size, note }: SealingTurn['sealed']): Checkpoint {
  const origin = originOf(log.place(cell));
  try {
    const known = verifiedCheckpoint(note, origin, log.verifiers, log.memory);
    if (known.size === size) return known;
  } catch {
    // Told below, as it is the same damage.
  }
  throw new LogDamagedError(`what Redis holds as the checkpoint of \`${origin}\` was changed outside the service`);
}

/** Throws a LogDamagedError unless the newest tiles lead to the checkpoint. */
export async function checkTiles(log: AuditLog, cell: number, { size, root }: Checkpoint): Promise<void> {
  const place = log.place(cell);
  if (!rootOfEdge(await readEdge(folderOf(place), size)).equals(root)) throw new LogDamagedError(`the tiles of \`${originOf(place)}\` do not give the root of its checkpoint of size ${size}`);
}

/**
 * What a crash left in the stream after it was sealed must be what was sealed. Gives the fault of the first that is
 * not; what recovery wrote under a number that the log holds has done its work and may go.
 */
export async function foreignAmongSealed(log: AuditLog, rules: UnsealedRules, { size }: Checkpoint, entries: readonly UnsealedEntry[]): Promise<string | undefined> {
  const numbers = entries.map(({ streamId }) => eventNumber(streamId) ?? 0);
  const [first, last] = [numbers[0], numbers.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  if (first === 0) return `the stream of cell ${rules.cell} holds \`${entries[0]?.streamId ?? ''}\`, which is no event of this service`;
  const sealed = await readEntries(log.place(rules.cell), size, first - 1, last);
  for (const [index, entry] of entries.entries()) {
    const number = numbers[index] ?? 0;
    const checked = checkEntry(rules, number, entry);
    if ('fault' in checked) return checked.fault;
    const bytes = sealed[number - first];
    if (checked.operation !== 'AuditEventsLost' && (bytes === undefined || parseEntry(bytes).record !== checked.text)) {
      return `the unsealed event \`${rules.cell}-${number}\` is not the one that was sealed under this id: Redis was put back to an earlier state`;
    }
  }
  return undefined;
}
