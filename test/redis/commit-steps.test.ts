// What a commit does beside sessions and changes: refuses a cell that went back, numbers and bounds the events, ends and notes the use of sessions.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/audit/event.js';
import { withBoundary } from '../../src/redis/boundaries.js';
import { commitStore } from '../../src/redis/commit-store.js';
import type { RevocationNote } from '../../src/sessions/revocation-note.js';
import type { Session } from '../../src/sessions/session.js';
import type { Commit, CommitStore, Revocation } from '../../src/sts/commit.js';
import { accountA, accountB, accountC, accounts, agencies, keys } from '../support/accounts.js';
import { storedEvents } from '../support/events.js';
import { startService, type TestService } from '../support/service.js';
import { dump } from './support.js';
import { anyPlace } from '../support/status.js';

let service: TestService;
let bare: CommitStore;
let model: { session: Session; event: AuditEvent };
beforeAll(async () => {
  service = await startService(accounts);
  bare = boundedStore(65_536);
  const issued = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'model' });
  const session = await service.composition.services.sessions.find(issued.accessKeyId);
  const event = (await service.events(accountA)).at(-1);
  if (session === undefined || event === undefined) throw new Error('no session to copy');
  model = { session, event };
});
afterAll(() => service.stop());

const newId = (accountId = accountA): string => service.composition.services.sessionIds.newSessionId(accountId);
const commitOf = (more: Partial<Commit>): Commit => ({ callerAccountId: accountA, guards: [], unmarkedSessions: [], events: [model.event], ...more });
/** Without what brings a cell forward again, and keeps what was revoked. */
const commit = (more: Partial<Commit> = {}) => bare.commit(commitOf(more));
const boundedStore = (mostUnsealedEvents: number) => commitStore(service.redis, { ...service.composition, random: service.composition.services.random }, { mostUnsealedEvents });
/** Refused, so nothing else that the commit asks for must be written either. */
const conflict = (): Partial<Commit> => ({ guards: [{ accountId: accountA, revision: 'another', epochs: [], boundaries: '0' }] });
const eventOf = (accountId: string, requestId = 'one'): AuditEvent => ({ ...model.event, accountId, requestId });
const cellOf = (accountId: string): number => service.composition.names.cellOfAccount(accountId);
const stateOf = (accountId: string): string => service.composition.names.cellState(cellOf(accountId));
const sequenceOf = async (accountId: string): Promise<number> => Number(await service.redis.hget(stateOf(accountId), 'sequence'));

async function newestOf(stream: string): Promise<{ id: string; record: string }> {
  const [entry] = await service.redis.xrevrange(stream, '+', '-', 'COUNT', 1);
  if (entry === undefined) throw new Error(`\`${stream}\` is empty`);
  return { id: entry[0], record: entry[1][1] ?? '' };
}

async function expectNothingWritten(refused: () => Promise<void>): Promise<void> {
  const before = await dump(service.redis);
  await refused();
  expect(await dump(service.redis)).toEqual(before);
}

