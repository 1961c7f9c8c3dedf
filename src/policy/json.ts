// Reads JSON as RFC 8259 says and no looser, keeping what JSON.parse hides: duplicate and dangerous names.
import { parseTree, type Node } from 'jsonc-parser';
import { below, PolicyError, quote } from './policy-error.js';

export interface JsonMember {
  readonly name: string;
  readonly value: JsonNode;
}

export type JsonNode =
  | { readonly kind: 'object'; readonly pointer: string; readonly members: readonly JsonMember[] }
  | { readonly kind: 'array'; readonly pointer: string; readonly items: readonly JsonNode[] }
  | { readonly kind: 'string'; readonly pointer: string; readonly value: string }
  | { readonly kind: 'number' | 'boolean' | 'null'; readonly pointer: string };

const deepest = 16;
const dangerousNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * One JSON value. Refuses comments, trailing commas, a byte order mark, duplicate names, names that reach into
 * prototypes, NUL, lone surrogates and more than 16 levels.
 * @throws PolicyError
 */
export function readJson(text: string): JsonNode {
  refuseDeep(text);
  try {
    JSON.parse(text);
  } catch {
    throw new PolicyError('', 'json', text.startsWith('\uFEFF') ? 'the document must not begin with a byte order mark' : 'the document is not valid JSON');
  }
  const root = parseTree(text);
  if (root === undefined) throw new PolicyError('', 'json', 'the document is not valid JSON');
  return convert(root, '');
}

/** Both parsers recurse or build a tree, so the depth is bounded before either sees the text. */
function refuseDeep(text: string): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (inString) {
      if (character === '\\') index++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '[' || character === '{') {
      if (++depth > deepest) throw new PolicyError('', 'depth', `the document is nested deeper than ${deepest} levels`);
    } else if (character === ']' || character === '}') depth--;
  }
}

function convert(node: Node, pointer: string): JsonNode {
  const children = node.children ?? [];
  switch (node.type) {
    case 'object':
      return { kind: 'object', pointer, members: convertMembers(children, pointer) };
    case 'array':
      return { kind: 'array', pointer, items: children.map((child, index) => convert(child, below(pointer, index))) };
    case 'string':
      return { kind: 'string', pointer, value: stringOf(node, pointer) };
    case 'number':
    case 'boolean':
    case 'null':
      return { kind: node.type, pointer };
    case 'property':
      throw new PolicyError(pointer, 'json', 'the document is not valid JSON');
  }
}

function convertMembers(properties: readonly Node[], pointer: string): JsonMember[] {
  const seen = new Set<string>();
  return properties.map((property) => {
    const [nameNode, valueNode] = property.children ?? [];
    if (nameNode === undefined || valueNode === undefined) throw new PolicyError(pointer, 'json', 'the document is not valid JSON');
    const name = stringOf(nameNode, pointer);
    const place = below(pointer, name);
    if (dangerousNames.has(name)) throw new PolicyError(place, 'dangerous-name', `the name ${quote(name)} is not allowed`);
    if (seen.has(name)) throw new PolicyError(place, 'duplicate-name', `the name ${quote(name)} stands twice in one object`);
    seen.add(name);
    return { name, value: convert(valueNode, place) };
  });
}

function stringOf(node: Node, pointer: string): string {
  const value: unknown = node.value;
  if (typeof value !== 'string') throw new PolicyError(pointer, 'json', 'the document is not valid JSON');
  if (value.includes('\0')) throw new PolicyError(pointer, 'character', 'a NUL character is not allowed');
  if (/\p{Cs}/u.test(value)) throw new PolicyError(pointer, 'character', 'half of a surrogate pair is not allowed');
  return value;
}
