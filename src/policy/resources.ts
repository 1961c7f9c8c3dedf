// Resource patterns: five URN segments with wildcards and variables in each (policy language §4), or the path of a uri.
import type { ConditionContext } from './context.js';
import { compileGlob, matchesGlob, type Glob } from './glob.js';
import { PolicyError, quote } from './policy-error.js';
import { isVariable, parseTemplate, substituteParts, type TemplatePart } from './template.js';
import type { Truth } from './truth.js';

/** The segments of a URN: service, region, account, type, path. */
export type UrnSegments = readonly string[];

/** A segment without variables is compiled once. */
type SegmentPattern = Glob | { readonly kind: 'dynamic'; readonly parts: readonly TemplatePart[] };
/** A path such as `/iam/agencies/<id>`, which policies of the older system write in place of a URN. */
export interface UriResource {
  readonly uri: string;
}
interface UriPattern {
  readonly uri: SegmentPattern;
}
export type ResourcePattern = 'anything' | 'never' | UriPattern | readonly SegmentPattern[];

const segmentNames = ['service', 'region', 'account', 'type', 'path'] as const;
const maybeEmpty: ReadonlySet<string> = new Set(['region', 'account']);

/** Splits at the first four colons; the path may hold more. undefined if there are fewer than five segments. */
export function splitUrn(urn: string): UrnSegments | undefined {
  const segments: string[] = [];
  let start = 0;
  while (segments.length < 4) {
    const colon = urn.indexOf(':', start);
    if (colon < 0) return undefined;
    segments.push(urn.slice(start, colon));
    start = colon + 1;
  }
  segments.push(urn.slice(start));
  return segments;
}

/**
 * `*` alone, or five segments.
 * @throws PolicyError
 */
export function compileResource(pattern: string, pointer: string): ResourcePattern {
  if (pattern === '*') return 'anything';
  const template = parseTemplate(pattern);
  // A malformed variable is a failed substitution, not a malformed document (section 6).
  if (template.broken) return 'never';
  const segments = splitParts(template.parts);
  const empty = segmentNames.find((name, index) => segments[index]?.length === 0 && !maybeEmpty.has(name));
  if (segments.length !== segmentNames.length || empty !== undefined) {
    const reason = segments.length === segmentNames.length ? `its ${empty ?? ''} is empty` : 'it has fewer than five segments';
    throw new PolicyError(pointer, 'resource', `${quote(pattern)} is not a resource: ${reason}; write \`*\` or service:region:account:type:path`);
  }
  return segments.map(compileSegment);
}

/**
 * `*`, or a path that begins with a slash.
 * @throws PolicyError
 */
export function compileUri(pattern: string, pointer: string): ResourcePattern {
  if (pattern !== '*' && !pattern.startsWith('/')) throw new PolicyError(pointer, 'resource', `${quote(pattern)} is not a uri: write \`*\` or a path, for example \`/iam/agencies/<id>\``);
  const template = parseTemplate(pattern);
  return template.broken ? 'never' : { uri: compileSegment(template.parts) };
}

const compileSegment = (parts: readonly TemplatePart[]): SegmentPattern =>
  (parts.some(isVariable) ? { kind: 'dynamic', parts } : compileGlob(parts.filter((part) => 'text' in part)));

/** Colons inside `${...}` do not separate: they belong to the name of a key. */
function splitParts(parts: readonly TemplatePart[]): TemplatePart[][] {
  let current: TemplatePart[] = [];
  const segments = [current];
  for (const part of parts) {
    if (isVariable(part) || part.literal) {
      current.push(part);
      continue;
    }
    let rest = part.text;
    for (let colon = rest.indexOf(':'); colon >= 0 && segments.length < segmentNames.length; colon = rest.indexOf(':')) {
      if (colon > 0) current.push({ text: rest.slice(0, colon), literal: false });
      current = [];
      segments.push(current);
      rest = rest.slice(colon + 1);
    }
    if (rest !== '') current.push({ text: rest, literal: false });
  }
  return segments;
}

/** Case-sensitive [choice]; undefined when a variable fails to substitute. A URN is no path, and no path is a URN. */
export function matchesResource(pattern: ResourcePattern, resource: UrnSegments | UriResource, context: ConditionContext): Truth {
  if (pattern === 'anything') return true;
  if (pattern === 'never') return undefined;
  if ('uri' in pattern) return 'uri' in resource && matchesSegment(pattern.uri, resource.uri, context);
  return 'uri' in resource ? false : matchesUrn(pattern, resource, context);
}

function matchesUrn(pattern: readonly SegmentPattern[], segments: UrnSegments, context: ConditionContext): Truth {
  let result: Truth = true;
  for (let index = 0; index < pattern.length; index++) {
    const segment = pattern[index];
    const actual = segments[index];
    if (segment === undefined || actual === undefined) return false;
    const matched = matchesSegment(segment, actual, context);
    if (matched === false) return false;
    if (matched === undefined) result = undefined;
  }
  return result;
}

function matchesSegment(segment: SegmentPattern, actual: string, context: ConditionContext): Truth {
  if (segment.kind !== 'dynamic') return matchesGlob(segment, actual);
  const pieces = substituteParts(segment.parts, context);
  return pieces === undefined ? undefined : matchesGlob(compileGlob(pieces), actual);
}
