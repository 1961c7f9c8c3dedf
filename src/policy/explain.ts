// Why a decision fell as it did: the same evaluation once more, on a context that notes what is looked at.
import { actualText } from './conditions.js';
import { entryText, watchedContext, type ContextEntry } from './context.js';
import type { Decision, FailedCondition } from './decision.js';
import { evaluate, type NamedPolicy, type PolicySet } from './evaluate.js';
import { coversRequest, type Request } from './statement.js';

export type Explanation = Pick<Decision, 'failedConditions' | 'usedContext'>;

/** An explanation is for people: a denial by a thousand conditions is explained by the first of them. */
const mostFailedConditions = 100;

export function explainVerdict(sets: readonly PolicySet[], request: Request): Explanation {
  const seen = new Map<string, ContextEntry>();
  const watched = { ...request, context: watchedContext(request.context, seen) };
  const { effect, set } = evaluate(sets, watched);
  const failedConditions = effect === 'implicit-deny' && set !== undefined ? set.policies.flatMap((named) => failedIn(named, watched)).slice(0, mostFailedConditions) : [];
  return { failedConditions, usedContext: Object.fromEntries(Array.from(seen.values(), (entry) => [entry.name, entryText(entry)])) };
}

function failedIn({ name, policy }: NamedPolicy, request: Request): FailedCondition[] {
  return policy.statements.flatMap((statement, index) => {
    const { effect, sid } = statement.source;
    if (effect !== 'Allow' || coversRequest(statement, request) !== true) return [];
    const failed = statement.clauses.filter((clause) => clause.test(request.context) !== true);
    return failed.map((clause) => ({
      policy: name,
      statement: index,
      ...(sid === undefined ? {} : { sid }),
      operator: clause.source.operator,
      key: clause.source.key,
      expected: clause.source.values,
      actual: actualText(clause, request.context),
    }));
  });
}
