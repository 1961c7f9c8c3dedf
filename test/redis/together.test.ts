// Commits of one moment share a script and nothing else: what becomes of one is no matter of the others.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/audit/event.js';
import type { Session } from '../../src/sessions/session.js';
import type { Commit, CommitResult, Guard } from '../../src/sts/commit.js';
import { accountA, accountB, accountC, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';

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
