// Commits at random over a few accounts and sessions, and the ground they meet: of each check some hold and some do not, and what one writes concerns others.
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import type { AuditEvent } from '../../src/audit/event.js';
import type { EpochSubject } from '../../src/directory/store.js';
import { boundariesOf } from '../../src/redis/boundaries.js';
import { stepsOf, type CommitTools } from '../../src/redis/commit-steps.js';
import { indexPageSize } from '../../src/redis/scripts/commit.js';
import type { Steps } from '../../src/redis/steps.js';
import { linkOf, type Session, type StatusIndex } from '../../src/sessions/session.js';
import type { Commit, Relied } from '../../src/sts/commit.js';
import { newSessionId } from '../../src/urn/ids.js';
import { accountA, accountB, accountC } from '../support/accounts.js';

/** Where these stand for their indexes and for their state, something else stands. */
const withoutIndex = 'd'.repeat(32);
const withoutState = 'e'.repeat(32);
const allAccounts = [accountA, accountB, accountC, withoutIndex, withoutState];

/** Always the same bytes: what a change makes of a revision, and a raise of an epoch, is known before. */
const random = { bytes: (size: number): Buffer => Buffer.alloc(size, 7) };
const revision = (count: number): string => (count <= 0 ? '0' : `${count}-${'07'.repeat(8)}`);
const epoch = (count: number): number => (count === 0 ? 0 : count * 2 ** 20 + (0x07_07_07 >>> 4));
/** Accounts of which something stands there: a first revision, and an epoch that was raised once. */
const planted: ReadonlySet<string> = new Set([accountA, accountB]);
const incarnation = 'the-one';
const sessionsOf = (cell: number): readonly string[] => Array.from({ length: 10 }, (_, at) => newSessionId(cell, { bytes: (size) => Buffer.alloc(size, at) }));

export interface Model {
  readonly session: Session;
  readonly event: AuditEvent;
}

/** A commit, with what its process knows: how far the cells went beyond the ground, and how many events may wait. */
export interface RandomCommit {
  readonly commit: Commit;
  readonly ahead: number;
  readonly mostUnsealedEvents: number;
}

/** What stands in Redis before; the same each time. */
export async function plantGround(redis: Redis, { names }: Pick<CommitTools, 'names'>): Promise<void> {
  const [first = '', second = '', third = ''] = sessionsOf(names.cellOfAccount(accountA));
  for (const [at, accountId] of allAccounts.entries()) {
    await redis.hset(names.cellState(names.cellOfAccount(accountId)), { incarnation, sequence: at, keys: 1 });
  }
  await redis.xadd(names.audit(names.cellOfAccount(accountB)), '0-1', 'r', 'waits to be sealed');
  for (const accountId of planted) {
    await redis.hset(names.accountState(accountId), { rev: revision(1), account: epoch(1) });
    await redis.lpush(names.accountChanges(accountId), JSON.stringify(['0', ['user:old']]));
  }
  await redis.set(names.sessionIndex(accountA), indexPageSize - 2, 'EX', 10);
  await redis.lpush(names.sessionIndex(withoutIndex), 'no counter');
  await redis.set(names.accountState(withoutState), 'no hash');
  await redis.set(names.session(first), 'a record', 'EX', 5000);
  await redis.set(names.session(second), 'a record', 'EX', 20_000);
  await redis.set(names.mark(third), 'a mark', 'EX', 5000);
}

/** The steps of a commit, made as the store makes them. */
export function stepsOfRandom({ commit, ahead, mostUnsealedEvents }: RandomCommit, tools: Pick<CommitTools, 'names' | 'keyring'>): Steps {
  const known = (cell: number) => ({ incarnation, sequence: Math.max(...allAccounts.map((accountId, at) => (tools.names.cellOfAccount(accountId) === cell ? at : 0))) + ahead });
  const cells = { known, saw: () => undefined, accept: () => undefined };
  const { keyGeneration = 0, keyUses = [], sessionUses = [] } = commit;
  return stepsOf(commit, { claims: [], keyGeneration, keyUses, sessionUses }, { ...tools, cells, random }, mostUnsealedEvents);
}

/** Most of a kind, now and then one of the others. */
const mostly = <Value>(usual: Value, ...others: readonly Value[]): fc.Arbitrary<Value> => fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
/** A commit has few parts at most. */
const seldom = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> => fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const listOf = <Value>(arbitrary: fc.Arbitrary<Value>, maxLength: number): fc.Arbitrary<Value[]> => fc.array(arbitrary, { maxLength });
const seldomListOf = <Value>(arbitrary: fc.Arbitrary<Value>, maxLength: number): fc.Arbitrary<Value[]> => seldom(listOf(arbitrary, maxLength)).map((list) => list ?? []);

