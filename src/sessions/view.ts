// A session as it stands: alive, expired or revoked, and by what.
import type { EndOfSessions } from '../directory/store.js';
import { dependencesOf, isEnded, lineage, markedIdsOf, type Dependence, type Session } from './session.js';

export type SessionStatus = 'active' | 'expired' | 'revoked';

/** What was read of all that can end some sessions. */
export interface Endings {
  /** Sessions and users' tokens that carry a mark. */
  readonly marked: ReadonlySet<string>;
  /** By account id. */
  readonly of: ReadonlyMap<string, EndOfSessions>;
}

/** What revoked a session: a mark on it, on an ancestor or on the user's token that it descends from, or a subject that it depends on. */
export type RevocationCause =
  | { readonly kind: 'session' }
  | { readonly kind: 'ancestor'; readonly sessionId: string }
  | { readonly kind: 'epoch' | 'boundary'; readonly dependence: Dependence };

/** Everything that the session and its ancestors depend on. */
export const allDependencesOf = (session: Session): readonly Dependence[] => lineage(session).flatMap((link) => dependencesOf(link, session));

/** The nearest cause: the session's own mark, then marks up the chain, then the subjects, the latest link first. */
export function revocationOf(session: Session, { marked, of }: Endings): RevocationCause | undefined {
  const sessionId = markedIdsOf(lineage(session)).findLast((id) => marked.has(id));
  if (sessionId !== undefined) return sessionId === session.sessionId ? { kind: 'session' } : { kind: 'ancestor', sessionId };
  const dependence = allDependencesOf(session).findLast((each) => isEnded(each, endOf(of, each)));
  if (dependence === undefined) return undefined;
  return { kind: dependence.epoch < (endOf(of, dependence).epochs.get(dependence.subject) ?? 0) ? 'epoch' : 'boundary', dependence };
}

/** INVARIANT: whose end was not read is never taken for alive. */
function endOf(of: Endings['of'], { accountId }: Dependence): EndOfSessions {
  const end = of.get(accountId);
  if (end === undefined) throw new Error(`what ends sessions of account \`${accountId}\` was not read`);
  return end;
}

/** [choice] A session that was revoked stays so when its time has passed. @param now seconds since the epoch */
export function statusOf(session: Session, endings: Endings, now: number): SessionStatus {
  if (revocationOf(session, endings) !== undefined) return 'revoked';
  return now >= session.expiresAt ? 'expired' : 'active';
}
