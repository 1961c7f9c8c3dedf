// Costly work waits its turn, in a line that has an end.
import { expect, it } from 'vitest';
import { fewAtOnce } from '../../src/base/few-at-once.js';

it('runs no more at once than it may, in the order they came, and refuses what the line does not hold', async () => {
  const line = fewAtOnce(2, 3, () => new Error('full'));
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const work = (piece: number) => line(() => new Promise<number>((resolve) => {
    begun.push(piece);
    ends.push(() => resolve(piece));
  }));
  const pieces = [0, 1, 2, 3, 4].map(work);
  await expect(work(5)).rejects.toThrow('full');
  expect(begun).toEqual([0, 1]);
  for (let piece = 0; piece < 5; piece += 1) {
    ends[piece]?.();
    expect(await pieces[piece]).toBe(piece);
  }
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});

it('gives the place of what failed to the next', async () => {
  const line = fewAtOnce(1, 1, () => new Error('full'));
  const [first, second] = [line(() => Promise.reject(new Error('broken'))), line(() => Promise.resolve('served'))];
  await expect(first).rejects.toThrow('broken');
  expect(await second).toBe('served');
  expect(await line(() => Promise.resolve('served'))).toBe('served');
});