describe('a cell that went back', () => {
  const parts: readonly (readonly [string, () => Partial<Commit>])[] = [
    ['whose account is read', () => ({ guards: [{ accountId: accountB, epochs: [], boundaries: '0' }] })],
    ['where an event goes', () => ({ events: [model.event, eventOf(accountB)] })],
    ['of a session that must not be marked', () => ({ unmarkedSessions: [newId(accountB)] })],
    ['of an account that changes', () => ({ changes: [{ accountId: accountB, expectedRevision: undefined, put: [], remove: [] }] })],
    ['of a session that is revoked', () => ({ revocations: [mark(newId(accountB))] })],
    ['of an epoch that is raised', () => ({ revocations: [{ kind: 'epoch', accountId: accountB, subject: 'account' }] })],
    ['of a boundary', () => ({ revocations: [{ kind: 'boundary', accountId: accountB, boundaries: { text: '0', of: new Map() }, subject: 'account', issuedBefore: 7, revokedAt: 7 }] })],
  ];
  const ways: readonly (readonly [string, (key: string) => Promise<unknown>])[] = [
    ['was filled anew', (key) => service.redis.hset(key, 'incarnation', 'another')],
    ['is empty', (key) => service.redis.del(key)],
    ['lost its last event', (key) => service.redis.hincrby(key, 'sequence', -1)],
  ];
  it.each(parts.flatMap(([part, more]) => ways.map(([way, change]) => [part, way, more, change] as const)))('%s: nothing is written when it %s', async (_part, _way, more, change) => {
    await commit({ events: [eventOf(accountB)] });
    expect(cellOf(accountA)).not.toBe(cellOf(accountB));
    const key = stateOf(accountB);
    const good = await service.redis.hgetall(key);
    await change(key);
    try {
      await expectNothingWritten(() => expect(commit({ session: { ...model.session, sessionId: newId() }, ...more() })).rejects.toMatchObject({ errorName: 'cellWentBack', status: 503 }));
    } finally {
      await service.redis.hset(key, good);
    }
    expect(await commit({ events: [eventOf(accountB)] })).toMatchObject({ result: 'committed' });
  });

  it('is another thing than one that others took further', async () => {
    const other = commitStore(service.redis, { ...service.composition, random: service.composition.services.random, cells: { ...service.composition.cells, saw: () => undefined } }, { mostUnsealedEvents: 1000 });
    await other.commit(commitOf({ events: [eventOf(accountB)] }));
    expect(service.composition.cells.known(cellOf(accountB)).sequence).toBe((await sequenceOf(accountB)) - 1);
    expect(await commit({ events: [eventOf(accountB)] })).toMatchObject({ result: 'committed' });
    expect(service.composition.cells.known(cellOf(accountB)).sequence).toBe(await sequenceOf(accountB));
  });

  it('is known by the number of the last event also when its stream was trimmed', async () => {
    await commit({ events: [eventOf(accountB)] });
    const before = await sequenceOf(accountB);
    await service.redis.xtrim(service.composition.names.audit(cellOf(accountB)), 'MAXLEN', 0);
    expect(await commit({ events: [eventOf(accountB)] })).toMatchObject({ eventIds: [`${cellOf(accountB)}-${before + 1}`] });
  });
});

