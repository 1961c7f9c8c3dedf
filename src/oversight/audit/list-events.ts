// The audit events of the caller's account, page by page, newest or oldest first.
import { z } from 'zod';
import type { AuditEvent } from '../../audit/event.js';
import { toTrace } from '../../audit/formats/cts.js';
import { toJsonEvent } from '../../audit/formats/json-event.js';
import { toOcsf } from '../../audit/formats/ocsf.js';
import type { FormatName } from '../../audit/formats/index.js';
import { timeMarginMilliseconds, type ReadEvent, type Stretch } from '../../audit/reader.js';
import type { Ground, Result } from '../../iam/account-call.js';
import { pageInfo, pageQuery } from '../../iam/page.js';
import { eventFilters, matches, type EventFilters } from './filters.js';
import { markerOf, placeOfMarker, type Question } from './marker.js';

export const listEventsAction = 'sts:auditEvents:list';

/** Strict: a filter that is misspelt would find what was not asked for. */
export const listEventsQuery = z.strictObject({
  ...pageQuery,
  ...eventFilters,
  order: z.enum(['newest', 'oldest']).default('newest'),
  // [choice] Other systems take events as they are: their formats are made here, from the event itself.
  format: z.enum(['cts', 'ocsf', 'jsonl']).default('cts'),
});
type ListEventsQuery = Readonly<z.output<typeof listEventsQuery>>;

export const listEventsResponse = z.object({
  events: z.array(z.record(z.string(), z.unknown())),
  page_info: pageInfo.extend({
    resume_marker: z.string().optional().meta({ description: 'of the last page when the oldest come first: the marker with which later events will be found' }),
  }),
});

/** [choice] So many pieces of a cell are looked through for one page, 256 events each: a page may be short, and still have a marker. */
const mostStretches = 16;

export async function listEvents({ services, account }: Ground, { query }: { readonly query: ListEventsQuery }): Promise<Result<z.input<typeof listEventsResponse>>> {
  const { limit, marker, format, ...asked } = query;
  const { order, ...filters } = asked;
  const { audit, keyring } = services;
  const question: Question = { accountId: account.accountId, asked: canonical(asked) };
  const found: ReadEvent[] = [];
  const page = (end: Readonly<Record<'next_marker' | 'resume_marker', string>> | object): Result<z.input<typeof listEventsResponse>> =>
    ({ body: { events: found.map(itemOf(format)), page_info: { current_count: found.length, ...end } } });
  const markerAt = (place: number): string => markerOf(keyring, question, place);

  const start = order === 'newest' ? filters.to : filters.from;
  let place = marker !== undefined ? placeOfMarker(keyring, question, marker)
    : start !== undefined ? await audit.placeOf(account.accountId, order, start * 1000) : undefined;
  for (let stretches = 0; stretches < mostStretches; stretches += 1) {
    const stretch = await audit.stretch(account.accountId, order, place);
    for (const event of stretch.events) {
      if (!matches(filters, event.event)) continue;
      const end = found.at(-1);
      if (end !== undefined && found.length === limit) return page({ next_marker: markerAt(sequenceOf(end.id)) });
      found.push(event);
    }
    place = stretch.next;
    if (isPast(filters, order, stretch)) return page({});
    if (stretch.isEnd) return page(order === 'oldest' ? { resume_marker: markerAt(place) } : {});
    if (found.length === limit) break;
  }
  return page(place === undefined ? {} : { next_marker: markerAt(place) });
}

/** Whether nothing behind the piece can be of the time that is asked for. */
function isPast({ from, to }: EventFilters, order: ListEventsQuery['order'], { times }: Stretch): boolean {
  if (times === undefined) return false;
  return order === 'newest'
    ? from !== undefined && times.latest < from * 1000 - timeMarginMilliseconds
    : to !== undefined && times.earliest >= to * 1000 + timeMarginMilliseconds;
}

/** The same for the same filters, whatever their order. */
const canonical = (asked: object): string =>
  JSON.stringify(Object.entries(asked).filter(([, value]) => value !== undefined).sort(([one], [other]) => (one < other ? -1 : 1)));

const sequenceOf = (id: string): number => Number(id.slice(id.indexOf('-') + 1));

const forms: Readonly<Record<FormatName, (id: string, event: AuditEvent) => Readonly<Record<string, unknown>>>> = { cts: toTrace, ocsf: toOcsf, jsonl: toJsonEvent };

/** `sealed` is told where the form is ours to extend. */
export const itemOf = (format: FormatName) => ({ id, event, sealed }: ReadEvent): Readonly<Record<string, unknown>> =>
  ({ ...forms[format](id, event), ...(format === 'cts' && { sealed }) });
