// What ended sessions lately, as it is told to those who verify offline: fields of one hash per cell, and bits of status lists.
import type { EpochSubject } from '../directory/store.js';
import { TamperedRecordError } from '../keyring/authenticate.js';
import { markSeconds } from '../sessions/lifetime.js';
import type { EndedSubject } from '../sts/status-source.js';

/** Redis counts the bits of a byte from its highest on, status lists from its lowest (token status list, section 4). */
export const bitOffset = (index: number): number => index - (index % 8) + 7 - (index % 8);

export const endedField = (kind: EndedSubject['kind'], accountId: string, subject: EpochSubject): string => `${kind} ${accountId} ${subject}`;

/** Field and text. @param now seconds since the epoch */
export const endedEpoch = (accountId: string, subject: EpochSubject, epoch: number, now: number): [string, string] => [endedField('epoch', accountId, subject), `${epoch} ${now}`];
export const endedBoundary = (accountId: string, subject: EpochSubject, issuedBefore: number, now: number): [string, string] =>
  [endedField('boundary', accountId, subject), `${issuedBefore} ${now}`];

/** Reads a field and its text. */
export function endedSubject(field: string, text: string): EndedSubject & { readonly time: number } {
  const [, kind, accountId = '', subject = ''] = /^(epoch|boundary) (\S{1,64}) ((?:account|(?:user|agency|key|source):.+))$/s.exec(field) ?? [];
  const [, value, time] = /^(\d{1,16}) (\d{1,12})$/.exec(text) ?? [];
  if (kind === undefined || value === undefined || time === undefined) throw new TamperedRecordError(['ended', field]);
  // Both were matched just now.
  return { kind: kind as EndedSubject['kind'], accountId, subject: subject as EpochSubject, value: Number(value), time: Number(time) };
}

/** Nothing is left then of what it ended. @param now seconds since the epoch */
export const endsNothing = ({ time }: { readonly time: number }, now: number): boolean => now - time > markSeconds;
