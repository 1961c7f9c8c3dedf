// One clause of a Condition (operator, key, values): validated and compiled to a test of the context.
import { entryText, type ConditionContext, type ContextEntry } from './context.js';
import { readOperatorName, type OperatorName } from './operator-name.js';
import type { ValuesTest, ValueType } from './operators.js';
import { PolicyError, quote } from './policy-error.js';
import { parseTemplate, type Template } from './template.js';
import { foldAscii } from './text.js';
import { every, not, some, type Truth } from './truth.js';

export interface ClauseSource {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

export interface Clause {
  readonly source: ClauseSource;
  readonly pointer: string;
  readonly foldedKey: string;
  readonly name: OperatorName;
  readonly templates: readonly Template[];
  readonly test: (context: ConditionContext) => Truth;
}

const valueForms: Readonly<Record<ValueType, string>> = {
  string: 'a string',
  number: 'a decimal number, for example `"10"`',
  date: 'an existing time in ISO 8601 with zone, for example `"2024-01-01T12:00Z"`',
  boolean: '`"true"` or `"false"`',
  ip: 'an IPv4 or IPv6 address or CIDR range',
};

/** @throws PolicyError when the operator is unknown or a value is not of its type */
export function compileClause(source: ClauseSource, pointer: string, valuePointers: readonly string[]): Clause {
  const name = readOperatorName(source.operator, pointer.slice(0, pointer.lastIndexOf('/')));
  const templates = source.values.map(parseTemplate);
  const foldedKey = foldAscii(source.key);
  templates.forEach((template, index) => {
    checkValue(name, template, valuePointers[index] ?? pointer);
  });
  const test = name.base === 'Null' ? testNull(foldedKey, source.values) : testValues(foldedKey, name, name.base.negated, name.base.compile(templates, name.base.negated));
  return { source, pointer, foldedKey, name, templates, test };
}

function checkValue(name: OperatorName, template: Template, pointer: string): void {
  const type = name.base === 'Null' ? 'boolean' : name.base.type;
  const text = template.parts.map((part) => ('text' in part ? part.text : '')).join('');
  const acceptable = name.base === 'Null' ? text === 'true' || text === 'false' : name.base.accepts(text);
  if (template.dynamic ? name.base !== 'Null' : acceptable) return;
  throw new PolicyError(pointer, 'condition-value', `${quote(template.source)} is not a value for ${quote(name.written)}: it takes ${valueForms[type]}`);
}

const isAbsent = (entry: ContextEntry | undefined): entry is undefined => entry === undefined || entry.values.length === 0;

/** [choice] An empty set counts as absent everywhere, an empty text only for IfExists. */
const isEmpty = (entry: ContextEntry): boolean => entry.values.every((value) => value === '');

function testNull(key: string, values: readonly string[]): (context: ConditionContext) => Truth {
  const acceptsAbsent = values.includes('true');
  const acceptsPresent = values.includes('false');
  return (context) => (isAbsent(context.entry(key)) ? acceptsAbsent : acceptsPresent);
}

function testValues(key: string, name: OperatorName, negated: boolean, matchesAny: ValuesTest): (context: ConditionContext) => Truth {
  const { quantifier, ifExists } = name;
  // [choice] A negated operator is true of a missing key, so that a Deny with StringNotEquals still denies.
  const whenAbsent = ifExists || quantifier === 'all' || (quantifier === 'plain' && negated);
  return (context) => {
    const entry = context.entry(key);
    if (isAbsent(entry)) return whenAbsent;
    if (ifExists && isEmpty(entry)) return true;
    const { values } = entry;
    const [only] = values;
    if (values.length === 1 && only !== undefined) {
      const matched = matchesAny(only, context);
      return negated ? not(matched) : matched;
    }
    if (quantifier === 'all') return every(values, (value) => (negated ? not(matchesAny(value, context)) : matchesAny(value, context)));
    if (quantifier === 'any') return some(values, (value) => (negated ? not(matchesAny(value, context)) : matchesAny(value, context)));
    // [choice] A plain operator on a multi-valued key: any value matches; negated: none does.
    const matched = some(values, (value) => matchesAny(value, context));
    return negated ? not(matched) : matched;
  };
}

/** The value of the clause's key as text, undefined if absent. */
export function actualText(clause: Clause, context: ConditionContext): string | readonly string[] | undefined {
  const entry = context.entry(clause.foldedKey);
  return entry === undefined ? undefined : entryText(entry);
}
