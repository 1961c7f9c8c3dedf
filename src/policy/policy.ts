// Policies: parsed and compiled once, used by every decision, written back in one canonical form.
import { readDocument } from './document.js';
import { readOlderDocument, type RoleDependence } from './older-document.js';
import { readJson } from './json.js';
import { checkSize, type PolicyKind } from './limits.js';
import type { PrincipalType } from './principals.js';
import type { Statement, StatementSource } from './statement.js';

/** Compiled, immutable, reusable across requests; `text` is the document as it was given. */
export interface Policy {
  readonly kind: PolicyKind;
  readonly version: '5.0' | '1.1' | '1.0';
  readonly text: string;
  /** Roles without which this one grants nothing; of version 1.0 and 1.1 only. */
  readonly depends: readonly RoleDependence[];
  readonly statements: readonly Statement[];
}

/**
 * Reads a policy document: Version 5.0 (policy language §§1 to 5 and 8), and of the older system 1.0 (roles) and 1.1.
 * @throws PolicyError naming the place (JSON pointer) and the rule
 */
export function parsePolicy(kind: PolicyKind, text: string): Policy {
  checkSize(kind, text);
  const root = readJson(text);
  if (kind === 'role' || kind === 'legacy-session') return { kind, text, ...readOlderDocument(kind, root) };
  return { kind, text, version: '5.0', depends: [], statements: readDocument(kind, root) };
}

const olderKinds = { identity: 'role', session: 'legacy-session' } as const;

/**
 * A document of either system, told by its Version: a role among identity policies, a session policy of temporary keys.
 * @throws PolicyError
 */
export function parseEither(kind: keyof typeof olderKinds, text: string): Policy {
  return parsePolicy(isOlder(text) ? olderKinds[kind] : kind, text);
}

function isOlder(text: string): boolean {
  try {
    const document: unknown = JSON.parse(text);
    return typeof document === 'object' && document !== null && 'Version' in document && (document.Version === '1.0' || document.Version === '1.1');
  } catch {
    return false;
  }
}

/** Canonical JSON without whitespace: elements in the order of the grammar, everything else in the order given. */
export function formatPolicy(policy: Policy): string {
  const { version, depends, statements } = policy;
  const except = statements[0]?.source.except;
  return JSON.stringify({
    Version: version,
    Statement: [...statements.map((statement) => formatStatement(statement.source)), ...(except === undefined ? [] : [{ Effect: 'Deny', Action: except }])],
    ...(depends.length === 0 ? {} : { Depends: depends.map(({ catalog, displayName }) => ({ catalog, display_name: displayName })) }),
  });
}

function formatStatement(source: StatementSource): Readonly<Record<string, unknown>> {
  const { sid, effect, principal, action, resource, condition } = source;
  return {
    ...(sid === undefined ? {} : { Sid: sid }),
    Effect: effect,
    ...(principal === undefined ? {} : { [principal.negated ? 'NotPrincipal' : 'Principal']: formatPrincipals(principal.items) }),
    [action.negated ? 'NotAction' : 'Action']: action.items,
    ...(resource === undefined ? {} : { [resource.negated ? 'NotResource' : 'Resource']: resource.isUri === true ? { uri: resource.items } : resource.items }),
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
