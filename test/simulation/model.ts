// What the simulation knows for certain of each session, from the answers that it got and from nothing else.
import type { Credentials } from '../support/service.js';

/** `alive` and `dead` were acknowledged; `unknown`: an answer was lost or the write was, so both are right. */
export type Fate = 'alive' | 'dead' | 'unknown';

export interface KnownSession {
  readonly credentials: Credentials;
  /** Whose long-term key began the chain. */
  readonly root: 'alice' | 'bob';
  readonly parent: KnownSession | undefined;
  readonly agency: string;
  readonly tag: string | undefined;
  readonly sourceIdentity: string | undefined;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly eventId: string;
  readonly step: number;
  /** Of itself, whatever becomes of its ancestors. */
  fate: Fate;
}

export interface Model {
  readonly sessions: KnownSession[];
  /** From this step on nothing reaches the replica. */
  cutAt: number | undefined;
}

/** A descendant of a dead session is dead; of an unknown one, unknown. */
export function fateOf(session: KnownSession, now: number): Fate {
  if (now >= session.expiresAt * 1000) return 'dead';
  let fate: Fate = session.fate;
  for (let at = session.parent; at !== undefined; at = at.parent) {
    if (at.fate === 'dead') return 'dead';
    if (at.fate === 'unknown') fate = fate === 'dead' ? 'dead' : 'unknown';
  }
  return fate;
}

/** With the replica that takes over everything is lost that was answered since it got nothing more, but no revocation. */
export function forgetSince(model: Model): void {
  const { cutAt } = model;
  if (cutAt !== undefined) for (const session of model.sessions) if (session.step >= cutAt && session.fate === 'alive') session.fate = 'unknown';
  model.cutAt = undefined;
}

/** All that a subject issued so far. @param isConcerned asked of every session and of what it descends from */
export function end(model: Model, isConcerned: (session: KnownSession) => boolean, fate: 'dead' | 'unknown'): void {
  for (const session of model.sessions) if (session.fate !== 'dead' && isConcerned(session)) session.fate = fate;
}
