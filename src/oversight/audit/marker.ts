// Markers of the list of events: a place in the account's cell, good for one account and one question only.
import { ApiError } from '../../base/api-error.js';
import { authenticateRecord, openRecord, TamperedRecordError } from '../../keyring/authenticate.js';
import type { Keyring } from '../../keyring/keyring.js';

/** What the marker goes on with: a text that is the same for the same question. */
export interface Question {
  readonly accountId: string;
  readonly asked: string;
}

const keyPlace = ({ accountId, asked }: Question): readonly string[] => ['audit-events-marker', accountId, asked];

export const markerOf = (keyring: Keyring, question: Question, place: number): string =>
  Buffer.from(authenticateRecord(keyring['record-authentication'], keyPlace(question), String(place))).toString('base64url');

/** Throws the 400 for a marker that this list did not give out to this account for this question. */
export function placeOfMarker(keyring: Keyring, question: Question, marker: string): number {
  const refusal = new ApiError('invalidMarker', '`marker`: is none that this list gave out for these filters');
  if (!/^[A-Za-z0-9_-]{4,400}$/.test(marker)) throw refusal;
  try {
    return Number(openRecord(keyring['record-authentication'], keyPlace(question), Buffer.from(marker, 'base64url').toString('utf8')));
  } catch (error) {
    throw error instanceof TamperedRecordError ? refusal : error;
  }
}
