// Texts of bounded length, and texts of a pattern: what most fields of requests and files are.
import { z } from 'zod';

/** Lengths are counted in code points [choice]. */
export const characters = (minimum: number, maximum: number) =>
  z.string().refine((text) => within(Array.from(text).length, minimum, maximum), { error: `must be ${minimum} to ${maximum} characters long` })
    .meta({ minLength: minimum, maxLength: maximum });
const within = (value: number, minimum: number, maximum: number): boolean => value >= minimum && value <= maximum;

/** Free text: anything but half of a surrogate pair, which is no text, and NUL, which files do not take. */
export const freeText = (maximum: number) => characters(0, maximum).refine((text) => !/[\0\p{Cs}]/u.test(text), { error: 'must not hold NUL or half of a surrogate pair' });

/** @param cause the error that a request gets whose field breaks the rule, where it is not the usual one */
export const matching = (pattern: RegExp, rule: string, cause?: string) =>
  z.string().refine((text) => pattern.test(text), { error: rule, ...(cause !== undefined && { params: { cause } }) }).meta({ pattern: pattern.source });
