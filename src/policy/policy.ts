// Policies: parsed and compiled once, used by every decision, written back in one canonical form.
import { readDocument } from './document.js';
import { readJson } from './json.js';
import { checkSize, type PolicyKind } from './limits.js';
import type { PrincipalType } from './principals.js';
import type { Statement, StatementSource } from './statement.js';

/** Compiled, immutable, reusable across requests; `text` is the document as it was given. */
export interface Policy {
  readonly kind: PolicyKind;
  readonly text: string;
  readonly statements: readonly Statement[];
}

/**
 * Reads a policy document, Version 5.0 (policy language §§1 to 5 and 8).
 * @throws PolicyError naming the place (JSON pointer) and the rule
 */
export function parsePolicy(kind: PolicyKind, text: string): Policy {
  checkSize(kind, text);
  return { kind, text, statements: readDocument(kind, readJson(text)) };
}

/** Canonical JSON without whitespace: elements in the order of the grammar, everything else in the order given. */
export function formatPolicy(policy: Policy): string {
  return JSON.stringify({ Version: '5.0', Statement: policy.statements.map((statement) => formatStatement(statement.source)) });
}

function formatStatement(source: StatementSource): Readonly<Record<string, unknown>> {
  const { sid, effect, principal, action, resource, condition } = source;
  return {
    ...(sid === undefined ? {} : { Sid: sid }),
    Effect: effect,
    ...(principal === undefined ? {} : { [principal.negated ? 'NotPrincipal' : 'Principal']: formatPrincipals(principal.items) }),
    [action.negated ? 'NotAction' : 'Action']: action.items,
    ...(resource === undefined ? {} : { [resource.negated ? 'NotResource' : 'Resource']: resource.items }),
    ...(condition.length === 0 ? {} : { Condition: formatCondition(condition) }),
  };
}

function formatPrincipals(items: readonly { readonly type: PrincipalType; readonly text: string }[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Array.from(grouped(items, (item) => item.type), ([type, entries]) => [type, entries.map((entry) => entry.text)]));
}

function formatCondition(condition: StatementSource['condition']): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Array.from(grouped(condition, (clause) => clause.operator), ([operator, clauses]) => [
      operator,
      // One value is written plain, so that the canonical form is never longer than the document.
      Object.fromEntries(clauses.map((clause) => [clause.key, clause.values.length === 1 ? clause.values[0] : clause.values])),
    ]),
  );
}

function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
