// What a decision is: a value that explains itself, and its one-line description.

export type Side = 'identity' | 'session' | 'service-control' | 'trust';
export type Effect = 'allow' | 'explicit-deny' | 'implicit-deny';

export interface FailedCondition {
  readonly policy: string;
  readonly statement: number;
  readonly sid?: string;
  readonly operator: string;
  readonly key: string;
  /** The values as the policy writes them, variables unreplaced. */
  readonly expected: readonly string[];
  readonly actual: string | readonly string[] | undefined;
}

export interface DecidingStatement {
  readonly policy: string;
  readonly index: number;
  readonly sid?: string;
}

export interface Decision {
  readonly allowed: boolean;
  /** Of an allow: identity or trust; of a denial: the side that refused. */
  readonly side: Side;
  readonly effect: Effect;
  readonly action: string;
  readonly resource: string | undefined;
  /** Of what no policy decided: why it fell so, for people. */
  readonly note?: string;
  /** Absent for an implicit deny, for a root user and for a service. */
  readonly statement?: DecidingStatement;
  /** Of an implicit deny: conditions that kept otherwise matching Allow statements of that side from taking effect. */
  readonly failedConditions: readonly FailedCondition[];
  /** The values that the evaluation looked at; empty for an allow that was not asked to explain itself. */
  readonly usedContext: Readonly<Record<string, string | readonly string[]>>;
}

const policyNames: Readonly<Record<Side, { readonly one: string; readonly none: string }>> = {
  identity: { one: 'an identity-based policy', none: 'no identity-based policy allows' },
  session: { one: 'a session policy', none: 'no session policy allows' },
  'service-control': { one: 'a service control policy', none: 'no service control policy allows' },
  trust: { one: 'the trust policy', none: 'the trust policy does not allow' },
};

/** One line for error messages and the audit log; names the side and the action, never policy text. */
export function describe(decision: Decision): string {
  if (decision.note !== undefined) return decision.note;
  const names = policyNames[decision.side];
  if (decision.effect === 'explicit-deny') return `an explicit deny in ${names.one}`;
  const action = `the ${decision.action} action`;
  return decision.effect === 'implicit-deny' ? `${names.none} ${action}` : `${names.one} allows ${action}`;
}
