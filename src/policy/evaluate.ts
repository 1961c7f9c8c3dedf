// The one evaluator: what a list of policies says about a request.
import type { Side } from './decision.js';
import type { Policy } from './policy.js';
import { takesEffect, type Request, type Statement } from './statement.js';

export interface NamedPolicy {
  readonly name: string;
  readonly policy: Policy;
}

export interface Hit {
  readonly policy: string;
  readonly index: number;
  readonly statement: Statement;
}

/** Policies that are a union among themselves; `required` ones must allow, else the request is denied. */
export interface PolicySet {
  readonly side: Side;
  readonly policies: readonly NamedPolicy[];
  readonly required: boolean;
}

export interface Verdict {
  readonly effect: 'allow' | 'explicit-deny' | 'implicit-deny';
  readonly set: PolicySet | undefined;
  readonly hit: Hit | undefined;
}

function findHit(policies: readonly NamedPolicy[], effect: 'Allow' | 'Deny', request: Request): Hit | undefined {
  for (const { name, policy } of policies) {
    refuseWrongKind(policy, request);
    for (let index = 0; index < policy.statements.length; index++) {
      const statement = policy.statements[index];
      if (statement?.source.effect === effect && takesEffect(statement, request)) return { policy: name, index, statement };
    }
  }
  return undefined;
}

/**
 * INVARIANT: Deny wins wherever it stands, before any Allow is looked at; every required set must allow.
 * Sets are asked in the order given; an allow names the statement of the last required set that has one.
 */
export function evaluate(sets: readonly PolicySet[], request: Request): Verdict {
  for (const set of sets) {
    const hit = findHit(set.policies, 'Deny', request);
    if (hit !== undefined) return { effect: 'explicit-deny', set, hit };
  }
  let granted: Hit | undefined;
  for (const set of sets) {
    if (!set.required) continue;
    const hit = findHit(set.policies, 'Allow', request);
    if (hit === undefined) return { effect: 'implicit-deny', set, hit };
    if (set.side === 'identity' || set.side === 'trust') granted = hit;
  }
  return { effect: 'allow', set: undefined, hit: granted };
}

/** A trust policy among identity policies, or the reverse, is a mistake of our own code and must not decide anything. */
function refuseWrongKind(policy: Policy, request: Request): void {
  if ((policy.kind === 'trust') !== (request.principal !== undefined)) throw new TypeError(`a policy of kind ${policy.kind} cannot decide this question`);
}
