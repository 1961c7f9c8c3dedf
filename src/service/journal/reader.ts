// What all revocation journals of the installation say: what must be found in each cell, and how far it was at least.
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { seconds, type Clock } from '../../base/clock.js';
import type { KeySet } from '../../keyring/keyring.js';
import type { Ending } from '../../sts/commit.js';
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
  /** What came since it was asked last; at first nothing. */
  readNews(): Promise<readonly JournalEntry[]>;
}

interface ReadFile {
  /** Bytes, up to the end of the last whole line. */
  offset: number;
  lines: number;
}

interface Known {
  sequence: number;
  readonly strictest: Map<string, JournalEntry>;
}

const blockBytes = 1 << 20;

export function journalReader(folder: string, keys: KeySet, clock: Clock): JournalReader {
  const files = new Map<string, ReadFile>();
  const cells = new Map<number, Known>();
  /** Kept once somebody asks for it. */
  let news: JournalEntry[] | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<void> | undefined;

  function take(entry: JournalEntry): void {
    const known = cells.get(entry.cell) ?? { sequence: 0, strictest: new Map<string, JournalEntry>() };
    cells.set(entry.cell, known);
    known.sequence = Math.max(known.sequence, entry.position.sequence);
    if (entry.ending === undefined) return;
    news?.push(entry);
    const subject = subjectOf(entry.ending);
    known.strictest.set(subject, stricter(entry, known.strictest.get(subject)));
  }

  async function readNew(name: string): Promise<void> {
    const read = files.get(name) ?? { offset: 0, lines: 0 };
    files.set(name, read);
    const handle = await open(join(folder, name), 'r').catch((error: unknown) => {
      // Another process has just removed it: nothing in it was needed.
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (handle === undefined) return;
    try {
      let rest = Buffer.alloc(0);
      for (;;) {
        const { bytesRead, buffer } = await handle.read(Buffer.alloc(blockBytes), 0, blockBytes, read.offset + rest.length);
        if (bytesRead === 0) break;
        rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
        const end = rest.lastIndexOf(0x0a) + 1;
        for (const line of rest.subarray(0, end).toString('utf8').split('\n').slice(0, -1)) {
          take(opened(name, read.lines, line));
          read.lines += 1;
        }
        // What has no end of line was never acknowledged.
        read.offset += end;
        rest = rest.subarray(end);
      }
    } finally {
      await handle.close();
    }
  }

  function opened(name: string, line: number, text: string): JournalEntry {
    try {
      return decodeEntry(keys, name, line, text);
    } catch {
      throw new Error(`line ${line + 1} of the revocation journal \`${join(folder, name)}\` is damaged or was changed`);
    }
  }

  async function readAll(): Promise<void> {
    for (const name of await journalNames()) await readNew(name);
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

  /** Who comes while others read waits for the next reading: the running one may have passed what he must see. */
  function readAgain(): Promise<void> {
    if (next !== undefined) return next;
    const start = (): Promise<void> => {
      next = undefined;
      return readAll();
    };
    const answer = running.then(start);
    running = answer.catch(() => undefined);
    next = answer;
    return answer;
  }

  return {
    async read(cell) {
      await readAgain();
      const { sequence = 0, strictest = new Map<string, JournalEntry>() } = cells.get(cell) ?? {};
      return { sequence, entries: [...strictest.values()] };
    },
    async readNews() {
      await readAgain();
      const came = news ?? [];
      news = [];
      return came;
    },
  };
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

const subjectOf = (ending: Ending): string => (ending.kind === 'mark' ? `mark ${ending.sessionId}` : `${ending.kind} ${ending.accountId} ${ending.subject}`);

/** Comparable between endings of one subject. */
const strictness = (ending: Ending): number => (ending.kind === 'mark' ? 0 : ending.kind === 'epoch' ? ending.epoch : ending.issuedBefore);

/** The one that ends more, needed as long as either is. */
function stricter(entry: JournalEntry, other: JournalEntry | undefined): JournalEntry {
  if (entry.ending === undefined || other?.ending === undefined) return entry;
  const ending = strictness(entry.ending) > strictness(other.ending) ? entry.ending : other.ending;
  return { ...entry, time: Math.max(entry.time, other.time), ending };
}
