// The epoch list of an account: what ended sessions beside their own revocation, readable by those alone who have a token that it could concern.
import { createHash } from 'node:crypto';

/**
 * Current values by digest of the account's handle and the subject. What is not in it was never raised or set, or so long ago that
 * nothing lives any more that it ended: every value that a token carries is good then.
 */
export interface EpochListClaim {
  /** Ids of all keys that sign tokens, or did and still stand: a token of another key is dead. */
  readonly token_keys: readonly string[];
  /** Ids of all keys that secrets of sessions are derived from: a session of another key is dead. */
  readonly secret_keys: readonly string[];
  readonly epochs: Readonly<Record<string, number>>;
  /** In seconds since the epoch: what was issued before is dead. */
  readonly boundaries: Readonly<Record<string, number>>;
}

/**
 * 128 bits of SHA-256. The handle of an account stands in the tokens of its sessions and nowhere else, so that nobody
 * can ask the list about an account whose tokens he never saw.
 */
export const subjectDigest = (handle: string, subject: string): string => createHash('sha256').update(`${handle}\n${subject}`).digest('base64url').slice(0, 22);

export interface EpochList {
  readonly tokenKeys: ReadonlySet<string>;
  readonly secretKeys: ReadonlySet<string>;
  readonly epochs: ReadonlyMap<string, number>;
  readonly boundaries: ReadonlyMap<string, number>;
}

/** Undefined for anything that is no epoch list. */
export function readEpochListClaim(claim: unknown): EpochList | undefined {
  if (typeof claim !== 'object' || claim === null) return undefined;
  const { token_keys: tokens, secret_keys: secrets, epochs: raised, boundaries: set }: Partial<Record<keyof EpochListClaim, unknown>> = claim;
  const [tokenKeys, secretKeys] = [textsOf(tokens), textsOf(secrets)];
  const [epochs, boundaries] = [numbersOf(raised), numbersOf(set)];
  if (tokenKeys === undefined || secretKeys === undefined || epochs === undefined || boundaries === undefined) return undefined;
  return { tokenKeys, secretKeys, epochs, boundaries };
}

const textsOf = (value: unknown): ReadonlySet<string> | undefined =>
  (Array.isArray(value) && value.every((each): each is string => typeof each === 'string') ? new Set(value) : undefined);

function numbersOf(value: unknown): ReadonlyMap<string, number> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  return entries.every((entry): entry is [string, number] => Number.isSafeInteger(entry[1])) ? new Map(entries) : undefined;
}
