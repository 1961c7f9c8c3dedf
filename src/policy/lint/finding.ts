// What the linter's rules are given, and what they return.
import type { Clause } from '../conditions.js';
import type { PolicyKind } from '../limits.js';
import { below } from '../policy-error.js';
import type { Statement } from '../statement.js';

/** `warning` is worth failing a CI check for, `note` is not. */
export interface Finding {
  /** Short stable name. */
  readonly rule: string;
  readonly severity: 'warning' | 'note';
  /** JSON pointer of the place. */
  readonly pointer: string;
  readonly message: string;
}

export interface LintOptions {
  /** The account that owns the policy: others are third parties. */
  readonly ownAccountId?: string;
  /** Every action that exists, for example `sts:agencies:assume`. */
  readonly knownActions?: ReadonlySet<string>;
  /** Services of which `knownActions` holds only some. */
  readonly partlyKnownServices?: ReadonlySet<string>;
}

export interface StatementPlace {
  readonly kind: PolicyKind;
  readonly statement: Statement;
  readonly pointer: string;
}

export const warning = (rule: string, pointer: string, message: string): Finding => ({ rule, severity: 'warning', pointer, message });
export const note = (rule: string, pointer: string, message: string): Finding => ({ rule, severity: 'note', pointer, message });

/** The pointer of a list element, which may be written in its negated form. */
export const listPointer = (place: StatementPlace, element: 'Action' | 'Resource' | 'Principal'): string => {
  const { action, resource, principal } = place.statement.source;
  const list = { Action: action, Resource: resource, Principal: principal }[element];
  const pointer = below(place.pointer, list?.negated === true ? `Not${element}` : element);
  return element === 'Resource' && resource?.isUri === true ? below(pointer, 'uri') : pointer;
};

/** Whether a clause can only be satisfied by a key that is present. */
export function needsKey(clause: Clause): boolean {
  const { base, quantifier, ifExists } = clause.name;
  if (base === 'Null') return !clause.source.values.includes('true');
  return !ifExists && quantifier !== 'all' && (!base.negated || quantifier === 'any');
}
