// Writers of one account in one process: one at a time, in the order in which they came.
import { describe, expect, it } from 'vitest';
import { turns } from '../../src/sts/turns.js';

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

describe('turns', () => {
  it('are taken one at a time and in order, also behind one that failed', async () => {
    const queue = turns();
    const log: string[] = [];
    const work = (name: string) => async (): Promise<string> => {
      log.push(`${name} begins`);
      await pause();
      log.push(`${name} ends`);
      if (name === 'second') throw new Error(name);
      return name;
    };
    const results = await Promise.allSettled(['first', 'second', 'third'].map((name) => queue.take('account', work(name))));
    expect(log).toEqual(['first begins', 'first ends', 'second begins', 'second ends', 'third begins', 'third ends']);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(queue.areTaken('account')).toBe(false);
  });

  it('of different accounts do not wait for each other', async () => {
    const queue = turns();
    let release: () => void = () => undefined;
    const first = queue.take('one', () => new Promise<void>((resolve) => {
      release = resolve;
    }));
    expect(await queue.take('other', () => Promise.resolve('done'))).toBe('done');
    expect([queue.areTaken('one'), queue.areTaken('other')]).toEqual([true, false]);
    release();
    await first;
  });
});
