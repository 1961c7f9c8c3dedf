// Counters of the rate limits, shared by all processes.
import type { Redis } from 'ioredis';
import { RedisStore, type RedisReply } from 'rate-limit-redis';
import { rateLimitPrefix } from './cells.js';
import { reach } from './client.js';

export function rateLimitStore(redis: Redis, prefix: string): RedisStore {
  return new RedisStore({
    prefix: `${rateLimitPrefix}${prefix}`,
    // The library types a reply as what its own scripts answer.
    sendCommand: (command: string, ...values: string[]) => reach(() => redis.call(command, ...values)) as Promise<RedisReply>,
  });
}
