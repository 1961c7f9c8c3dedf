// Replacing keys: by command, in an emergency, and by schedule.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../base/clock.js';
import { addKey, removeKey } from '../../keyring/files.js';
import { generateKey, type RingKey, type SignatureAlgorithm } from '../../keyring/key.js';
import { nextDue, servedAt } from '../../keyring/key-schedule.js';
import { call, keysIn, publish, recordOf, retire, rotatingPurposes, stateOf, type KeyStates, type RotatingPurpose } from '../../keyring/key-states.js';
import { claimRotation } from '../../redis/key-states.js';
import type { RedisConnection } from '../../redis/client.js';
import type { KeyView, KeyWatch } from './key-watch.js';

/** What is not done, and why: for who asked for it. */
export class KeyRefusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'KeyRefusal';
  }
}

export interface Rotation {
  readonly purpose: RotatingPurpose;
  /** Of the new key; that of the active one when it is absent. */
  readonly algorithm?: SignatureAlgorithm | undefined;
  /** It waits until it is called, or until there is no other. */
  readonly hold?: boolean;
  /** Instead of a new key: this one. */
  readonly to?: string | undefined;
}

/** Publishes a new key, or calls one that there is; gives its id. It is used when it may be. */
export async function rotate(watch: KeyWatch, { purpose, algorithm, hold = false, to }: Rotation, random: Random): Promise<string> {
  const { states, keys, now } = await watch.look();
  const coming = keysIn(states, purpose, 'published');
  const waiting = coming.find((id) => recordOf(states, id)?.held === true);
  const called = to ?? (hold || algorithm !== undefined ? undefined : waiting);
  if (called !== undefined) {
    refuseCall(states, purpose, called);
    await watch.change((current) => call(current, called));
    return called;
  }
  const onItsWay = coming.find((id) => recordOf(states, id)?.held !== true);
  if (onItsWay !== undefined) throw new KeyRefusal(`the \`${purpose}\` key \`${onItsWay}\` is published and on its way into use: wait, or take it back with \`agency-sts keys retire ${onItsWay}\``);
  if (waiting !== undefined) throw new KeyRefusal(`the \`${purpose}\` key \`${waiting}\` is kept ready: use it with \`agency-sts keys rotate ${purpose}\`, or take it back with \`agency-sts keys retire ${waiting}\``);
  const key = await newKey(watch, purpose, algorithm ?? activeKey(states, keys, purpose)?.algorithm, now, random);
  await publishOrRemove(watch, key, (current, at) => publish(current, key, at, hold));
  return key.id;
}

function refuseCall(states: KeyStates, purpose: RotatingPurpose, id: string): void {
  const state = stateOf(states, id);
  if (recordOf(states, id)?.purpose !== purpose) throw new KeyRefusal(`there is no \`${purpose}\` key \`${id}\``);
  if (state !== 'published' && state !== 'retiring') throw new KeyRefusal(`the key \`${id}\` is ${state ?? 'unknown'}: only one that is published or retiring can be used next`);
}

const activeKey = (states: KeyStates, keys: readonly RingKey[], purpose: RotatingPurpose): RingKey | undefined => keys.find(({ id }) => id === states.active[purpose]);

const newKey = ({ directory }: KeyWatch, purpose: RotatingPurpose, algorithm: SignatureAlgorithm | undefined, now: number, random: Random): Promise<RingKey> =>
  addKey(directory, generateKey(purpose, now, random, algorithm));

/** A file that nothing came of would only be in the way. */
async function publishOrRemove(watch: KeyWatch, key: RingKey, by: (states: KeyStates, now: number) => KeyStates): Promise<KeyView> {
  return watch.change(by).catch(async (error: unknown) => {
    if (recordOf(watch.view().states, key.id) === undefined) await removeKey(watch.directory, key);
    throw error;
  });
}

/**
 * Retires a key that has served, or was never used. Throws a {@link KeyRefusal} for one that is still needed.
 * @param isUnused whether nothing that is stored needs it
 */
