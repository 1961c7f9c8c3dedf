// The audit of one account, read from the events of its cell.
import { eventId, makeProofFile } from '../audit/log/log.js';
import type { AuditReader, ReadEvent } from '../audit/reader.js';
import { decodeEvent, recordsOf } from '../audit/record.js';
import { tileWidth } from '../tlog/index.js';
import type { CellEvent, CellEvents } from './cell-events.js';
import { placeOfTime, timesOf } from './place-of-time.js';

export interface AuditReaderParts {
  readonly cells: CellEvents;
  readonly cellOfAccount: (accountId: string) => number;
  readonly log: AuditReader['log'];
}

export function auditReader({ cells, cellOfAccount, log }: AuditReaderParts): AuditReader {
  const reader: AuditReader = {
    log,
    async newestFirst(accountId, from, mostScanned) {
      const events: ReadEvent[] = [];
      let place = from === undefined ? undefined : placeIn(cellOfAccount(accountId), from);
      for (let scanned = 0; scanned < mostScanned; scanned += tileWidth) {
        const stretch = await reader.stretch(accountId, 'newest', place);
        events.push(...stretch.events);
        if (stretch.isEnd) return { events, next: undefined };
        place = stretch.next;
      }
      return { events, next: place === undefined ? undefined : eventId(cellOfAccount(accountId), place) };
    },

    async stretch(accountId, order, from) {
      const cell = cellOfAccount(accountId);
      const { first, last, isEnd } = await (order === 'newest' ? backwards(cells, cell, from) : forwards(cells, cell, from));
      if (first > last) return { events: [], next: order === 'newest' ? first : last, isEnd };
      const all = await cells.range(cell, first, last);
      const events = ofAccount(cell, all, accountId);
      return order === 'newest'
        ? { events: events.toReversed(), next: first, times: timesOf(all), isEnd }
        : { events, next: last, times: timesOf(all), isEnd };
    },

    async placeOf(accountId, order, time) {
      const cell = cellOfAccount(accountId);
      const newest = await cells.atMost(cell, Infinity);
      const oldest = await cells.oldest(cell);
      return placeOfTime(cells, cell, { oldest, newest }, order, time);
    },

    async find(accountId, id) {
      const cell = cellOfAccount(accountId);
      const sequence = placeIn(cell, id);
      if (sequence === undefined || (await cells.atMost(cell, sequence)) < sequence || sequence < (await cells.oldest(cell))) return undefined;
      return ofAccount(cell, await cells.range(cell, sequence, sequence), accountId)[0];
    },

    async prove(id) {
      const { cell, sequence } = parsed(id);
      const checkpoint = await cells.checkpoint(cell);
      if (checkpoint === undefined || sequence > checkpoint.size) return undefined;
      return cells.reachLog(() => makeProofFile(cells.place(cell), checkpoint, sequence - 1));
    },
  };
  return reader;
}

interface Numbers {
  readonly first: number;
  readonly last: number;
  readonly isEnd: boolean;
}

/** To the beginning of a bundle, so that each is read once. */
async function backwards(cells: CellEvents, cell: number, from: number | undefined): Promise<Numbers> {
  const oldest = await cells.oldest(cell);
  const last = await cells.atMost(cell, from === undefined ? Infinity : from - 1);
  const first = Math.max(oldest, Math.floor((last - 1) / tileWidth) * tileWidth + 1);
  return { first, last, isEnd: first <= oldest || last < first };
}

async function forwards(cells: CellEvents, cell: number, from: number | undefined): Promise<Numbers> {
  const first = Math.max((from ?? 0) + 1, await cells.oldest(cell));
  const wanted = Math.ceil(first / tileWidth) * tileWidth;
  const last = await cells.atMost(cell, wanted);
  return { first, last: Math.max(last, first - 1), isEnd: last < wanted };
}

function ofAccount(cell: number, events: readonly CellEvent[], accountId: string): readonly ReadEvent[] {
  const isOfAccount = recordsOf(accountId);
  return events.filter(({ record }) => isOfAccount(record)).map(({ sequence, record, sealed }) => ({ id: eventId(cell, sequence), event: decodeEvent(record), sealed }));
}

/** The sequence number of an id of this cell. */
function placeIn(cell: number, id: string): number | undefined {
  const { cell: own, sequence } = parsed(id);
  return own === cell ? sequence : undefined;
}

/** -1 and 0 for what is no id of an event. */
function parsed(id: string): { readonly cell: number; readonly sequence: number } {
  const [, cell, sequence] = /^(0|[1-9]\d{0,3})-([1-9]\d{0,14})$/.exec(id) ?? [];
  return { cell: Number(cell ?? -1), sequence: Number(sequence ?? 0) };
}
