// The key ring of a process as it follows the states in Redis: what was published is loaded, what is due is done, what is retired is let go.
import type { Random } from '../../base/clock.js';
import { inTime } from '../../base/in-time.js';
import { loadKeys, removeKey } from '../../keyring/files.js';
import type { RingKey } from '../../keyring/key.js';
import { keySetOf, type Keyring } from '../../keyring/keyring.js';
import { nextDue, type Due, type KeyTimes } from '../../keyring/key-schedule.js';
import { firstStates, isRotating, merged, recordOf, rotatingPurposes, stateOf, type KeyStates } from '../../keyring/key-states.js';
import { isKeyOf, livingKeyring, type KeyLife } from '../../keyring/living-keyring.js';
import { forgetHolder, latestGeneration, raiseGeneration, readKeyStates, writeKeyStates, type KeyHolder, type ReadKeyStates } from '../../redis/key-states.js';
import type { KeyNames } from '../../redis/cells.js';
import type { RedisConnection } from '../../redis/client.js';

export interface KeyWatchParts {
  readonly redis: RedisConnection;
  readonly names: KeyNames;
  readonly random: Random;
  /** `STS_KEYS_DIR`. */
  readonly directory: string;
  readonly times: KeyTimes;
  /** Told of each transition that this process made, when it is made. */
  changed(change: Pick<Due, 'kind' | 'id' | 'purpose'>): void;
}

/** What is known after a look. */
export interface KeyView {
  readonly states: KeyStates;
  /** Milliseconds, by the clock of Redis at the look. */
  readonly now: number;
  readonly keys: readonly RingKey[];
  /** What each process told that is alive and serves. */
  readonly holders: ReadonlyMap<string, KeyHolder | undefined>;
  /** Why the folder could not be read anew. */
  readonly folderTrouble: string | undefined;
}

export interface KeyWatch extends KeyLife {
  readonly keyring: Keyring;
  readonly times: KeyTimes;
  readonly directory: string;
  /** As it was at the last look. */
  view(): KeyView;
  /** Reads the states, follows them, and makes the transitions that are due. */
  look(): Promise<KeyView>;
  /** Whether this process knows of all keys that could be used soon: it has just looked, or can look now. */
  isFresh(): Promise<boolean>;
  /** From now on the others are told which keys this process has, and wait for it. */
  serve(): void;
  /** Replaces the states by what `by` makes of them as they stand then; throws what it throws. */
  change(by: (states: KeyStates, now: number) => KeyStates): Promise<KeyView>;
  /** Looks every second, until what it gives is called. */
  start(onFault: (error: unknown) => void): () => Promise<void>;
}

const lookMilliseconds = 1000;
/** Well below the time after which nobody waits for a process any more. */
const freshMilliseconds = 5000;
const endMilliseconds = 1000;
const mostTries = 20;

const nothing: KeyStates = { generation: 0, active: {}, keys: {} };

