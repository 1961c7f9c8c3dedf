// What sessions ask of their storage.
import type { RevocationNote } from './revocation-note.js';
import type { Session, StatusIndex } from './session.js';

/** What a decision reads of sessions. */
export interface SessionReads {
  /** The record, or undefined when there is none (any more). Throws when it was tampered with. */
  find(sessionId: string): Promise<Session | undefined>;
  /** True when one of these sessions or users' tokens carries a revocation mark. */
  anyMarked(ids: readonly string[]): Promise<boolean>;
}

export interface SessionReader extends SessionReads {
  /** Records never change: as this process has read them before, and marks as far as it has met them; for decisions whose commit asks for both. */
  readonly remembered: SessionReads;
  /** The note on a session that was revoked by itself. */
  revocationNote(sessionId: string): Promise<RevocationNote | undefined>;
}

export interface SessionIds {
  /** A session id of the account's cell, not in use. */
  newSessionId(accountId: string): string;
  /** The same of a user's token. */
  newUserTokenId(accountId: string): string;
  /** The next free place in the status lists of the account's cell. */
  nextStatusIndex(accountId: string): Promise<StatusIndex>;
}
