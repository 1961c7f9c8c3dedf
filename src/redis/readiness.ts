// Whether Redis takes writes now, learned by making one.
import { readinessKey } from './cells.js';
import type { RedisConnection } from './client.js';

/** Seconds that the written key lives. */
const keptSeconds = 60;

/** Why Redis takes no writes; undefined when it does. */
export async function refusesWrites(redis: RedisConnection): Promise<string | undefined> {
  try {
    await redis.set(readinessKey, '1', 'EX', keptSeconds);
    return undefined;
  } catch (error) {
    const refused = error instanceof Error && error.name === 'ReplyError';
    return refused ? `Redis takes no writes: ${error.message}` : 'Redis cannot be reached';
  }
}
