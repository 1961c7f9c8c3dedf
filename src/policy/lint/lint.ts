// The linter: what is valid but probably not meant.
import { lintActions } from './actions.js';
import { lintClauses } from './conditions.js';
import { lintContradictions } from './contradictions.js';
import { lintTrust } from './trust.js';
import type { Finding, LintOptions, StatementPlace } from './finding.js';
import { below } from '../policy-error.js';
import type { Policy } from '../policy.js';

/** Findings in the order of the document; the policy's grammar has been checked already. */
export function lint(policy: Policy, options: LintOptions): readonly Finding[] {
  return policy.statements.flatMap((statement, index) => {
    const place: StatementPlace = { kind: policy.kind, statement, pointer: below('/Statement', index) };
    return [...lintTrust(place, options), ...lintActions(place, options), ...lintClauses(place), ...lintContradictions(place)];
  });
}
