// The revocation journal of this process: what it acknowledges is on the disk before the answer leaves.
import { constants, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '../../base/api-error.js';
import { seconds, type Clock, type Random } from '../../base/clock.js';
import { inTime } from '../../base/in-time.js';
import { syncFolder } from '../../base/sync-folder.js';
import type { KeySet } from '../../keyring/keyring.js';
import { markSeconds } from '../../sessions/lifetime.js';
import { encodeEntry, neededUntil, type JournalEntry } from './entry.js';

/** A disk that takes longer is one that does not answer. */
const patienceMilliseconds = 5000;
/** Whoever asks for trouble is answered by then. */
const troublePatienceMilliseconds = 2000;

export const journalSuffix = '.journal';

export interface JournalTools {
  /** Shared by all processes of the installation. */
  readonly folder: string;
  readonly keys: KeySet;
  readonly clock: Clock;
  readonly random: Random;
}

export interface RevocationJournal {
  /** Resolves when the entries are on the disk. Throws a 503 when that is not known. */
  append(entries: readonly JournalEntry[]): Promise<void>;
  /** Makes the folder and this process's file, before there is anything to write. */
  prepare(): Promise<void>;
  /** Why nothing can be appended; where the last try failed, another one finds out. */
  trouble(): Promise<string | undefined>;
  /** Removes files in which nothing is needed any more. */
  removeExpired(): Promise<void>;
}

interface JournalFile {
  readonly path: string;
  readonly name: string;
  readonly inode: number;
  lines: number;
}

export function revocationJournal({ folder, keys, clock, random }: JournalTools): RevocationJournal {
  let file: JournalFile | undefined;
  let isFolderMade = false;
  /** All that this process wrote and that is still needed: a file that is lost is written again. */
  let own: JournalEntry[] = [];
  let failure: string | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let finding: Promise<string | undefined> | undefined;
  let next: { readonly entries: JournalEntry[]; readonly written: Promise<void> } | undefined;

  async function startFile(): Promise<JournalFile> {
    // Once only: a folder that goes away later may be a disk that is not mounted, and nothing must be written below it.
    if (!isFolderMade) await mkdir(folder, { recursive: true, mode: 0o700 });
    isFolderMade = true;
    const name = `${clock.now()}-${process.pid}-${random.bytes(6).toString('hex')}${journalSuffix}`;
    const path = join(folder, name);
    const handle = await open(path, 'wx', 0o600);
    const { ino: inode } = await handle.stat();
    await handle.close();
    const started = { path, name, inode, lines: 0 };
    try {
      own = own.filter((entry) => neededUntil(entry) > seconds(clock.now()));
      // The first line shows that lines can be written, before there is anything to keep.
      await writeLines(started, [{ time: seconds(clock.now()), cell: 0, position: { incarnation: '', sequence: 0 } }, ...own]);
      await syncFolder(folder);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    return started;
  }

  async function writeLines(into: JournalFile, entries: readonly JournalEntry[]): Promise<void> {
    // Without O_CREAT: a file that is gone is not made again with its beginning missing.
    const handle = await open(into.path, constants.O_WRONLY | constants.O_APPEND);
    try {
      await handle.appendFile(entries.map((entry, index) => encodeEntry(keys, into.name, into.lines + index, entry)).join(''));
      await handle.datasync();
    } finally {
      await handle.close();
    }
    into.lines += entries.length;
  }

  /** Whether others find under its name the file that was written. */
  async function isInPlace({ path, inode }: JournalFile): Promise<boolean> {
    return (await stat(path).catch(() => undefined))?.ino === inode;
  }

  async function write(entries: readonly JournalEntry[]): Promise<void> {
    try {
      if (file !== undefined && !(await isInPlace(file))) file = undefined;
      file ??= await startFile();
      await writeLines(file, entries);
      if (!(await isInPlace(file))) throw new Error(`\`${file.path}\` was removed or replaced`);
      own.push(...entries);
      failure = undefined;
    } catch (error) {
      // It may end in half a line: nothing more is written behind that.
      file = undefined;
      failure = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  /** Those who come while others write form the next group, which is synced once. */
  function enqueue(entries: readonly JournalEntry[]): Promise<void> {
    if (next !== undefined) {
      next.entries.push(...entries);
      return next.written;
    }
    const group = [...entries];
    const start = (): Promise<void> => {
      next = undefined;
      return write(group);
    };
    const done = running.then(start);
    running = done.catch(() => undefined);
    next = { entries: group, written: done };
    return done;
  }

  const written = (entries: readonly JournalEntry[]): Promise<void> => inTime(enqueue(entries), patienceMilliseconds, () => {
    failure = `the disk did not answer within ${patienceMilliseconds / 1000} s`;
    return new Error(failure);
  });

  async function findTrouble(): Promise<string | undefined> {
    // A folder that went away shows without a revocation.
    if (failure !== undefined || (file !== undefined && !(await isInPlace(file)))) await enqueue([]).catch(() => undefined);
    return failure;
  }

  return {
    async append(entries) {
      try {
        await written(entries);
      } catch (error) {
        const notKept = new ApiError('revocationNotKept', 'it is done, but could not be kept in the revocation journal, so a failover might undo it; repeat the call until it succeeds');
        notKept.cause = error;
        throw notKept;
      }
    },
    prepare: () => written([]),
    async trouble() {
      // INVARIANT: one at a time, until it has ended: on a disk that hangs each would hold a thread of the process.
      finding ??= findTrouble().finally(() => {
        finding = undefined;
      });
      const late = new Error('the folder does not answer');
      return inTime(finding, troublePatienceMilliseconds, () => late).catch(() => failure ?? late.message);
    },
    async removeExpired() {
      const now = seconds(clock.now());
      for (const name of (await readdir(folder)).filter((each) => each.endsWith(journalSuffix) && each !== file?.name)) {
        const path = join(folder, name);
        const { mtimeMs } = await stat(path);
        // Of a process that still has it open: it finds its file gone, and starts another one.
        if (seconds(mtimeMs) + markSeconds < now) await rm(path, { force: true });
      }
    },
  };
}
