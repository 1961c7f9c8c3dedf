// Markers of lists of sessions: a place in a list, authenticated for one account, one list and its filters.
import { ApiError } from '../../base/api-error.js';
import { authenticateRecord, openRecord, TamperedRecordError } from '../../keyring/authenticate.js';
import type { Keyring } from '../../keyring/keyring.js';

/** What a marker is good for. */
export interface MarkerScope {
  readonly accountId: string;
  /** The list with its filters. */
  readonly list: readonly unknown[];
}

const longestMarker = 2000;

const placeOf = ({ accountId, list }: MarkerScope): readonly string[] => ['marker', accountId, JSON.stringify(list)];

export const sealMarker = (keyring: Keyring, scope: MarkerScope, position: unknown): string =>
  Buffer.from(authenticateRecord(keyring['record-authentication'], placeOf(scope), JSON.stringify(position))).toString('base64url');

/**
 * The position as it was sealed; undefined without a marker. Throws the 400 for a marker of another list, account or filter.
 * INVARIANT: what opens is what {@link sealMarker} made for the same scope, so the caller may take its type for granted.
 */
export function openMarker(keyring: Keyring, scope: MarkerScope, marker: string | undefined): unknown {
  if (marker === undefined) return undefined;
  if (marker.length > longestMarker || !/^[\w-]+$/.test(marker)) throw invalid();
  const record = Buffer.from(marker, 'base64url').toString('utf8');
  if (Buffer.from(record).toString('base64url') !== marker) throw invalid();
  try {
    return JSON.parse(openRecord(keyring['record-authentication'], placeOf(scope), record));
  } catch (error) {
    if (error instanceof TamperedRecordError) throw invalid();
    throw error;
  }
}

const invalid = (): ApiError => new ApiError('invalidMarker', '`marker`: is none that this list gave out for these filters');
