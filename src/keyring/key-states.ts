// What becomes of keys: published, active, retiring, retired; values and their transitions, nothing that is stored or asked.
import { z } from 'zod';
import { fingerprint, type RingKey } from './key.js';

/** Whose keys are replaced while the service runs. What the other two made stands everywhere, and has rules of its own. */
export const rotatingPurposes = ['token-signing', 'session-secrets', 'secret-sealing', 'message-sealing'] as const;
export type RotatingPurpose = (typeof rotatingPurposes)[number];
export const isRotating = (purpose: string): purpose is RotatingPurpose => rotatingPurposes.some((name) => name === purpose);

/** `published`: verifies and opens, nothing is made with it yet; `retiring`: no longer; `retired`: it is nobody's key any more. */
export type KeyState = 'published' | 'active' | 'retiring' | 'retired';

const moment = z.number().int().nonnegative();
const keyRecord = z.object({
  purpose: z.enum(rotatingPurposes),
  /** Of its material: a file of the same id that holds another key is not it. */
  fingerprint: z.string(),
  publishedAt: moment,
  /** Since when every process publishes it. */
  spreadAt: moment.optional(),
  /** A key that waits until it is called. */
  held: z.boolean().optional(),
  activatedAt: moment.optional(),
  retiringAt: moment.optional(),
  retiredAt: moment.optional(),
  /** It was retired before it had served: whatever hangs on what it made is dead, and not only what it made. */
  endedAll: z.boolean().optional(),
});
/** Moments are milliseconds since the epoch by the clock of Redis. */
export type KeyRecord = Readonly<z.infer<typeof keyRecord>>;

const keyStates = z.object({
  generation: z.number().int().positive(),
  active: z.partialRecord(z.enum(rotatingPurposes), z.string()),
  keys: z.record(z.string(), keyRecord),
});

export interface KeyStates {
  /** Grows with each change: of two states the one with the greater number is the later one. */
  readonly generation: number;
  /** INVARIANT: one key of a purpose at most; none after an emergency without another key that may be used. */
  readonly active: Readonly<Partial<Record<RotatingPurpose, string>>>;
  readonly keys: Readonly<Record<string, KeyRecord>>;
}

export const encodeKeyStates = (states: KeyStates): string => JSON.stringify(states);

/** Throws for a text that {@link encodeKeyStates} does not give. */
export function decodeKeyStates(text: string): KeyStates {
  return keyStates.parse(JSON.parse(text));
}

export function stateOf(states: KeyStates, id: string): KeyState | undefined {
  const record = recordOf(states, id);
  if (record === undefined) return undefined;
  if (record.retiredAt !== undefined) return 'retired';
  if (states.active[record.purpose] === id) return 'active';
  return record.retiringAt === undefined ? 'published' : 'retiring';
}

/** Ids come from outside: an object's own names alone count. */
export const recordOf = (states: KeyStates, id: string): KeyRecord | undefined => (Object.hasOwn(states.keys, id) ? states.keys[id] : undefined);

/** The keys of a purpose in one state, oldest first. */
export function keysIn(states: KeyStates, purpose: RotatingPurpose, state: KeyState): readonly string[] {
  return Object.entries(states.keys).filter(([id, record]) => record.purpose === purpose && stateOf(states, id) === state)
    .sort(([, one], [, other]) => one.publishedAt - other.publishedAt).map(([id]) => id);
}

/** Of a ring from before there were states: the newest key of a purpose is active, the others retire from now on. */
export function firstStates(keys: readonly RingKey[], now: number): KeyStates {
  const newestFirst = keys.toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  const active = Object.fromEntries(rotatingPurposes.flatMap((purpose) => {
    const newest = newestFirst.find((key) => key.purpose === purpose);
    return newest === undefined ? [] : [[purpose, newest.id]];
  }));
  const records = newestFirst.flatMap((key): readonly (readonly [string, KeyRecord])[] => {
    if (!isRotating(key.purpose)) return [];
    const record = { purpose: key.purpose, fingerprint: fingerprint(key), publishedAt: now, spreadAt: now, activatedAt: now };
    return [[key.id, active[key.purpose] === key.id ? record : { ...record, retiringAt: now }]];
  });
  return { generation: 1, active, keys: Object.fromEntries(records) };
}

const next = ({ generation, active, keys }: KeyStates, changes: Readonly<Record<string, KeyRecord>>, activeChanges: KeyStates['active'] = {}): KeyStates =>
  ({ generation: generation + 1, active: { ...active, ...activeChanges }, keys: { ...keys, ...changes } });

export function publish(states: KeyStates, key: RingKey, now: number, held = false): KeyStates {
  if (!isRotating(key.purpose)) throw new Error(`keys for \`${key.purpose}\` are not published here`);
  if (recordOf(states, key.id) !== undefined) throw new Error(`the key \`${key.id}\` was published before`);
  return next(states, { [key.id]: { purpose: key.purpose, fingerprint: fingerprint(key), publishedAt: now, ...(held && { held }) } });
}

/** Every process has it, and tells verifiers of it. */
export const spread = (states: KeyStates, id: string, now: number): KeyStates => next(states, { [id]: { ...known(states, id), spreadAt: now } });

/** Makes a key the next one to be used: one that waits to be called, or one that retires. */
export function call(states: KeyStates, id: string): KeyStates {
  const { held: _held, retiringAt: _retiringAt, ...record } = known(states, id);
  return next(states, { [id]: record });
}

/** The key that was active until now begins to retire. */
export function activate(states: KeyStates, id: string, now: number): KeyStates {
  const { held: _held, retiringAt: _retiringAt, ...record } = known(states, id);
  const before = states.active[record.purpose];
  const retiring = before === undefined || before === id ? {} : { [before]: { ...known(states, before), retiringAt: now } };
  return next(states, { ...retiring, [id]: { ...record, activatedAt: now } }, { [record.purpose]: id });
}

/**
 * For good. The purpose is left without an active key if it was that.
 * @param endsAll an emergency: what was made with it is not over yet, and ends with all that came of it
 */
export function retire(states: KeyStates, id: string, now: number, endsAll = false): KeyStates {
  const record = known(states, id);
  const { [record.purpose]: active, ...others } = states.active;
  return next({ ...states, active: active === id ? others : states.active }, { [id]: { ...record, retiredAt: now, ...(endsAll && { endedAll: true }) } });
}

function known(states: KeyStates, id: string): KeyRecord {
  const record = recordOf(states, id);
  if (record === undefined || record.retiredAt !== undefined) throw new Error(`the key \`${id}\` is ${record === undefined ? 'not published' : 'retired'}`);
  return record;
}

/**
 * What counts when a store tells something else than this process knows, as after a failover that lost the newest
 * changes: the later of the two, and what is retired in one of them stays so. Gives `told` itself when nothing is to be
 * mended there.
 */
export function merged(known: KeyStates | undefined, told: KeyStates | undefined): KeyStates | undefined {
  if (known === undefined || told === undefined) return told ?? known;
  const [later, earlier] = told.generation >= known.generation ? [told, known] : [known, told];
  const revived = Object.entries(earlier.keys).filter(([id, { retiredAt }]) => retiredAt !== undefined && recordOf(later, id)?.retiredAt === undefined);
  if (revived.length === 0) return later;
  const isGone = (id: string | undefined): boolean => revived.some(([gone]) => gone === id);
  const active = Object.fromEntries(Object.entries(later.active).filter(([, id]) => !isGone(id)));
  return { generation: later.generation + 1, active, keys: { ...later.keys, ...Object.fromEntries(revived) } };
}
