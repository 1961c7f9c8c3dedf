// Runs steps by the commit script, and tells which step got which number back.
import type { RedisConnection } from './client.js';
import { runScript } from './client.js';
import { checkScript, commitScript } from './scripts/commit.js';
import { argumentsOf, type Step } from './steps.js';

export interface Ran {
  /** `ok`, or the letter of the check that failed; nothing was written then. */
  readonly verdict: string;
  readonly numbers: ReadonlyMap<Step, number>;
}

export async function runSteps(redis: RedisConnection, steps: readonly Step[]): Promise<Ran> {
  const { keys, values } = argumentsOf(steps);
  // The script answers an array of the verdict and numbers.
  const [verdict, ...numbers] = (await runScript(redis, commitScript, keys, values)) as readonly unknown[];
  const numbered = steps.filter(({ result }) => result !== undefined);
  return { verdict: String(verdict), numbers: new Map(numbered.map((step, index) => [step, Number(numbers[index])])) };
}

/** The checks of the steps alone. */
export async function checkSteps(redis: RedisConnection, steps: readonly Step[]): Promise<string> {
  const { keys, values } = argumentsOf(steps);
  const [verdict] = (await runScript(redis, checkScript, keys, values)) as readonly unknown[];
  return String(verdict);
}
