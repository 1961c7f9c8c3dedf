// Counters of tries: the same slot in every process of an installation, and one that nobody outside can compute.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keyringOf } from '../../src/keyring/keyring.js';
import { attemptCounters, slotOf } from '../../src/redis/attempts.js';
import { freshKeys } from '../keyring/support.js';
import { keysLike, startRawRedis, type RawRedis } from './support.js';

let raw: RawRedis;
beforeAll(async () => {
  raw = await startRawRedis();
});
afterAll(() => raw.stop());

const slots = 2 ** 48;
const subjects = Array.from({ length: 20 }, (_, number) => ['HPUAVICTIM0000000000', `192.0.2.${number}`]);
const secret = () => keyringOf(freshKeys())['record-authentication'].active.key;

it('processes with one key ring count together', async () => {
  const keyring = keyringOf(freshKeys());
  const [here, there] = [attemptCounters(raw.redis, keyring)('shared', 60, slots), attemptCounters(raw.redis, keyring)('shared', 60, slots)];
  expect([await here.count(['one']), await there.count(['one']), await there.count(['other'])]).toEqual([1, 2, 1]);
  await there.forgive(['one']);
  expect(await here.count(['one'])).toBe(2);
});

it('with another key ring every subject has another slot, in Redis too', async () => {
  const [one, other] = [secret(), secret()];
  for (const subject of subjects) expect(slotOf(one, subject, slots)).not.toBe(slotOf(other, subject, slots));
  for (const keyring of [keyringOf(freshKeys()), keyringOf(freshKeys())]) expect(await attemptCounters(raw.redis, keyring)('rings', 60, slots).count(['one'])).toBe(1);
  expect(await keysLike(raw.redis, '*:rings:*')).toHaveLength(2);
});

it('no slot is the bare hash of its subject, by which collisions could be sought without asking the service', () => {
  const key = secret();
  for (const subject of subjects) expect(slotOf(key, subject, slots)).not.toBe(createHash('sha256').update(JSON.stringify(subject)).digest().readUIntBE(0, 6) % slots);
});

it.each([1, 7, 262_144, slots])('of %i slots none is outside', (count) => {
  const key = secret();
  for (const subject of subjects) {
    const slot = slotOf(key, subject, count);
    expect(Number.isInteger(slot) && slot >= 0 && slot < count).toBe(true);
  }
});
