// Commits of one moment share a script and nothing else: what becomes of one is no matter of the others.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AuditEvent } from '../../src/audit/event.js';
import { stepsRunner } from '../../src/redis/run-steps.js';
import type { Step } from '../../src/redis/steps.js';
import type { Session } from '../../src/sessions/session.js';
import type { Commit, CommitResult, Guard } from '../../src/sts/commit.js';
import { accountA, accountB, accountC, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { anyPlace } from '../support/status.js';

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
