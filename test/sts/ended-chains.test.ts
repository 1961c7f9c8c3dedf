// What ends sessions: a mark, an epoch or a boundary on any link of a chain ends what hangs on that link, and nothing else.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seconds } from '../../src/base/clock.js';
import { systemAccountId } from '../../src/directory/entities.js';
import type { EpochSubject } from '../../src/directory/store.js';
import type { Revocation } from '../../src/sts/commit.js';
import { accountA, accountB, accountC, accounts, agencies, ask, keys } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { anyPlace } from '../support/status.js';

/** Seconds between the hops of a chain; a boundary falls in the middle between two of them. */
const pause = 20;
const path = [agencies.first, agencies.second, agencies.third] as const;
/** Index in the path of the hop that sets the source identity. */
type SettingHop = 0 | 1 | 2;
/** Which of the three sessions of a chain live on. */
type Living = readonly [first: boolean, second: boolean, third: boolean];

const allLive: Living = [true, true, true];
const firstLives: Living = [true, false, false];
const twoLive: Living = [true, true, false];
const noneLives: Living = [false, false, false];

let service: TestService;
let ids: { readonly alice: string; readonly bob: string; readonly first: string; readonly long: string; readonly second: string; readonly third: string };
beforeAll(async () => {
  service = await startService(accounts);
  const [a, b, c] = await Promise.all([accountA, accountB, accountC].map(async (accountId) => (await service.composition.services.directory.read(accountId, () => []))?.snapshot));
  const userId = (name: string): string => [...(a?.users.values() ?? [])].find(({ userName }) => userName === name)?.userId ?? '';
  ids = {
    alice: userId('alice'), bob: userId('bob'), first: a?.agencies.named('first')?.agencyId ?? '', long: a?.agencies.named('long')?.agencyId ?? '',
    second: b?.agencies.named('second')?.agencyId ?? '', third: c?.agencies.named('third')?.agencyId ?? '',
  };
  expect(Object.values(ids)).not.toContain('');
});
// Behind the boundaries of the tests before.
beforeEach(() => service.clock.advance(10 * pause));
afterAll(() => service.stop());

type Subject = readonly [accountId: string, subject: () => EpochSubject];
const subjects = {
  'the account of the key': [accountA, () => 'account'],
  'the user of the key': [accountA, () => `user:${ids.alice}`],
  'the key': [accountA, () => `key:${keys.alice.accessKeyId}`],
  'the first agency': [accountA, () => `agency:${ids.first}`],
  'the second account': [accountB, () => 'account'],
  'the second agency': [accountB, () => `agency:${ids.second}`],
  'the third account': [accountC, () => 'account'],
  'the third agency': [accountC, () => `agency:${ids.third}`],
  'another user': [accountA, () => `user:${ids.bob}`],
  'another key': [accountA, () => `key:${keys.bob.accessKeyId}`],
  'another agency': [accountA, () => `agency:${ids.long}`],
  'the key, in an account that is not its own': [accountB, () => `key:${keys.alice.accessKeyId}`],
  'the source identity in the first account': [accountA, () => 'source:alice'],
  'the source identity in the second account': [accountB, () => 'source:alice'],
  'the source identity in the third account': [accountC, () => 'source:alice'],
  'another source identity': [accountA, () => 'source:bob'],
} satisfies Readonly<Record<string, Subject>>;
type SubjectName = keyof typeof subjects;
const subjectNamed = (name: SubjectName): Subject => subjects[name];

async function revoke(revocation: Revocation): Promise<void> {
  const settled = await service.composition.store.commit({ callerAccountId: systemAccountId, guards: [], unmarkedSessions: [], events: [], revocations: [revocation] });
  expect(settled.result).toBe('committed');
}

async function setBoundary(name: SubjectName, issuedBefore: number): Promise<void> {
  const [accountId, subject] = subjectNamed(name);
  const { boundaries } = await service.composition.services.directory.readEpochs(accountId, []);
  await revoke({ kind: 'boundary', accountId, boundaries, subject: subject(), issuedBefore, revokedAt: issuedBefore });
}

type ChainOfThree = readonly [Credentials, Credentials, Credentials];

async function newChain(settingHop: SettingHop = 0): Promise<ChainOfThree> {
  const sessions: Credentials[] = [];
  for (const [index, agency] of path.entries()) {
    if (index > 0) service.clock.advance(pause);
    sessions.push(await service.session(sessions.at(-1) ?? keys.alice, ask(agency, index === settingHop ? { source_identity: 'alice' } : {})));
  }
  const [first, second, third] = sessions;
  if (first === undefined || second === undefined || third === undefined) throw new Error('the chain is too short');
  return [first, second, third];
}

const livingOf = async (chain: ChainOfThree): Promise<readonly boolean[]> =>
  Promise.all(chain.map(async (credentials) => {
    const { status } = await service.identity(credentials);
    expect([200, 401]).toContain(status);
    return status === 200;
  }));

/** The dead can do nothing; the living can all that they could. */
async function expectLiving(chain: ChainOfThree, living: Living): Promise<void> {
  expect(await livingOf(chain)).toEqual(living);
  const [first, second, third] = chain;
  const extended = await Promise.all([service.assume(first, ask(agencies.second)), service.assume(second, ask(agencies.third)), service.assume(third, ask(agencies.first))]);
  // Nobody trusts the third one.
  expect(extended.map(({ status }) => status)).toEqual(living.map((lives, index) => (lives ? [200, 200, 403][index] : 401)));
  const refused = extended.filter(({ status }) => status === 401);
  for (const { body } of refused) expect(body).toMatchObject({ error_code: 'APIGW.0301', error_msg: 'Incorrect IAM authentication information: decrypt token fail' });
}

