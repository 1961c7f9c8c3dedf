// What the directory asks of its storage: strict reads of accounts, and the epochs that end sessions.
import type { Account } from './entities.js';
import type { EntityEntry, EntityField, Snapshot } from './snapshot.js';

/** Whose sessions an epoch can end: the whole account, or those of one user, agency, access key or source identity of it, or of what a user's password gave. */
export type EpochSubject = 'account' | `user:${string}` | `agency:${string}` | `key:${string}` | `source:${string}` | `password:${string}`;

/** Number per subject; a session carries the values read before it was decided and dies when one changes. They only grow. */
export type Epochs = ReadonlyMap<EpochSubject, number>;

/** Per subject a time, in seconds since the epoch: what was issued before it is dead. Of the whole account, as a text that changes with any of them. */
export interface Boundaries {
  readonly text: string;
  readonly of: ReadonlyMap<EpochSubject, number>;
}

/** What of an account can end sessions. */
export interface EndOfSessions {
  readonly epochs: Epochs;
  readonly boundaries: Boundaries;
}

/** An account as it stood when it was read. */
export interface AccountView extends EndOfSessions {
  readonly snapshot: Snapshot;
}

export interface AccountChange {
  readonly accountId: string;
  /** The revision that the change was computed from; undefined creates the account. */
  readonly expectedRevision: string | undefined;
  readonly put: readonly EntityEntry[];
  readonly remove: readonly EntityField[];
  /** Whose sessions end with the change, beside those of agencies and accounts that it removes. */
  readonly ends?: readonly EpochSubject[];
}

/** What a decision reads of accounts. */
export interface AccountReads {
  /** The account of a permanent access key: a hint, remembered unless a fresh one is wanted, that the account's snapshot confirms. */
  accountOfAccessKey(accessKeyId: string, fresh: boolean): Promise<{ readonly accountId: string; readonly remembered: boolean } | undefined>;
  /** Undefined when there is no such account. `subjects` names the epochs wanted, given what the account holds. */
  read(accountId: string, subjects: (snapshot: Snapshot) => readonly EpochSubject[]): Promise<AccountView | undefined>;
  /** Epochs and boundaries alone, for accounts whose content does not matter (ancestors of a session). */
  readEpochs(accountId: string, subjects: readonly EpochSubject[]): Promise<EndOfSessions>;
}

/** Reads strictly: a write that was acknowledged before a read is in it. */
export interface DirectoryReader extends AccountReads {
  /** As it was when this process last read it, strictly only where it never did: for decisions whose commit asks whether it still is so. */
  readonly remembered: AccountReads;
  /** The account's own record, without all it owns. */
  accountRecord(accountId: string): Promise<Account | undefined>;
  /** Ids of all accounts that have this name, and of some that do not: each one's record tells. */
  candidatesOfName(name: string): Promise<readonly string[]>;
  /** Whether there is or ever was an account of this id. */
  wasUsed(accountId: string): Promise<boolean>;
  /** Whether `most` other subjects of the account were ended since then. @param since seconds since the epoch */
  hasEndedMany(accountId: string, subject: EpochSubject, since: number, most: number): Promise<boolean>;
  /** When a permanent access key was last used, in seconds since the epoch, to a minute; undefined: never. */
  lastUse(accountId: string, accessKeyId: string): Promise<number | undefined>;
  /** Ids of accounts, in their order; some may be of deleted ones, or never have been finished. The system account is none of them. */
  accountIds(): Promise<readonly string[]>;
  isEmpty(): Promise<boolean>;
}
