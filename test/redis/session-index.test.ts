// The index of sessions gives back pages in order, newest first, also over their edges, and nothing that is no session.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TamperedRecordError } from '../../src/keyring/authenticate.js';
import { decodeSession, encodeSession } from '../../src/sessions/record.js';
import { newSessionId } from '../../src/urn/ids.js';
import { accountA, accounts, agencies, ask, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { anyPlace } from '../support/status.js';

const pageSize = 128;
let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
});
afterAll(() => service.stop());

let made = 0;
async function filled(count: number): Promise<{ readonly accountId: string; readonly key: string; readonly ids: readonly string[] }> {
  const { names, services: { random } } = service.composition;
  const accountId = (made += 1).toString(16).padStart(32, 'f');
  const key = names.sessionIndex(accountId);
  const ids = Array.from({ length: count }, () => newSessionId(names.cellOfAccount(accountId), random));
  await Promise.all(ids.map((id, place) => service.redis.zadd(`${key}:${Math.floor(place / pageSize)}`, place, id)));
  if (count > 0) await service.redis.set(key, count);
  return { accountId, key, ids };
}

async function readAll(accountId: string, most: number): Promise<readonly string[]> {
  const found: string[] = [];
  for (let place: number | undefined; ;) {
    const entries = await service.composition.services.sessionIndex.ofAccount(accountId, place, most);
    if (entries.length === 0) return found;
    found.push(...entries.map(({ sessionId }) => sessionId));
    place = entries.at(-1)?.place;
  }
}

describe('the index', () => {
  it.each([0, 1, 127, 128, 129, 256, 300])('of %i sessions is read whole, newest first, in pieces of any size', async (count) => {
    const { accountId, ids } = await filled(count);
    for (const most of [1, 50, 128, 1000]) expect(await readAll(accountId, most)).toEqual(ids.toReversed());
  });

  it('ends where its pages are gone', async () => {
    const { accountId, key, ids } = await filled(300);
    await service.redis.del(`${key}:0`);
    expect(await readAll(accountId, 1000)).toEqual(ids.slice(pageSize).toReversed());
  });

  it('holds what the service itself wrote, for the account and for the parent', async () => {
    const { sessionIndex } = service.composition.services;
    const parent = await service.session(keys.alice, ask(agencies.first));
    const children = [await service.session(parent, ask(agencies.second)), await service.session(parent, ask(agencies.second))].map(({ accessKeyId }) => accessKeyId);
    const own = await sessionIndex.ofAccount(accountA, undefined, 1000);
    expect(own.map(({ sessionId }) => sessionId)).toEqual([...children.toReversed(), parent.accessKeyId]);
    expect((await sessionIndex.ofParent(parent.accessKeyId, undefined, 1000)).map(({ sessionId }) => sessionId)).toEqual(children.toReversed());
    expect(await sessionIndex.ends([parent.accessKeyId, ...children])).toEqual(new Map([[parent.accessKeyId, 2]]));
  });

  it.each([
    ['a counter that is none', (key: string) => service.redis.set(key, '1e3')],
    ['a negative counter', (key: string) => service.redis.set(key, '-1')],
    ['an entry that is no session', (key: string) => service.redis.zadd(`${key}:0`, 0, 'HSTx')],
    ['a place between two', (key: string, id: string) => service.redis.zadd(`${key}:0`, 0.5, id)],
  ])('with %s is not believed', async (_what, change) => {
    const { accountId, key, ids } = await filled(1);
    await change(key, ids[0] ?? '');
    await expect(service.composition.services.sessionIndex.ofAccount(accountId, undefined, 10)).rejects.toThrow(TamperedRecordError);
  });
});

describe('many at once', () => {
  it('records and marks of sessions in several cells are found, those that are not there left out', async () => {
    const { services: { sessionIndex, random }, names, store } = service.composition;
    const first = (await service.session(keys.alice, ask(agencies.first))).accessKeyId;
    const second = (await service.session(keys.alice, ask(agencies.second))).accessKeyId;
    const absent = newSessionId(names.cellOfAccount(accountA), random);
    expect(names.cellOfSession(first)).not.toBe(names.cellOfSession(second));
    const records = await sessionIndex.records([first, second, absent, first]);
    expect([...records.keys()].sort()).toEqual([first, second].sort());
    for (const [id, session] of records) expect(decodeSession(id, encodeSession(session))).toEqual(session);
    expect(await sessionIndex.marked([first, second, absent])).toEqual(new Set());
    await store.commit({ callerAccountId: accountA, guards: [], unmarkedSessions: [], events: [], revocations: [{ kind: 'mark', sessionId: second, status: anyPlace(second), note: { revokedAt: 1, revokedBy: 'x', reason: '' } }] });
    expect(await sessionIndex.marked([first, second, absent])).toEqual(new Set([second]));
    expect(await sessionIndex.records([])).toEqual(new Map());
  });

  it('a last use that nobody wrote so is none', async () => {
    const { services: { sessionIndex }, names } = service.composition;
    const { accessKeyId: id } = await service.session(keys.alice, ask(agencies.first));
    expect(await sessionIndex.lastUse(id)).toBeUndefined();
    for (const text of ['', 'x', '12', '12 <script>', '-1 ::1']) {
      await service.redis.set(names.sessionUse(id), text);
      expect(await sessionIndex.lastUse(id), text).toBeUndefined();
    }
    await service.redis.set(names.sessionUse(id), '12 2001:db8::1');
    expect(await sessionIndex.lastUse(id)).toEqual({ usedAt: 12, sourceIp: '2001:db8::1' });
  });
});
