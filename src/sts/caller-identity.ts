// GetCallerIdentity: who is calling. Every authenticated caller may ask; no policy is evaluated.
import type { Caller } from './caller.js';
import type { Outcome } from './outcome.js';

/** INVARIANT: every top-level value is a string; an official client decodes the body into a map of strings (STS API §3.4). */
export interface CallerIdentity {
  readonly account_id: string;
  readonly principal_urn: string;
  readonly principal_id: string;
}

export function getCallerIdentity(caller: Caller): Outcome<CallerIdentity> {
  const body = { account_id: caller.accountId, principal_urn: caller.principalUrn, principal_id: caller.principalId };
  return { ok: true, body, details: {}, guards: [] };
}
