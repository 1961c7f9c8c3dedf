// The bound of an audit event: callers choose texts and tags, but not how much of the store one call takes.
import type { AuditEvent, EventSession } from './event.js';

/** The longest URN of an agency has 630 characters. */
const longestResource = 640;
const longestDecision = 640;
const mostTagBytes = 2048;
const longestTextAmongMany = 48;

/**
 * The event with its texts cut (`…`), and without tags that are larger than 2 KiB together, but for those of a session
 * that was issued: that event is where the tags of a session can be looked up.
 */
export function boundedEvent(event: AuditEvent): AuditEvent {
  const { operation, resource, decision, request, callerSession } = event;
  // As nearly all are: two microseconds of a call.
  if (isShort(resource, longestResource) && isShort(decision, longestDecision) && (request === undefined || isSmall(request)) && callerSession?.tags === undefined) return event;
  return {
    ...event,
    ...(resource !== undefined && { resource: shortened(resource, longestResource) }),
    ...(decision !== undefined && { decision: shortened(decision, longestDecision) }),
    ...(request !== undefined && { request: operation === 'AssumeAgency' ? boundedAssume(request) : boundedRequest(request) }),
    ...(callerSession !== undefined && { callerSession: boundedSession(callerSession) }),
  };
}

const isShort = (text: string | undefined, most: number): boolean => text === undefined || text.length <= most;

/** In JSON a character has six bytes at most. */
const mostCharacters = Math.floor(mostTagBytes / 6);

/** Whether it has texts alone, and so few that their bytes need not be counted. */
function isSmall(request: Readonly<Record<string, unknown>>): boolean {
  let characters = 2;
  for (const [name, value] of Object.entries(request)) {
    if (typeof value !== 'string') return false;
    // With quotes, colon and comma.
    characters += name.length + value.length + 6;
  }
  return characters <= mostCharacters;
}

const shortened = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most)}…`);

/** Every other request keeps all its members: there is no session in which the tags that it sets could be looked up. */
function boundedRequest(request: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return bytes(request) <= mostTagBytes ? request : Object.fromEntries(Object.entries(request).map(([name, value]) => [name, withShortTexts(value)]));
}

function withShortTexts(value: unknown): unknown {
  if (typeof value === 'string') return shortened(value, longestTextAmongMany);
  if (Array.isArray(value)) return value.map(withShortTexts);
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withShortTexts(inner)])) : value;
}

function boundedAssume(request: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (bytes(request) <= mostTagBytes) return request;
  const { tags, transitive_tag_keys: transitiveTagKeys, ...rest } = request;
  return { ...rest, tag_count: Array.isArray(tags) ? tags.length : 0, transitive_tag_count: Array.isArray(transitiveTagKeys) ? transitiveTagKeys.length : 0 };
}

function boundedSession(session: EventSession): EventSession {
  if (bytes(session.tags ?? []) <= mostTagBytes) return session;
  const { tags, ...rest } = session;
  return rest;
}

const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
