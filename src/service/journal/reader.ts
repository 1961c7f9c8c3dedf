// What all revocation journals of the installation say: what must be found in each cell, and how far it was at least.
import { lstat, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { LogDamagedError, withPlainFile } from '../../audit/log/log.js';
import { afresh } from '../../base/afresh.js';
import { seconds, type Clock } from '../../base/clock.js';
import type { OneAtATime } from '../../base/one-at-a-time.js';
import type { KeySet } from '../../keyring/keyring.js';
import { strictness, subjectKey } from './endings.js';
import { decodeEntry, neededUntil, type JournalEntry } from './entry.js';
import { journalSuffix } from './writer.js';

export interface CellJournal {
  /** Number of the newest event that is told of. */
  readonly sequence: number;
  /** Of several about one subject the strictest. */
  readonly entries: readonly JournalEntry[];
}

export interface JournalReader {
  /**
   * All that was in the journals when it was called, of a cell. Throws when a journal cannot be read or was changed:
   * it might have told of a revocation.
   */
  read(cell: number): Promise<CellJournal>;
  /** Gives what came since a check of it last succeeded to another one; at first nothing. */
  checkNews(check: (news: readonly JournalEntry[]) => Promise<void>): Promise<void>;
}

interface ReadFile {
  /** Bytes, up to the end of the last whole line. */
  offset: number;
  lines: number;
  /** Bytes that were there when it was read last, half a line at the end among them. */
  seen: number;
}

interface Known {
  sequence: number;
  readonly strictest: Map<string, JournalEntry>;
}

const blockBytes = 1 << 20;
/** Far more than an entry has; what is longer was not written by this service. */
const longestLineBytes = 65_536;

/** @param disk runs the reading, a piece at a time */
export function journalReader(folder: string, keys: KeySet, clock: Clock, disk: OneAtATime): JournalReader {
  const files = new Map<string, ReadFile>();
  const cells = new Map<number, Known>();
  /** Kept once somebody asks for it, until it was checked. */
  let news: JournalEntry[] | undefined;

  function take(entry: JournalEntry): void {
    const known = cells.get(entry.cell) ?? { sequence: 0, strictest: new Map<string, JournalEntry>() };
    cells.set(entry.cell, known);
    known.sequence = Math.max(known.sequence, entry.position.sequence);
    if (entry.ending === undefined) return;
    news?.push(entry);
    const subject = subjectKey(entry.ending);
    known.strictest.set(subject, stricter(entry, known.strictest.get(subject)));
  }

  async function readNew(name: string, read: ReadFile): Promise<void> {
    // Undefined: another process has just removed it, and nothing in it was needed.
    await withPlainFile(join(folder, name), async (handle, size) => {
      if (size > read.seen) await takeLines(name, read, handle, size);
    });
  }

  async function takeLines(name: string, read: ReadFile, handle: FileHandle, size: number): Promise<void> {
    let rest = Buffer.alloc(0);
    for (let at = read.offset; at < size;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(blockBytes, size - at)), 0, null, at);
      if (bytesRead === 0) break;
      at += bytesRead;
      rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      const end = rest.lastIndexOf(0x0a) + 1;
      for (const line of rest.subarray(0, end).toString('utf8').split('\n').slice(0, -1)) {
        take(opened(name, read.lines, line));
        read.lines += 1;
      }
      // What has no end of line was never acknowledged.
      read.offset += end;
      rest = rest.subarray(end);
      if (rest.length > longestLineBytes) throw new Error(`line ${read.lines + 1} of the revocation journal \`${join(folder, name)}\` has no end`);
    }
    read.seen = size;
  }

  async function hasGrown(name: string, { seen }: ReadFile): Promise<boolean> {
    const found = await lstat(join(folder, name)).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (found?.isFile() === false) throw new LogDamagedError(`\`${join(folder, name)}\` is no plain file`);
    return found !== undefined && found.size > seen;
  }

  function opened(name: string, line: number, text: string): JournalEntry {
    try {
      return decodeEntry(keys, name, line, text);
    } catch {
      throw new Error(`line ${line + 1} of the revocation journal \`${join(folder, name)}\` is damaged or was changed`);
    }
  }

  async function readFiles(isDue: (name: string, read: ReadFile) => boolean | Promise<boolean>): Promise<void> {
    for (const name of await journalNames()) {
      const read = files.get(name) ?? { offset: 0, lines: 0, seen: 0 };
      files.set(name, read);
      if (await isDue(name, read)) await readNew(name, read);
    }
    for (const { strictest } of cells.values()) {
      for (const [subject, entry] of strictest) if (neededUntil(entry) <= seconds(clock.now())) strictest.delete(subject);
    }
  }

  async function journalNames(): Promise<readonly string[]> {
    try {
      return (await readdir(folder)).filter((name) => name.endsWith(journalSuffix));
    } catch (error) {
      // Before the first revocation there is none.
      if (files.size === 0 && isMissing(error)) return [];
      throw new Error(`the revocation journals in \`${folder}\` cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  // INVARIANT: files are opened, as a shared folder may tell an old size of one that is not: what was acknowledged is read.
  const readAll = afresh(() => disk(() => readFiles(() => true)));
  const readGrown = afresh(() => disk(() => readFiles(hasGrown)));

  return {
    async read(cell) {
      await readAll();
      const { sequence = 0, strictest = new Map<string, JournalEntry>() } = cells.get(cell) ?? {};
      return { sequence, entries: [...strictest.values()] };
    },
    async checkNews(check) {
      await readGrown();
      news ??= [];
      const came = [...news];
      await check(came);
      news.splice(0, came.length);
    },
  };
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** The one that ends more, needed as long as either is. */
function stricter(entry: JournalEntry, other: JournalEntry | undefined): JournalEntry {
  if (entry.ending === undefined || other?.ending === undefined) return entry;
  const ending = strictness(entry.ending) > strictness(other.ending) ? entry.ending : other.ending;
  return { ...entry, time: Math.max(entry.time, other.time), ending };
}
