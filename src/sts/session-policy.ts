// The inline session policy: compiled once for all calls that carry it, refused where it is none.
import { LRUCache } from 'lru-cache';
import { ApiError } from '../base/api-error.js';
import { parsePolicy, PolicyError, type NamedPolicy } from '../policy/index.js';

/** [choice] Some 10 MB at the most: a document has at most 2,048 characters. */
const inlinePolicies = new LRUCache<string, NamedPolicy>({ max: 1000 });

/** `legacy-session`: of the older system's temporary keys, which are of version 1.1. */
type SessionPolicyKind = 'session' | 'legacy-session';

/** Throws a PolicyError for a text that is no session policy. */
export function inlinePolicy(text: string, kind: SessionPolicyKind = 'session'): NamedPolicy {
  const place = `${kind} ${text}`;
  let policy = inlinePolicies.get(place);
  if (policy === undefined) {
    policy = { name: 'session policy', policy: parsePolicy(kind, text) };
    inlinePolicies.set(place, policy);
  }
  return policy;
}

/** Throws the 400 that names the field and what is wrong with the policy in it. */
export function refuseMalformedPolicy(field: string, text: string | undefined, kind: SessionPolicyKind = 'session'): void {
  if (text === undefined) return;
  try {
    inlinePolicy(text, kind);
  } catch (error) {
    if (error instanceof PolicyError) throw new ApiError('malformedSessionPolicy', `\`${field}\`: ${error.message}`);
    throw error;
  }
}
