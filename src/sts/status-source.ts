// What publishing asks of storage: the bits of a status list, and the epochs and boundaries that still end something.
import type { EpochSubject } from '../directory/store.js';

export interface EndedSubject {
  readonly kind: 'epoch' | 'boundary';
  readonly subject: EpochSubject;
  /** The current epoch; or the boundary, in seconds since the epoch. */
  readonly value: number;
}

/** Everything that was acknowledged before a read began is in what it gives; where that is not certain it throws a 503. */
export interface StatusSource {
  /** As status lists count them; undefined when no place of the list was ever given out. */
  bits(list: string): Promise<Uint8Array | undefined>;
  /** Throws a 409 where the account has ended more than a list can hold. @param now seconds since the epoch */
  ended(accountId: string, now: number): Promise<readonly EndedSubject[]>;
}
