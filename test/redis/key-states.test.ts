// The states of the keys in Redis: replaced as a whole or not at all, not before their time, not by hand, and mended where a failover lost them.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pooledRandom } from '../../src/base/clock.js';
import { TamperedRecordError } from '../../src/keyring/authenticate.js';
import { publish, type KeyStates } from '../../src/keyring/key-states.js';
import { keyHoldersKey, keyStatesKey } from '../../src/redis/cells.js';
import { claimRotation, forgetHolder, latestGeneration, raiseGeneration, readKeyStates, writeKeyStates } from '../../src/redis/key-states.js';
import { rotate } from '../../src/service/keys/key-rotation.js';
import { freshKey } from '../keyring/support.js';
import { accounts, agencies, ask, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { startPeer } from './support.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
});
afterAll(() => service.stop());

const tools = () => ({ redis: service.redis, keyring: service.composition.keyring, names: service.composition.names, watch: service.composition.keyWatch });
const read = (id = 'reader', tells?: Parameters<typeof readKeyStates>[3]) => readKeyStates(tools().redis, tools().keyring, id, tells);
async function found(): Promise<Awaited<ReturnType<typeof read>> & { states: KeyStates }> {
  const { states, ...more } = await read();
  if (states === undefined) throw new Error('there are no states');
  return { ...more, states };
}

describe('the record of the states', () => {
  it('is replaced only where it is the one that was read: of two changes at once, one is made', async () => {
    const { redis, keyring } = tools();
    const before = await found();
    const changes = [freshKey('token-signing'), freshKey('token-signing')].map((key) => publish(before.states, key, before.now));
    const results = await Promise.all(changes.map((states) => writeKeyStates(redis, keyring, before, states)));
    expect(results.filter((isDone) => isDone)).toHaveLength(1);
    // Put back, as by a failover that lost the change: the process that has not seen it does not miss it.
    await redis.set(keyStatesKey, before.record ?? '');
  });

  it('is not replaced before the moment that the change needs, by the clock of Redis, whatever the clock of the process says', async () => {
    const { redis, keyring } = tools();
    const before = await found();
    const states = publish(before.states, freshKey('token-signing'), before.now);
    expect(await writeKeyStates(redis, keyring, before, states, before.now + 300)).toBe(false);
    expect((await read()).record).toBe(before.record);
    await sleep(320);
    expect(await writeKeyStates(redis, keyring, before, states, before.now + 300)).toBe(true);
    await redis.set(keyStatesKey, before.record ?? '');
  });

  it('that was changed by hand is noticed; the ring stays as it was', async () => {
    const { redis, watch, keyring } = tools();
    const { record = '' } = await found();
    const active = keyring['token-signing'].active.id;
    await redis.set(keyStatesKey, record.replace('"generation":', '"generation":9'));
    await expect(watch.look()).rejects.toThrow(TamperedRecordError);
    expect(keyring['token-signing'].active.id).toBe(active);
    await redis.set(keyStatesKey, record);
    await watch.look();
  });

  it('that is gone is written again by a process that knows it', async () => {
    const { redis, watch } = tools();
    const { states } = await watch.look();
    await redis.del(keyStatesKey);
    await watch.look();
    expect((await found()).states).toEqual(states);
  });
});

describe('what processes tell of their keys', () => {
  it('is known to all for ten seconds, and forgotten when a process ends', async () => {
    const { redis } = tools();
    await read('one', { held: ['a'], generation: 1 });
    await redis.hset(keyHoldersKey, { late: `${(await read()).now - 10_001} {"held":[],"generation":1}`, odd: `${(await read()).now} what` });
    const { holders } = await read('two', { held: ['a', 'b'], generation: 2 });
    expect([...holders].sort()).toEqual([['odd', undefined], ['one', { held: ['a'], generation: 1 }], ['two', { held: ['a', 'b'], generation: 2 }]]);
    for (const id of ['one', 'two', 'odd']) await forgetHolder(redis, id);
    expect((await read()).holders.size).toBe(0);
  });

  it('a new key of the schedule is one process\'s to make', async () => {
    const { redis } = tools();
    expect((await Promise.all([claimRotation(redis, 'x'), claimRotation(redis, 'x'), claimRotation(redis, 'y')])).sort()).toEqual([false, true, true]);
  });
});

describe('the generation of the keys in the cells', () => {
  it('only grows, and a commit brings it to a cell that missed it', async () => {
    const { redis, names, watch } = tools();
    const generation = watch.generation();
    await raiseGeneration(redis, names, 0);
    expect(await latestGeneration(redis, names)).toBe(generation);
    const cell = names.cellState(names.cellOfAccount('a'.repeat(32)));
    await redis.hdel(cell, 'keys');
    expect((await service.identity(keys.alice)).status).toBe(200);
    expect(await redis.hget(cell, 'keys')).toBe(String(generation));
  });

  it('ahead of the states, which a failover lost: the states go on behind it, and calls do', async () => {
    const { redis, names, watch } = tools();
    await raiseGeneration(redis, names, watch.generation() + 5);
    expect((await service.assume(keys.alice, ask(agencies.first))).status).toBe(200);
    expect(watch.generation()).toBe(await latestGeneration(redis, names));
    expect((await found()).states.generation).toBe(watch.generation());
  });
});

it('a process that was held up for longer than others wait reads the states before it serves: what they made with a key that it has never seen is good there', async () => {
  const { watch } = tools();
  const peer = await startPeer(service, `unix://${service.redisServer.socketPath}`);
  // It looks no more, and is not waited for.
  await sleep(5100);
  const id = await rotate(watch, { purpose: 'session-secrets' }, pooledRandom());
  await expect.poll(async () => (await watch.look()).states.active['session-secrets'], { interval: 20 }).toBe(id);
  const session = await service.session(keys.alice, ask(agencies.first));
  expect(peer.composition.keyring['session-secrets'].byId.has(id)).toBe(false);
  expect((await peer.identity(session)).status).toBe(200);
  await peer.stop();
});
