// Action patterns such as `sts:agencies:assume`, `sts::tagSession`, `ecs:*` (policy language §2).
import { globOf, matchesGlob, type Glob } from './glob.js';
import { PolicyError, quote } from './policy-error.js';
import { foldAscii } from './text.js';

const segmentsForm = /^[\w*?-]+(?::[\w*?-]*){0,2}$/;

/** A pattern for folded action names. */
export type ActionPattern = Glob;

/**
 * [choice] Three segments, of which the middle one may be empty, or fewer with a `*`, which crosses colons.
 * @throws PolicyError
 */
export function compileAction(pattern: string, pointer: string): ActionPattern {
  const segments = pattern.split(':').length;
  const complete = segments === 3 && !pattern.endsWith(':');
  if (!segmentsForm.test(pattern) || !(complete || pattern.includes('*'))) {
    throw new PolicyError(pointer, 'action', `${quote(pattern)} is not an action: write service:resourceType:operation, for example \`sts:agencies:assume\` or \`sts::tagSession\``);
  }
  return globOf(foldAscii(pattern));
}

const olderForm = /^(?:\*|[\w*?-]+(?::[\w*?-]*)?:[\w*?-](?:[\w*? -]*[\w*?-])?)$/;
const longestOlder = 128;

/**
 * An action of the older system: two segments or three, and blanks in the last one, as in `identity:assume role`.
 * [choice] `identity` is the older name of the service `iam`: what is said of the one is said of both.
 * @throws PolicyError
 */
export function compileOlderAction(pattern: string, pointer: string): readonly ActionPattern[] {
  if (pattern.length > longestOlder) throw new PolicyError(pointer, 'length', `an action has at most ${longestOlder} characters`);
  if (!olderForm.test(pattern)) throw new PolicyError(pointer, 'action', `${quote(pattern)} is not an action: write service:resourceType:operation, for example \`ims:images:list\` or \`ims:*:get*\``);
  const folded = foldAscii(pattern);
  return folded.startsWith('identity:') ? [globOf(folded), globOf(folded.replace('identity:', 'iam:'))] : [globOf(folded)];
}

export function matchesAction(patterns: readonly ActionPattern[], foldedAction: string): boolean {
  for (const pattern of patterns) if (matchesGlob(pattern, foldedAction)) return true;
  return false;
}
