// Turns of sealing: one at a time per cell, and only the last one that began lets events go from the stream.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pooledRandom } from '../../src/base/clock.js';
import { beginTurn, endTurn, eventNumber, holdTurn, mostUnsealed, readUnsealed, trimSealed, type SealingTurn } from '../../src/redis/audit-seal.js';
import { openCells } from '../../src/redis/cell-watch.js';
import { keyNames } from '../../src/redis/cells.js';
import { startRawRedis, type RawRedis } from './support.js';

const names = keyNames(1);
const times = { turnMilliseconds: 10_000, idleMilliseconds: 10_000 };
let server: RawRedis;
beforeAll(async () => {
  server = await startRawRedis();
});
afterAll(async () => server.stop());
beforeEach(async () => {
  await server.redis.flushall();
  for (let number = 1; number <= 5; number += 1) await server.redis.xadd(names.audit(0), `0-${number}`, 'r', `event ${number}`);
  await server.redis.hset(names.cellState(0), 'sequence', 5);
});

async function begun(token: string): Promise<SealingTurn> {
  const turn = await beginTurn(server.redis, names, 0, token, times);
  if (typeof turn === 'string') throw new Error(turn);
  return turn;
}
const expire = (): Promise<unknown> => server.redis.del(names.sealer(0));
const trim = (turn: SealingTurn, size: number): Promise<string> => trimSealed(server.redis, names, turn, { size, note: `note ${size}` });
const left = async (): Promise<readonly string[]> => (await readUnsealed(server.redis, names, 0, 0, 10)).map(({ streamId }) => streamId);

describe('a turn at a cell', () => {
  it('is one process\'s at a time, and the next one\'s when it ends or expires', async () => {
    const first = await begun('a');
    expect(await beginTurn(server.redis, names, 0, 'b', times)).toBe('taken');
    await endTurn(server.redis, names, first);
    const second = await begun('b');
    expect([first.fence, second.fence]).toEqual([1, 2]);
    await endTurn(server.redis, names, first);
    expect(await beginTurn(server.redis, names, 0, 'c', times)).toBe('taken');
    expect([await holdTurn(server.redis, names, first, times), await holdTurn(server.redis, names, second, times)]).toEqual([false, true]);
    await expire();
    expect((await begun('c')).fence).toBe(3);
  });

  it('tells what is sealed, how far the cell is and what waits', async () => {
    const first = await begun('a');
    expect(first).toEqual({ cell: 0, fence: 1, token: 'a', sequence: 5, sealed: { size: 0, note: '' }, firstUnsealed: '0-1' });
    expect(await trim(first, 3)).toBe('trimmed');
    await endTurn(server.redis, names, first);
    expect(await begun('b')).toEqual({ cell: 0, fence: 2, token: 'b', sequence: 5, sealed: { size: 3, note: 'note 3' }, firstUnsealed: '0-4' });
  });

  it('is only taken now and then where nothing waits', async () => {
    await server.redis.del(names.audit(0));
    await endTurn(server.redis, names, await begun('a'));
    expect(await beginTurn(server.redis, names, 0, 'b', times)).toBe('idle');
    await server.redis.xadd(names.audit(0), '0-6', 'r', 'event 6');
    expect((await begun('b')).fence).toBe(2);
  });
});

describe('events leave the stream', () => {
  it('up to the size of the checkpoint, which is recorded with them', async () => {
    expect(await trim(await begun('a'), 3)).toBe('trimmed');
    expect(await left()).toEqual(['0-4', '0-5']);
    expect(await server.redis.hmget(names.cellState(0), 'sealed', 'checkpoint')).toEqual(['3', 'note 3']);
  });

  it.each<[string, (first: SealingTurn) => Promise<SealingTurn>]>([
    ['somebody began since', async (first) => {
      await expire();
      await begun('b');
      return first;
    }],
    ['a failover lost the counter, so that the number was given out twice', async (first) => {
      await expire();
      await server.redis.hset(names.cellState(0), 'fence', 0);
      expect((await begun('b')).fence).toBe(first.fence);
      return first;
    }],
  ])('not when %s', async (_, overtake) => {
    const first = await overtake(await begun('a'));
    expect(await trim(first, 3)).toBe('lost');
    expect(await left()).toHaveLength(5);
    expect(await server.redis.hget(names.cellState(0), 'sealed')).toBeNull();
  });

  it('not when more is recorded as sealed, nor when the cell ends before the size', async () => {
    const turn = await begun('a');
    expect(await trim(turn, 4)).toBe('trimmed');
    expect(await trim(turn, 3)).toBe('beyond');
    expect(await trim(turn, 6)).toBe('back');
    expect(await left()).toEqual(['0-5']);
  });
});

it('a cell of an older release, which counted events in the stream alone, goes on behind the last one', async () => {
  await server.redis.hdel(names.cellState(0), 'sequence');
  expect((await openCells(server.redis, names, pooledRandom())).known(0).sequence).toBe(5);
  await server.redis.del(names.audit(0));
  expect((await openCells(server.redis, names, pooledRandom())).known(0).sequence).toBe(5);
});

it.each([['0-1', 1], ['0-9007199254740991', 9007199254740991], ['0-0', undefined], ['1-1', undefined], ['0-01', undefined], ['0-9999999999999999', undefined], ['', undefined]])(
  '`%s` is the id of event %s', (streamId, number) => expect(eventNumber(streamId)).toBe(number));

it('how many events wait is told of the fullest cell, whichever it is', async () => {
  const three = keyNames(3);
  expect(await mostUnsealed(server.redis, three)).toBe(5);
  for (let number = 1; number <= 7; number += 1) await server.redis.xadd(three.audit(2), `0-${number}`, 'r', `event ${number}`);
  expect(await mostUnsealed(server.redis, three)).toBe(7);
  await server.redis.flushall();
  expect(await mostUnsealed(server.redis, three)).toBe(0);
});
