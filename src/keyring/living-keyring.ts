// The ring of a process that runs: the same object for as long as it lives, its keys those of the states as they stand.
import { ApiError } from '../base/api-error.js';
import { fingerprint, keyPurposes, type KeyPurpose, type RingKey } from './key.js';
import { keySetOf, type Keyring, type KeySet } from './keyring.js';
import { isRotating, recordOf, stateOf, type KeyStates } from './key-states.js';

/** What a decision tells of the ring it was made with, and what to do when that is not enough. */
export interface KeyLife {
  /** Of the states that the ring stands on. A commit carries the one it was decided with. */
  generation(): number;
  /** Whether others may have gone on without this process: it has not looked for too long. */
  isStale(): boolean;
  /** Resolves when the ring stands on states that were read after the call. */
  lookAgain(): Promise<void>;
}

export interface LivingKeyring {
  readonly keyring: Keyring;
  /** From the next reading on the ring is this one. */
  follow(keys: readonly RingKey[], states: KeyStates): void;
}

/** Follow states before reading it. */
export function livingKeyring(): LivingKeyring {
  let sets: Partial<Record<KeyPurpose, Partial<KeySet>>> = {};
  const living = (purpose: KeyPurpose): KeySet => ({
    get active() {
      const active = sets[purpose]?.active;
      if (active === undefined) throw new ApiError('noActiveKey', `there is no \`${purpose}\` key that may be used at the moment; try again`);
      return active;
    },
    get byId() {
      return sets[purpose]?.byId ?? noKeys;
    },
    get endedIds() {
      return sets[purpose]?.endedIds ?? noIds;
    },
  });
  // Object.fromEntries widens the keys to string; `keyPurposes` holds every purpose once.
  const keyring = Object.fromEntries(keyPurposes.map((purpose) => [purpose, living(purpose)])) as Record<KeyPurpose, KeySet>;
  return {
    keyring,
    follow(keys, states) {
      sets = Object.fromEntries(keyPurposes.map((purpose) => [purpose, isRotating(purpose) ? setIn(purpose, keys, states) : keySetOf(purpose, keys)]));
    },
  };
}

const noKeys: ReadonlyMap<string, RingKey> = new Map();
const noIds: ReadonlySet<string> = new Set();

function setIn(purpose: KeyPurpose, keys: readonly RingKey[], states: KeyStates): Partial<KeySet> {
  const standing = keys.filter((key) => key.purpose === purpose && isKeyOf(states, key) && stateOf(states, key.id) !== 'retired');
  const active = standing.find(({ id }) => stateOf(states, id) === 'active');
  const rank = ({ id }: RingKey): number => (stateOf(states, id) === 'retiring' ? 0 : 1);
  const others = standing.filter((key) => key !== active).sort((a, b) => rank(a) - rank(b) || b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  const byId = new Map([...(active === undefined ? [] : [active]), ...others].map((key) => [key.id, key]));
  const endedIds = new Set(Object.entries(states.keys).filter(([, record]) => record.purpose === purpose && record.endedAll === true).map(([id]) => id));
  return { byId, endedIds, ...(active !== undefined && { active }) };
}

/** Whether the states speak of this very key, and not of another one of its id. */
export function isKeyOf(states: KeyStates, key: RingKey): boolean {
  const record = recordOf(states, key.id);
  return record?.purpose === key.purpose && record.fingerprint === fingerprint(key);
}
