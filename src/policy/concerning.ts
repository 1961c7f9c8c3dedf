// What of a policy can matter to the actions of one service.
import type { Policy } from './policy.js';
import { foldAscii } from './text.js';

/**
 * The policy without the statements that match no action of the service, whatever is asked: it decides the same on every
 * action of it. Undefined when none is left.
 * @param service code of the service, the beginning of its actions
 */
export function mayConcern(policy: Policy, service: string): Policy | undefined {
  const statements = policy.statements.filter(({ source: { action } }) => action.negated || action.items.some((pattern) => couldMatch(foldAscii(pattern), foldAscii(service))));
  return statements.length === 0 ? undefined : { ...policy, statements };
}

/** A wildcard in the first segment could stand for anything. */
function couldMatch(pattern: string, service: string): boolean {
  const [first = ''] = pattern.split(':');
  return /[*?]/.test(first) || first === service;
}