describe('the events of a commit', () => {
  it('have ids in their order, each with the next number of its cell', async () => {
    const [a, b] = [await sequenceOf(accountA), await sequenceOf(accountB)];
    const ids = [`${cellOf(accountA)}-${a + 1}`, `${cellOf(accountB)}-${b + 1}`, `${cellOf(accountA)}-${a + 2}`];
    expect(await commit({ events: [eventOf(accountA, 'x'), eventOf(accountB, 'y'), eventOf(accountA, 'z')] })).toEqual({ result: 'committed', eventIds: ids, endings: [] });
    const events = [...await storedEvents(service.composition, accountA), ...await storedEvents(service.composition, accountB)];
    expect(ids.map((id) => events.find((stored) => stored.id === id)?.event.requestId)).toEqual(['x', 'y', 'z']);
  });

  it.each([['another content', (record: string) => record.replace('one', 'two')], ['no authentication', (record: string) => record.slice(record.indexOf('[') - 1)]])('are not believed with %s', async (_what, change) => {
    await commit({ events: [eventOf(accountC)] });
    const stream = service.composition.names.audit(cellOf(accountC));
    const { id, record } = await newestOf(stream);
    expect(change(record)).not.toBe(record);
    await service.redis.xdel(stream, id);
    await service.redis.xadd(stream, '0-1000000', 'r', change(record));
    await expect(storedEvents(service.composition, accountC)).rejects.toThrow();
    await service.redis.del(stream);
  });

  it('are not believed in the cell of another account', async () => {
    await commit({ events: [eventOf(accountB)] });
    const { names } = service.composition;
    const [from, to] = [names.audit(cellOf(accountB)), names.audit(cellOf(accountC))];
    await service.redis.xadd(to, '0-1', 'r', (await newestOf(from)).record);
    await expect(storedEvents(service.composition, accountC)).rejects.toThrow();
    await service.redis.del(to);
  });

  it('are refused, and all else with them, when as many wait as may; and taken again when there is room', async () => {
    const stream = service.composition.names.audit(cellOf(accountA));
    const waiting = await service.redis.xlen(stream);
    const asked = commitOf({
      session: { ...model.session, sessionId: newId() }, events: [eventOf(accountB), model.event],
      sessionUses: [{ session: { ...model.session, sessionId: newId() }, usedAt: model.session.issuedAt, sourceIp: '192.0.2.1' }],
    });
    await expectNothingWritten(() => expect(boundedStore(waiting).commit(asked)).rejects.toMatchObject({ errorName: 'auditLogFull', status: 503 }));
    const wider = boundedStore(waiting + 1);
    expect(await wider.commit(asked)).toMatchObject({ result: 'committed' });
    await expectNothingWritten(() => expect(wider.commit(commitOf({}))).rejects.toMatchObject({ errorName: 'auditLogFull' }));
    expect(await wider.commit(commitOf({ events: [] }))).toMatchObject({ result: 'committed' });
    await service.redis.xtrim(stream, 'MAXLEN', waiting);
    expect(await wider.commit(commitOf({}))).toMatchObject({ result: 'committed' });
  });

  it('of revocations and changes have room beyond that, an eighth of it', async () => {
    const stream = service.composition.names.audit(cellOf(accountA));
    for (let length = await service.redis.xlen(stream); length < 16; length += 1) await commit();
    await service.redis.xtrim(stream, 'MAXLEN', 16);
    const full = boundedStore(16);
    await expect(full.commit(commitOf({}))).rejects.toMatchObject({ errorName: 'auditLogFull' });
    expect(await full.commit(commitOf({ revocations: [mark(newId())] }))).toMatchObject({ result: 'committed' });
    expect(await full.commit(commitOf({ revocations: [mark(newId())] }))).toMatchObject({ result: 'committed' });
    await expectNothingWritten(() => expect(full.commit(commitOf({ revocations: [mark(newId())] }))).rejects.toMatchObject({ errorName: 'auditLogFull' }));
  });
});

const note: RevocationNote = { revokedAt: 1_768_465_800, revokedBy: `iam::${accountA}:user:alice`, reason: 'a key leaked' };
const mark = (sessionId: string): Revocation => ({ kind: 'mark', sessionId, status: anyPlace(sessionId), note });