/** @param keys those of the folder, by which the states are made where there are none */
export function keyWatch(parts: KeyWatchParts, initialKeys: readonly RingKey[]): KeyWatch {
  const { redis, names, directory, times } = parts;
  const id = parts.random.bytes(8).toString('hex');
  const living = livingKeyring();
  const { keyring } = living;
  let view: KeyView = { states: nothing, now: 0, keys: initialKeys, holders: new Map(), folderTrouble: undefined };
  let known: KeyStates | undefined;
  let raised = 0;
  let isServing = false;
  let lookedAt = -Infinity;
  living.follow(initialKeys, nothing);

  const held = (): readonly string[] => view.keys.filter((key) => isKeyOf(view.states, key)).map((key) => key.id);

  async function read(): Promise<ReadKeyStates> {
    return readKeyStates(redis, keyring, id, isServing ? { held: [...held()], generation: view.states.generation } : undefined);
  }

  /** From states that were read, or written, to the ring. */
  async function follow(states: KeyStates, { now, holders }: Pick<ReadKeyStates, 'now' | 'holders'>): Promise<void> {
    let { keys, folderTrouble } = view;
    if (wanted(states).some((wantedId) => !keys.some((key) => key.id === wantedId && isKeyOf(states, key)))) {
      folderTrouble = undefined;
      keys = await loadKeys(directory).then((loaded) => [...kept(keys, states), ...added(loaded, keys, states)], (error: unknown) => {
        folderTrouble = error instanceof Error ? error.message : String(error);
        return keys;
      });
    }
    known = states;
    view = { states, now, keys, holders, folderTrouble };
    living.follow(keys, states);
    if (states.generation > raised) {
      await raiseGeneration(redis, names, states.generation);
      raised = states.generation;
      await removeRetired(directory, keys, states);
    }
  }

  async function lookOnce(): Promise<KeyView> {
    const began = performance.now();
    for (let tries = 0; tries < mostTries; tries += 1) {
      const found = await read();
      const { generation } = view.states;
      const states = merged(known, found.states) ?? await statesOfFiles(found.now);
      if (states !== found.states && !(await writeKeyStates(redis, keyring, found, states))) continue;
      await follow(states, found);
      const due = nextDue(states, found.now, times, isHeldByAll);
      if (due === undefined) {
        // What is new is told at once: others wait for it.
        if (isServing && states.generation !== generation) view = { ...view, holders: (await read()).holders };
        lookedAt = began;
        return view;
      }
      if (!(await writeKeyStates(redis, keyring, (states === found.states ? found : await read()), due.states, due.from))) continue;
      await follow(due.states, found);
      parts.changed(due);
    }
    throw new Error('the states of the keys kept changing');
  }

  /** Where Redis has lost them its cells may still know how far they were. */
  const statesOfFiles = async (now: number): Promise<KeyStates> => {
    for (const purpose of rotatingPurposes) keySetOf(purpose, view.keys);
    return { ...firstStates(view.keys, now), generation: (await latestGeneration(redis, names)) + 1 };
  };

  const isHeldByAll = (keyId: string): boolean =>
    held().includes(keyId) && [...view.holders].every(([other, tells]) => other === id || tells?.held.includes(keyId) === true);

  let running: Promise<KeyView> | undefined;
  let following: Promise<KeyView> | undefined;
  /** Looks do not overlap; who asks during one gets the next one, which begins after he asked. */
  const look = (): Promise<KeyView> => {
    if (running === undefined) {
      running = lookOnce().finally(() => {
        running = undefined;
      });
      return running;
    }
    following ??= running.catch(() => undefined).then(() => {
      following = undefined;
      return look();
    });
    return following;
  };

  const isStale = (): boolean => performance.now() - lookedAt >= freshMilliseconds;
  return {
    keyring, times, directory, look,
    view: () => view,
    generation: () => view.states.generation,
    async isFresh() {
      return !isStale() || look().then(() => true, () => false);
    },
    serve() {
      isServing = true;
    },
    isStale,
    async lookAgain() {
      const { generation } = view.states;
      await look();
      if (view.states.generation === generation) await catchUp(generation);
    },
    async change(by) {
      for (let tries = 0; tries < mostTries; tries += 1) {
        await look();
        const found = await read();
        if (found.states?.generation !== view.states.generation) continue;
        const states = by(view.states, found.now);
        if (!(await writeKeyStates(redis, keyring, found, states))) continue;
        await follow(states, found);
        return look();
      }
      throw new Error('the states of the keys kept changing');
    },
    start(onFault) {
      let isLooking = false;
      const timer = setInterval(() => {
        if (isLooking) return;
        isLooking = true;
        void look().catch(onFault).finally(() => {
          isLooking = false;
        });
      }, lookMilliseconds);
      timer.unref();
      return async () => {
        clearInterval(timer);
        isServing = false;
        const forget = async (): Promise<void> => {
          await running?.catch(() => undefined);
          await forgetHolder(redis, id);
        };
        await inTime(forget(), endMilliseconds, () => new Error('Redis does not answer')).catch(() => undefined);
      };
    },
  };

  /** Cells that are ahead of the states, since a failover lost the newest of these: they go on behind that. */
  async function catchUp(generation: number): Promise<void> {
    const latest = await latestGeneration(redis, names);
    if (latest <= generation) return;
    const found = await read();
    if (found.states?.generation !== generation) return;
    const states = { ...found.states, generation: latest + 1 };
    if (await writeKeyStates(redis, keyring, found, states)) await follow(states, found);
  }
}

/** What this process has it keeps, whatever becomes of the files; those of the other purposes are the ones of its start. */
const kept = (keys: readonly RingKey[], states: KeyStates): readonly RingKey[] => keys.filter((key) => !isRotating(key.purpose) || isKeyOf(states, key));

const added = (loaded: readonly RingKey[], keys: readonly RingKey[], states: KeyStates): readonly RingKey[] => {
  const present = new Set(kept(keys, states).map(({ id }) => id));
  return loaded.filter(({ id, purpose }) => isRotating(purpose) && !present.has(id));
};

const wanted = (states: KeyStates): readonly string[] => Object.keys(states.keys).filter((id) => stateOf(states, id) !== 'retired');

/** Private parts of what nobody needs any more. Sealed secrets of a backup may need theirs: it stays until it is removed by hand. */
async function removeRetired(directory: string, keys: readonly RingKey[], states: KeyStates): Promise<void> {
  const gone = keys.filter((key) => isKeyOf(states, key) && stateOf(states, key.id) === 'retired' && recordOf(states, key.id)?.purpose !== 'secret-sealing');
  for (const key of gone) await removeKey(directory, key);
}
