// Decisions about operations on the caller's own account.
import type { ResourceTag } from '../directory/entities.js';
import type { RequestScope } from '../directory/role-policies.js';
import { contextOf, decideCaller, describe, type Decision } from '../policy/index.js';
import { callerPolicies, outOfScope, principalIdentity } from './actor.js';
import { callerConditions, requestFacts, resourceConditions, type ConditionEntry } from './call-conditions.js';
import type { SessionCaller, UserCaller, Caller } from './caller.js';

/** What an operation acts on. */
export interface Resource {
  readonly urn: string;
  readonly tags?: readonly ResourceTag[];
  /** Keys of the operation itself. */
  readonly conditions?: readonly ConditionEntry[];
  /** What must be allowed as well: the action on what the first will be called, or on whose it is; or another action, which comes with it. */
  readonly also?: readonly (Resource & { readonly action?: string })[];
}

/**
 * INVARIANT: everything that binds the caller has its say, whatever the operation: SCPs, identity policies, session policies.
 * @param resource undefined: the action has none
 * @param ofRequest condition values that the request has without a resource, too
 * @param scope where the request is made; absent: at the domain, as all of this service's own operations are
 */
export function decideOwn(
  caller: UserCaller | SessionCaller, action: string, resource: Resource | undefined, now: number, ofRequest: readonly ConditionEntry[] | (() => readonly ConditionEntry[]) = [], scope?: () => RequestScope,
): Decision {
  const { urn, tags = [], conditions = [] } = resource ?? {};
  const context = contextOf(() => [...callerConditions(caller, requestFacts(caller, now)), ...resourceConditions(tags), ...conditions, ...(typeof ofRequest === 'function' ? ofRequest() : ofRequest)]);
  const decision = decideCaller({ principal: principalIdentity(caller), action, resource: urn, context, ...callerPolicies(caller, scope) });
  const note = !decision.allowed && decision.effect === 'implicit-deny' && decision.side === 'session' ? outOfScope(caller, scope) : undefined;
  return note === undefined ? decision : { ...decision, note };
}

/** Why the caller may not do this in its account, or undefined when it may. */
export function ownDenial(caller: Caller, action: string, now: number): string | undefined {
  if (caller.kind === 'service') return 'a service has no account of its own';
  const decision = decideOwn(caller, action, undefined, now);
  return decision.allowed ? undefined : describe(decision);
}
