// Commits of one moment share a script and nothing else: what becomes of one is no matter of the others.
import { once } from 'node:events';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AuditEvent } from '../../src/audit/event.js';
import { commitStore } from '../../src/redis/commit-store.js';
import { stepsRunner } from '../../src/redis/run-steps.js';
import { indexPageSize } from '../../src/redis/scripts/commit.js';
import type { Step } from '../../src/redis/steps.js';
import { graceSeconds, longestSessionSeconds } from '../../src/sessions/lifetime.js';
import { linkOf, type Session } from '../../src/sessions/session.js';
import type { Commit, CommitResult, Guard } from '../../src/sts/commit.js';
import { accountA, accountB, accountC, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { anyPlace } from '../support/status.js';
import { plantGround, randomCommits, stepsOfRandom, type RandomCommit } from './random-commits.js';
import { content, keysLike } from './support.js';

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

const commit = (more: Partial<Commit> = {}): Promise<CommitResult> =>
  service.composition.store.commit({ callerAccountId: accountA, guards: [], unmarkedSessions: [], events: [model.event], ...more });
const newSession = (): Session => ({ ...model.session, sessionId: service.composition.services.sessionIds.newSessionId(accountA) });
async function guardOf(accountId: string): Promise<Guard & { revision: string }> {
  const view = await service.composition.services.directory.read(accountId, () => ['account']);
  if (view === undefined) throw new Error('no such account');
  return { accountId, revision: view.snapshot.revision, epochs: [...view.epochs], boundaries: view.boundaries.text };
}
const resultOf = ({ result }: CommitResult): string => result;

it('commits of one moment go to Redis as one command, and are numbered one after another', async () => {
  const scripts = async (): Promise<number> => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await service.redis.info('commandstats'))?.[1]);
  const before = await scripts();
  const results = await Promise.all(Array.from({ length: 20 }, () => commit({ session: newSession() })));
  expect(results.map(resultOf)).toEqual(results.map(() => 'committed'));
  const numbers = results.map((result) => (result.result === 'committed' ? Number(result.eventIds[0]?.split('-')[1]) : 0));
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
  // The sealer has scripts of its own.
  expect((await scripts()) - before).toBeLessThan(10);
});

it('one whose ground has moved is refused alone, before and behind others with the same checks', async () => {
  const good = await guardOf(accountA);
  const bad = { ...good, revision: '1-0000000000000000' };
  const results = await Promise.all([bad, good, bad, good, good].map((guard) => commit({ guards: [guard] })));
  expect(results.map(resultOf)).toEqual(['conflict', 'committed', 'conflict', 'committed', 'committed']);
});

it('what one changes is seen by those behind it, though their checks are the same as before', async () => {
  const guard = await guardOf(accountB);
  const changeOf = async (accountId: string) => ({ accountId, expectedRevision: (await guardOf(accountId)).revision, put: [], remove: ['user:nobody'] as const });
  const [first, second, third] = [await changeOf(accountA), await changeOf(accountB), await changeOf(accountC)];
  const results = await Promise.all([commit({ guards: [guard], changes: [first] }), commit({ changes: [second] }), commit({ guards: [guard], changes: [third] })]);
  expect(results.map(resultOf)).toEqual(['committed', 'committed', 'conflict']);
});

it('an epoch that one raises is seen by those behind it', async () => {
  const guard = await guardOf(accountA);
  const results = await Promise.all([commit({ guards: [guard] }), commit({ revocations: [{ kind: 'epoch', accountId: accountA, subject: 'account' }] }), commit({ guards: [guard] })]);
  expect(results.map(resultOf)).toEqual(['committed', 'committed', 'conflict']);
});

