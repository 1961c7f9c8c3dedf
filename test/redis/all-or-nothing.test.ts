// A commit that Redis refuses, for want of memory or for a key of a wrong type, has written nothing at all.
import * as OTPAuth from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountA, accountB, accounts, agencies, keys, mfaSeed, mfaSerial } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { withAdded } from './altered.js';
import { countSessions, dump, startPeer, type Peer } from './support.js';

let service: TestService;
let peer: Peer;
beforeAll(async () => {
  service = await startService(accounts, { STS_REJECT_REPLAYS: '1' });
  peer = await startPeer(service, `unix://${service.redisServer.socketPath}`, { STS_REJECT_REPLAYS: '1' });
});
afterAll(async () => {
  await peer.stop();
  await service.stop();
});

/** A call that touches everything that a commit can: both accounts' indexes and streams, an MFA step, a signature input. */
function assumeEverything() {
  // Each call has a time and a code of its own.
  service.clock.advance(60);
  const tokenCode = new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(mfaSeed) }).generate({ timestamp: service.clock.now() });
  return peer.assume(keys.alice, { agency_urn: agencies.second, agency_session_name: 'everything', serial_number: mfaSerial, token_code: tokenCode });
}

async function expectRefusedWithoutTrace(): Promise<void> {
  const before = await dump(service.redis);
  const answer = await assumeEverything();
  expect(answer).toMatchObject({ status: 503, body: { error_code: 'STS5.1503' } });
  expect(answer.body.credentials).toBeUndefined();
  expect(await dump(service.redis)).toEqual(before);
}

async function expectServed(): Promise<void> {
  const before = await countSessions(service.redis);
  expect((await assumeEverything()).status).toBe(200);
  expect(await countSessions(service.redis)).toBe(before + 1);
}

type Names = TestService['composition']['names'];
type Plant = (key: string) => Promise<unknown>;
const text = (value: string): Plant => (key) => service.redis.set(key, value);
const list: Plant = (key) => service.redis.lpush(key, 'planted');
const hash: Plant = (key) => service.redis.hset(key, 'planted', '1');

const targets: readonly (readonly [string, (names: Names) => string, Plant])[] = [
  ['a list in place of the caller\'s index counter', (names) => names.sessionIndex(accountA), list],
  ['a list in place of the target\'s index counter', (names) => names.sessionIndex(accountB), list],
  ['a text that is no number in the index counter', (names) => names.sessionIndex(accountB), text('many')],
  ['a number that Redis does not count on', (names) => names.sessionIndex(accountB), text('1e3')],
  ['a negative number in the index counter', (names) => names.sessionIndex(accountB), text('-1')],
  ['a fraction in the index counter', (names) => names.sessionIndex(accountB), text('0.5')],
  ['the last number of all in the index counter', (names) => names.sessionIndex(accountB), text('9223372036854775807')],
  ['a text in place of the caller\'s index page', (names) => `${names.sessionIndex(accountA)}:0`, text('planted')],
  ['a hash in place of the target\'s index page', (names) => `${names.sessionIndex(accountB)}:0`, hash],
  ['a text in place of the caller\'s audit stream', (names) => names.audit(names.cellOfAccount(accountA)), text('planted')],
  ['a list in place of the target\'s audit stream', (names) => names.audit(names.cellOfAccount(accountB)), list],
  ['a stream that goes on behind the end of ours', (names) => names.audit(names.cellOfAccount(accountA)), (key) => service.redis.xadd(key, '5-1', 'e', 'planted')],
  ['a stream that goes on behind the end of the target\'s', (names) => names.audit(names.cellOfAccount(accountB)), (key) => service.redis.xadd(key, '5-1', 'e', 'planted')],
  ['a text in place of the MFA steps', (names) => names.mfaSteps(accountA), text('planted')],
  ['a list in place of the caller\'s state', (names) => names.accountState(accountA), list],
  ['a text in place of the target\'s state', (names) => names.accountState(accountB), text('planted')],
];

describe('a key of a wrong kind stops the commit before it writes', () => {
  it.each(targets)('%s', async (_what, keyOf, plant) => {
    await expectServed();
    const key = keyOf(service.composition.names);
    await service.redis.rename(key, 'aside');
    await plant(key);
    try {
      await expectRefusedWithoutTrace();
    } finally {
      await service.redis.rename('aside', key);
    }
    await expectServed();
  });
});

describe('a Redis without memory', () => {
  it('refuses every call, keeps what it has, and serves again when there is memory', async () => {
    await expectServed();
    await service.redis.config('SET', 'maxmemory', '1');
    try {
      await expectRefusedWithoutTrace();
    } finally {
      await service.redis.config('SET', 'maxmemory', '0');
    }
    await expectServed();
  });

  it('takes no commit, although the call came that far', async () => {
    const { store, services } = service.composition;
    const issued = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'model' });
    const session = await services.sessions.find(issued.accessKeyId);
    const event = (await service.events(accountA)).at(-1);
    if (session === undefined || event === undefined) throw new Error('no session to copy');
    const commit = { callerAccountId: accountA, guards: [], unmarkedSessions: [], events: [event], session: { ...session, sessionId: services.sessionIds.newSessionId(accountA) } };
    const before = await dump(service.redis);
    await service.redis.config('SET', 'maxmemory', '1');
    await expect(store.commit(commit)).rejects.toMatchObject({ errorName: 'storeUnavailable' });
    await service.redis.config('SET', 'maxmemory', '0');
    expect(await dump(service.redis)).toEqual(before);
    expect(await store.commit(commit)).toMatchObject({ result: 'committed' });
  });

  it('takes no half of a directory write', async () => {
    const before = await dump(service.redis);
    await service.redis.config('SET', 'maxmemory', '1');
    const changed = withAdded(accountA, 'users', { user_name: 'newcomer', attached_policies: ['only-assume'] });
    await expect(service.apply(changed)).rejects.toMatchObject({ errorName: 'storeUnavailable' });
    await service.redis.config('SET', 'maxmemory', '0');
    expect(await dump(service.redis)).toEqual(before);
  });
});
