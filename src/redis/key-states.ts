// What becomes of the keys, as all processes find it: one authenticated record, and what each process has of them.
import { z } from 'zod';
import { authenticateRecord, openRecord } from '../keyring/authenticate.js';
import type { Keyring } from '../keyring/keyring.js';
import { decodeKeyStates, encodeKeyStates, type KeyStates } from '../keyring/key-states.js';
import { keyHoldersKey, keyRotationKey, keyStatesKey, type KeyNames } from './cells.js';
import { reach, runScript, script, type RedisConnection } from './client.js';
import { told } from './scripts/told.js';

const place = ['key-states'];

/** What a process tells of the keys it has. */
const holder = z.object({ held: z.array(z.string()), generation: z.number() });
export type KeyHolder = Readonly<z.infer<typeof holder>>;

export interface ReadKeyStates {
  /** Milliseconds since the epoch, by the clock of Redis. */
  readonly now: number;
  /** As it is stored; undefined before the first. */
  readonly record: string | undefined;
  readonly states: KeyStates | undefined;
  /** By the id of the process: all that told something within the last seconds. Undefined: it tells what this release cannot read. */
  readonly holders: ReadonlyMap<string, KeyHolder | undefined>;
}

/** A process looks every second; one that has told nothing for so long is taken for ended, or for one that does nothing. */
const keptMilliseconds = 10_000;

/** Keys: record, holders. Arguments: id of the process, what it tells (empty: nothing), milliseconds that it counts. */
const readScript = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {now, redis.call('GET', KEYS[1])}
${told('KEYS[2]')}`);

/** Reads the states, and tells the others what this process has. Throws a TamperedRecordError. */
export async function readKeyStates(redis: RedisConnection, keyring: Keyring, processId: string, tells?: KeyHolder): Promise<ReadKeyStates> {
  const values = [processId, tells === undefined ? '' : JSON.stringify(tells), keptMilliseconds];
  // The script answers an array.
  const [now, stored, ...rest] = (await reach(() => runScript(redis, readScript, [keyStatesKey, keyHoldersKey], values))) as readonly unknown[];
  const holders = new Map<string, KeyHolder | undefined>();
  for (let at = 0; at < rest.length; at += 2) holders.set(String(rest[at]), parseHolder(String(rest[at + 1])));
  const record = typeof stored === 'string' ? stored : undefined;
  return { now: Number(now), record, states: record === undefined ? undefined : decodeKeyStates(openRecord(keyring['record-authentication'], place, record)), holders };
}

function parseHolder(text: string): KeyHolder | undefined {
  try {
    return holder.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Keys: record. Arguments: the record that is replaced (empty: none), the new one, the moment before which it must not be. */
const writeScript = script(`
local time = redis.call('TIME')
if time[1] * 1000 + math.floor(time[2] / 1000) < tonumber(ARGV[3]) then return 0 end
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
`);

/**
 * Replaces the record that was read; false when it is another one by now, or when it is before `notBefore`.
 * INVARIANT: when a key may be used is decided by the clock of Redis, whatever the clock of a process says.
 */
export async function writeKeyStates(redis: RedisConnection, keyring: Keyring, { record }: Pick<ReadKeyStates, 'record'>, states: KeyStates, notBefore = 0): Promise<boolean> {
  const written = authenticateRecord(keyring['record-authentication'], place, encodeKeyStates(states));
  return (await reach(() => runScript(redis, writeScript, [keyStatesKey], [record ?? '', written, notBefore]))) === 1;
}

/** Of a process that ends: nobody waits for it any more. */
export const forgetHolder = (redis: RedisConnection, processId: string): Promise<unknown> => reach(() => redis.hdel(keyHoldersKey, processId));

const raiseScript = script(`
if tonumber(redis.call('HGET', KEYS[1], 'keys') or '0') < tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], 'keys', ARGV[1]) end
return 1
`);

/** When it resolves, no commit succeeds any more in any cell that was decided with an older ring. */
export async function raiseGeneration(redis: RedisConnection, names: KeyNames, generation: number): Promise<void> {
  const cells = Array.from({ length: names.cells }, (_, cell) => cell);
  await reach(() => Promise.all(cells.map((cell) => runScript(redis, raiseScript, [names.cellState(cell)], [generation]))));
}

/** The latest generation that a cell knows of; 0 before the first. */
export async function latestGeneration(redis: RedisConnection, names: KeyNames): Promise<number> {
  const cells = Array.from({ length: names.cells }, (_, cell) => cell);
  const known = await reach(() => Promise.all(cells.map((cell) => redis.hget(names.cellState(cell), 'keys'))));
  return Math.max(0, ...known.map((text) => Number(text ?? 0)));
}

const rotationMilliseconds = 60_000;

/** True for the one process that is to make a new key of the purpose by schedule now. */
export const claimRotation = async (redis: RedisConnection, purpose: string): Promise<boolean> =>
  (await reach(() => redis.set(`${keyRotationKey}:${purpose}`, '1', 'PX', rotationMilliseconds, 'NX'))) === 'OK';
