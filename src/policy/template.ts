// Texts with policy variables: `${key}`, `${key, 'default'}` and the literals `${*}`, `${?}`, `${$}` (policy language §6).
import { textOf, type ConditionContext } from './context.js';
import type { GlobPiece } from './glob.js';
import { foldAscii } from './text.js';

export interface Variable {
  readonly key: string;
  readonly whenAbsent: string | undefined;
}

/** A piece of text as written, or a variable. */
export type TemplatePart = GlobPiece | Variable;

export interface Template {
  readonly source: string;
  readonly parts: readonly TemplatePart[];
  /** A malformed variable: the whole text fails to substitute. */
  readonly broken: boolean;
  readonly dynamic: boolean;
}

export const isVariable = (part: TemplatePart): part is Variable => 'key' in part;

const literalVariable = /^\$\{([*?$])\}/;
// Classes that exclude each other's delimiters, so that no text makes the expression backtrack more than linearly.
const keyVariable = /^\$\{([^'{}$,]+)(?:, *'((?:[^']|'')*)' *)?\}/;

export function parseTemplate(source: string): Template {
  const parts: TemplatePart[] = [];
  let rest = source;
  let broken = false;
  while (rest !== '') {
    const start = rest.indexOf('${');
    const text = start < 0 ? rest : rest.slice(0, start);
    if (text !== '') parts.push({ text, literal: false });
    if (start < 0) break;
    rest = rest.slice(start);
    const read = readVariable(rest);
    if (read === undefined) {
      broken = true;
      break;
    }
    parts.push(read.part);
    rest = rest.slice(read.length);
  }
  return { source, parts, broken, dynamic: broken || parts.some(isVariable) };
}

function readVariable(text: string): { readonly part: TemplatePart; readonly length: number } | undefined {
  const literal = literalVariable.exec(text);
  if (literal?.[1] !== undefined) return { part: { text: literal[1], literal: true }, length: literal[0].length };
  const found = keyVariable.exec(text);
  const key = found?.[1]?.trim();
  if (found === null || key === undefined || key === '') return undefined;
  const whenAbsent = found[2]?.replaceAll("''", "'");
  return { part: { key: foldAscii(key), whenAbsent }, length: found[0].length };
}

/**
 * The parts with every variable replaced, or undefined if one cannot be: an absent key without default, a
 * multi-valued key (even with a default [choice]), a malformed variable.
 * INVARIANT: one round; substituted text is literal and never scanned for wildcards or variables.
 */
export function substitute(template: Template, context: ConditionContext): readonly GlobPiece[] | undefined {
  if (template.broken) return undefined;
  return substituteParts(template.parts, context);
}

export function substituteParts(parts: readonly TemplatePart[], context: ConditionContext): readonly GlobPiece[] | undefined {
  const pieces: GlobPiece[] = [];
  for (const part of parts) {
    if (isVariable(part)) {
      const text = valueOf(part, context);
      if (text === undefined) return undefined;
      pieces.push({ text, literal: true });
    } else pieces.push(part);
  }
  return pieces;
}

function valueOf(variable: Variable, context: ConditionContext): string | undefined {
  const entry = context.entry(variable.key);
  if (entry === undefined) return variable.whenAbsent;
  const [value] = entry.values;
  return entry.multiValued || value === undefined ? undefined : textOf(value);
}

/** The text of pieces in which nothing is a wildcard. */
export const textOfPieces = (pieces: readonly GlobPiece[]): string => pieces.map((piece) => piece.text).join('');
