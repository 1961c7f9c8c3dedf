// The Resource or NotResource element of a statement: does it cover the resource of a request?
import type { ConditionContext } from './context.js';
import { matchesResource, type ResourcePattern, type UriResource, type UrnSegments } from './resources.js';
import { some, type Truth } from './truth.js';

export interface ResourceElement {
  readonly negated: boolean;
  readonly patterns: readonly ResourcePattern[];
}

/** `none`: the action has no resource type; `malformed`: a text that is neither a URN nor a path. */
export type RequestResource = UrnSegments | UriResource | 'none' | 'malformed';

/**
 * undefined means "cannot tell". A pattern whose variable fails does not match (section 6), except that it must not
 * widen a NotResource: there it cannot be told.
 */
export function coversResource(element: ResourceElement | undefined, resource: RequestResource, context: ConditionContext): Truth {
  // Absent means all resources.
  if (element === undefined) return true;
  const all = element.patterns.includes('anything');
  if (all) return !element.negated;
  // An action without resource type only matches a statement whose Resource is absent or `*`.
  if (resource === 'none') return false;
  if (resource === 'malformed') return undefined;
  const matched = some(element.patterns, (pattern) => matchesResource(pattern, resource, context));
  if (element.negated) return matched === undefined ? undefined : !matched;
  return matched ?? false;
}
