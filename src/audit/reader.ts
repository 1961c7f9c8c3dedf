// Reading the audit of an account back: sealed and unsealed events alike, in their order, without a gap or a double.
import type { AuditEvent } from './event.js';
import type { ProofFile } from './log/log.js';

export interface StoredEvent {
  /** `<cell>-<sequence>`: stable, and dense within the cell. */
  readonly id: string;
  readonly event: AuditEvent;
}

export interface ReadEvent extends StoredEvent {
  /** Whether a signed checkpoint of the log covers the event, so that it can be proved. */
  readonly sealed: boolean;
}

export type Order = 'newest' | 'oldest';

/**
 * [choice] By how much events of a cell may stand out of the order of their times: a call has the time of its
 * beginning, and the clocks of processes differ.
 */
export const timeMarginMilliseconds = 300_000;

/** A piece of an account's audit: what a bounded number of places in its cell hold. */
export interface Stretch {
  /** In the order that was asked for; often none, since other accounts have events in the cell as well. */
  readonly events: readonly ReadEvent[];
  /** The place to go on from. */
  readonly next: number;
  /** Of the events of all accounts there, milliseconds since the epoch: none behind them is further back or ahead than by {@link timeMarginMilliseconds}. Absent where there are none. */
  readonly times?: { readonly earliest: number; readonly latest: number };
  /** Nothing is behind it, now. */
  readonly isEnd: boolean;
}

/** A place is a sequence number in the cell of the account; the event that has it is left out of what follows. */
export interface AuditReader {
  /** Events of one account, newest first. @param from the id of an event, exclusive */
  newestFirst(accountId: string, from: string | undefined, mostScanned: number): Promise<{ readonly events: readonly StoredEvent[]; readonly next: string | undefined }>;
  /** @param from undefined: from the newest or the oldest event on */
  stretch(accountId: string, order: Order, from: number | undefined): Promise<Stretch>;
  /**
   * A place from which all events of a time are found, and few others first: those from it on, or up to it where the
   * newest come first. @param time milliseconds since the epoch
   */
  placeOf(accountId: string, order: Order, time: number): Promise<number | undefined>;
  /** Undefined for what is no id, and for that of no event of this account. */
  find(accountId: string, eventId: string): Promise<ReadEvent | undefined>;
  /** Undefined as long as the event, one that {@link find} gave, is not sealed. */
  prove(eventId: string): Promise<ProofFile | undefined>;
  readonly log: {
    readonly name: string;
    /** Of the keys that checkpoints are signed with (c2sp.org/signed-note), the active one first. */
    readonly verifierKeys: readonly string[];
  };
}
