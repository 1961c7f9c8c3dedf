// When a key may be used, and when it has served: the spans of each purpose, and what is due at a moment.
import { activate, keysIn, recordOf, retire, rotatingPurposes, spread, type KeyStates, type RotatingPurpose } from './key-states.js';

/** Milliseconds. */
export interface KeyTimes {
  /** For which verifiers may keep the published keys. */
  readonly cache: number;
  /** For which what is made with a session's keys may live, with all that clocks may be apart. */
  readonly sessions: number;
}

/** Of a list of keys that was read just before the newest one was in it, and is on its way to who will keep it. */
const onTheWay = (cache: number): number => Math.max(250, cache / 10);

/** How long every process must have published a key before something is made with it: only tokens are verified by others. */
const waitOf = (purpose: RotatingPurpose, { cache }: KeyTimes): number => (purpose === 'token-signing' ? cache + onTheWay(cache) : 0);

/**
 * How long a key goes on verifying when another one has taken over; undefined: until it is retired by hand or, for
 * stored secrets, until none of them is sealed with it.
 */
function overlapOf(purpose: RotatingPurpose, { cache, sessions }: KeyTimes): number | undefined {
  if (purpose === 'token-signing') return sessions + cache;
  return purpose === 'session-secrets' ? sessions : undefined;
}

/** From when on the key may be used, by the clock of Redis; undefined while a process lacks it. */
export function usableFrom(states: KeyStates, id: string, times: KeyTimes): number | undefined {
  const record = recordOf(states, id);
  return record?.spreadAt === undefined ? undefined : record.spreadAt + waitOf(record.purpose, times);
}

/** When the key will have served; undefined for one that does not end by itself. */
export function servedAt(states: KeyStates, id: string, times: KeyTimes): number | undefined {
  const record = recordOf(states, id);
  const overlap = record === undefined ? undefined : overlapOf(record.purpose, times);
  return record?.retiringAt === undefined || overlap === undefined ? undefined : record.retiringAt + overlap;
}

export interface Due {
  readonly kind: 'spread' | 'activate' | 'retire';
  readonly id: string;
  readonly purpose: RotatingPurpose;
  /** The moment before which it must not happen. */
  readonly from: number;
  readonly states: KeyStates;
}

/**
 * The next transition that is due; undefined when none is.
 * @param isHeld whether every process that is alive has the key
 */
export function nextDue(states: KeyStates, now: number, times: KeyTimes, isHeld: (id: string) => boolean): Due | undefined {
  for (const purpose of rotatingPurposes) {
    const hasActive = states.active[purpose] !== undefined;
    for (const id of keysIn(states, purpose, 'published')) {
      if (!isHeld(id)) continue;
      const from = usableFrom(states, id, times);
      if (from === undefined) return { kind: 'spread', id, purpose, from: 0, states: spread(states, id, now) };
      // One that is kept ready is taken without being called where there is no other.
      const isCalled = recordOf(states, id)?.held !== true || !hasActive;
      if (isCalled && now >= from) return { kind: 'activate', id, purpose, from, states: activate(states, id, now) };
    }
    for (const id of keysIn(states, purpose, 'retiring')) {
      const from = servedAt(states, id, times);
      if (from !== undefined && now >= from) return { kind: 'retire', id, purpose, from, states: retire(states, id, now) };
    }
  }
  return undefined;
}
