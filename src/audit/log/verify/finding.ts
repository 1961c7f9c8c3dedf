// What verification finds, and the list that it is collected in: the exact event once, and a range only where no event in it was named.
import { eventId } from '../entry.js';

export type FindingKind =
  | 'changed' | 'deleted' | 'inserted' | 'reordered' | 'malformed'
  | 'changed-range' | 'cut' | 'fork'
  | 'checkpoint' | 'missing-log' | 'mixed-installations' | 'minimum-index'
  | 'missing-file' | 'damaged-file' | 'foreign-file';

export interface Finding {
  readonly kind: FindingKind;
  readonly cell?: number;
  /** Ids `<cell>-<sequence>` of the first and the last event that it is about, where it is about events. */
  readonly firstEvent?: string;
  readonly lastEvent?: string;
  /** Path in the folder of all logs, where a file is to blame. */
  readonly file?: string;
  readonly message: string;
}

export interface CellFindings {
  /** All but the ranges in which an event, or a smaller range, is named as well. */
  all(): readonly Finding[];
  add(kind: FindingKind, message: string, about?: Pick<Finding, 'file'>): void;
  /** Of one event, which is named once: the first finding stands. */
  addEvent(kind: FindingKind, sequence: number, message: string): void;
  /** Of something at a leaf that is no event of its own. */
  addAtLeaf(kind: FindingKind, leaf: number, message: string): void;
  /** Of the leaves [start, end). */
  addRange(kind: FindingKind, start: number, end: number, message: string, about?: Pick<Finding, 'file'>): void;
}

interface Placed {
  readonly finding: Finding;
  readonly start: number;
  readonly end: number;
}

export function cellFindings(cell: number): CellFindings {
  const placed: Placed[] = [];
  const named = new Set<number>();
  const add = (finding: Omit<Finding, 'cell'>, start = 0, end = Infinity): void => void placed.push({ finding: { ...finding, cell }, start, end });
  const isCoarse = ({ finding, start, end }: Placed, at: number): boolean => finding.kind === 'changed-range'
    && placed.some((other, index) => index !== at && other.start >= start && other.end <= end && (other.end - other.start < end - start || index < at));
  return {
    all: () => placed.filter((item, at) => !isCoarse(item, at)).map(({ finding }) => finding),
    add: (kind, message, about) => add({ kind, ...about, message }),
    addEvent(kind, sequence, message) {
      if (named.has(sequence)) return;
      named.add(sequence);
      const id = eventId(cell, sequence);
      add({ kind, firstEvent: id, lastEvent: id, message: `event \`${id}\` ${message}` }, sequence - 1, sequence);
    },
    addAtLeaf: (kind, leaf, message) => add({ kind, message }, leaf, leaf + 1),
    addRange(kind, start, end, message, about) {
      const [firstEvent, lastEvent] = [eventId(cell, start + 1), eventId(cell, end)];
      add({ kind, firstEvent, lastEvent, ...about, message: `events \`${firstEvent}\` to \`${lastEvent}\` ${message}` }, start, end);
    },
  };
}
