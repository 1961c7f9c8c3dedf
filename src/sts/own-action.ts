// Operations on the caller's own account that an action without a resource guards.
import { contextOf, decideCaller, describe } from '../policy/index.js';
import { callerPolicies, principalIdentity } from './actor.js';
import { callerConditions, requestFacts } from './call-conditions.js';
import type { Caller } from './caller.js';

/** Why the caller may not do this in its account, or undefined when it may. */
export function ownDenial(caller: Caller, action: string, now: number): string | undefined {
  if (caller.kind === 'service') return 'a service has no account of its own';
  const decision = decideCaller({
    principal: principalIdentity(caller), action, resource: undefined, context: contextOf(callerConditions(caller, requestFacts(caller, now))), ...callerPolicies(caller),
  });
  return decision.allowed ? undefined : describe(decision);
}
