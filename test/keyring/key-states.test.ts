// The life of a key as values: which transitions there are, when they are due, and what counts when two tell different things.
import { describe, expect, it } from 'vitest';
import { nextDue, servedAt, usableFrom, type KeyTimes } from '../../src/keyring/key-schedule.js';
import { activate, call, decodeKeyStates, encodeKeyStates, firstStates, keysIn, merged, publish, retire, rotatingPurposes, spread, stateOf, type KeyStates } from '../../src/keyring/key-states.js';
import { livingKeyring } from '../../src/keyring/living-keyring.js';
import { freshKey, freshKeys } from './support.js';

const start = 1_000_000;
const times: KeyTimes = { cache: 300_000, sessions: 44_100_000 };
const held = (): boolean => true;

const keys = freshKeys();
const first = firstStates(keys, start);
const old = first.active['token-signing'] ?? '';
const next = freshKey('token-signing');
const published = publish(first, next, start);
const everywhere = spread(published, next.id, start + 2000);
const active = activate(everywhere, next.id, start + 332_000);

describe('the states of a key', () => {
  it('of the first ring: the newest of each purpose is active, older ones retire', () => {
    const older = freshKey('token-signing');
    const states = firstStates([...keys, older], start);
    expect(stateOf(states, older.id)).toBe('retiring');
    for (const purpose of rotatingPurposes) expect(stateOf(states, states.active[purpose] ?? '')).toBe('active');
    expect(Object.keys(states.keys)).toHaveLength(5);
  });

  it('follow one another: published, active, retiring, retired', () => {
    const life = [first, published, everywhere, active, activate(publish(active, freshKey('token-signing'), start), old, start), retire(active, next.id, start)];
    expect(life.map((states) => stateOf(states, next.id))).toEqual([undefined, 'published', 'published', 'active', 'retiring', 'retired']);
    expect(stateOf(active, old)).toBe('retiring');
    expect(new Set(life.map(({ generation }) => generation)).size).toBeGreaterThan(3);
  });

  it('there are never two active keys of a purpose', () => {
    expect(keysIn(active, 'token-signing', 'active')).toEqual([next.id]);
    expect(keysIn(retire(active, next.id, start), 'token-signing', 'active')).toEqual([]);
  });

  it('what is retired stays so', () => {
    const gone = retire(active, old, start);
    for (const change of [() => activate(gone, old, start), () => call(gone, old), () => spread(gone, old, start), () => retire(gone, old, start)]) expect(change).toThrow('is retired');
    expect(() => publish(gone, keys.find(({ id }) => id === old) ?? next, start)).toThrow('was published before');
  });

  it('survive being stored, and nothing else is read', () => {
    expect(decodeKeyStates(encodeKeyStates(active))).toEqual(active);
    for (const text of ['', '{}', '{"generation":0,"active":{},"keys":{}}', '{"generation":1,"active":{"everything":"x"},"keys":{}}', '{"generation":1,"active":{},"keys":{"a":{"purpose":"audit-signing","fingerprint":"","publishedAt":1}}}']) {
      expect(() => decodeKeyStates(text), text).toThrow();
    }
  });

  it('a key id that is a name of every object is no key', () => {
    for (const id of ['__proto__', 'constructor', 'toString', '']) expect(stateOf(active, id), id).toBeUndefined();
  });
});

describe('what is due', () => {
  const due = (states: KeyStates, now: number, isHeld: (id: string) => boolean = held) => {
    const found = nextDue(states, now, times, isHeld);
    return found === undefined ? undefined : [found.kind, found.id];
  };

  it.each<[what: string, states: KeyStates, now: number, isHeld: (id: string) => boolean, expected: unknown]>([
    ['nothing, in a ring at rest', first, start + 1e12, held, undefined],
    ['nothing, while a process lacks the new key', published, start + 1e9, () => false, undefined],
    ['that the new key is everywhere', published, start, held, ['spread', next.id]],
    ['nothing, a millisecond before verifiers can know it', everywhere, start + 2000 + 330_000 - 1, held, undefined],
    ['its use, when they can', everywhere, start + 2000 + 330_000, held, ['activate', next.id]],
    ['nothing, when a process lacks it again', everywhere, start + 1e9, () => false, undefined],
    ['nothing, a millisecond before the last token of the old one and the lists with it are gone', active, start + 332_000 + 44_400_000 - 1, held, undefined],
    ['the end of the old one, then', active, start + 332_000 + 44_400_000, held, ['retire', old]],
    ['nothing, of a key that is kept ready', spread(publish(first, next, start, true), next.id, start), start + 1e9, held, undefined],
    ['the use of a key that is kept ready, where there is no other', retire(spread(publish(first, next, start, true), next.id, start), old, start), start + 330_000, held, ['activate', next.id]],
    ['not before verifiers can know it, even then', retire(spread(publish(first, next, start, true), next.id, start), old, start), start + 329_999, held, undefined],
  ])('is %s', (_what, states, now, isHeld, expected) => {
    expect(due(states, now, isHeld)).toEqual(expected);
  });

  it('keys that no verifier must know are used as soon as all processes have them; those of messages and stored secrets do not end by themselves', () => {
    for (const purpose of ['session-secrets', 'secret-sealing', 'message-sealing'] as const) {
      const key = freshKey(purpose);
      const states = spread(publish(first, key, start), key.id, start);
      expect(due(states, start)).toEqual(['activate', key.id]);
      const before = first.active[purpose] ?? '';
      expect(servedAt(activate(states, key.id, start), before, times)).toBe(purpose === 'session-secrets' ? start + times.sessions : undefined);
    }
    expect(usableFrom(published, next.id, times)).toBeUndefined();
  });
});

describe('of two tellings', () => {
  it('the later one counts, whoever tells it', () => {
    expect(merged(undefined, undefined)).toBeUndefined();
    expect(merged(undefined, active)).toBe(active);
    expect(merged(active, undefined)).toBe(active);
    expect(merged(first, active)).toBe(active);
    expect(merged(active, first)).toBe(active);
  });

  it('what is retired in one of them is retired, even where the other one is later', () => {
    const gone = retire(first, old, start);
    const later = { ...active, generation: gone.generation + 10, active: { ...active.active, 'token-signing': old } };
    for (const result of [merged(gone, later), merged(later, gone)]) {
      expect(stateOf(result ?? first, old)).toBe('retired');
      expect(result?.active['token-signing']).toBeUndefined();
      expect(result?.generation).toBe(later.generation + 1);
    }
  });
});

describe('the ring that follows states', () => {
  const living = livingKeyring();
  const tokens = living.keyring['token-signing'];
  const all = [...keys, next];

  it('is one object whose keys are those of the states', () => {
    const seen: unknown[] = [];
    for (const states of [first, published, active, retire(active, old, start)]) {
      living.follow(all, states);
      seen.push([tokens.active.id, [...tokens.byId.keys()].sort()]);
    }
    const both = [old, next.id].sort();
    expect(seen).toEqual([[old, [old]], [old, both], [next.id, both], [next.id, [next.id]]]);
  });

  it('without an active key refuses to make anything, and still verifies', () => {
    living.follow(all, retire(active, next.id, start));
    expect(() => tokens.active).toThrow('there is no `token-signing` key that may be used at the moment');
    expect([...tokens.byId.keys()]).toEqual([old]);
  });

  it('takes no other key for one of its id', () => {
    living.follow([...keys.filter(({ id }) => id !== old), { ...next, id: old }], first);
    expect([...tokens.byId.keys()]).toEqual([]);
  });
});
