// Whose a session is: the account that owns its agency, and the account it was assumed from.
import { ApiError } from '../base/api-error.js';
import type { Session } from '../sessions/session.js';

/** One or two accounts; the agency's owner first. */
export const partiesOf = ({ accountId, chain }: Pick<Session, 'accountId' | 'chain'>): readonly string[] =>
  [...new Set([accountId, (chain.at(-1) ?? chain[0]).accountId])];

export const isParty = (session: Pick<Session, 'accountId' | 'chain'>, accountId: string): boolean => partiesOf(session).includes(accountId);

/** INVARIANT: a session of others is answered like one that never existed. */
export const noSuchSession = (sessionId: string): ApiError => new ApiError('entityNotFound', `the session \`${sessionId}\` cannot be found`);
