// One entry of a revocation journal: what ended sessions, and how far its cell was then; its text is authenticated.
import { z } from 'zod';
import type { EpochSubject } from '../../directory/store.js';
import { authenticateRecord, openRecord } from '../../keyring/authenticate.js';
import type { KeySet } from '../../keyring/keyring.js';
import { markSeconds } from '../../sessions/lifetime.js';
import type { CellPosition } from '../../redis/cell-watch.js';
import { decodeRevocationNote, encodeRevocationNote } from '../../sessions/revocation-note.js';
import { statusListPattern } from '../../status/index.js';
import type { Ending } from '../../sts/commit.js';

export interface JournalEntry {
  /** Seconds since the epoch. */
  readonly time: number;
  readonly cell: number;
  /** How far the cell was at least. */
  readonly position: CellPosition;
  /** Absent: the entry only tells the position. */
  readonly ending?: Ending;
}

/** A mark goes by the clock of Redis: what is asked for must be there by ours as well. */
const clockMarginSeconds = 300;

const count = z.number().int().nonnegative();
const subject = z.custom<EpochSubject>((value) => typeof value === 'string' && /^(account|(user|agency|key|source|password):.+)$/s.test(value));
const endingLayout = z.union([
  z.tuple([z.literal('mark'), z.string(), z.string()]), z.tuple([z.literal('mark'), z.string(), z.string(), z.string().regex(statusListPattern), count]), z.tuple([z.literal('epoch'), z.string(), subject, count]), z.tuple([z.literal('boundary'), z.string(), subject, count]),
]);
const layout = z.tuple([z.literal(1), count, count, z.string(), count, endingLayout.nullable()]);

/** Seconds since the epoch: until then the ending must be found in Redis; afterwards nothing lives that it ended. */
export function neededUntil({ time, ending }: Pick<JournalEntry, 'time' | 'ending'>): number {
  // A boundary ends what was issued before it, which may be long before it was set.
  const from = ending?.kind === 'boundary' ? Math.min(time, ending.issuedBefore) : time;
  return from + markSeconds - clockMarginSeconds;
}

/** INVARIANT: a line belongs to its place in its file, so that none can be taken out of the middle or moved. */
const linePlace = (file: string, line: number): readonly string[] => ['revocation-journal', file, String(line)];

/** @param line number of the line in the file, from 0 */
export function encodeEntry(keys: KeySet, file: string, line: number, { time, cell, position, ending }: JournalEntry): string {
  const fields: z.infer<typeof layout> = [1, time, cell, position.incarnation, position.sequence, ending === undefined ? null : endingFields(ending)];
  // INVARIANT: nothing is written that could not be read: one such line would stop every process.
  return `${authenticateRecord(keys, linePlace(file, line), JSON.stringify(layout.parse(fields)))}\n`;
}

function endingFields(ending: Ending): z.infer<typeof endingLayout> {
  if (ending.kind === 'mark') {
    const note = encodeRevocationNote(ending.note);
    return ending.status === undefined ? ['mark', ending.sessionId, note] : ['mark', ending.sessionId, note, ending.status.list, ending.status.index];
  }
  return ending.kind === 'epoch' ? ['epoch', ending.accountId, ending.subject, ending.epoch] : ['boundary', ending.accountId, ending.subject, ending.issuedBefore];
}

/** Reads a line without its end; throws on what {@link encodeEntry} did not write there. */
export function decodeEntry(keys: KeySet, file: string, line: number, text: string): JournalEntry {
  const [, time, cell, incarnation, sequence, fields] = layout.parse(JSON.parse(openRecord(keys, linePlace(file, line), text)));
  return { time, cell, position: { incarnation, sequence }, ...(fields !== null && { ending: endingOf(fields) }) };
}

function endingOf(fields: z.infer<typeof endingLayout>): Ending {
  if (fields[0] === 'mark') {
    const [kind, sessionId, note, list, index] = fields;
    return { kind, sessionId, note: decodeRevocationNote(note), ...(list !== undefined && index !== undefined && { status: { list, index } }) };
  }
  const [kind, accountId, subjectOf, value] = fields;
  return kind === 'epoch' ? { kind, accountId, subject: subjectOf, epoch: value } : { kind, accountId, subject: subjectOf, issuedBefore: value };
}
