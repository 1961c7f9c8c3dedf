// Operator names with their affixes: `ForAllValues:StringMatchIfExists`; unknown ones get a hint.
import { operators, type Operator } from './operators.js';
import { PolicyError, quote } from './policy-error.js';
import { suggestion } from './text.js';

export type Quantifier = 'plain' | 'any' | 'all';

export interface OperatorName {
  readonly written: string;
  readonly base: Operator | 'Null';
  readonly quantifier: Quantifier;
  readonly ifExists: boolean;
}

const prefixes: readonly (readonly [string, Quantifier])[] = [
  ['ForAllValues:', 'all'],
  ['ForAnyValue:', 'any'],
];
const suffix = 'IfExists';

/** Names of the model that this language follows. [choice] They are refused with a hint, never taken as aliases. */
const foreignNames: ReadonlyMap<string, string> = new Map([
  ['StringLike', 'StringMatch'],
  ['StringNotLike', 'StringNotMatch'],
  ['ArnEquals', 'StringEquals'],
  ['ArnNotEquals', 'StringNotEquals'],
  ['ArnLike', 'StringMatch'],
  ['ArnNotLike', 'StringNotMatch'],
  ['DateEquals', 'DateGreaterThanEquals'],
  ['DateNotEquals', 'DateLessThan'],
  ['NumericEquals', 'NumberEquals'],
  ['NumericNotEquals', 'NumberNotEquals'],
  ['NumericLessThan', 'NumberLessThan'],
  ['NumericLessThanEquals', 'NumberLessThanEquals'],
  ['NumericGreaterThan', 'NumberGreaterThan'],
  ['NumericGreaterThanEquals', 'NumberGreaterThanEquals'],
]);

/** @throws PolicyError for a name that is not in the table */
export function readOperatorName(written: string, pointer: string): OperatorName {
  const [prefix, quantifier] = prefixes.find(([text]) => written.startsWith(text)) ?? ['', 'plain' as const];
  const withoutPrefix = written.slice(prefix.length);
  // [choice] Null asks about the key as a whole: neither a set prefix nor IfExists makes sense of it.
  if (written === 'Null') return { written, base: 'Null', quantifier, ifExists: false };
  const ifExists = withoutPrefix.endsWith(suffix);
  const name = ifExists ? withoutPrefix.slice(0, -suffix.length) : withoutPrefix;
  const base = operators.get(name);
  if (base !== undefined) return { written, base, quantifier, ifExists };
  if (name === 'Null') throw new PolicyError(pointer, 'operator', `the condition operator ${quote(written)} does not exist: \`Null\` takes no prefix and no suffix`);
  throw new PolicyError(pointer, 'operator', `the condition operator ${quote(written)} does not exist${hint(name, prefix, ifExists)}`);
}

function hint(name: string, prefix: string, ifExists: boolean): string {
  const foreign = foreignNames.get(name);
  if (foreign !== undefined) return `: did you mean \`${prefix}${foreign}${ifExists ? suffix : ''}\`?`;
  return suggestion(name, [...operators.keys(), 'Null']);
}
