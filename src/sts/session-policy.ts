// The inline session policy, of either system: compiled once for all calls that carry it, refused where it is none.
import { LRUCache } from 'lru-cache';
import { ApiError } from '../base/api-error.js';
import { parseEither, parsePolicy, PolicyError, type NamedPolicy, type PolicyKind } from '../policy/index.js';

/** [choice] Some 30 MB at the most: a document has at most 2,048 characters, one of the older system 6,144. */
const inlinePolicies = new LRUCache<string, NamedPolicy>({ max: 1000 });

/** That of a session, of the older system where it came with temporary keys. Throws a PolicyError for a text that is no session policy. */
export function inlinePolicy(text: string): NamedPolicy {
  let policy = inlinePolicies.get(text);
  if (policy === undefined) {
    policy = { name: 'session policy', policy: parseEither('session', text) };
    inlinePolicies.set(text, policy);
  }
  return policy;
}

/** Of sessions of AssumeAgency, and of temporary keys of the older system. */
type SessionPolicyKind = PolicyKind & ('session' | 'legacy-session');

/** Throws the 400 that names the field and what is wrong with the policy in it. */
export function refuseMalformedPolicy(field: string, text: string | undefined, kind: SessionPolicyKind = 'session'): void {
  if (text === undefined || inlinePolicies.get(text)?.policy.kind === kind) return;
  try {
    inlinePolicies.set(text, { name: 'session policy', policy: parsePolicy(kind, text) });
  } catch (error) {
    if (error instanceof PolicyError) throw new ApiError('malformedSessionPolicy', `\`${field}\`: ${error.message}`);
    throw error;
  }
}
