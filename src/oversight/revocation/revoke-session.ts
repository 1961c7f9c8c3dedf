// RevokeSession: one session ends, and with it all that descends from it.
import { z } from 'zod';
import { seconds } from '../../base/clock.js';
import type { Ground, Result } from '../../iam/account-call.js';
import { timestamp } from '../../iam/fields.js';
import type { RevocationNote } from '../../sessions/revocation-note.js';
import type { Session } from '../../sessions/session.js';
import type { Snapshot } from '../../directory/snapshot.js';
import type { Resource } from '../../sts/own-action.js';
import { sessionResourceUrn } from '../../urn/urn.js';
import { reason, sessionId } from '../fields.js';
import { isParty, noSuchSession, partiesOf } from '../party.js';

export const revokeAction = 'sts:sessions:revoke';

export const sessionPath = z.object({ session_id: sessionId });
export const revokeSessionBody = z.strictObject({ reason });
const revokedSession = z.object({ session_id: z.string(), revoked_at: z.string(), revoked_by: z.string(), reason: z.string() });
export const revokeSessionResponse = z.object({ revocation: revokedSession });

interface Input {
  readonly path: z.output<typeof sessionPath>;
  readonly body: z.output<typeof revokeSessionBody>;
}

export const revokedResource = (account: Snapshot, { path }: Pick<Input, 'path'>): Resource => ({ urn: sessionResourceUrn(account.accountId, path.session_id) });

/** Both accounts of a session may end it. One that is revoked already is written again, so that repeating makes a doubtful revocation sure. */
export async function revokeSession(ground: Ground, { path, body }: Input): Promise<Result<z.infer<typeof revokeSessionResponse>>> {
  const session = await ground.services.sessions.find(path.session_id);
  if (session === undefined || !isParty(session, ground.account.accountId)) throw noSuchSession(path.session_id);
  const { note, ...ended } = await endSession(ground, session, body.reason);
  return {
    body: { revocation: { session_id: session.sessionId, revoked_at: timestamp(note.revokedAt * 1000), revoked_by: note.revokedBy, reason: note.reason } },
    ...ended,
  };
}

/** The first note on a session stays. */
export async function endSession({ services, caller, account, call }: Ground, session: Session, why: string): Promise<Pick<Result<never>, 'revocations' | 'otherAccountId' | 'audited'> & { readonly note: RevocationNote }> {
  const { sessionId: id } = session;
  const note = (await services.sessions.revocationNote(id)) ?? { revokedAt: seconds(call.now), revokedBy: caller.principalUrn, reason: why };
  return {
    note,
    revocations: [{ kind: 'mark', sessionId: id, status: session.status, note }],
    // From the event alone the revocation can be written again, also when the session's record is lost.
    audited: { status_list: session.status.list, status_index: session.status.index },
    otherAccountId: partiesOf(session).find((accountId) => accountId !== account.accountId),
  };
}
