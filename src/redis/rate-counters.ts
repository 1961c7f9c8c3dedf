// Limits of requests that all processes share: each takes what it will use in blocks, so that most requests cost no round trip.
import { LRUCache } from 'lru-cache';
import type { Keyring } from '../keyring/keyring.js';
import type { RateCounter } from '../sts/services.js';
import { slotOf } from './attempts.js';
import { attemptKey } from './cells.js';
import { reach, runScript, script, type RedisConnection } from './client.js';

export interface RateLimit {
  /** Keeps counters of one kind apart from those of another. */
  readonly purpose: string;
  readonly limit: number;
  readonly windowSeconds: number;
  /** How many counters there may be at once: subjects beyond share them. */
  readonly slots: number;
}

/**
 * A process takes this part of what is left of a limit at once: large blocks while there is plenty, single requests
 * towards the end. Of what it has left over when the window ends nobody else had the use.
 */
const partsOfRest = 256;
const rememberedSubjects = 50_000;

/** Answers how many were granted, and for how many milliseconds the window goes on. Nothing is written for nothing. */
const takeScript = script(`
local taken = tonumber(redis.call('GET', KEYS[1]) or '0')
local rest = tonumber(ARGV[1]) - taken
local granted = rest > 0 and math.max(1, math.floor(rest / ${partsOfRest})) or 0
if granted > 0 then redis.call('INCRBY', KEYS[1], granted) end
if taken == 0 and granted > 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return {granted, redis.call('PTTL', KEYS[1])}
`);

/** What a process has taken and not used yet; it ends with its window. */
interface Block {
  left: number;
  /** By the process's own clock that only goes forward, in milliseconds. */
  endsAt: number;
}

/** Never lets more requests of a subject pass in a window than its limit, in all processes together. */
export function rateCounter(redis: RedisConnection, keyring: Keyring, { purpose, limit, windowSeconds, slots }: RateLimit): RateCounter {
  const secret = keyring['record-authentication'].active.key;
  const blocks = new LRUCache<string, Block>({ max: rememberedSubjects });
  const fetching = new Map<string, Promise<boolean>>();

  async function fetchBlock(subject: string): Promise<boolean> {
    const key = attemptKey(purpose, String(slotOf(secret, [subject], slots)));
    // From before the answer on: a late one must not let a block outlive its window.
    const asked = performance.now();
    // The script answers two integers.
    const [granted = 0, milliseconds = 0] = (await reach(() => runScript(redis, takeScript, [key], [limit, windowSeconds]))) as number[];
    if (granted > 0) blocks.set(subject, { left: granted, endsAt: asked + milliseconds });
    return granted > 0;
  }

  /** Requests that find the block used up at the same moment wait for one new block together. */
  function nextBlock(subject: string): Promise<boolean> {
    const running = fetching.get(subject) ?? fetchBlock(subject).finally(() => fetching.delete(subject));
    fetching.set(subject, running);
    return running;
  }

  function takeFromBlock(subject: string): boolean {
    const block = blocks.get(subject);
    if (block === undefined || block.left === 0 || performance.now() >= block.endsAt) return false;
    block.left -= 1;
    return true;
  }

  return {
    takeAtHand: takeFromBlock,
    async take(subject) {
      while (!takeFromBlock(subject)) if (!(await nextBlock(subject))) return false;
      return true;
    },
  };
}
