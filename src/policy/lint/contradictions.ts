// Linter rule on conditions that exclude each other, so that the statement never applies.
import type { Clause } from '../conditions.js';
import { needsKey, warning, type Finding, type StatementPlace } from './finding.js';
import { below, quote } from '../policy-error.js';
import { readNumber, readTime } from '../values.js';

interface Bound {
  readonly key: string;
  readonly value: number;
  readonly inclusive: boolean;
}

export function lintContradictions({ statement, pointer }: StatementPlace): Finding[] {
  const { clauses } = statement;
  const place = below(pointer, 'Condition');
  const lower = clauses.flatMap((clause) => boundOf(clause, 'Greater'));
  const upper = clauses.flatMap((clause) => boundOf(clause, 'Less'));
  const empty = lower.find((low) => upper.some((high) => low.key === high.key && (low.value > high.value || (low.value === high.value && !(low.inclusive && high.inclusive)))));
  const findings: Finding[] = [];
  if (empty !== undefined) findings.push(warning('never-applies', place, `the statement can never apply: the bounds of ${quote(empty.key)} leave nothing between them`));
  const absent = new Set(clauses.filter((clause) => clause.name.base === 'Null' && !clause.source.values.includes('false')).map((clause) => clause.foldedKey));
  const torn = clauses.find((clause) => absent.has(clause.foldedKey) && needsKey(clause));
  if (torn !== undefined) findings.push(warning('never-applies', place, `the statement can never apply: ${quote(torn.source.key)} must be absent and have a value`));
  const dead = clauses.find((clause) => needsKey(clause) && clause.templates.every((template) => template.broken) && clause.name.base !== 'Null' && !clause.name.base.negated);
  if (dead !== undefined) findings.push(warning('never-applies', place, `the statement can never apply: no value of ${quote(dead.source.key)} is well-formed`));
  return findings;
}

/** Several values are alternatives, so the widest one bounds. */
function boundOf(clause: Clause, direction: 'Greater' | 'Less'): Bound[] {
  const { base } = clause.name;
  if (base === 'Null' || !needsKey(clause) || !clause.source.operator.includes(`${direction}Than`)) return [];
  const values = clause.source.values.map((value) => (base.type === 'date' ? readTime(value) : readNumber(value)));
  const numbers = values.filter((value) => value !== undefined);
  if (numbers.length < values.length) return [];
  const value = direction === 'Greater' ? Math.min(...numbers) : Math.max(...numbers);
  return [{ key: clause.foldedKey, value, inclusive: clause.source.operator.includes('Equals') }];
}