describe('a revocation', () => {
  it('of a session leaves a mark that outlives every descendant, with when, who and why', async () => {
    const sessionId = newId();
    expect(await commit({ revocations: [mark(sessionId)] })).toMatchObject({ result: 'committed', endings: [{ kind: 'mark', sessionId, note }] });
    expect(await service.composition.services.sessions.anyMarked([newId(), sessionId])).toBe(true);
    expect(await service.composition.services.sessions.revocationNote(sessionId)).toEqual(note);
    const left = await service.redis.ttl(service.composition.names.mark(sessionId));
    // The longest chain, the longest session that its last moment may issue, and the difference of clocks.
    expect(left).toBeGreaterThan(604_800 + 86_400 + 890);
    expect(left).toBeLessThanOrEqual(604_800 + 86_400 + 900);
  });

  it('of a session that is revoked already changes nothing of the first note, and is kept anew', async () => {
    const sessionId = newId();
    const key = service.composition.names.mark(sessionId);
    await commit({ revocations: [mark(sessionId)] });
    await service.redis.expire(key, 5000);
    expect(await commit({ revocations: [{ kind: 'mark', sessionId, status: anyPlace(sessionId), note: { ...note, reason: 'another' } }] })).toMatchObject({ result: 'committed' });
    expect(await service.composition.services.sessions.revocationNote(sessionId)).toEqual(note);
    // As long as what the second one was meant for could live.
    expect(await service.redis.ttl(key)).toBeGreaterThan(600_000);
  });

  it('by an epoch tells the value that it has now, each time a greater one, whoever else raised it', async () => {
    const subject = 'key:HPUARAISED0000000000';
    const raise: Revocation = { kind: 'epoch', accountId: accountB, subject };
    const raised = async (): Promise<number> => {
      const settled = await commit({ revocations: [raise] });
      const [ending] = settled.result === 'committed' ? settled.endings : [];
      if (ending?.kind !== 'epoch') throw new Error(settled.result);
      expect(ending).toEqual({ ...raise, epoch: ending.epoch });
      return ending.epoch;
    };
    const first = await raised();
    expect(first).toBeGreaterThanOrEqual(2 ** 20);
    await service.redis.hincrby(service.composition.names.accountState(accountB), subject, 5 * 2 ** 20);
    const second = await raised();
    expect(Math.floor(second / 2 ** 20)).toBe(7);
    expect((await service.composition.services.directory.readEpochs(accountB, [subject])).epochs.get(subject)).toBe(second);
  });

  it('of several kinds tells each of them, beside the ids of the events', async () => {
    const { boundaries } = await service.composition.services.directory.readEpochs(accountB, []);
    const sessionId = newId();
    const settled = await commit({
      events: [eventOf(accountA), eventOf(accountB)],
      revocations: [{ kind: 'epoch', accountId: accountA, subject: 'source:several' }, mark(sessionId), { kind: 'epoch', accountId: accountB, subject: 'source:several' }, { kind: 'boundary', accountId: accountB, boundaries, subject: 'account', issuedBefore: 9, revokedAt: 9 }],
    });
    const epochOf = async (accountId: string): Promise<number> => Number(await service.redis.hget(service.composition.names.accountState(accountId), 'source:several'));
    const at = async (accountId: string): Promise<string> => `${cellOf(accountId)}-${await sequenceOf(accountId)}`;
    expect(settled).toMatchObject({ eventIds: [await at(accountA), await at(accountB)] });
    if (settled.result !== 'committed') throw new Error(settled.result);
    expect(settled.endings).toHaveLength(4);
    expect(new Set(settled.endings)).toEqual(new Set([
      { kind: 'mark', sessionId, status: anyPlace(sessionId), note }, { kind: 'boundary', accountId: accountB, subject: 'account', issuedBefore: 9 },
      { kind: 'epoch', accountId: accountA, subject: 'source:several', epoch: await epochOf(accountA) }, { kind: 'epoch', accountId: accountB, subject: 'source:several', epoch: await epochOf(accountB) },
    ]));
  });

  it.each<[string, () => Promise<Revocation> | Revocation]>([
    ['mark', () => mark(newId())],
    ['epoch', () => ({ kind: 'epoch', accountId: accountA, subject: 'source:refused' })],
    ['boundary', async () => ({ kind: 'boundary', accountId: accountA, boundaries: (await service.composition.services.directory.readEpochs(accountA, [])).boundaries, subject: 'source:refused', issuedBefore: 9, revokedAt: 9 })],
  ])('by a %s leaves nothing when the commit is refused', async (_kind, revocation) => {
    const revocations = [await revocation()];
    await expectNothingWritten(async () => expect(await commit({ ...conflict(), revocations })).toEqual({ result: 'conflict' }));
    expect(await commit({ revocations })).toMatchObject({ result: 'committed' });
  });

  it.each([
    ['a mark', () => { const sessionId = newId(); return [service.composition.names.mark(sessionId), mark(sessionId)] as const; }],
    ['a session\'s use', () => { const sessionId = newId(); return [service.composition.names.sessionUse(sessionId), sessionId] as const; }],
  ])('or use whose key is of another type stops the commit before anything is written: %s', async (_what, make) => {
    const [key, what] = make();
    await service.redis.hset(key, 'planted', 1);
    const more: Partial<Commit> = typeof what === 'string' ? { sessionUses: [{ session: { ...model.session, sessionId: what }, usedAt: model.session.issuedAt, sourceIp: '192.0.2.1' }] } : { revocations: [what] };
    await expectNothingWritten(() => expect(commit({ session: { ...model.session, sessionId: newId() }, ...more })).rejects.toMatchObject({ errorName: 'storeUnavailable' }));
    await service.redis.del(key);
  });

  it('by a boundary is refused when another came first, so none is lost', async () => {
    const { boundaries } = await service.composition.services.directory.readEpochs(accountC, []);
    const boundary = (subject: `user:${string}`): Revocation => ({ kind: 'boundary', accountId: accountC, boundaries, subject, issuedBefore: 9, revokedAt: 9 });
    expect(await commit({ revocations: [boundary('user:one')] })).toMatchObject({ result: 'committed' });
    await expectNothingWritten(async () => expect(await commit({ revocations: [boundary('user:two')] })).toEqual({ result: 'conflict' }));
    const now = await service.composition.services.directory.readEpochs(accountC, []);
    expect([...now.boundaries.of]).toEqual([['user:one', 9]]);
  });
});

