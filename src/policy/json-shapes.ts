// What a JSON node must be: object, non-empty array, string, one of some words.
import type { JsonMember, JsonNode } from './json.js';
import { below, PolicyError, quote } from './policy-error.js';
import { foldAscii, suggestion } from './text.js';

export interface StringItem {
  readonly text: string;
  readonly pointer: string;
}

const article: Readonly<Record<JsonNode['kind'], string>> = {
  object: 'an object', array: 'an array', string: 'a string', number: 'a number', boolean: 'a boolean', null: 'null',
};

function mismatch(node: JsonNode, wanted: string): PolicyError {
  return new PolicyError(node.pointer, 'type', `${wanted} is needed here, not ${article[node.kind]}`);
}

export function readMembers(node: JsonNode): readonly JsonMember[] {
  if (node.kind !== 'object') throw mismatch(node, 'an object');
  return node.members;
}

export function readArray(node: JsonNode): readonly JsonNode[] {
  if (node.kind !== 'array') throw mismatch(node, 'an array');
  if (node.items.length === 0) throw new PolicyError(node.pointer, 'empty', 'at least one item is needed');
  return node.items;
}

export function readString(node: JsonNode): string {
  if (node.kind === 'string') return node.value;
  throw mismatch(node, node.kind === 'number' || node.kind === 'boolean' ? 'a string (numbers and booleans are written in quotes)' : 'a string');
}

/** A non-empty array of strings; [choice] a bare string is not a list of one. */
export const readStrings = (node: JsonNode): readonly StringItem[] => readArray(node).map((item) => ({ text: readString(item), pointer: item.pointer }));

export function readChoice<Word extends string>(node: JsonNode, words: readonly Word[]): Word {
  const text = readString(node);
  const found = words.find((word) => word === text);
  if (found === undefined) {
    const near = words.find((word) => foldAscii(word) === foldAscii(text));
    const choice = words.map((word) => `\`${word}\``).join(' or ');
    throw new PolicyError(node.pointer, 'value', `${quote(text)} must be ${choice}${near === undefined ? '' : `: did you mean \`${near}\`?`}`);
  }
  return found;
}

export function refuseUnknown(members: readonly JsonMember[], pointer: string, known: readonly string[]): void {
  for (const { name } of members) {
    if (!known.includes(name)) throw new PolicyError(below(pointer, name), 'element', `the element ${quote(name)} does not exist here${suggestion(name, known)}`);
  }
}
