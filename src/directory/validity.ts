// For how long a legacy agency may be assumed: asked for in days, answered in hours (legacy agencies §2).
import { z } from 'zod';
import type { LegacyAgency } from './entities.js';

const dayMilliseconds = 86_400_000;
/** [choice] A hundred years. */
const mostDays = 36_500;
const rule = `must be FOREVER, ONEDAY or a number of days from 1 to ${mostDays}`;

/** `FOREVER` or null, `ONEDAY`, or days as a number or a text; becomes the days, null without an end. */
export const duration = z.union([
  z.null().transform(() => null),
  z.literal('FOREVER').transform(() => null),
  z.literal('ONEDAY').transform(() => 1),
  z.int(rule).min(1, rule).max(mostDays, rule),
  z.string().regex(/^[1-9]\d{0,4}$/, rule).transform(Number).refine((days) => days <= mostDays, rule),
], { error: rule });

type Validity = Pick<LegacyAgency, 'validityDays' | 'expiresAt'>;

/** From now on. @param days null: without an end */
export const validityOf = (days: number | null, now: number): Validity => (days === null ? {} : { validityDays: days, expiresAt: now + days * dayMilliseconds });

/** As answers tell it: hours, as a text. */
export const durationText = ({ validityDays }: Validity): string => (validityDays === undefined ? 'FOREVER' : String(validityDays * 24));
