// Texts of bounded length, and texts of a pattern: what most fields of requests and files are.
import { z } from 'zod';

/** Lengths are counted in code points [choice]. */
export const characters = (minimum: number, maximum: number) =>
  z.string().refine((text) => within(text, minimum, maximum), { error: `must be ${minimum} to ${maximum} characters long` })
    .meta({ minLength: minimum, maxLength: maximum });

/** A code point has one or two of the units that `length` counts: most texts are neither near one end nor the other, and need no counting. */
function within(text: string, minimum: number, maximum: number): boolean {
  if (text.length >= 2 * minimum && text.length <= maximum) return true;
  const count = Array.from(text).length;
  return count >= minimum && count <= maximum;
}

/** Free text: anything but half of a surrogate pair, which is no text, and NUL, which files do not take. */
export const freeText = (maximum: number) => characters(0, maximum).refine((text) => !/[\0\p{Cs}]/u.test(text), { error: 'must not hold NUL or half of a surrogate pair' });

/** @param cause the error that a request gets whose field breaks the rule, where it is not the usual one */
export const matching = (pattern: RegExp, rule: string, cause?: string) =>
  z.string().refine((text) => pattern.test(text), { error: rule, ...(cause !== undefined && { params: { cause } }) }).meta({ pattern: pattern.source });