describe('boundaries of an account', () => {
  it.each<[what: string, had: readonly (readonly [`user:${string}`, number])[], issuedBefore: number, has: object]>([
    ['the first', [], 1000, { 'user:u': 1000 }],
    ['a later one of the same subject', [['user:u', 900]], 1000, { 'user:u': 1000 }],
    ['an earlier one of the same subject, which takes nothing back', [['user:u', 1100]], 1000, { 'user:u': 1100 }],
    ['one of another subject', [['user:v', 900]], 1000, { 'user:v': 900, 'user:u': 1000 }],
    ['one beside another that ends nothing any more', [['user:v', 499], ['user:w', 500]], 1000, { 'user:w': 500, 'user:u': 1000 }],
  ])('with %s', (_what, had, issuedBefore, has) => {
    expect(JSON.parse(withBoundary({ text: '', of: new Map(had) }, 'user:u', issuedBefore, 500))).toEqual(has);
  });
});

describe('the last use of a session', () => {
  const used = (sessionId: string, usedAt: number, sourceIp = '192.0.2.1') => ({ sessionUses: [{ session: { ...model.session, sessionId }, usedAt, sourceIp }] });
  const kept = (sessionId: string): Promise<string | null> => service.redis.get(service.composition.names.sessionUse(sessionId));
  const issued = 1_768_465_800;

  it('is when and from where, and ends with the session\'s record', async () => {
    const sessionId = newId();
    const { issuedAt, expiresAt } = model.session;
    await commit(used(sessionId, issuedAt + 100, '2001:db8::1'));
    expect(await kept(sessionId)).toBe(`${issuedAt + 100} 2001:db8::1`);
    const left = await service.redis.ttl(service.composition.names.sessionUse(sessionId));
    expect(left).toBeGreaterThan(expiresAt - issuedAt - 100 + 890);
    expect(left).toBeLessThanOrEqual(expiresAt - issuedAt - 100 + 900);
  });

  it.each([[0, false], [59, false], [60, true], [3600, true]])('is written again %d seconds later: %s', async (later, isWritten) => {
    const sessionId = newId();
    await commit(used(sessionId, issued));
    await commit(used(sessionId, issued + later, '192.0.2.2'));
    expect(await kept(sessionId)).toBe(isWritten ? `${issued + later} 192.0.2.2` : `${issued} 192.0.2.1`);
  });

  it('of a call that was not committed is not noted, and the next call is', async () => {
    const sessionId = newId();
    await expectNothingWritten(async () => expect(await commit({ ...conflict(), ...used(sessionId, issued) })).toEqual({ result: 'conflict' }));
    await commit(used(sessionId, issued + 1));
    expect(await kept(sessionId)).toBe(`${issued + 1} 192.0.2.1`);
  });

  it('is no reason to refuse a session whose record is about to go', async () => {
    const sessionId = newId();
    expect(await commit(used(sessionId, model.session.expiresAt + 900))).toMatchObject({ result: 'committed' });
    expect(await kept(sessionId)).toBeNull();
  });
});
