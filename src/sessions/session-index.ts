// What looking at sessions asks of their storage: the index of an account, the children of a session, many records at once.
import type { Session } from './session.js';

/** A session in an index; places grow with time and are never given twice. */
export interface IndexEntry {
  readonly sessionId: string;
  readonly place: number;
}

export interface SessionLastUse {
  /** Seconds since the epoch, to a minute. */
  readonly usedAt: number;
  readonly sourceIp: string;
}

/** Entries come newest first, from below a place (undefined: from the newest on); none means that nothing older is left. */
export interface SessionIndex {
  /** Sessions that the account is a party to, those that ended among them. @param most how many entries, fewer may come */
  ofAccount(accountId: string, below: number | undefined, most: number): Promise<readonly IndexEntry[]>;
  /** Sessions that were assumed with a session. */
  ofParent(sessionId: string, below: number | undefined, most: number): Promise<readonly IndexEntry[]>;
  /** For each session that others were assumed with: a place above all of them. */
  ends(sessionIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** The records that there (still) are. Throws when one was tampered with. */
  records(sessionIds: readonly string[]): Promise<ReadonlyMap<string, Session>>;
  /** Those of the sessions that carry a revocation mark. */
  marked(sessionIds: readonly string[]): Promise<ReadonlySet<string>>;
  lastUse(sessionId: string): Promise<SessionLastUse | undefined>;
}
