// Reads what is published of ended sessions.
import { ApiError } from '../base/api-error.js';
import type { StatusSource } from '../sts/status-source.js';
import { placeOfStatusList, statusListSize } from '../status/index.js';
import type { KeyNames } from './cells.js';
import { reach, type RedisConnection } from './client.js';
import { livingEnded, mostEnded } from './ended.js';

/** Reads through the gate of the cells: nothing is published from a state that may lack a revocation. */
export type ReadSafely = <Value>(cells: readonly number[], work: () => Promise<Value>) => Promise<Value>;

/** @param lifeSeconds how long something may live after what ended it */
export function statusSource(redis: RedisConnection, names: KeyNames, readSafely: ReadSafely, lifeSeconds: number): StatusSource {
  return {
    async bits(list) {
      const { cell, number } = placeOfStatusList(list);
      if (cell >= names.cells) return undefined;
      return readSafely([cell], async () => {
        const [given, bits] = await reach(() => Promise.all([redis.get(names.statusIndex(cell)), redis.getBuffer(names.statusBits(list))]));
        return Number(given ?? 0) <= number * statusListSize ? undefined : (bits ?? Buffer.alloc(0));
      });
    },
    async ended(accountId, now) {
      const ended = await readSafely([names.cellOfAccount(accountId)], () => livingEnded(redis, names, accountId, now - lifeSeconds));
      if (ended === undefined) throw new ApiError('quotaExceeded', `more than ${mostEnded} subjects of the account ended: its sessions can be verified online only until what ended first is forgotten`);
      return ended;
    },
  };
}
