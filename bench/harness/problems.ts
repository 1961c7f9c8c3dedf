// What keeps the results of a run from being results: for smoke runs, which judge no number.
import type { SuiteResult } from '../suites/suite.js';
import type { VariantResult } from './compare.js';

/** Suites that told nothing, servers that answered nothing, and requests that failed; empty when the run is whole. */
export const problemsOf = (results: readonly SuiteResult[]): readonly string[] => results.flatMap(({ suite, comparisons, figures, notes }) => {
  if (comparisons.length === 0 && figures.length === 0) return [`${suite} told no number${notes.map((note) => ` (${note})`).join('')}`];
  return [
    ...comparisons.flatMap(({ variants }) => (variants.length === 0 ? [`${suite} compared nothing`] : variants.flatMap((variant) => problemsOfVariant(suite, variant)))),
    ...figures.flatMap(({ name, value }) => (value > 0 && Number.isFinite(value) ? [] : [`${suite}: ${name} is ${value}`])),
  ];
});

function problemsOfVariant(suite: string, { name, requests, failures }: VariantResult): readonly string[] {
  const failed = Object.entries(failures).map(([status, count]) => `${suite}: ${count} requests to ${name} were answered with ${status === '0' ? 'nothing' : status}`);
  return requests > 0 ? failed : [`${suite}: ${name} answered no request`, ...failed];
}
