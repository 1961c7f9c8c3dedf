// The revocation journal: on the disk before the answer, whole or refused, read by every process.
import { execFile } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pooledRandom } from '../../src/base/clock.js';
import { authenticateRecord } from '../../src/keyring/authenticate.js';
import { generateKey, parseKey } from '../../src/keyring/key.js';
import type { KeySet } from '../../src/keyring/keyring.js';
import { markSeconds } from '../../src/sessions/lifetime.js';
import { neededUntil, type JournalEntry } from '../../src/service/journal/entry.js';
import { journalReader, type JournalReader } from '../../src/service/journal/reader.js';
import { journalSuffix, revocationJournal, type RevocationJournal } from '../../src/service/journal/writer.js';
import { holdThreads, poolThreads } from '../support/hanging.js';

const startOfTest = Date.UTC(2026, 0, 15);
const random = pooledRandom();
const run = promisify(execFile);
const account = 'a'.repeat(32);

function someKeys(): KeySet {
  const key = parseKey(JSON.stringify(generateKey('record-authentication', startOfTest, random)));
  return { active: key, byId: new Map([[key.id, key]]) };
}

let parent: string;
let folder: string;
let now: number;
let keys: KeySet;
const clock = { now: () => now };
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'sts-journal-'));
  folder = join(parent, 'revocations');
  now = startOfTest;
  keys = someKeys();
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const writer = (): RevocationJournal => revocationJournal({ folder, keys, clock, random });
const reader = (): JournalReader => journalReader(folder, keys, clock, (work) => work());
const entry = (number: number, cell = 7): JournalEntry => ({
  time: now / 1000, cell, position: { incarnation: 'abc', sequence: number },
  ending: { kind: 'mark', sessionId: `HST${number}`, note: { revokedAt: now / 1000, revokedBy: 'urn', reason: 'leaked' } },
});
const sessionsRead = async (from: JournalReader, cell = 7): Promise<string[]> => (await from.read(cell)).entries.flatMap(({ ending }) => (ending?.kind === 'mark' ? [ending.sessionId] : [])).sort();
const onlyFile = async (): Promise<string> => join(folder, (await readdir(folder))[0] ?? '');

describe('what is appended', () => {
  it('is what every reader reads, cell by cell, with the greatest sequence, also when it comes from several processes', async () => {
    const [one, other, reading] = [writer(), writer(), reader()];
    await Promise.all([one.append([entry(1), entry(2)]), other.append([entry(3), entry(9, 8)]), one.append([entry(4)])]);
    expect(await sessionsRead(reading)).toEqual(['HST1', 'HST2', 'HST3', 'HST4']);
    expect(await sessionsRead(reading, 8)).toEqual(['HST9']);
    expect((await reading.read(7)).sequence).toBe(4);
    expect((await reading.read(8)).sequence).toBe(9);
    await other.append([entry(5)]);
    expect(await sessionsRead(reading)).toEqual(['HST1', 'HST2', 'HST3', 'HST4', 'HST5']);
    expect(await sessionsRead(reader())).toEqual(['HST1', 'HST2', 'HST3', 'HST4', 'HST5']);
  });

  it('tells the place of a session in its status list, where it was known', async () => {
    const journal = writer();
    const placed = entry(1);
    const status = { list: '7-0', index: 131_071 };
    await journal.append([{ ...placed, ...(placed.ending?.kind === 'mark' && { ending: { ...placed.ending, status } }) }, entry(2)]);
    expect((await reader().read(7)).entries.map(({ ending }) => (ending?.kind === 'mark' ? ending.status : undefined))).toEqual([status, undefined]);
  });

  it('of one subject the strictest counts, whatever order they come in', async () => {
    const journal = writer();
    const at = (ending: JournalEntry['ending'] & {}): JournalEntry => ({ time: now / 1000, cell: 7, position: { incarnation: 'abc', sequence: 1 }, ending });
    const epoch = (value: number): JournalEntry => at({ kind: 'epoch', accountId: account, subject: 'key:HPUA', epoch: value });
    const boundary = (value: number): JournalEntry => at({ kind: 'boundary', accountId: account, subject: 'account', issuedBefore: now / 1000 - value });
    await journal.append([epoch(2), epoch(5), epoch(3), boundary(50), boundary(10), boundary(90)]);
    expect((await reader().read(7)).entries.map(({ ending }) => ending)).toEqual([epoch(5).ending, boundary(10).ending]);
  });

  it('hundreds at once are all there', async () => {
    const journal = writer();
    await Promise.all(Array.from({ length: 300 }, (_, number) => journal.append([entry(number)])));
    expect((await sessionsRead(reader())).length).toBe(300);
    expect((await readdir(folder)).length).toBe(1);
  });

  it('is needed as long as something that it ended could live, and not read as needed afterwards', async () => {
    const journal = writer();
    await journal.append([entry(1)]);
    expect(neededUntil(entry(1))).toBeGreaterThan(now / 1000 + 604_800 + 43_200);
    now += (markSeconds - 301) * 1000;
    expect(await sessionsRead(reader())).toEqual(['HST1']);
    now += 2000;
    expect(await sessionsRead(reader())).toEqual([]);
  });
});

