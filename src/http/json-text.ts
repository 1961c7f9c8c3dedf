// JSON of a body: what JSON.parse would hide or could not bear is refused.
import { ApiError } from '../base/api-error.js';
import { PolicyError, readJson } from '../policy/index.js';

/** [choice] Deeper than anything that an operation takes; the checks behind recurse. */
export const deepestJson = 64;

const quotation = '"'.charCodeAt(0);
const backslash = '\\'.charCodeAt(0);
const colon = ':'.charCodeAt(0);
const [openBrace, openBracket] = ['{'.charCodeAt(0), '['.charCodeAt(0)];
const [closeBrace, closeBracket] = ['}'.charCodeAt(0), ']'.charCodeAt(0)];

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
  let members = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quotation) at = endOfString(text, at);
    else if (code === colon) members += 1;
    else if (code === openBrace || code === openBracket) {
      depth += 1;
      if (depth > deepestJson) throw new ApiError('malformedBody', `the body is nested deeper than ${deepestJson} levels`);
    } else if (code === closeBrace || code === closeBracket) depth -= 1;
  }
  return members;
}

/** Where the closing quotation mark is; the end of the text without one. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    // Escaped by a backslash that is not itself escaped.
    let before = end - 1;
    while (before > start && text.charCodeAt(before) === backslash) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const children: readonly unknown[] = Object.values(value);
  let members = Array.isArray(value) ? 0 : children.length;
  for (const child of children) if (typeof child === 'object') members += membersOf(child);
  return members;
}

function whichOne(text: string): string {
  try {
    readJson(text);
    return '';
  } catch (error) {
    return error instanceof PolicyError && error.rule === 'duplicate-name' ? `: ${error.message}` : '';
  }
}
