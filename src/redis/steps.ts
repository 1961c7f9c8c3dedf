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
const commonLetters: ReadonlySet<Letter> = new Set<Letter>(['N', 'G']);

/** Each key once, named by its number; a common step once, and named by its place where it comes again. */
export function argumentsOf(commits: readonly (readonly Step[])[]): ScriptArguments {
  const numbers = new Map<string, number>();
  const numberOf = (key: string): number => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size + 1);
    return numbers.size;
  };
  const common = new Map<string, { readonly step: Step; readonly place: number }>();
  const values: (string | number)[] = [];
  for (const steps of commits) {
    const start = values.push(0);
    for (const step of steps) {
      // The script counts from one.
      const place = values.length + 1;
      if (commonLetters.has(step.letter)) {
        const known = common.get(step.key);
        if (known !== undefined && isSame(known.step, step)) {
          values.push('Q', known.place);
          continue;
        }
        common.set(step.key, { step, place });
      }
      values.push(step.letter, numberOf(step.key));
      for (const value of step.values) values.push(typeof value === 'object' ? numberOf(value.key) : value);
    }
    values[start - 1] = values.length - start;
  }
  return { keys: [...numbers.keys()], values };
}

const isSame = (one: Step, other: Step): boolean =>
  one.letter === other.letter && one.values.length === other.values.length && one.values.every((value, at) => value === other.values[at]);
