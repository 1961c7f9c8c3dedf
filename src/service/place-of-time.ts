// Finds where in a cell the events of a time stand, in as few looks as the number of its bundles has digits in base 2.
import { timeMarginMilliseconds, type Order, type Stretch } from '../audit/reader.js';
import { recordTime } from '../audit/record.js';
import { tileWidth } from '../tlog/index.js';
import type { CellEvent, CellEvents } from './cell-events.js';

export type Times = NonNullable<Stretch['times']>;

export function timesOf(events: readonly CellEvent[]): Times {
  const times = events.map(({ record }) => recordTime(record));
  return { earliest: Math.min(...times), latest: Math.max(...times) };
}

/**
 * A place as {@link AuditReader} has them: what comes behind it, in the order asked for, holds all events of the time.
 * Undefined: all events are behind it. @param time milliseconds since the epoch
 */
export async function placeOfTime(cells: Pick<CellEvents, 'range'>, cell: number, { oldest, newest }: { readonly oldest: number; readonly newest: number }, order: Order, time: number): Promise<number | undefined> {
  if (newest < oldest) return undefined;
  // [choice] The whole bundle is asked, not one event: a single one with a time far off must not hide others.
  const isBehind = ({ earliest, latest }: Times): boolean => (order === 'newest' ? earliest >= time + timeMarginMilliseconds : latest >= time - timeMarginMilliseconds);
  let [low, high] = [Math.floor((oldest - 1) / tileWidth), Math.floor((newest - 1) / tileWidth) + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const start = middle * tileWidth;
    if (isBehind(timesOf(await cells.range(cell, Math.max(oldest, start + 1), Math.min(start + tileWidth, newest))))) high = middle;
    else low = middle + 1;
  }
  if (order === 'newest') return low * tileWidth + 1 > newest ? undefined : low * tileWidth + 1;
  return low === 0 ? undefined : low * tileWidth;
}
