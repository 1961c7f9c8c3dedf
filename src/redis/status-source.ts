// Reads what is published of ended sessions, and forgets what ends nothing any more.
import type { EndedSubject, StatusSource } from '../sts/status-source.js';
import { placeOfStatusList, statusListSize } from '../status/index.js';
import type { KeyNames } from './cells.js';
import { reach, runScript, script, type RedisConnection } from './client.js';
import { endedSubject, endsNothing } from './ended.js';

/** Keys: what ended. Arguments: fields and texts in turn; a field that was written again stays. */
const forgetScript = script(`
for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
`);
const forgottenAtOnce = 500;

/** Reads through the gate of the cells: nothing is published from a state that may lack a revocation. */
export type ReadSafely = <Value>(cells: readonly number[], work: () => Promise<Value>) => Promise<Value>;

export function statusSource(redis: RedisConnection, names: KeyNames, readSafely: ReadSafely): StatusSource {
  async function endedOf(cell: number, now: number): Promise<readonly EndedSubject[]> {
    const key = names.ended(cell);
    const fields = Object.entries(await reach(() => redis.hgetall(key))).map(([field, text]) => ({ field, text, ended: endedSubject(field, text) }));
    const old = fields.filter(({ ended }) => endsNothing(ended, now)).slice(0, forgottenAtOnce);
    if (old.length > 0) await reach(() => runScript(redis, forgetScript, [key], old.flatMap(({ field, text }) => [field, text])));
    return fields.filter(({ ended }) => !endsNothing(ended, now)).map(({ ended: { kind, accountId, subject, value } }) => ({ kind, accountId, subject, value }));
  }

  return {
    async bits(list) {
      const { cell, number } = placeOfStatusList(list);
      if (cell >= names.cells) return undefined;
      return readSafely([cell], async () => {
        const [given, bits] = await reach(() => Promise.all([redis.get(names.statusIndex(cell)), redis.getBuffer(names.statusBits(list))]));
        return Number(given ?? 0) <= number * statusListSize ? undefined : (bits ?? Buffer.alloc(0));
      });
    },
    async ended(now) {
      const cells = Array.from({ length: names.cells }, (_, cell) => cell);
      return readSafely(cells, async () => (await Promise.all(cells.map((cell) => endedOf(cell, now)))).flat());
    },
  };
}
