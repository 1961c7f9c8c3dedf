// Counters of tries, shared by all processes; they end by themselves and cannot fill the memory.
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { AttemptCounter } from '../sts/services.js';
import { attemptKey } from './cells.js';
import { reach, runScript, script } from './client.js';

const countScript = script(`
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
`);
const forgiveScript = script(`
if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('DECR', KEYS[1]) end
return 0
`);

/** @param slots how many counters there may be at once: subjects beyond share them, by hash */
export function attemptCounter(redis: Redis, purpose: string, windowSeconds: number, slots: number): AttemptCounter {
  const key = (subject: readonly string[]): string => attemptKey(purpose, String(slotOf(JSON.stringify(subject), slots)));
  return {
    count: async (subject) => Number(await reach(() => runScript(redis, countScript, [key(subject)], [windowSeconds]))),
    forgive: async (subject) => {
      await reach(() => runScript(redis, forgiveScript, [key(subject)], []));
    },
  };
}

/** A slot that cannot be chosen by who names the subject, short of trying names until one fits. */
export const slotOf = (subject: string, slots: number): number => createHash('sha256').update(subject).digest().readUIntBE(0, 6) % slots;