/** Two to twelve commits, some of which begin alike. */
export function randomCommits(model: Model, { names }: Pick<CommitTools, 'names'>): fc.Arbitrary<readonly RandomCommit[]> {
  const sessionIds = sessionsOf(names.cellOfAccount(accountA));
  const accountId = fc.constantFrom(accountA, accountA, accountB, accountC);
  const anyAccountId = fc.oneof({ weight: 30, arbitrary: accountId }, { weight: 1, arbitrary: fc.constantFrom(withoutIndex, withoutState) });
  const sessionId = fc.constantFrom(...sessionIds);
  // So that what becomes of one concerns others.
  const oneOfFew = fc.constantFrom(...sessionIds.slice(0, 5));
  const subject = fc.constantFrom<EpochSubject>('account', 'user:u', 'agency:a');
  const text = mostly('0', '{"account":9}', '{"user:u":9}');
  const statusOf = (id: string): StatusIndex => ({ list: `${names.cellOfAccount(accountA)}-0`, index: sessionIds.indexOf(id) });

  // What is asked for stands there from the beginning, or not before a commit has written it, or not any more.
  const guard = fc.record({ accountId: anyAccountId, steps: mostly(0, 1, -1), raised: mostly(0, 1), subject: mostly<EpochSubject>('account', 'user:u', 'agency:a'), parts: fc.constantFrom('revision', 'epochs', 'both'), boundaries: text, standsOn: seldom(listOf(fc.constantFrom<Relied>('user:old', 'user:nobody', 'user:*', 'policy:*'), 2)) })
    .map(({ steps, raised, subject: asked, parts, standsOn, ...rest }) => {
      const at = planted.has(rest.accountId) ? 1 : 0;
      const epochs = parts === 'revision' ? [] : [[asked, epoch((asked === 'account' ? at : 0) + raised)] as const];
      return { ...rest, epochs, ...(parts !== 'epochs' && { revision: revision(at + steps) }), ...(standsOn !== undefined && { standsOn: () => standsOn }) };
    });
  const beginning = fc.record({ guards: listOf(guard, 2), isPatient: fc.boolean(), keyGeneration: fc.constantFrom(1, 1, 1, -1, 2, 3), ahead: mostly(0, 1, 3) });

  const session = fc.record({ sessionId, accountId: fc.constantFrom(accountA, accountB), seconds: fc.constantFrom(60, 6000, 9000, 30_000), ancestors: listOf(oneOfFew, 2) }).map(({ seconds, ancestors, ...rest }): Session => ({
    ...model.session, ...rest, expiresAt: model.session.issuedAt + seconds,
    chain: [model.session.chain[0], ...ancestors.map((id) => linkOf({ ...model.session, sessionId: id }))],
  }));
  const change = fc.record({ accountId: anyAccountId, steps: mostly(0, 1), put: fc.constant([]), remove: fc.subarray(['user:nobody', 'agency:a', 'key:k'] as const), ends: seldom(fc.subarray(['account', 'user:u'] as const)) }).map(({ steps, ends = [], ...rest }) => {
    const count = (planted.has(rest.accountId) ? 1 : 0) + steps;
    return { ...rest, ends, expectedRevision: count === 0 ? undefined : revision(count) };
  });
  const revocation = fc.oneof(
    oneOfFew.map((id) => ({ kind: 'mark' as const, sessionId: id, status: statusOf(id), note: { revokedAt: 1, revokedBy: 'x', reason: '' } })),
    fc.record({ kind: fc.constant('epoch' as const), accountId: anyAccountId, subject: mostly<EpochSubject>('account', 'user:u', 'agency:a') }),
    fc.record({ kind: fc.constant('boundary' as const), accountId, boundaries: text.map((each) => boundariesOf(each)), subject, issuedBefore: fc.constant(9), revokedAt: fc.constant(9) }),
  );
  const rest = fc.record({
    callerAccountId: mostly(accountA, accountB, accountC, withoutIndex),
    unmarkedSessions: seldomListOf(oneOfFew, 2), presentSessions: seldomListOf(oneOfFew, 1),
    events: listOf(accountId.map((id) => ({ ...model.event, accountId: id })), 2),
    signatureInput: seldom(fc.constantFrom('one', 'other')),
    mfaStep: seldom(fc.record({ accountId, serialNumber: fc.constant('phone'), step: fc.integer({ min: 1, max: 3 }) })),
    session: fc.oneof(session, fc.constant(undefined)), changes: seldom(fc.array(change, { minLength: 1, maxLength: 2 })), revocations: fc.oneof(fc.constant(undefined), fc.array(revocation, { minLength: 1, maxLength: 2 })),
    // Seldom: whatever is put makes all be asked anew.
    keyUses: seldomListOf(fc.record({ accountId, accessKeyId: fc.constant('k'), usedAt: fc.integer({ min: 1, max: 9 }) }), 1),
    sessionUses: listOf(sessionId.map((id) => ({ session: { ...model.session, sessionId: id }, usedAt: model.session.issuedAt, sourceIp: '192.0.2.1' })), 1),
  });
  return fc.array(beginning, { minLength: 1, maxLength: 3 }).chain((beginnings) => fc.array(fc.record({ begins: fc.constantFrom(...beginnings), rest, mostUnsealedEvents: mostly(1000, 2) }), { minLength: 2, maxLength: 12, size: 'max' }))
    .map((commits) => commits.map(({ begins: { ahead, ...begins }, rest: other, mostUnsealedEvents }) => ({ commit: { ...begins, ...other }, ahead, mostUnsealedEvents })));
}