export async function retireServed(watch: KeyWatch, id: string, isUnused: () => Promise<boolean>): Promise<void> {
  const { states, now } = await watch.look();
  const record = recordOf(states, id);
  const state = stateOf(states, id);
  if (record === undefined || state === undefined) throw new KeyRefusal(`there is no key \`${id}\` whose state could change`);
  if (state === 'retired') throw new KeyRefusal(`the key \`${id}\` is retired already`);
  if (state === 'active') throw new KeyRefusal(`the key \`${id}\` is active: run \`agency-sts keys rotate ${record.purpose}\` first, or retire it \`--now\` if it is known to others`);
  const served = servedAt(states, id, watch.times);
  if (state === 'retiring' && served !== undefined && now < served) {
    throw new KeyRefusal(`what was made with the key \`${id}\` is valid until ${new Date(served).toISOString()}: it retires by itself then; \`--now\` ends all of it at once`);
  }
  if (record.purpose === 'secret-sealing' && !(await isUnused())) throw new KeyRefusal(`stored secrets are sealed with the key \`${id}\`: \`agency-sts keys rotate secret-sealing\` seals them anew`);
  await watch.change((current, at) => retire(current, id, at));
}

/**
 * Retires a key at once, whatever was made with it. Another one takes its place: one that is kept ready, else a new one
 * that is used when it may be.
 */
export async function retireNow(watch: KeyWatch, id: string, random: Random): Promise<void> {
  const { states, keys, now } = await watch.look();
  const record = recordOf(states, id);
  if (record === undefined) throw new KeyRefusal(`there is no key \`${id}\` whose state could change`);
  if (record.retiredAt !== undefined) throw new KeyRefusal(`the key \`${id}\` is retired already`);
  if (record.purpose === 'secret-sealing') throw new KeyRefusal('a `secret-sealing` key cannot be retired at once: the stored secrets could not be opened any more. Run `agency-sts keys rotate secret-sealing`, and if the key is known to others replace the access keys and MFA devices too');
  const { purpose } = record;
  const end = (current: KeyStates, at: number): KeyStates => (stateOf(current, id) === 'retired' ? current : retire(current, id, at, true));
  if (states.active[purpose] !== id || keysIn(states, purpose, 'published').length > 0) {
    await watch.change(end);
    return;
  }
  // A folder that cannot be written to must not keep the key alive.
  const key = await newKey(watch, purpose, activeKey(states, keys, purpose)?.algorithm, now, random).catch(() => undefined);
  if (key === undefined) await watch.change(end);
  else await publishOrRemove(watch, key, (current, at) => publish(end(current, at), key, at));
}

const pollMilliseconds = 200;

/** Waits until `isDone`, for so many milliseconds at most; false when that was not enough. */
export async function waitUntil(watch: KeyWatch, isDone: (view: KeyView) => boolean, milliseconds: number): Promise<boolean> {
  const began = performance.now();
  while (!isDone(await watch.look())) {
    if (performance.now() - began > milliseconds) return false;
    await sleep(pollMilliseconds);
  }
  return true;
}

/** Of the processes that serve, how many have not taken the states over yet. */
export const behind = ({ states, holders }: KeyView): number => [...holders.values()].filter((tells) => tells === undefined || tells.generation < states.generation).length;

/** Purposes whose keys are replaced by schedule: what is made with them ends by itself. */
const scheduled = rotatingPurposes.filter((purpose) => purpose === 'token-signing' || purpose === 'session-secrets');

/** Makes new keys of those purposes whose active one is older than `days`; one process at a time does. */
export async function rotateBySchedule(redis: RedisConnection, watch: KeyWatch, days: number, random: Random): Promise<readonly string[]> {
  const made: string[] = [];
  for (const purpose of scheduled) {
    const { states, now } = watch.view();
    const active = recordOf(states, states.active[purpose] ?? '');
    const isOld = active !== undefined && now >= (active.activatedAt ?? active.publishedAt) + days * 86_400_000;
    const isComing = keysIn(states, purpose, 'published').some((id) => recordOf(states, id)?.held !== true);
    if (isOld && !isComing && nextDue(states, now, watch.times, () => true) === undefined && await claimRotation(redis, purpose)) made.push(await rotate(watch, { purpose }, random));
  }
  return made;
}
