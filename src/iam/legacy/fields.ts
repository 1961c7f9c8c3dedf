// What requests and answers of the older API have in common (legacy agencies §§2, 3).
import { z } from 'zod';
import { ApiError } from '../../base/api-error.js';
import { entityId } from '../../directory/names.js';
import type { Snapshot } from '../../directory/snapshot.js';
import { strictDescription } from '../fields.js';

export const description = strictDescription(255);

/** UTC, with microseconds and without a zone: `2020-01-20T12:59:20.811642`. @param time milliseconds since the epoch */
export const timeWithoutZone = (time: number): string => `${new Date(time).toISOString().slice(0, -1)}000`;

/** Milliseconds since the epoch as a text, as roles have their times. */
export const timeAsText = (time: number): string => String(time);

export const aBoolean = z.enum(['true', 'false']).transform((text) => text === 'true');

/** `page` and `per_page` of a list: both, or neither for all of it. */
export const pages = (most: number) => ({
  page: z.string().regex(/^[1-9]\d{0,8}$/, 'must be a whole number from 1').transform(Number).optional(),
  per_page: z.string().regex(/^[1-9]\d{0,3}$/, `must be a whole number from 1 to ${most}`).transform(Number).refine((count) => count <= most, `must be from 1 to ${most}`).optional(),
});

export interface PageOfList {
  readonly page?: number | undefined;
  readonly per_page?: number | undefined;
}

/** For the schema of a query with {@link pages}. */
export const bothOrNeither: readonly [(query: PageOfList) => boolean, { error: string; path: string[] }] = [
  ({ page, per_page: perPage }) => (page === undefined) === (perPage === undefined),
  { error: 'must be given together with `page`, or neither of them', path: ['per_page'] },
];

export function pageOfList<Item>(items: readonly Item[], { page, per_page: perPage }: PageOfList): readonly Item[] {
  return page === undefined || perPage === undefined ? items : items.slice((page - 1) * perPage, page * perPage);
}

/** [choice] Paths alone: the service does not know by which name it is called. */
export const links = (self: string) => ({ self, next: null, previous: null });
export const linksSchema = z.object({ self: z.string(), next: z.string().nullable(), previous: z.string().nullable() });
export const selfLink = z.object({ self: z.string() });

export const domainId = entityId;

/** Throws the 403 for any but the caller's account: no operation acts on another one. @param field how the request names it */
export function refuseOtherDomain({ accountId }: Snapshot, id: string | undefined, field = 'domain_id'): void {
  if (id !== undefined && id !== accountId) throw new ApiError('accessDenied', `access denied: \`${field}\` is not the account of the caller`);
}
