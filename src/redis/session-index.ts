// Sessions found again: pages of the indexes of accounts and of parents, and records and marks of many sessions at once.
import { TamperedRecordError, openRecord } from '../keyring/authenticate.js';
import type { Keyring } from '../keyring/keyring.js';
import { decodeSession } from '../sessions/record.js';
import type { Session } from '../sessions/session.js';
import type { IndexEntry, SessionIndex } from '../sessions/session-index.js';
import { cellOfSessionId } from '../urn/ids.js';
import type { KeyNames } from './cells.js';
import { reach, type RedisConnection } from './client.js';
import { sessionPlace } from './commit-steps.js';
import { indexPageSize } from './scripts/commit.js';

export function sessionIndex(redis: RedisConnection, names: KeyNames, keyring: Keyring): SessionIndex {
  /**
   * One page at most, so one command, and one more to learn where the index ends. INVARIANT: places are only ever added
   * at the end, and a page goes when no session in it can live: behind a page that is gone all others are gone too.
   */
  async function below(key: string, place: number | undefined, most: number): Promise<readonly IndexEntry[]> {
    const end = place ?? count(key, await reach(() => redis.get(key)));
    if (end <= 0) return [];
    const page = `${key}:${Math.floor((end - 1) / indexPageSize)}`;
    const found = await reach(() => redis.zrange(page, `(${end}`, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, most, 'WITHSCORES'));
    return entriesOf(page, found);
  }

  /** Values of keys that belong to sessions, asked cell by cell: on a cluster they live apart. */
  async function inCells<Value>(sessionIds: readonly string[], ask: (ids: readonly string[]) => Promise<readonly Value[]>): Promise<readonly (readonly [string, Value])[]> {
    const byCell = new Map<number, string[]>();
    for (const id of new Set(sessionIds)) {
      const cell = names.cellOfSession(id);
      byCell.set(cell, [...(byCell.get(cell) ?? []), id]);
    }
    const answers = await reach(() => Promise.all([...byCell.values()].map(async (ids) => {
      const values = await ask(ids);
      // One value per id, in their order.
      return ids.flatMap((id, at) => values.slice(at, at + 1).map((value) => [id, value] as const));
    })));
    return answers.flat();
  }

  const texts = (sessionIds: readonly string[], keyOf: (id: string) => string): Promise<readonly (readonly [string, string | null])[]> =>
    inCells(sessionIds, (ids) => redis.mget(ids.map(keyOf)));

  return {
    ofAccount: (accountId, place, most) => below(names.sessionIndex(accountId), place, most),
    ofParent: (sessionId, place, most) => below(names.sessionChildren(sessionId), place, most),

    async ends(sessionIds) {
      const counts = await texts(sessionIds, (id) => names.sessionChildren(id));
      return new Map(counts.map(([id, text]) => [id, count(id, text)] as const).filter(([, end]) => end > 0));
    },

    async records(sessionIds) {
      const found = await texts(sessionIds, (id) => names.session(id));
      return new Map(found.flatMap(([id, record]): [string, Session][] =>
        (record === null ? [] : [[id, decodeSession(id, openRecord(keyring['record-authentication'], sessionPlace(id), record))]])));
    },

    async marked(sessionIds) {
      // That a key exists is the mark, whatever it holds. Few sessions carry one: a whole cell is asked at once first.
      const marks = await inCells(sessionIds, async (ids) => {
        const any = await redis.exists(ids.map((id) => names.mark(id)));
        return any === 0 ? ids.map(() => 0) : Promise.all(ids.map((id) => redis.exists(names.mark(id))));
      });
      return new Set(marks.flatMap(([id, mark]) => (mark > 0 ? [id] : [])));
    },

    async lastUse(sessionId) {
      const text = await reach(() => redis.get(names.sessionUse(sessionId)));
      const [, usedAt, sourceIp] = /^(\d{1,12}) ([0-9A-Fa-f:.]{2,45})$/.exec(text ?? '') ?? [];
      return usedAt === undefined || sourceIp === undefined ? undefined : { usedAt: Number(usedAt), sourceIp };
    },
  };
}

function count(key: string, text: string | null): number {
  if (text !== null && !/^\d{1,15}$/.test(text)) throw new TamperedRecordError(['session-index', key]);
  return Number(text ?? 0);
}

/** @param found members and scores in turns */
function entriesOf(page: string, found: readonly string[]): readonly IndexEntry[] {
  const entries: IndexEntry[] = [];
  for (let at = 0; at < found.length; at += 2) {
    const [sessionId = '', place = ''] = found.slice(at, at + 2);
    if (cellOfSessionId(sessionId) === undefined || !/^\d{1,15}$/.test(place)) throw new TamperedRecordError(['session-index', page]);
    entries.push({ sessionId, place: Number(place) });
  }
  return entries;
}
