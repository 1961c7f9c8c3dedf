// Which hop of a chain set a tag or the source identity.
import type { Session, SessionTag } from '../../sessions/session.js';

export interface Origin {
  /** 1: the hop that the long-term key made. */
  readonly depth: number;
  /** The session that the hop issued. */
  readonly session_id: string;
}

/** Undefined where the hop that set it is not among the ancestors that can be seen. @param ancestors records by session id */
export function tagOrigin(session: Session, { key, inherited }: SessionTag, ancestors: ReadonlyMap<string, Session>): Origin | undefined {
  if (!inherited) return { depth: session.chain.length, session_id: session.sessionId };
  // A transitive tag is set once in a chain; one of the same key further up, that did not travel, is another.
  const origin = session.chain.findIndex((link) => link.kind === 'session'
    && ancestors.get(link.sessionId)?.tags.some((tag) => tag.key === key && tag.transitive && !tag.inherited) === true);
  return origin < 0 ? undefined : hop(session, origin);
}

/** The caller's link of the hop that set the identity is the first with an epoch for it. Sessions of older releases have none. */
export function sourceIdentityOrigin(session: Session): Origin | undefined {
  const caller = session.chain.findIndex(({ epochs: { source } }) => source !== undefined);
  return caller < 0 ? undefined : hop(session, caller + 1);
}

/** The session at a depth: an ancestor, or the session itself. */
function hop({ chain, sessionId }: Session, depth: number): Origin {
  const link = chain[depth];
  return { depth, session_id: link?.kind === 'session' ? link.sessionId : sessionId };
}
