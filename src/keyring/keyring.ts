// The ring of keys that a process works with: one active key per purpose, older ones for what they made.
import type { KeyObject } from 'node:crypto';
import { keyPurposes, type KeyPurpose, type RingKey } from './key.js';

export interface KeySet {
  /** The key that new things are made with. */
  readonly active: RingKey;
  /**
   * The active one first, then those that retire, then those that are published.
   * INVARIANT: key ids from outside are looked up here and nowhere else; never a path, never a fetch.
   */
  readonly byId: ReadonlyMap<string, RingKey>;
  /** Keys that were retired in an emergency: whatever descends from what they made is dead too. Absent: none. */
  readonly endedIds?: ReadonlySet<string>;
}

/**
 * For what must go on while no key is active, and lives for a minute at most: the active key, else the newest that
 * retires, which verifiers know, else one that is published. Throws what `active` throws when no key stands.
 */
export function standingKey(keys: KeySet): RingKey {
  const [first] = keys.byId.values();
  return first ?? keys.active;
}

export type Keyring = Readonly<Record<KeyPurpose, KeySet>>;

/** Sorts keys by purpose; throws when a purpose has none, or when one key appears twice. */
export function keyringOf(keys: readonly RingKey[]): Keyring {
  refuseSharedKeys(keys);
  const entries = keyPurposes.map((purpose) => [purpose, keySetOf(purpose, keys)] as const);
  // Object.fromEntries widens the keys to string; `entries` holds every purpose once.
  return Object.fromEntries(entries) as Record<KeyPurpose, KeySet>;
}

/** The keys of one purpose, the newest active; throws when there is none. */
export function keySetOf(purpose: KeyPurpose, keys: readonly RingKey[]): KeySet {
  const mine = keys.filter((key) => key.purpose === purpose).sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  const [active] = mine;
  if (active === undefined) throw new Error(`the key ring has no key for \`${purpose}\``);
  return { active, byId: new Map(mine.map((key) => [key.id, key])) };
}

/** Throws when one key appears twice, for whatever purposes. */
export function refuseSharedKeys(keys: readonly RingKey[]): void {
  const seen = new Map<string, string>();
  for (const key of keys) {
    const material = secretBytes(key.key).toString('base64');
    const other = seen.get(material) ?? seen.get(key.id);
    if (other !== undefined) throw new Error(`the keys \`${other}\` and \`${key.id}\` share an id or their material`);
    seen.set(material, key.id);
    seen.set(key.id, key.id);
  }
}

/** The bare secret, so that a signing key's seed used as a secret elsewhere is seen too. */
const secretBytes = (key: KeyObject): Buffer => (key.type === 'secret' ? key.export() : Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url'));
