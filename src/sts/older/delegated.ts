// How long what is handed on by the older ways may last: nothing that is delegated leads to anything that outlives it.
import { ApiError } from '../../base/api-error.js';
import type { Caller } from '../caller.js';

/**
 * Until when the caller's credentials last that were delegated to it: sessions, agency tokens, and a user's temporary keys.
 * [choice] A user's own token is a login and no delegation: with it a user gets what he gets with his permanent key, an
 * agency's token of 24 hours among it (legacy agencies §4a).
 * @returns seconds since the epoch; undefined: nothing was delegated
 */
export function delegatedUntil(caller: Caller): number | undefined {
  if (caller.kind === 'agency-session') return caller.session.expiresAt;
  return caller.kind === 'user' && caller.temporary?.kind === 'keys' ? caller.temporary.expiresAt : undefined;
}

/** INVARIANT: keys never outlive the credentials that they are made with: longer ones are refused, and the default is what is left at most. */
export function withinLeft(left: number, asked: number | undefined, defaultSeconds: number, field: string): number {
  if (asked !== undefined && asked > left) throw new ApiError('invalidField', `\`${field}\`: ${asked} is over ${left}, the seconds that are left of the credentials that the keys are made with`);
  return asked ?? Math.min(defaultSeconds, left);
}
