// When two tag keys are one, and which keys there can be: the same for resources, sessions and the conditions of policies.
import { foldAscii } from '../policy/index.js';

/**
 * Tag keys are one key when they differ only in the case of ASCII letters (STS API §6.1).
 * INVARIANT: as condition keys are compared, so that no key replaces a tag that a policy would still see by its name.
 */
export const foldTagKey = foldAscii;

/** What {@link isPlainTagKey} demands, for messages. */
export const plainTagKeyRule = 'must be plain text: no compatibility forms (Unicode NFKC), no blanks but the usual one, and none at its ends';

/**
 * [choice] Keys that only look like another one are refused: a wide or a ligature letter, a special blank, a blank at an
 * end. A policy that guards a key by its name guards it against all of them.
 */
export const isPlainTagKey = (key: string): boolean => key === key.normalize('NFKC').trim() && !/(?! )\p{Z}/u.test(key);
