// What a commit leaves in Redis: records that end by themselves, small index pages, events numbered without a gap.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/audit/event.js';
import type { Session } from '../../src/sessions/session.js';
import type { Commit } from '../../src/sts/commit.js';
import { accountA, accountB, accountC, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { dump, keysLike } from './support.js';

let service: TestService;
let model: { session: Session; event: AuditEvent };
beforeAll(async () => {
  service = await startService(accounts);
  const issued = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'model' });
  const session = await service.composition.services.sessions.find(issued.accessKeyId);
  const event = (await service.events(accountA)).at(-1);
  if (session === undefined || event === undefined) throw new Error('no session to copy');
  model = { session, event };
});
afterAll(() => service.stop());

const newId = (): string => service.composition.services.sessionIds.newSessionId(accountA);
const commitOf = (more: Partial<Commit> = {}): Commit => ({ callerAccountId: accountA, guards: [], unmarkedSessions: [], events: [model.event], ...more });
const commit = (more?: Partial<Commit>) => service.composition.store.commit(commitOf(more));

describe('a session record', () => {
  it.each([[900], [3600], [43_200]])('of %i seconds lives 900 seconds longer than the session', async (seconds) => {
    const issued = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'ttl', duration_seconds: seconds });
    const left = await service.redis.ttl(service.composition.names.session(issued.accessKeyId));
    expect(left).toBeGreaterThan(seconds + 895);
    expect(left).toBeLessThanOrEqual(seconds + 900);
  });

  it('holds no secret and no token', async () => {
    const issued = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'secret' });
    const everything = await Promise.all((await keysLike(service.redis, '*')).map(async (key) => `${key}=${(await service.redis.dumpBuffer(key)).toString('latin1')}`));
    const streams = JSON.stringify(await Promise.all((await keysLike(service.redis, '*:audit')).map((key) => service.redis.xrange(key, '-', '+'))));
    for (const text of [...everything, streams]) {
      for (const secret of [issued.secretAccessKey, issued.securityToken ?? '', keys.alice.secretAccessKey]) expect(text.includes(secret)).toBe(false);
    }
  });
});

it('index pages hold at most 128 sessions, lose none, and end by themselves', async () => {
  const { redis, composition: { names } } = service;
  const ids = Array.from({ length: 300 }, newId);
  const before = Number(await redis.get(names.sessionIndex(accountA)));
  const results = await Promise.all(ids.map((sessionId) => commit({ callerAccountId: accountB, session: { ...model.session, sessionId } })));
  expect(results.every(({ result }) => result === 'committed')).toBe(true);
  for (const [accountId, earlier] of [[accountA, before], [accountB, 0]] as const) {
    const index = names.sessionIndex(accountId);
    expect(Number(await redis.get(index))).toBe(earlier + ids.length);
    const pages = await keysLike(redis, `${index}:*`);
    expect(pages).toHaveLength(Math.ceil((earlier + ids.length) / 128));
    const members: string[] = [];
    for (const page of pages) {
      const ofPage = await redis.zrange(page, 0, '-1');
      expect(ofPage.length).toBeLessThanOrEqual(128);
      const left = await redis.ttl(page);
      expect(left).toBeGreaterThan(86_400 + 890);
      expect(left).toBeLessThanOrEqual(86_400 + 900);
      members.push(...ofPage);
    }
    expect(members).toHaveLength(earlier + ids.length);
    expect(ids.filter((id) => !members.includes(id))).toEqual([]);
  }
});

it('events of a cell are numbered from 1 without a gap, whatever ran at once', async () => {
  await Promise.all(Array.from({ length: 60 }, (_, number) =>
    service.assume(number % 3 === 0 ? keys.carol : keys.alice, { agency_urn: number % 2 === 0 ? agencies.first : agencies.second, agency_session_name: 'dense' })));
  for (const stream of await keysLike(service.redis, '*:audit')) {
    const ids = (await service.redis.xrange(stream, '-', '+')).map(([id]) => id);
    expect(ids).toEqual(ids.map((_, index) => `0-${index + 1}`));
  }
});

describe('a commit whose ground has moved writes nothing', () => {
  it.each<readonly [string, () => Promise<unknown>, () => Promise<Partial<Commit>> | Partial<Commit>, string]>([
    ['another revision', () => Promise.resolve(), () => ({ guards: [{ accountId: accountA, revision: '1-0000000000000000', epochs: [], boundaries: '0' }] }), 'conflict'],
    ['the revision of an account that is not there', () => Promise.resolve(), () => ({ guards: [{ accountId: 'e'.repeat(32), revision: '1-0', epochs: [], boundaries: '0' }] }), 'conflict'],
    ['a greater epoch', () => service.redis.hset(service.composition.names.accountState(accountB), 'agency:x', 3), () => ({ guards: [{ accountId: accountB, epochs: [['agency:x', 2]], boundaries: '0' }] }), 'conflict'],
    ['a smaller epoch, as after a lost write', () => service.redis.hset(service.composition.names.accountState(accountB), 'agency:y', 1), () => ({ guards: [{ accountId: accountB, epochs: [['agency:y', 2]], boundaries: '0' }] }), 'conflict'],
    ['an epoch that is gone', () => Promise.resolve(), () => ({ guards: [{ accountId: accountB, epochs: [['agency:z', 1]], boundaries: '0' }] }), 'conflict'],
    ['a boundary where there was none', () => service.redis.hset(service.composition.names.accountState(accountC), 'before', '{"account":7}'), () => ({ guards: [{ accountId: accountC, epochs: [], boundaries: '0' }] }), 'conflict'],
    ['another boundary', () => service.redis.hset(service.composition.names.accountState(accountC), 'before', '{"account":7}'), () => ({ guards: [{ accountId: accountC, epochs: [], boundaries: '{"account":6}' }] }), 'conflict'],
    ['a boundary that is gone', () => Promise.resolve(), () => ({ guards: [{ accountId: accountB, epochs: [], boundaries: '{"account":7}' }] }), 'conflict'],
    ['a mark on one of several', () => service.redis.set(service.composition.names.mark(model.session.sessionId), '1'), () => ({ unmarkedSessions: [newId(), model.session.sessionId] }), 'conflict'],
    ['an MFA step that was used', () => service.redis.hset(service.composition.names.mfaSteps(accountA), 'device', 7), () => ({ mfaStep: { accountId: accountA, serialNumber: 'device', step: 7 } }), 'mfa-step-used'],
    ['an MFA step before one that was used', () => service.redis.hset(service.composition.names.mfaSteps(accountA), 'device', 7), () => ({ mfaStep: { accountId: accountA, serialNumber: 'device', step: 6 } }), 'mfa-step-used'],
    ['a signature input that was used', () => commit({ signatureInput: 'digest' }), () => ({ signatureInput: 'digest' }), 'replayed'],
  ])('%s', async (_what, move, more, result) => {
    await move();
    const before = await dump(service.redis);
    expect(await commit({ session: { ...model.session, sessionId: newId() }, ...(await more()) })).toEqual({ result });
    expect(await dump(service.redis)).toEqual(before);
  });

  it('a session id that is taken is never written over', async () => {
    const before = await dump(service.redis);
    await expect(commit({ session: { ...model.session, expiresAt: model.session.expiresAt + 1 } })).rejects.toThrow('answered `S`');
    expect(await dump(service.redis)).toEqual(before);
  });

  it('an absent epoch is 0', async () => {
    expect(await commit({ guards: [{ accountId: accountB, epochs: [['user:never', 0]], boundaries: '0' }] })).toMatchObject({ result: 'committed' });
  });
});
