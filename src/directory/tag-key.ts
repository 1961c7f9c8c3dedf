// When two tag keys are one: of resources and of sessions alike, since the tags of both meet in one decision.

/**
 * Tag keys are one key when they differ only in case, compatibility form or blanks around: NFKC, trimmed, lower case.
 * [choice] STS API §6.1 asks for case-insensitive keys; the wider fold leaves no look-alike to override an inherited tag with.
 */
export const foldTagKey = (key: string): string => key.normalize('NFKC').replace(/^\p{Z}+|\p{Z}+$/gu, '').toLowerCase();
