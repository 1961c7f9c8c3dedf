// Boundaries of an account: one field of its state, a JSON object from subject to seconds since the epoch; `0` when there are none.
import { z } from 'zod';
import { TamperedRecordError } from '../keyring/authenticate.js';
import type { Boundaries, EpochSubject } from '../directory/store.js';

export const boundariesField = 'before';

const layout = z.record(z.string(), z.number().int().nonnegative());

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const none: Boundaries = { text: '0', of: new Map() };

export function boundariesOf(text: string | null | undefined): Boundaries {
  if (text === null || text === undefined || text === none.text) return none;
  const parsed = layout.safeParse(fromJson(text));
  if (!parsed.success) throw new TamperedRecordError(['boundaries']);
  // Subjects are written by withBoundary.
  return { text, of: new Map(Object.entries(parsed.data) as [EpochSubject, number][]) };
}

/**
 * The field's text with one boundary more; a later one of the same subject stays, since the strictest wins. Those that
 * end nothing any more go: of what was issued before `endsNothingBefore` nothing is left.
 */
export function withBoundary(boundaries: Boundaries, subject: EpochSubject, issuedBefore: number, endsNothingBefore: number): string {
  const kept = [...boundaries.of].filter(([, time]) => time >= endsNothingBefore);
  return JSON.stringify(Object.fromEntries([...kept, [subject, Math.max(issuedBefore, boundaries.of.get(subject) ?? 0)]]));
}
