// Session records, revocation marks, and the ids that new sessions get.
import { LRUCache } from 'lru-cache';
import type { Random } from '../base/clock.js';
import { openRecord } from '../keyring/authenticate.js';
import type { Keyring } from '../keyring/keyring.js';
import { decodeSession } from '../sessions/record.js';
import { decodeRevocationNote } from '../sessions/revocation-note.js';
import type { Session, StatusIndex } from '../sessions/session.js';
import type { SessionIds, SessionReader } from '../sessions/store.js';
import { statusListId, statusListSize } from '../status/index.js';
import { newSessionId, newUserTokenId } from '../urn/ids.js';
import type { KeyNames } from './cells.js';
import { reach, type RedisConnection } from './client.js';
import { markPlace, sessionPlace } from './commit-steps.js';

/** Of the records of all kept sessions; in memory they are a few times that. */
const maximumKeptBytes = 16 * 1024 * 1024;
const maximumKeptMarks = 50_000;

export function sessionReader(redis: RedisConnection, names: KeyNames, keyring: Keyring): SessionReader {
  const kept = new LRUCache<string, { readonly session: Session; readonly bytes: number }>({ maxSize: maximumKeptBytes, sizeCalculation: ({ bytes }) => bytes });
  // A mark is for good, as long as anything can live that it ends.
  const knownMarks = new LRUCache<string, true>({ max: maximumKeptMarks });

  async function find(sessionId: string): Promise<Session | undefined> {
    const record = await reach(() => redis.get(names.session(sessionId)));
    if (record === null) {
      kept.delete(sessionId);
      return undefined;
    }
    const session = decodeSession(sessionId, openRecord(keyring['record-authentication'], sessionPlace(sessionId), record));
    kept.set(sessionId, { session, bytes: record.length });
    return session;
  }

  return {
    find,
    remembered: {
      find: async (sessionId) => kept.get(sessionId)?.session ?? find(sessionId),
      // Whoever goes on calling with a revoked session is not decided upon in full each time, to be refused by the commit.
      anyMarked: (sessionIds) => Promise.resolve(sessionIds.some((id) => knownMarks.has(id))),
    },
    async anyMarked(sessionIds) {
      if (sessionIds.length === 0) return false;
      // One by one: on a cluster they live apart. They go out together all the same.
      const marks = await reach(() => Promise.all(sessionIds.map((id) => redis.exists(names.mark(id)))));
      const marked = sessionIds.filter((_, index) => marks[index] === 1);
      for (const id of marked) knownMarks.set(id, true);
      return marked.length > 0;
    },
    async revocationNote(sessionId) {
      const record = await reach(() => redis.get(names.mark(sessionId)));
      return record === null ? undefined : decodeRevocationNote(openRecord(keyring['record-authentication'], markPlace(sessionId), record));
    },
  };
}

/** Places that a process takes at once from a cell's counter. */
const blockSize = 256;
interface Block {
  next: number;
  end: number;
}

/**
 * Status places come in blocks per process and cell, because the token that names its place is signed before the
 * commit. Places of a process that ends are left out, never given twice.
 */
export function sessionIds(redis: RedisConnection, names: KeyNames, random: Random): SessionIds {
  const blocks = new Map<number, Block>();
  const fetching = new Map<number, Promise<void>>();

  async function fetchBlock(cell: number): Promise<void> {
    const end = await reach(() => redis.incrby(names.statusIndex(cell), blockSize));
    blocks.set(cell, { next: end - blockSize, end });
  }

  function take(cell: number): StatusIndex | undefined {
    const block = blocks.get(cell);
    if (block === undefined || block.next >= block.end) return undefined;
    const place = block.next;
    block.next += 1;
    return { list: statusListId(cell, Math.floor(place / statusListSize)), index: place % statusListSize };
  }

  return {
    newSessionId: (accountId) => newSessionId(names.cellOfAccount(accountId), random),
    newUserTokenId: (accountId) => newUserTokenId(names.cellOfAccount(accountId), random),
    async nextStatusIndex(accountId) {
      const cell = names.cellOfAccount(accountId);
      for (;;) {
        const index = take(cell);
        if (index !== undefined) return index;
        // Callers that find the block used up at the same moment wait for one new block together.
        const running = fetching.get(cell) ?? fetchBlock(cell).finally(() => fetching.delete(cell));
        fetching.set(cell, running);
        await running;
      }
    },
  };
}
