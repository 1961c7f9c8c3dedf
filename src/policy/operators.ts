// The table of condition operators (policy language §5): value type, comparison, negation.
import type { ConditionContext, Scalar } from './context.js';
import { compileGlob, matchesGlob } from './glob.js';
import { substitute, textOfPieces, type Template } from './template.js';
import { foldAscii } from './text.js';
import type { Truth } from './truth.js';
import { addressOf, booleanOf, isInRange, numberOf, readBoolean, readNumber, readRange, readTime, stringOf, timeOf } from './values.js';

export type ValueType = 'string' | 'number' | 'date' | 'boolean' | 'ip';

/** Does one value of the request match any of the policy's values? undefined: cannot tell. */
export type ValuesTest = (actual: Scalar, context: ConditionContext) => Truth;

export interface Operator {
  readonly type: ValueType;
  readonly negated: boolean;
  /** Reads the policy's values once; the result is reused by every request. */
  readonly compile: (values: readonly Template[], negated: boolean) => ValuesTest;
  /** Whether a text without variables is a value of this operator. */
  readonly accepts: (text: string) => boolean;
}

/** How to get from texts and request values to what is compared. */
interface Comparison<Actual, Expected> {
  readonly readActual: (value: Scalar) => Actual | undefined;
  readonly readExpected: (template: Template, context: ConditionContext) => Expected | undefined | 'unsubstituted';
  readonly matches: (actual: Actual, expected: Expected) => boolean;
}

const noContext: ConditionContext = { entry: () => undefined };

function compileWith<Actual, Expected>(comparison: Comparison<Actual, Expected>) {
  const { readActual, readExpected, matches } = comparison;
  return (values: readonly Template[], negated: boolean): ValuesTest => {
    const fixed: Expected[] = [];
    const dynamic = values.filter((value) => value.dynamic);
    for (const value of values) {
      const expected = value.dynamic ? undefined : readExpected(value, noContext);
      if (expected !== undefined && expected !== 'unsubstituted') fixed.push(expected);
    }
    // [choice] A variable that fails to substitute matches nothing (documented), but must not make a negated
    // operator true: there it counts as "cannot tell", so an Allow stays off and a Deny stays on.
    const whenUnsubstituted = negated ? undefined : false;
    return (value, context) => {
      const actual = readActual(value);
      if (actual === undefined) return undefined;
      for (const expected of fixed) if (matches(actual, expected)) return true;
      let result: Truth = false;
      for (const template of dynamic) {
        const expected = readExpected(template, context);
        if (expected === undefined) result = undefined;
        else if (expected === 'unsubstituted') result = whenUnsubstituted === false ? result : undefined;
        else if (matches(actual, expected)) return true;
      }
      return result;
    };
  };
}

interface TypedReading<Actual, Expected> {
  readonly type: ValueType;
  readonly readActual: (value: Scalar) => Actual | undefined;
  readonly read: (text: string) => Expected | undefined;
}

/** The two operators, plain and negated, of one comparison. */
function pair<Actual, Expected>(reading: TypedReading<Actual, Expected>, matches: (actual: Actual, expected: Expected) => boolean): [Operator, Operator] {
  const readExpected = (template: Template, context: ConditionContext) => {
    const pieces = substitute(template, context);
    return pieces === undefined ? 'unsubstituted' : reading.read(textOfPieces(pieces));
  };
  const compile = compileWith({ readActual: reading.readActual, readExpected, matches });
  const operator = { type: reading.type, compile, accepts: (text: string) => reading.read(text) !== undefined };
  return [{ ...operator, negated: false }, { ...operator, negated: true }];
}

const text: TypedReading<string, { readonly text: string }> = { type: 'string', readActual: stringOf, read: (value) => ({ text: value }) };
const foldedText: TypedReading<string, { readonly text: string }> = {
  type: 'string',
  readActual: (value) => {
    const actual = stringOf(value);
    return actual === undefined ? undefined : foldAscii(actual);
  },
  read: (value) => ({ text: foldAscii(value) }),
};
const number: TypedReading<number, number> = { type: 'number', readActual: numberOf, read: readNumber };
const time: TypedReading<number, number> = { type: 'date', readActual: timeOf, read: readTime };

const compileMatch = compileWith({
  readActual: stringOf,
  readExpected: (template, context) => {
    const pieces = substitute(template, context);
    return pieces === undefined ? 'unsubstituted' : compileGlob(pieces);
  },
  matches: (actual: string, glob) => matchesGlob(glob, actual),
});
const match = { type: 'string', compile: compileMatch, accepts: () => true } as const;

const [stringEquals, stringNotEquals] = pair(text, (actual, expected) => actual === expected.text);
const [equalsIgnoreCase, notEqualsIgnoreCase] = pair(foldedText, (actual, expected) => actual === expected.text);
const [startsWith, notStartsWith] = pair(text, (actual, expected) => actual.startsWith(expected.text));
const [endsWith, notEndsWith] = pair(text, (actual, expected) => actual.endsWith(expected.text));
const [numberEquals, numberNotEquals] = pair(number, (actual, expected) => actual === expected);
const [inRange, notInRange] = pair({ type: 'ip', readActual: addressOf, read: readRange }, isInRange);
const [bool] = pair<boolean, boolean>({ type: 'boolean', readActual: booleanOf, read: readBoolean }, (actual, expected) => actual === expected);
const ordered = (reading: TypedReading<number, number>, matches: (actual: number, bound: number) => boolean): Operator => pair(reading, matches)[0];
const isLess = (actual: number, bound: number): boolean => actual < bound;
const isAtMost = (actual: number, bound: number): boolean => actual <= bound;
const isGreater = (actual: number, bound: number): boolean => actual > bound;
const isAtLeast = (actual: number, bound: number): boolean => actual >= bound;

/** Names as documented, compared exactly; `Null` takes no comparison and stands in conditions.ts. */
export const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['StringEquals', stringEquals],
  ['StringNotEquals', stringNotEquals],
  ['StringEqualsIgnoreCase', equalsIgnoreCase],
  ['StringNotEqualsIgnoreCase', notEqualsIgnoreCase],
  ['StringMatch', { ...match, negated: false }],
  ['StringNotMatch', { ...match, negated: true }],
  ['StringStartWith', startsWith],
  ['StringNotStartWith', notStartsWith],
  ['StringEndWith', endsWith],
  ['StringNotEndWith', notEndsWith],
  ['NumberEquals', numberEquals],
  ['NumberNotEquals', numberNotEquals],
  ['NumberLessThan', ordered(number, isLess)],
  ['NumberLessThanEquals', ordered(number, isAtMost)],
  ['NumberGreaterThan', ordered(number, isGreater)],
  ['NumberGreaterThanEquals', ordered(number, isAtLeast)],
  ['DateLessThan', ordered(time, isLess)],
  ['DateLessThanEquals', ordered(time, isAtMost)],
  ['DateGreaterThan', ordered(time, isGreater)],
  ['DateGreaterThanEquals', ordered(time, isAtLeast)],
  ['Bool', bool],
  ['IpAddress', inRange],
  ['NotIpAddress', notInRange],
]);
