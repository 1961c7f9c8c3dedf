// Fields that requests of security teams have.
import { z } from 'zod';
import { freeText, matching } from '../base/characters.js';

export const sessionId = matching(/^HST[A-Z2-7]{17}$/, 'must be HST and 17 letters or digits of base32');
export const permanentAccessKeyId = matching(/^(?!HST)[A-Za-z0-9]{8,40}$/, 'must be the id of a permanent access key');
export const sourceIdentity = matching(/^[\w+=,.@-]{2,64}$/, 'must be 2 to 64 letters, digits or _+=,.@-');
export const reason = freeText(256).default('');

/** RFC 3339 with an offset; in seconds since the epoch, fractions as they are. */
export const moment = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-01-31T08:00:00Z' }).transform((text) => Date.parse(text) / 1000)
  .refine((seconds) => seconds >= 0, { error: 'must not lie before 1970' });