it('news that could not be checked are checked again, together with those that came since', async () => {
  const [journal, reading] = [writer(), reader()];
  const checked: string[][] = [];
  const check = async (news: readonly JournalEntry[]): Promise<void> => {
    checked.push(news.flatMap(({ ending }) => (ending?.kind === 'mark' ? [ending.sessionId] : [])));
    return Promise.resolve();
  };
  await journal.append([entry(1)]);
  await reading.checkNews(check);
  await journal.append([entry(2)]);
  await expect(reading.checkNews(() => Promise.reject(new Error('Redis is away')))).rejects.toThrow('Redis is away');
  await journal.append([entry(3)]);
  await reading.checkNews(check);
  await reading.checkNews(check);
  expect(checked).toEqual([[], ['HST2', 'HST3'], []]);
});

describe('what stands in place of a journal and is no plain file is an error at once', () => {
  it.each<[string, (path: string) => Promise<unknown>]>([
    ['a named pipe', (path) => run('mkfifo', [path])],
    ['a symbolic link', (path) => symlink('/etc/hostname', path)],
    ['a folder', (path) => mkdir(path)],
  ])('%s', async (_what, put) => {
    await writer().append([entry(1)]);
    await put(join(folder, '1-1-other.journal'));
    await expect(reader().read(7)).rejects.toThrow('1-1-other.journal` is no plain file');
    await expect(reader().checkNews(() => Promise.resolve())).rejects.toThrow('1-1-other.journal` is no plain file');
  });
});

describe('a journal that was damaged', () => {
  const lines = async (): Promise<string[]> => (await readFile(await onlyFile(), 'utf8')).split('\n').slice(0, -1);
  const rewritten = async (change: (all: string[]) => readonly string[]): Promise<void> => writeFile(await onlyFile(), `${change(await lines()).join('\n')}\n`);
  beforeEach(() => writer().append([entry(1), entry(2), entry(3)]));

  it.each<[string, (all: string[]) => readonly string[]]>([
    ['another session id', (all) => all.map((line) => line.replace('HST2', 'HST7'))],
    ['a line taken out', ([one = '', , three = '']) => [one, three]],
    ['lines in another order', ([one = '', two = '', three = '']) => [two, one, three]],
    ['a line twice', ([one = '', two = '', three = '']) => [one, one, two, three]],
    ['a line of another key', (all) => [...all, authenticateRecord(someKeys(), ['revocation-journal'], '[]')]],
    ['zeros', (all) => [...all, '\0\0\0\0']],
  ])('by %s is not read as if nothing had been there', async (_what, change) => {
    await rewritten(change);
    await expect(reader().read(7)).rejects.toThrow(/line \d of the revocation journal `.*` is damaged or was changed/);
  });

  it('in another file than its own is refused', async () => {
    await rename(await onlyFile(), join(folder, '1-1-abc.journal'));
    await expect(reader().read(7)).rejects.toThrow('line 1 of the revocation journal');
  });

  it('ends in half a line after a crash: that was never acknowledged', async () => {
    const [first = ''] = await lines();
    await appendFile(await onlyFile(), first.slice(0, 30));
    expect(await sessionsRead(reader())).toEqual(['HST1', 'HST2', 'HST3']);
  });

  it('without an end of line in it is refused before much of it is read', async () => {
    await writer().append([entry(1)]);
    const long = join(folder, `long${journalSuffix}`);
    await writeFile(long, '');
    await truncate(long, 2 ** 32);
    await expect(reader().read(7)).rejects.toThrow('has no end');
  });

  it('is gone with its folder: a reader that knew of journals does not take it for none', async () => {
    const knowing = reader();
    await knowing.read(7);
    await rm(folder, { recursive: true });
    await expect(knowing.read(7)).rejects.toThrow('cannot be read');
  });
});

