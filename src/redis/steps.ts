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

/** Each key once, named by its number. */
export function argumentsOf(steps: readonly Step[]): ScriptArguments {
  const numbers = new Map<string, number>();
  const numberOf = (key: string): number => {
    const number = numbers.get(key) ?? numbers.size + 1;
    numbers.set(key, number);
    return number;
  };
  const values: (string | number)[] = [];
  for (const step of steps) {
    values.push(step.letter, numberOf(step.key));
    for (const value of step.values) values.push(typeof value === 'object' ? numberOf(value.key) : value);
  }
  return { keys: [...numbers.keys()], values };
}
