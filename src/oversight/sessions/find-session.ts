// One session that the account is a party to: from its record, or from the event of its issue once the record is gone.
import { z } from 'zod';
import type { Ground } from '../../iam/account-call.js';
import type { Snapshot } from '../../directory/snapshot.js';
import type { Session } from '../../sessions/session.js';
import type { Resource } from '../../sts/own-action.js';
import { cellOfSessionId } from '../../urn/ids.js';
import { sessionResourceUrn } from '../../urn/urn.js';
import { isParty, noSuchSession } from '../party.js';
import { seenInEvent, type SeenSession } from './seen-session.js';

/** Any text: what is no id is answered like an id that nobody has. */
export const anySessionPath = z.object({ session_id: z.string() });

export const sessionResource = (account: Snapshot, { path }: { readonly path: z.output<typeof anySessionPath> }): Resource =>
  ({ urn: sessionResourceUrn(account.accountId, path.session_id) });

export type FoundSession = { readonly from: 'record'; readonly session: Session } | { readonly from: 'audit'; readonly seen: SeenSession };

const longestShownId = 64;
/** Places of the audit that one search looks at, and how many at a time. */
const mostLookedAt = 2000;
const lookedAtTogether = 500;

/** Throws the 404. INVARIANT: a session of others is looked for like one that never existed, and takes as long. */
export async function findSession({ services, account: { accountId } }: Ground, sessionId: string): Promise<FoundSession> {
  if (cellOfSessionId(sessionId) === undefined) throw noSuchSession(sessionId.slice(0, longestShownId));
  const session = (await services.sessionIndex.records([sessionId])).get(sessionId);
  if (session !== undefined && isParty(session, accountId)) return { from: 'record', session };
  let from: string | undefined;
  for (let lookedAt = 0; lookedAt < mostLookedAt; lookedAt += lookedAtTogether) {
    const { events, next } = await services.audit.newestFirst(accountId, from, lookedAtTogether);
    const issue = events.find(({ event }) => event.status < 300 && event.issuedSession?.sessionId === sessionId);
    const seen = issue === undefined ? undefined : seenInEvent(issue.event);
    if (seen !== undefined) return { from: 'audit', seen };
    if (next === undefined) break;
    from = next;
  }
  throw noSuchSession(sessionId);
}
