// The options of `npm run bench`.
import { parseArgs } from 'node:util';
import type { Sizes } from './suites/suite.js';

export interface Options {
  readonly isShort: boolean;
  readonly jsonToStdout: boolean;
  /** Whether requests that failed and suites without numbers make the run fail. */
  readonly isChecked: boolean;
  readonly out: string | undefined;
  /** Names of suites; undefined: all that run by default. */
  readonly only: readonly string[] | undefined;
  readonly sizes: Sizes;
}

export const usage = `npm run bench -- [options]
  --short          small sizes and short rounds: all suites in less than a minute, for a look and for CI
  --check          fail when a suite told no number or a request failed; no number is judged
  --only a,b       these suites alone
  --rounds N       counted rounds of each variant
  --milliseconds N length of a round
  --connections N  connections of the load generator
  --out FILE       the results as JSON in a file
  --json           the results as JSON on standard output, and the text on standard error
`;

const full: Sizes = { rounds: 8, milliseconds: 1000, warmUpMilliseconds: 12_000, connections: 64, sessions: [1000, 1_000_000], agencies: [10, 5000], accounts: [1, 5000], chainDepth: [1, 10], statements: [1, 100], stored: 20_000, awaitsSealing: true };
const short: Sizes = { ...full, connections: 16, rounds: 2, milliseconds: 200, warmUpMilliseconds: 300, sessions: [1000, 10_000], agencies: [10, 200], accounts: [1, 100], stored: 1000, awaitsSealing: false };

/** Throws on what is no option. */
export function readOptions(parameters: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      short: { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, check: { type: 'boolean', default: false }, out: { type: 'string' }, only: { type: 'string' },
      rounds: { type: 'string' }, milliseconds: { type: 'string' }, connections: { type: 'string' },
    },
  });
  const sizes = values.short ? short : full;
  const whole = (name: 'rounds' | 'milliseconds' | 'connections'): number => {
    const text = values[name];
    if (text === undefined) return sizes[name];
    if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${name} takes a whole number`);
    return Number(text);
  };
  return {
    isShort: values.short, jsonToStdout: values.json, isChecked: values.check, out: values.out, only: values.only?.split(','),
    sizes: { ...sizes, rounds: whole('rounds'), milliseconds: whole('milliseconds'), connections: whole('connections') },
  };
}
