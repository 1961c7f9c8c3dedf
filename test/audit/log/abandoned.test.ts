// Work folders of appends that were killed: an append removes them, and a process looks for them once an hour.
import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { folderOf, newLogMemory, type Checkpoint, type LogMemory, type LogPlace } from '../../../src/audit/log/log.js';
import { growTo, grown, newPlace } from './support.js';

// The clock of the process, in hand: that of the file system goes on by itself.
beforeEach(() => vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
afterEach(() => vi.useRealTimers());

const hour = 3_600_000;

/** A folder in a log with a file in it, so many milliseconds older than the log's checkpoint. */
async function leave(place: LogPlace, name: string, age: number): Promise<void> {
  const path = join(folderOf(place), name);
  await mkdir(path);
  await writeFile(join(path, 'file'), 'what was being written');
  const { mtimeMs } = await stat(join(folderOf(place), 'checkpoint'));
  const at = (mtimeMs - age) / 1000;
  await utimes(path, at, at);
}
const left = async (place: LogPlace): Promise<readonly string[]> => (await readdir(folderOf(place))).filter((name) => name !== 'checkpoint' && name !== 'tile').sort();

/** A log of some events, and what appends one more to it. */
async function growing(memory?: LogMemory, cell?: number): Promise<{ readonly place: LogPlace; readonly append: () => Promise<void> }> {
  const place = await newPlace(cell);
  let checkpoint: Checkpoint = await grown(place, 3);
  return { place, append: async () => void (checkpoint = await growTo(place, checkpoint, checkpoint.size + 1, memory)) };
}

describe('work folders of appends that were killed', () => {
  it.each([['as it is', 0], ['a day ahead', 24 * hour], ['a day behind', -24 * hour]])('are removed when the file system\'s clock says that they are older than an hour, the clock of the process being %s', async (_how, difference) => {
    const { place, append } = await growing(newLogMemory());
    vi.setSystemTime(Date.now() + difference);
    await leave(place, '.new-old', hour + 1000);
    await leave(place, '.new-ancient', 1000 * hour);
    await leave(place, '.new-young', hour - 60_000);
    await leave(place, 'of-somebody', 1000 * hour);
    await append();
    expect(await left(place)).toEqual(['.new-young', 'of-somebody']);
  });

  it('are not looked for again within the hour, and after it they are', async () => {
    const { place, append } = await growing(newLogMemory());
    await append();
    await leave(place, '.new-later', 2 * hour);
    await append();
    vi.advanceTimersByTime(hour - 1);
    await append();
    expect(await left(place)).toEqual(['.new-later']);
    vi.advanceTimersByTime(1);
    await append();
    expect(await left(place)).toEqual([]);
    // The hour begins anew.
    await leave(place, '.new-latest', 2 * hour);
    vi.advanceTimersByTime(hour - 1);
    await append();
    expect(await left(place)).toEqual(['.new-latest']);
    vi.advanceTimersByTime(1);
    await append();
    expect(await left(place)).toEqual([]);
  });

  it('are looked for in each log that a process remembers', async () => {
    const memory = newLogMemory();
    const logs = [await growing(memory, 7), await growing(memory, 8)];
    for (const { place, append } of logs) {
      await leave(place, '.new-old', 2 * hour);
      await append();
      expect(await left(place)).toEqual([]);
    }
  });

  it('are looked for by each append of a process that remembers nothing', async () => {
    const { place, append } = await growing();
    for (const name of ['.new-first', '.new-second']) {
      await leave(place, name, 2 * hour);
      await append();
      expect(await left(place)).toEqual([]);
    }
  });
});
