// Counters of tries, shared by all processes; they end by themselves and cannot fill the memory.
import { createHmac, type KeyObject } from 'node:crypto';
import type { Keyring } from '../keyring/keyring.js';
import type { AttemptCounter } from '../sts/services.js';
import { attemptKey } from './cells.js';
import { reach, runScript, script, type RedisConnection } from './client.js';

const countScript = script(`
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
`);
const forgiveScript = script(`
if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('DECR', KEYS[1]) end
return 0
`);

/** @param slots how many counters there may be at once, at most 2^48: subjects beyond share them */
export type MakeAttemptCounter = (purpose: string, windowSeconds: number, slots: number) => AttemptCounter;

/** Counters whose slots follow from the key ring: the same ones in all processes, and in no other installation. */
export function attemptCounters(redis: RedisConnection, keyring: Keyring): MakeAttemptCounter {
  const secret = keyring['record-authentication'].active.key;
  return (purpose, windowSeconds, slots) => {
    const key = (subject: readonly string[]): string => attemptKey(purpose, String(slotOf(secret, subject, slots)));
    return {
      count: async (subject) => Number(await reach(() => runScript(redis, countScript, [key(subject)], [windowSeconds]))),
      forgive: async (subject) => {
        await reach(() => runScript(redis, forgiveScript, [key(subject)], []));
      },
    };
  };
}

/** Records are authenticated over texts that begin with `[`, so no slot is a piece of a record's code. */
const label = 'agency-sts attempt slot';

/** INVARIANT: who names a subject cannot aim it at another one's slot: without the key nobody can tell which slot it gets. */
export function slotOf(secret: KeyObject, subject: readonly string[], slots: number): number {
  return createHmac('sha256', secret).update(`${label}\n${JSON.stringify(subject)}`).digest().readUIntBE(0, 6) % slots;
}
