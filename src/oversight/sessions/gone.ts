// What can be said of a session whose record is gone.
import type { SessionStatus } from '../../sessions/view.js';
import { cellOfMarkedId } from '../../urn/ids.js';
import type { SeenSession } from './seen-session.js';

/** Itself and the sessions above it, and the user's token that it descends from. */
export const sessionIdsIn = ({ chain, sessionId }: Pick<SeenSession, 'chain' | 'sessionId'>): readonly string[] => [...chain, sessionId].filter((id) => cellOfMarkedId(id) !== undefined);

/** Records outlive their sessions: one whose record is gone cannot be used, whatever else became of it. */
export const statusOfGone = (session: Pick<SeenSession, 'chain' | 'sessionId'>, marked: ReadonlySet<string>): SessionStatus =>
  (sessionIdsIn(session).some((id) => marked.has(id)) ? 'revoked' : 'expired');
