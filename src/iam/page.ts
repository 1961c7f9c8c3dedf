// Pages of a list: markers name a place in the order, so what is made or removed around it moves nothing.
import { z } from 'zod';
import { ApiError } from '../base/api-error.js';
import type { Table } from '../directory/table.js';

const mostItems = 200;
const usualItems = 100;

/** `limit` and `marker` of every list (IAM v5 API §1). */
export const pageQuery = {
  limit: z.string().regex(/^\d{1,3}$/, `must be a whole number from 1 to ${mostItems}`).transform(Number)
    .refine((limit) => limit >= 1 && limit <= mostItems, `must be from 1 to ${mostItems}`).default(usualItems),
  marker: z.string().optional(),
};

export interface PageRequest {
  readonly limit: number;
  readonly marker?: string | undefined;
}

export const pageInfo = z.object({ current_count: z.int(), next_marker: z.string().optional() });
export type PageInfo = z.infer<typeof pageInfo>;

export interface Page<Item> {
  readonly items: readonly Item[];
  /** `next_marker` is absent on the last page. */
  readonly pageInfo: PageInfo;
}

/** A list in an order that stays. */
export interface Listing<Item> {
  /** Tells the markers of one list from those of another. */
  readonly name: string;
  /** Items behind a place; behind the empty one are all. */
  after(place: string): Iterable<Item>;
  position(item: Item): string;
}

export const listingOf = <Entity>(name: string, table: Table<Entity>): Listing<Entity> =>
  ({ name, after: (place) => table.after(place), position: (entity) => table.position(entity) });

/** A list that is no table: its items are ordered by the texts of their positions. */
export function listingBy<Item>(name: string, items: readonly Item[], position: (item: Item) => string): Listing<Item> {
  const sorted = items.map((item) => [position(item), item] as const).sort(([one], [other]) => (one < other ? -1 : 1));
  return { name, position, after: (place) => sorted.flatMap(([at, item]) => (at > place ? [item] : [])) };
}

/** Throws the 400 for a marker that this list did not give out. */
export function pageOf<Item>(listing: Listing<Item>, { limit, marker }: PageRequest, isWanted: (item: Item) => boolean = () => true): Page<Item> {
  const items: Item[] = [];
  for (const item of listing.after(marker === undefined ? '' : placeOf(listing.name, marker))) {
    if (!isWanted(item)) continue;
    const end = items.at(-1);
    if (items.length === limit && end !== undefined) return { items, pageInfo: { current_count: limit, next_marker: markerOf(listing.name, listing.position(end)) } };
    items.push(item);
  }
  return { items, pageInfo: { current_count: items.length } };
}

const markerOf = (name: string, place: string): string => Buffer.from(`${name} ${place}`).toString('base64url');

function placeOf(name: string, marker: string): string {
  const text = /^[A-Za-z0-9_-]{4,400}$/.test(marker) ? Buffer.from(marker, 'base64url').toString('utf8') : '';
  if (!text.startsWith(`${name} `) || markerOf(name, text.slice(name.length + 1)) !== marker) {
    throw new ApiError('invalidMarker', '`marker`: is none that this list gave out');
  }
  return text.slice(name.length + 1);
}