it('one that Redis fails to carry out fails alone', async () => {
  const { redis, composition: { names } } = service;
  const other = 'd'.repeat(32);
  await redis.lpush(names.sessionIndex(other), 'no counter');
  const results = await Promise.allSettled([commit({ session: newSession() }), commit({ session: newSession(), callerAccountId: other }), commit({ session: newSession() })]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  await redis.del(names.sessionIndex(other));
});

it('the cell counts as many events as its stream has', async () => {
  const { redis, composition: { names } } = service;
  const cell = names.cellOfAccount(accountA);
  const results = await Promise.all(Array.from({ length: 40 }, () => commit()));
  expect(results.map(resultOf)).toEqual(results.map(() => 'committed'));
  const [newest] = await redis.xrevrange(names.audit(cell), '+', '-', 'COUNT', 1);
  expect(newest?.[0]).toBe(`0-${String(await redis.hget(names.cellState(cell), 'sequence'))}`);
});

it('a session that one marks is refused to those behind it, and not to those before', async () => {
  const session = newSession();
  await commit({ session });
  const use = (): Promise<CommitResult> => commit({ unmarkedSessions: [session.sessionId] });
  const mark = commit.bind(undefined, { revocations: [{ kind: 'mark', sessionId: session.sessionId, status: anyPlace(session.sessionId), note: { revokedAt: 1, revokedBy: 'x', reason: '' } }] });
  expect((await Promise.all([use(), mark(), use(), use()])).map(resultOf)).toEqual(['committed', 'committed', 'conflict', 'conflict']);
});

it('their sessions stand in the index one after another, over the end of a page, and the index ends with its newest page', async () => {
  const { redis, composition: { names } } = service;
  const other = 'e'.repeat(32);
  const key = names.sessionIndex(other);
  await redis.set(key, String(indexPageSize - 3), 'EX', 10);
  const sessions = Array.from({ length: 6 }, newSession);
  const results = await Promise.all(sessions.map((session) => commit({ session, callerAccountId: other })));
  expect(results.map(resultOf)).toEqual(results.map(() => 'committed'));
  const ids = sessions.map(({ sessionId }) => sessionId);
  const placed = (from: number, some: readonly string[]): string[] => some.flatMap((id, at) => [id, String(from + at)]);
  expect(await redis.zrange(`${key}:0`, '0', '-1', 'WITHSCORES')).toEqual(placed(indexPageSize - 3, ids.slice(0, 3)));
  expect(await redis.zrange(`${key}:1`, '0', '-1', 'WITHSCORES')).toEqual(placed(indexPageSize, ids.slice(3)));
  expect(await redis.get(key)).toBe(String(indexPageSize + 3));
  for (const each of [key, `${key}:0`, `${key}:1`]) expect(await redis.ttl(each)).toBeGreaterThan(longestSessionSeconds);
});

it('the index has a place for each that was carried out, and none for one that was refused between them', async () => {
  const { redis, composition: { names } } = service;
  const key = names.sessionIndex(accountA);
  const before = Number(await redis.get(key));
  const refused = newSession();
  const sessions = [newSession(), newSession()];
  const [first, second] = sessions;
  const results = await Promise.all([commit({ session: first }), commit({ session: refused, unmarkedSessions: [], presentSessions: [newSession().sessionId] }), commit({ session: second })]);
  expect(results.map(resultOf)).toEqual(['committed', 'conflict', 'committed']);
  expect(await redis.get(key)).toBe(String(before + 2));
  const places = await Promise.all([first, second, refused].map((session) => redis.zscore(`${key}:${Math.floor((before + 1) / indexPageSize)}`, session?.sessionId ?? '')));
  expect(places).toEqual([String(before), String(before + 1), null]);
});

it('a newer generation of the keys is told to the cell by the first that is carried out, though one with the same checks was refused before it', async () => {
  const { redis, composition } = service;
  const { names } = composition;
  // Without what looks for newer keys when it is refused.
  const store = commitStore(redis, { ...composition, random: composition.services.random }, { mostUnsealedEvents: 1000 });
  const cell = names.cellState(names.cellOfAccount(accountC));
  const event = { ...model.event, accountId: accountC };
  const generation = Number(await redis.hget(cell, 'keys')) + 1;
  const one = (keyGeneration: number, more: Partial<Commit> = {}): Promise<CommitResult> => store.commit({ callerAccountId: accountC, guards: [], unmarkedSessions: [], events: [event], keyGeneration, ...more });
  const refused = { presentSessions: [newSession().sessionId] };
  // What begins as one before is asked the second time, and only then known to be good.
  const results = await Promise.all([
    one(generation, refused), one(generation - 1), one(generation - 1), one(generation, refused), one(generation - 1), one(generation), one(generation), one(generation - 1),
  ]);
  expect(results.map(resultOf)).toEqual(['conflict', 'committed', 'committed', 'conflict', 'committed', 'committed', 'committed', 'conflict']);
  expect(await redis.hget(cell, 'keys')).toBe(String(generation));
  await redis.hset(cell, 'keys', generation - 1);
});

it('their parent is known as long as the last of them lives', async () => {
  const { redis, composition: { names } } = service;
  const parent = newSession();
  await commit({ session: parent });
  const key = names.session(parent.sessionId);
  const child = (seconds: number): Session => ({ ...newSession(), expiresAt: model.session.issuedAt + seconds, chain: [...model.session.chain, linkOf(parent)] });
  await Promise.all([5000, 9000, 7000].map((seconds) => commit({ session: child(seconds) })));
  expect(await redis.ttl(key)).toBeGreaterThan(9000);
  expect(await redis.ttl(key)).toBeLessThanOrEqual(9000 + graceSeconds);
  // Never for a shorter time than it had.
  await commit({ session: child(60) });
  expect(await redis.ttl(key)).toBeGreaterThan(9000);
});

it('a server that has forgotten the script is told it once, and does each of those that wait once', async () => {
  const { redis, composition: { names } } = service;
  const sequence = async (): Promise<number> => Number(await redis.hget(names.cellState(names.cellOfAccount(accountA)), 'sequence'));
  const before = await sequence();
  await redis.script('FLUSH');
  const results = await Promise.all(Array.from({ length: 10 }, () => commit()));
  expect(results.map(resultOf)).toEqual(results.map(() => 'committed'));
  expect(await sequence()).toBe(before + 10);
});

describe('what goes together', () => {
  const place = (name: string): string => `{together}:${name}`;
  const put = (name: string, value: string, steps = 1): Step[] => Array.from({ length: steps }, (_, step) => ({ letter: 'P', key: place(name), values: [1, `field-${step}`, value] }));
  /** What becomes of commits of one turn, and how many commands they were. */
  async function together(...commits: readonly Step[][]): Promise<{ readonly outcomes: readonly string[]; readonly commands: number }> {
    const client = service.redis.duplicate();
    await once(client, 'ready');
    const send = vi.spyOn(client, 'sendCommand');
    try {
      const run = stepsRunner(client);
      const settled = await Promise.allSettled(commits.map(run));
      return {
        outcomes: settled.map((one) => (one.status === 'fulfilled' ? one.value.verdict : String(one.reason))),
        commands: send.mock.calls.filter(([{ name }]) => name === 'evalsha').length,
      };
    } finally {
      client.disconnect();
    }
  }
  const many = <Value>(count: number, value: (index: number) => Value): Value[] => Array.from({ length: count }, (_, index) => value(index));

  it.each([
    ['32 commits', 1, many(32, (index) => put(`few-${index}`, 'x'))],
    ['33 commits', 2, many(33, (index) => put(`few-${index}`, 'x'))],
    ['400 steps', 1, many(4, (index) => put(`steps-${index}`, 'x', 100))],
    ['more steps', 2, many(5, (index) => put(`steps-${index}`, 'x', 100))],
    ['steps of which one commit has too many', 2, [put('a', 'x'), put('b', 'x', 101), put('c', 'x')]],
    ['256 KiB', 1, many(4, (index) => put(`size-${index}`, 'x'.repeat(60_000)))],
    ['more text', 2, many(5, (index) => put(`size-${index}`, 'x'.repeat(60_000)))],
    ['text of which one commit has too much', 2, [put('a', 'x'), put('b', 'x'.repeat(70_000)), put('c', 'x')]],
  ])('%s are so many commands: %i', async (_what, commands, commits) => {
    expect(await together(...commits)).toEqual({ outcomes: commits.map(() => 'ok'), commands });
  });

  it('without one of which no arguments can be made: that fails alone', async () => {
    const broken: Step[] = [{ letter: 'P', key: place('broken'), values: [1, 'field', null as never] }];
    const { outcomes, commands } = await together(put('good', 'a'), broken, put('better', 'b'));
    expect([outcomes[0], outcomes[2], commands]).toEqual(['ok', 'ok', 1]);
    expect(outcomes[1]).toMatch(/^TypeError/);
    expect(await together(broken)).toMatchObject({ outcomes: [expect.stringMatching(/^TypeError/)], commands: 0 });
  });

  it('comes to Redis as it is: texts of any characters and length, and numbers of any size', async () => {
    const values = ['', 'x', '7', 'é', '€', '😀', 'two words', 'a\r\nb', '$3', 'ü'.repeat(2000), 0, 7, 1023, 1024, 65_536, -1, 2 ** 40];
    const fields = values.flatMap((value, at) => [`field-${at}`, value]);
    expect(await together([{ letter: 'P', key: place('texts'), values: [values.length, ...fields] }])).toMatchObject({ outcomes: ['ok'] });
    expect(await service.redis.hmget(place('texts'), ...values.map((_, at) => `field-${at}`))).toEqual(values.map(String));
  });

  it('fails together on a server that takes no writes any more, as one that must be left', async () => {
    await service.redis.replicaof('127.0.0.1', '1');
    try {
      const { outcomes } = await together(put('one', 'x'), put('two', 'x'));
      expect(outcomes).toEqual([expect.stringMatching(/^ReplyError: READONLY/), expect.stringMatching(/^ReplyError: READONLY/)]);
    } finally {
      await service.redis.replicaof('NO', 'ONE');
    }
    expect((await together(put('one', 'x'))).outcomes).toEqual(['ok']);
  });
});

describe('commits at random', () => {
  /** Databases of the one server, beside that of the service. */
  const clients: Redis[] = [];
  beforeAll(async () => {
    for (const db of [1, 2]) {
      const client = service.redis.duplicate({ db });
      clients.push(client);
      await once(client, 'ready');
    }
  });
  afterAll(() => clients.forEach((client) => client.disconnect()));

  /** What was answered to each, and what is left in Redis: of each key the content, and how long it lives, in milliseconds. */
  async function outcomeOf(redis: Redis, send: (run: (one: RandomCommit) => Promise<unknown>) => Promise<readonly unknown[]>) {
    const { composition } = service;
    await redis.flushdb();
    await plantGround(redis, composition);
    const run = stepsRunner(redis);
    const answers = await send((one) => run(stepsOfRandom(one, composition)).catch((error: unknown) => String(error)));
    const keys = await keysLike(redis, '*');
    const [seconds] = await redis.time();
    // When something ended, by the clock of Redis.
    const withoutTimes = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replace(/ (\d{10})(?=")/g, (time, digits: string) => (Math.abs(Number(seconds) - Number(digits)) <= 2 ? ' now' : time)));
    const contents = await Promise.all(keys.map(async (key) => [key, withoutTimes(await content(redis, key))] as const));
    return { answers, contents, lives: await Promise.all(keys.map((key) => redis.pttl(key))) };
  }

  it('leave together what they leave one after the other: the same answers, keys, contents and lives', async () => {
    const [together, apart] = clients;
    if (together === undefined || apart === undefined) throw new Error('no clients');
    const sent = vi.spyOn(together, 'sendCommand');
    await fc.assert(fc.asyncProperty(randomCommits(model, service.composition), async (commits) => {
      sent.mockClear();
      const made = await outcomeOf(together, (run) => Promise.all(commits.map(run)));
      expect(sent.mock.calls.filter(([{ name }]) => name === 'evalsha')).toHaveLength(1);
      const expected = await outcomeOf(apart, async (run) => {
        const answers: unknown[] = [];
        for (const one of commits) answers.push(await run(one));
        return answers;
      });
      expect({ answers: made.answers, contents: made.contents }).toEqual({ answers: expected.answers, contents: expected.contents });
      made.lives.forEach((life, at) => expect([made.contents[at]?.[0], Math.abs(life - (expected.lives[at] ?? 0)) < 2000]).toEqual([made.contents[at]?.[0], true]));
    }), { numRuns: 100, endOnFailure: true });
  });
});
