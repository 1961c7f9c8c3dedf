// Linter rules on whom a trust policy trusts.
import { matchesAction } from '../actions.js';
import type { Clause } from '../conditions.js';
import { listPointer, needsKey, warning, type Finding, type LintOptions, type StatementPlace } from './finding.js';
import { quote } from '../policy-error.js';
import { accountOfEntry } from '../principals.js';

const assume = 'sts:agencies:assume';

/** A clause that names values which must be met, and so narrows who is meant. */
const narrows = (clause: Clause): boolean => needsKey(clause) && clause.name.base !== 'Null' && !clause.name.base.negated;

export function lintTrust(place: StatementPlace, options: LintOptions): Finding[] {
  const { source, actions, clauses } = place.statement;
  const { principal } = source;
  if (principal === undefined || source.effect !== 'Allow') return [];
  const pointer = listPointer(place, 'Principal');
  if (principal.negated) {
    return [warning('not-principal-allow', pointer, 'an Allow with `NotPrincipal` trusts everybody outside the list')];
  }
  const findings: Finding[] = [];
  if (principal.items.some((entry) => entry.type === 'IAM' && entry.text === '*') && !clauses.some(narrows)) {
    findings.push(warning('public-trust', pointer, 'everybody is trusted: no condition narrows the principal `*`'));
  }
  const guarded = clauses.some((clause) => clause.foldedKey === 'sts:externalid' && narrows(clause));
  if (options.ownAccountId === undefined || guarded || matchesAction(actions, assume) === source.action.negated) return findings;
  for (const entry of principal.items) {
    const account = entry.type === 'IAM' ? accountOfEntry(entry) : undefined;
    if (account === undefined || account === options.ownAccountId) continue;
    findings.push(warning('third-party-without-external-id', pointer, `${quote(entry.text)} belongs to another account and is trusted without a condition on \`sts:ExternalId\``));
  }
  return findings;
}