it.each<[which: string, index: 0 | 1 | 2, living: Living]>([['first', 0, noneLives], ['second', 1, firstLives], ['third', 2, twoLive]])(
  'a mark on the %s session of a chain ends it and its descendants, and no sibling',
  async (_which, index, living) => {
    const [chain, sibling] = [await newChain(), await newChain()];
    await revoke({ kind: 'mark', sessionId: chain[index].accessKeyId, status: anyPlace(chain[index].accessKeyId), note: { revokedAt: seconds(service.clock.now()), revokedBy: 'somebody', reason: '' } });
    await expectLiving(chain, living);
    await expectLiving(sibling, allLive);
  },
);

const ofSubjects: readonly (readonly [SubjectName, Living])[] = [
  ['the account of the key', noneLives], ['the user of the key', noneLives], ['the key', noneLives], ['the first agency', noneLives],
  ['the second account', firstLives], ['the second agency', firstLives], ['the third account', twoLive], ['the third agency', twoLive],
  ['another user', allLive], ['another key', allLive], ['another agency', allLive], ['the key, in an account that is not its own', allLive],
];

/** The account of the hop that sets a source identity can end what carries it, and so can each account that it comes to. */
const ofSources: readonly (readonly [SettingHop, SubjectName, Living])[] = [
  [0, 'the source identity in the first account', noneLives], [0, 'the source identity in the second account', firstLives], [0, 'the source identity in the third account', twoLive],
  [1, 'the source identity in the first account', firstLives], [1, 'the source identity in the second account', firstLives], [1, 'the source identity in the third account', twoLive],
  [2, 'the source identity in the first account', allLive], [2, 'the source identity in the second account', twoLive], [2, 'the source identity in the third account', twoLive],
  [0, 'another source identity', allLive],
];

describe('a greater epoch', () => {
  const rows = [...ofSubjects.map(([subject, living]) => [subject, 0, living] as const), ...ofSources.map(([hop, subject, living]) => [subject, hop, living] as const)];
  it.each(rows)('of %s, with a source identity from hop %i, leaves alive: %j; what is issued afterwards lives', async (name, hop, living) => {
    const chain = await newChain(hop);
    expect(await livingOf(chain)).toEqual(allLive);
    const [accountId, subject] = subjectNamed(name);
    await revoke({ kind: 'epoch', accountId, subject: subject() });
    await expectLiving(chain, living);
    await expectLiving(await newChain(hop), allLive);
  });

  it('lets what is left of the chain go on', async () => {
    const [first, second] = await newChain();
    await revoke({ kind: 'epoch', accountId: accountB, subject: `agency:${ids.second}` });
    expect(await service.identity(second)).toMatchObject({ status: 401 });
    const again = await service.session(first, ask(agencies.second));
    expect(await service.identity(await service.session(again, ask(agencies.third)))).toMatchObject({ status: 200 });
  });
});

describe('a boundary', () => {
  // In the middle between the hops: behind the first, behind the second, behind the last one.
  const behind = { first: pause / 2, second: pause + pause / 2, third: 2 * pause + pause / 2 } as const;
  it.each<[SubjectName, SettingHop, keyof typeof behind, Living]>([
    ...ofSubjects.map(([subject, living]) => [subject, 0, 'third', living] as [SubjectName, SettingHop, 'third', Living]),
    ...ofSources.map(([hop, subject, living]) => [subject, hop, 'third', living] as [SubjectName, SettingHop, 'third', Living]),
    ['the account of the key', 0, 'first', noneLives], ['the user of the key', 0, 'first', noneLives], ['the key', 0, 'first', noneLives], ['the first agency', 0, 'first', noneLives],
    ['the second account', 0, 'first', allLive], ['the second agency', 0, 'first', allLive], ['the second agency', 0, 'second', firstLives],
    ['the third agency', 0, 'first', allLive], ['the third agency', 0, 'second', allLive],
    ['the source identity in the first account', 0, 'first', noneLives], ['the source identity in the second account', 0, 'first', allLive], ['the source identity in the second account', 0, 'second', firstLives],
    // The account that set it on the second hop did so with its session of the first.
    ['the source identity in the first account', 1, 'first', firstLives], ['the source identity in the third account', 1, 'second', allLive],
  ])('of %s, with a source identity from hop %i, behind the %s hop, leaves alive: %j; what is issued afterwards lives', async (name, hop, place, living) => {
    const start = seconds(service.clock.now());
    const chain = await newChain(hop);
    await setBoundary(name, start + behind[place]);
    await expectLiving(chain, living);
    service.clock.advance(pause);
    await expectLiving(await newChain(hop), allLive);
  });

  it.each<[SubjectName]>([['the key'], ['the user of the key'], ['the first agency'], ['the account of the key']])('of %s ends what was issued a second before it, and not what was issued at it', async (name) => {
    const before = await service.session(keys.alice, ask(agencies.first));
    service.clock.advance(1);
    const at = await service.session(keys.alice, ask(agencies.first));
    await setBoundary(name, seconds(service.clock.now()));
    expect(await service.identity(before)).toMatchObject({ status: 401 });
    expect(await service.identity(at)).toMatchObject({ status: 200 });
  });

  it('that is set again earlier takes nothing back, and one of another subject stays beside it', async () => {
    const chain = await newChain();
    const now = seconds(service.clock.now());
    await setBoundary('the key', now + 1);
    await setBoundary('the second agency', now + 1);
    await setBoundary('the key', now - 1000);
    expect(await livingOf(chain)).toEqual(noneLives);
    const { boundaries } = await service.composition.services.directory.readEpochs(accountA, []);
    expect(boundaries.of.get(`key:${keys.alice.accessKeyId}`)).toBe(now + 1);
  });
});
