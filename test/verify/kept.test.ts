// What is fetched and kept: who waits for a newer one, and who is answered by what is known.
import { expect, it } from 'vitest';
import { kept } from '../../src/verify/kept.js';

const life = { fresh: 5000, usable: 30_000, until: Infinity };

/** Something that is fetched as often as a test lets it, by a clock that it holds in its hands. */
function watched() {
  let time = 0;
  let asked = 0;
  let running: { readonly answer: (value: string) => void; readonly fail: () => void } | undefined;
  const clock = { now: () => time, monotonic: () => time };
  const made = kept<string>(clock, () => new Promise((resolve, reject) => {
    asked += 1;
    running = { answer: (value) => resolve({ value, life }), fail: () => reject(new Error('timed out')) };
  }));
  const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });
  return {
    asked: () => asked,
    advance: (milliseconds: number) => { time += milliseconds; },
    answer: (value: string) => { running?.answer(value); return settled(); },
    fail: () => { running?.fail(); return settled(); },
    /** What is answered at once, or `waits`. */
    get: (): Promise<string> => Promise.race([made.get().catch((error: unknown) => String(error)), settled().then(() => 'waits')]),
  };
}

async function known() {
  const something = watched();
  const first = something.get();
  expect(await first).toBe('waits');
  await something.answer('one');
  expect(await something.get()).toBe('one');
  return something;
}

it('a service that hangs is waited for once, and then everybody is answered by what is good still, until that ends', async () => {
  const something = await known();
  something.advance(5000);
  expect(await something.get()).toBe('waits');
  // The time that it took to fail is no part of the pause behind it.
  something.advance(3000);
  await something.fail();
  for (let second = 8; second < 30; second += 1) {
    expect(await something.get(), `after ${second} s`).toBe('one');
    something.advance(1000);
    // Each asking takes three seconds to fail.
    if (second % 4 === 0) await something.fail();
  }
  expect(something.asked()).toBeGreaterThan(4);
  expect(something.asked()).toBeLessThan(10);
  // Nothing is good any more.
  expect(await something.get()).toBe('waits');
  await something.fail();
  expect(await something.get()).toMatch(/timed out/);
});

it('a service that answers again is waited for, when its last failure is as old as what is fresh', async () => {
  const something = await known();
  something.advance(5000);
  expect(await something.get()).toBe('waits');
  await something.fail();
  something.advance(4999);
  expect(await something.get()).toBe('one');
  await something.answer('two');
  expect(await something.get()).toBe('two');
  something.advance(5000);
  expect(await something.get()).toBe('waits');
  await something.fail();
  something.advance(5000);
  expect(await something.get()).toBe('waits');
});

it('is asked for in the background when half of its time is over', async () => {
  const something = await known();
  something.advance(2500);
  expect(await something.get()).toBe('one');
  expect(something.asked()).toBe(2);
  await something.answer('two');
  expect(await something.get()).toBe('two');
});
