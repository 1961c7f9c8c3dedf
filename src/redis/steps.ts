// The steps of a commit as values: what each asks of which key, and how they become the arguments of the script.
import type { EpochSubject } from '../directory/store.js';

/** What the letters stand for is told where the script is. */
export type Letter = 'N' | 'B' | 'L' | 'K' | 'W' | 'G' | 'A' | 'X' | 'M' | 'H' | 'T' | 'R' | 'S' | 'I' | 'E' | 'P' | 'D' | 'U' | 'C' | 'Y';

/** A number that the script gives back: of an event in its cell, or an epoch after it was raised. */
export type Result =
  | { readonly kind: 'event'; readonly cell: number }
  | { readonly kind: 'epoch'; readonly accountId: string; readonly subject: EpochSubject };

/** A second key of a step, of the same cell as its first. */
export interface KeyReference {
  readonly key: string;
}

export interface Step {
  readonly letter: Letter;
  readonly key: string;
  readonly values: readonly (string | number | KeyReference)[];
  readonly result?: Result;
}

export type Steps = Step[];

export function addStep(steps: Steps, letter: Letter, key: string, ...values: Step['values']): void {
  steps.push({ letter, key, values });
}

/** For a step that does not depend on which keys are in use. */
export const anyKeys = -1;

/** The hash tag of a key's cell. */
export const cellTagOf = (key: string): string => key.slice(0, key.indexOf('}') + 1);

export interface ScriptArguments {
  readonly keys: readonly string[];
  readonly values: readonly (string | number)[];
}

/** Steps that many commits have alike: the checks of the cells and of the accounts. */
const isCommon = ({ letter }: Step): boolean => letter === 'N' || letter === 'G';

/** The common steps that a commit begins with, and where its arguments of them stand, counted from one. */
interface Beginning {
  readonly steps: readonly Step[];
  readonly length: number;
  readonly first: number;
  readonly last: number;
}
/** Calls of so many kinds of callers and agencies at one moment are known again. */
const mostBeginnings = 8;

/** Each key once, named by its number; a common step once, and a common beginning, and named by its place where it comes again. */
export function argumentsOf(commits: readonly (readonly Step[])[]): ScriptArguments {
  const numbers = new Map<string, number>();
  const numberOf = (key: string): number => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size + 1);
    return numbers.size;
  };
  const common = new Map<string, { readonly step: Step; readonly place: number }>();
  const beginnings: Beginning[] = [];
  const values: (string | number)[] = [];
  const add = (step: Step): void => {
    if (isCommon(step)) {
      const known = common.get(step.key);
      if (known !== undefined && isSame(known.step, step)) {
        values.push('Q', known.place);
        return;
      }
      // The script counts from one.
      common.set(step.key, { step, place: values.length + 1 });
    }
    values.push(step.letter, numberOf(step.key));
    for (const value of step.values) values.push(typeof value === 'object' ? numberOf(value.key) : value);
  };
  for (const steps of commits) {
    const start = values.push(0);
    const end = steps.findIndex((step) => !isCommon(step));
    const length = end < 0 ? steps.length : end;
    const known = length === 0 ? undefined : beginnings.find((beginning) => beginsSo(steps, length, beginning));
    if (known !== undefined) values.push('Z', known.first, known.last);
    steps.forEach((step, at) => {
      if (known === undefined || at >= length) add(step);
      if (known === undefined && at === length - 1 && beginnings.length < mostBeginnings) beginnings.push({ steps, length, first: start + 1, last: values.length });
    });
    values[start - 1] = values.length - start;
  }
  return { keys: [...numbers.keys()], values };
}

function beginsSo(steps: readonly Step[], length: number, beginning: Beginning): boolean {
  if (beginning.length !== length) return false;
  for (let at = 0; at < length; at += 1) {
    const one = steps[at];
    const other = beginning.steps[at];
    if (one === undefined || other === undefined || !isSame(one, other)) return false;
  }
  return true;
}

function isSame(one: Step, other: Step): boolean {
  if (one.key !== other.key || one.letter !== other.letter || one.values.length !== other.values.length) return false;
  for (let at = 0; at < one.values.length; at += 1) if (one.values[at] !== other.values[at]) return false;
  return true;
}
