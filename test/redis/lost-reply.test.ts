// The reply of a commit is lost after its script ran: one request makes one session, and nothing is sent a second time.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commitScript } from '../../src/redis/scripts/commit.js';
import { accountA, accountB, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { countSessions, startPeer, startProxy, type Fate, type Peer, type Proxy } from './support.js';

let service: TestService;
let proxy: Proxy;
let peer: Peer;
beforeAll(async () => {
  service = await startService(accounts);
  proxy = await startProxy(service.redisServer.socketPath);
  peer = await startPeer(service, proxy.url);
});
afterAll(async () => {
  await peer.stop();
  await proxy.stop();
  await service.stop();
});
beforeEach(() => proxy.watch('', undefined));

const counts = async () => ({
  sessions: await countSessions(service.redis),
  eventsOfA: (await service.events(accountA)).length,
  eventsOfB: (await service.events(accountB)).length,
});

/** The next commit meets this fate, later ones none. */
function strikeOnce(fate: Fate): () => number {
  let seen = 0;
  proxy.watch(commitScript.sha, () => {
    seen += 1;
    return seen === 1 ? fate : 'forward';
  });
  return () => seen;
}

const untilConnected = () => expect.poll(async () => (await peer.identity(keys.alice)).status, { timeout: 5000 }).toBe(200);

describe.each([
  ['the reply is lost', 'cut-before-reply', 1],
  ['the request is lost', 'cut-before-send', 0],
] as const)('%s', (_name, fate, written) => {
  it.each([['the own account', agencies.first, 0], ['another account', agencies.second, 1]])('an agency of %s: 503, and what ran ran once', async (_of, agencyUrn, other) => {
    const before = await counts();
    const commits = strikeOnce(fate);
    const answer = await peer.assume(keys.alice, { agency_urn: agencyUrn, agency_session_name: 'lost' });
    expect(answer).toMatchObject({ status: 503, body: { error_code: 'STS5.1503' } });
    expect(answer.body.credentials).toBeUndefined();
    // The connection is made anew by itself; a client library that sends again would do it now.
    await untilConnected();
    const after = await counts();
    const identities = commits() - 1;
    expect(after).toEqual({
      sessions: before.sessions + written, eventsOfA: before.eventsOfA + written + identities, eventsOfB: before.eventsOfB + written * other,
    });
  });

  it('a client that tries again gets a session of its own', async () => {
    const before = await counts();
    strikeOnce(fate);
    const assume = () => peer.assume(keys.alice, { agency_urn: agencies.first, agency_session_name: 'again' });
    expect((await assume()).status).toBe(503);
    await expect.poll(async () => (await assume()).status, { timeout: 5000 }).toBe(200);
    expect((await counts()).sessions).toBe(before.sessions + written + 1);
  });
});

it('of many calls whose replies are lost together each has one session and one event at most', async () => {
  const before = await counts();
  strikeOnce('cut-before-reply');
  const answers = await Promise.all(Array.from({ length: 24 }, (_, number) =>
    peer.assume(keys.alice, { agency_urn: agencies.first, agency_session_name: `many-${number}` })));
  await untilConnected();
  const events = (await service.events(accountA)).slice(before.eventsOfA).filter(({ operation }) => operation === 'AssumeAgency');
  const names = events.map(({ request }) => request?.['session_name']);
  expect(new Set(names).size).toBe(names.length);
  expect((await counts()).sessions - before.sessions).toBe(events.length);
  const answered = answers.flatMap(({ status, body }) => (status === 200 ? [body.credentials?.access_key_id] : []));
  const recorded = new Set(events.map(({ issuedSession }) => issuedSession?.sessionId));
  expect(answered.filter((id) => !recorded.has(id))).toEqual([]);
  expect(answers.some(({ status }) => status === 503)).toBe(true);
  expect(answers.every(({ status }) => status === 200 || status === 503)).toBe(true);
});
