// What the processes of an installation tell each other, by the clock of Redis.
import { clockFloorKey, processesKey } from './cells.js';
import { reach, runScript, script, type RedisConnection } from './client.js';
import { told } from './scripts/told.js';

export interface ToldProcesses {
  /** Milliseconds since the epoch, by the clock of Redis. */
  readonly now: number;
  /** The latest time that Redis told before. */
  readonly floor: number;
  /** What each live process told last, by its id. */
  readonly told: ReadonlyMap<string, string>;
}

/** A process that has told nothing for so long is taken for ended. */
const keptMilliseconds = 60_000;

/**
 * Keys: processes, floor. Arguments: id of the process, what it tells (empty: nothing), milliseconds that it counts.
 * Returns the time, the floor, then ids and texts in turn.
 */
const tellScript = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local floor = tonumber(redis.call('GET', KEYS[2]) or '0')
if now > floor then redis.call('SET', KEYS[2], string.format('%d', now)) end
local answer = {now, floor}
${told('KEYS[1]')}`);

/** Asks for the time and for what others told; `text` is told to them, if there is one. */
export async function tellProcesses(redis: RedisConnection, id: string, text = ''): Promise<ToldProcesses> {
  // The script answers an array.
  const [now, floor, ...rest] = (await reach(() => runScript(redis, tellScript, [processesKey, clockFloorKey], [id, text, keptMilliseconds]))) as readonly unknown[];
  const told = new Map<string, string>();
  for (let at = 0; at < rest.length; at += 2) told.set(String(rest[at]), String(rest[at + 1]));
  return { now: Number(now), floor: Number(floor), told };
}