describe('a journal that cannot be written', () => {
  const refused = { errorName: 'revocationNotKept', status: 503 };

  it('acknowledges nothing while its folder is gone, makes no other in its place, and goes on when it is back with all it knew', async () => {
    const journal = writer();
    await journal.append([entry(1)]);
    await rm(folder, { recursive: true });
    await expect(journal.append([entry(2)])).rejects.toMatchObject(refused);
    expect(await journal.trouble()).toContain('ENOENT');
    expect(await readdir(parent)).toEqual([]);
    await mkdir(folder);
    expect(await journal.trouble()).toBeUndefined();
    await journal.append([entry(3)]);
    expect(await sessionsRead(reader())).toEqual(['HST1', 'HST3']);
  });

  it('shows that its folder is gone before there is anything to write', async () => {
    const journal = writer();
    await journal.prepare();
    expect(await journal.trouble()).toBeUndefined();
    await rm(folder, { recursive: true });
    expect(await journal.trouble()).toContain('ENOENT');
  });

  it('says within two seconds that a disk does not answer, to all who ask, and is well when it answers again', async () => {
    const journal = writer();
    await journal.prepare();
    const end = await holdThreads(parent, poolThreads);
    try {
      const since = performance.now();
      expect(await Promise.all([journal.trouble(), journal.trouble(), journal.trouble()])).toEqual(Array(3).fill('the folder does not answer'));
      expect(performance.now() - since).toBeLessThan(3000);
    } finally {
      end();
    }
    expect(await journal.trouble()).toBeUndefined();
  });

  it('starts another file, with all that is needed, when its own was removed or replaced', async () => {
    const journal = writer();
    await journal.append([entry(1)]);
    await rm(await onlyFile());
    await journal.append([entry(2)]);
    expect(await sessionsRead(reader())).toEqual(['HST1', 'HST2']);
  });

  it('acknowledges nothing on a full disk, and goes on in a new file when there is room', async ({ skip }) => {
    const disk = join(parent, 'disk');
    await mkdir(disk);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).catch(() => skip('mounting is not permitted here'));
    try {
      const journal = revocationJournal({ folder: join(disk, 'revocations'), keys, clock, random });
      await journal.append([entry(1)]);
      await writeFile(join(disk, 'filler'), Buffer.alloc(65_536)).catch(() => undefined);
      const many = Array.from({ length: 100 }, (_, number) => entry(number + 1000));
      await expect(journal.append(many)).rejects.toMatchObject(refused);
      expect(await journal.trouble()).toContain('ENOSPC');
      await rm(join(disk, 'filler'));
      expect(await journal.trouble()).toBeUndefined();
      await journal.append([entry(2)]);
      const read = await sessionsRead(journalReader(join(disk, 'revocations'), keys, clock, (work) => work()));
      expect(read).toContain('HST1');
      expect(read).toContain('HST2');
    } finally {
      await run('umount', [disk]);
    }
  });
});

it('files in which nothing is needed any more are removed, those of others too, and never its own', async () => {
  const journal = writer();
  await journal.append([entry(1)]);
  const own = await onlyFile();
  const [old, young] = [join(folder, '1-1-old.journal'), join(folder, '1-1-young.journal')];
  await Promise.all([old, young, join(folder, 'notes')].map((path) => writeFile(path, '')));
  for (const [path, age] of [[old, markSeconds + 10], [join(folder, 'notes'), markSeconds + 10], [own, markSeconds + 10], [young, markSeconds - 10]] as const) await utimes(path, now / 1000 - age, now / 1000 - age);
  await journal.removeExpired();
  expect((await readdir(folder)).map((name) => join(folder, name)).sort()).toEqual([own, young, join(folder, 'notes')].sort());
});
