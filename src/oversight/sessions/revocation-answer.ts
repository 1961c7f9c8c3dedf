// What revoked a session, as far as the account that asks may know.
import type { Ground } from '../../iam/account-call.js';
import { timestamp } from '../../iam/fields.js';
import type { RevocationNote } from '../../sessions/revocation-note.js';
import type { Session } from '../../sessions/session.js';
import { revocationOf, type Endings } from '../../sessions/view.js';
import type { RevocationAnswer } from './answers.js';

/** Undefined of a session that nothing revoked. */
export async function revocationAnswer(ground: Ground, session: Session, endings: Endings): Promise<RevocationAnswer | undefined> {
  const { account: { accountId } } = ground;
  const cause = revocationOf(session, endings);
  if (cause === undefined) return undefined;
  if (cause.kind === 'session') return markAnswer(ground, 'session', session.sessionId, true);
  if (cause.kind === 'ancestor') return markAnswer(ground, 'ancestor', cause.sessionId, isPartyToLink(session, cause.sessionId, accountId));
  const { kind, dependence: { accountId: owner, subject } } = cause;
  // Ids of users and source identities are their account's own.
  if (owner !== accountId) return { by: kind, account_id: owner };
  const issuedBefore = endings.of.get(owner)?.boundaries.of.get(subject);
  return { by: kind, account_id: owner, subject, ...(kind === 'boundary' && issuedBefore !== undefined && { issued_before: timestamp(issuedBefore * 1000) }) };
}

/** Who revoked it and why stands in the note on the mark, for the parties of the marked session. */
export async function markAnswer({ services }: Pick<Ground, 'services'>, by: 'session' | 'ancestor', sessionId: string, isParty: boolean): Promise<RevocationAnswer> {
  const note = isParty ? await services.sessions.revocationNote(sessionId) : undefined;
  return { by, session_id: sessionId, ...(note !== undefined && membersOf(note)) };
}

const membersOf = ({ revokedAt, revokedBy, reason }: RevocationNote): Pick<RevocationAnswer, 'revoked_at' | 'revoked_by' | 'reason'> =>
  ({ revoked_at: timestamp(revokedAt * 1000), revoked_by: revokedBy, reason });

function isPartyToLink({ chain }: Session, sessionId: string, accountId: string): boolean {
  const at = chain.findIndex((link) => (link.kind === 'session' ? link.sessionId : link.token?.tokenId) === sessionId);
  return chain.slice(Math.max(at - 1, 0), at + 1).some((link) => link.accountId === accountId);
}
