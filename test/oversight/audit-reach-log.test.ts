// Reading the log on a disk that hangs: callers are refused in time, and one read at most hangs with it.
import { expect, it } from 'vitest';
import { LogDamagedError } from '../../src/audit/log/log.js';
import { logAccess } from '../../src/service/reach-log.js';

const refusal = { errorName: 'storeUnavailable', message: 'the audit log cannot be read at the moment; try again' };

it('a read that hangs, and those that wait for it, are refused in time; what nobody waits for any more is not begun', async () => {
  const reach = logAccess(50);
  let begun = 0;
  let finish: (value: string) => void = () => undefined;
  const hanging = reach(() => new Promise<string>((resolve) => (finish = resolve)));
  const waiting = [1, 2, 3].map(() => reach(() => Promise.resolve((begun += 1))));
  for (const read of [hanging, ...waiting]) await expect(read).rejects.toMatchObject({ ...refusal, cause: { name: 'LogSlowError' } });
  finish('late');
  expect(await reach(() => Promise.resolve('in time'))).toBe('in time');
  expect(begun).toBe(0);
});

it('reads follow each other, whatever becomes of them', async () => {
  const reach = logAccess();
  const order: string[] = [];
  const reads = ['a', 'b', 'c'].map((name) => reach(async () => {
    order.push(`${name} begins`);
    await new Promise(setImmediate);
    order.push(`${name} ends`);
    if (name === 'b') throw new LogDamagedError('b is damaged');
    return name;
  }));
  expect(await Promise.allSettled(reads)).toMatchObject([{ value: 'a' }, { reason: refusal }, { value: 'c' }]);
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

it('a mistake of ours is no trouble of the log', async () => {
  await expect(logAccess()(() => Promise.reject(new RangeError('x')))).rejects.toThrow(RangeError);
});
