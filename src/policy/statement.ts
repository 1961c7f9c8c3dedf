// One statement as written, and compiled to a test of requests.
import { matchesAction, type ActionPattern } from './actions.js';
import type { Clause, ClauseSource } from './conditions.js';
import type { ConditionContext } from './context.js';
import { includesPrincipal, type PrincipalEntry, type PrincipalIdentity, type PrincipalSet } from './principals.js';
import { coversResource, type RequestResource, type ResourceElement } from './resource-element.js';
import { every, type Truth } from './truth.js';

export interface ListElement<Item> {
  readonly negated: boolean;
  readonly items: readonly Item[];
}

export interface ResourceList extends ListElement<string> {
  /** Paths and not URNs: `{ "uri": [...] }`, in policies of the older system. */
  readonly isUri?: true;
}

/** A statement as it was written, but for element order and JSON notation. */
export interface StatementSource {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  readonly principal: ListElement<PrincipalEntry> | undefined;
  readonly action: ListElement<string>;
  readonly resource: ResourceList | undefined;
  readonly condition: readonly ClauseSource[];
  /** What the other statements of its role take back: a Deny of Version 1.0 is an exception from its own role. */
  readonly except?: readonly string[];
}

export interface Statement {
  readonly source: StatementSource;
  readonly actions: readonly ActionPattern[];
  /** Actions that the statement does not concern although `actions` matches them. */
  readonly exceptions?: readonly ActionPattern[];
  readonly resources: ResourceElement | undefined;
  readonly principals: PrincipalSet | undefined;
  readonly clauses: readonly Clause[];
}

export interface Request {
  readonly foldedAction: string;
  readonly resource: RequestResource;
  /** Given for trust policies only. */
  readonly principal: PrincipalIdentity | undefined;
  readonly context: ConditionContext;
}

/** Everything but the Condition. */
export function coversRequest(statement: Statement, request: Request): Truth {
  const { source } = statement;
  if (matchesAction(statement.actions, request.foldedAction) === source.action.negated) return false;
  if (statement.exceptions !== undefined && matchesAction(statement.exceptions, request.foldedAction)) return false;
  if (statement.principals !== undefined) {
    if (request.principal === undefined) return undefined;
    if (includesPrincipal(statement.principals, request.principal) === (source.principal?.negated === true)) return false;
  }
  return coversResource(statement.resources, request.resource, request.context);
}

/**
 * Whether the statement takes effect.
 * INVARIANT: what cannot be told (an evaluation error) makes a Deny hold and an Allow fail.
 */
export function takesEffect(statement: Statement, request: Request): boolean {
  const covered = coversRequest(statement, request);
  if (covered === false) return false;
  const satisfied = every(statement.clauses, (clause) => clause.test(request.context));
  if (satisfied === false) return false;
  return (covered === true && satisfied === true) || statement.source.effect === 'Deny';
}
