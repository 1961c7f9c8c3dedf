// JSON of a body: what JSON.parse would hide or could not bear is refused.
import { ApiError } from '../base/api-error.js';
import { PolicyError, readJson } from '../policy/index.js';

/** [choice] Deeper than anything that an operation takes; the checks behind recurse. */
export const deepestJson = 64;

const quotation = '"'.charCodeAt(0);
const backslash = '\\'.charCodeAt(0);
const colon = ':'.charCodeAt(0);
const opening: ReadonlySet<number> = new Set(['{', '['].map((character) => character.charCodeAt(0)));
const closing: ReadonlySet<number> = new Set(['}', ']'].map((character) => character.charCodeAt(0)));

/** Throws the 400 for what is no JSON, nested too deep, or has a member twice: two readers would see two values (RFC 8259 §4). */
export function jsonOf(text: string): unknown {
  const members = membersIn(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiError('malformedBody', 'the body is not JSON');
  }
  // Of two members of one name JSON.parse keeps one.
  if (membersOf(value) !== members) throw new ApiError('malformedBody', `the body has a member twice${whichOne(text)}`);
  return value;
}

/** How many members the text writes down: colons outside of strings. */
function membersIn(text: string): number {
  let [members, depth] = [0, 0];
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quotation) inString = !inString;
    else if (inString) at += code === backslash ? 1 : 0;
    else if (code === colon) members += 1;
    else if (opening.has(code)) {
      depth += 1;
      if (depth > deepestJson) throw new ApiError('malformedBody', `the body is nested deeper than ${deepestJson} levels`);
    } else if (closing.has(code)) depth -= 1;
  }
  return members;
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const children: readonly unknown[] = Object.values(value);
  return children.reduce((sum: number, child) => sum + membersOf(child), Array.isArray(value) ? 0 : children.length);
}

function whichOne(text: string): string {
  try {
    readJson(text);
    return '';
  } catch (error) {
    return error instanceof PolicyError && error.rule === 'duplicate-name' ? `: ${error.message}` : '';
  }
}
