// Sessions can be seen by the accounts that are a party to them, by nobody else, and as they stand at the moment of the answer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { getSessionAnswer, listSessionsAnswer, type SessionDetails, type SessionSummary } from '../../src/oversight/sessions/answers.js';
import type { Revocation } from '../../src/sts/commit.js';
import { accessKey, accountA, accountB, accountC, accountsPlus, agencies, allow, ask, assumeActions, bootstrapKey, keys, policy, trust } from '../support/accounts.js';
import { startOfTest, startService, type Answer, type Credentials, type TestService } from '../support/service.js';
import { anyPlace } from '../support/status.js';

const watcher = accessKey('watcher');
const narrowing = JSON.stringify(policy(allow(assumeActions)));
const rootC = accessKey('rootc');
const rates = { STS_RATE_ADDRESS_PER_MINUTE: '1000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '1000000' };

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountA]: {
      users: [{ user_name: 'watcher', attached_policies: ['watch'], access_keys: [bootstrapKey(watcher)] }],
      policies: [{ policy_name: 'watch', policy_document: policy(allow('sts:sessions:list')) }, { policy_name: 'see-all', policy_document: policy(allow('sts:sessions:*')) }],
      agencies: [{ agency_name: 'security', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['see-all'] }],
    },
    [accountC]: {},
  }, { [accountC]: { user_name: 'root-c', access_keys: [bootstrapKey(rootC)] } }), rates);
});
afterAll(() => service.stop());

const get = (credentials: Credentials, path: string): Promise<Answer> => service.call(credentials, 'GET', path);
async function answered<Body>(schema: z.ZodType<Body>, credentials: Credentials, path: string): Promise<Body> {
  const answer = await get(credentials, path);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return schema.parse(answer.body);
}
const list = (credentials: Credentials, query = '') => answered(listSessionsAnswer, credentials, `/v1/sessions?${query}`);
const show = async (credentials: Credentials, { accessKeyId }: Credentials): Promise<SessionDetails> => (await answered(getSessionAnswer, credentials, `/v1/sessions/${accessKeyId}`)).session;
const ids = (sessions: readonly SessionSummary[]): readonly string[] => sessions.map(({ session_id: id }) => id);
/** Of all pages. */
async function all(credentials: Credentials, query: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (let marker: string | undefined = ''; marker !== undefined;) {
    const page: z.infer<typeof listSessionsAnswer> = await list(credentials, [...(query === '' ? [] : [query]), 'limit=200', ...(marker === '' ? [] : [`marker=${marker}`])].join('&'));
    found.push(...ids(page.sessions));
    marker = page.page_info.next_marker;
  }
  return found;
}
const end = (...revocations: readonly Revocation[]) => service.composition.store.commit({ callerAccountId: accountA, guards: [], unmarkedSessions: [], events: [], revocations });
const note = { revokedAt: startOfTest / 1000, revokedBy: `iam::${accountA}:user:root-a`, reason: 'leaked' };

describe('who sees what', () => {
  let first: Credentials;
  let second: Credentials;
  let third: Credentials;
  beforeAll(async () => {
    first = await service.session(keys.alice, ask(agencies.first, { tags: [{ key: 'team', value: 'blue' }, { key: 'local', value: '1' }], transitive_tag_keys: ['team'], source_identity: 'alice-seen' }));
    second = await service.session(first, ask(agencies.second, { tags: [{ key: 'hop', value: '2' }], policy: narrowing }));
    third = await service.session(second, ask(agencies.third, { agency_session_name: 'deep' }));
  });

  it('a hop between two accounts is seen by both, and by no third one', async () => {
    const seenBy = async (credentials: Credentials) => (await all(credentials, 'source_identity=alice-seen'));
    expect(await seenBy(keys.rootA)).toEqual([second.accessKeyId, first.accessKeyId]);
    expect(await seenBy(keys.rootB)).toEqual([third.accessKeyId, second.accessKeyId]);
    expect(await seenBy(rootC)).toEqual([third.accessKeyId]);
    for (const [session, seers] of [[first, [keys.rootA]], [second, [keys.rootA, keys.rootB]], [third, [keys.rootB, rootC]]] as const) {
      for (const credentials of [keys.rootA, keys.rootB, rootC]) {
        const path = `/v1/sessions/${session.accessKeyId}`;
        const status = (seers as readonly Credentials[]).includes(credentials) ? 200 : 404;
        expect([(await get(credentials, path)).status, (await get(credentials, `${path}/descendants`)).status]).toEqual([status, status]);
      }
    }
  });

  it('a session of others is answered like one that never existed, whatever the id', async () => {
    const shape = ({ status, body }: Answer, id: string) => [status, Object.keys(body), body.error_code, body.error_msg?.replace(id, 'ID')];
    const foreign = shape(await get(rootC, `/v1/sessions/${first.accessKeyId}`), first.accessKeyId);
    for (const id of [`${first.accessKeyId.slice(0, -1)}${first.accessKeyId.endsWith('A') ? 'B' : 'A'}`, 'HST7777777777777777A', 'HSTAA', 'hst', 'HPUAALICE00000000000', '..a', 'A'.repeat(60)]) {
      expect(shape(await get(rootC, `/v1/sessions/${id}`), id), id).toEqual(foreign);
      expect(shape(await get(rootC, `/v1/sessions/${id}/descendants`), id), id).toEqual(foreign);
    }
  });

  it('a session tells its whole chain, and names only what the account is a party to', async () => {
    const seen = await show(keys.rootB, third);
    expect(seen).toMatchObject({
      session_id: third.accessKeyId, urn: `sts::${accountC}:assumed-agency:third/deep`, account_id: accountC, agency_urn: agencies.third, status: 'active', source: 'record', depth: 3,
      assumed_by: `sts::${accountB}:assumed-agency:second/session1`, root_principal: `iam::${accountA}:user:alice`, access_key_id: keys.alice.accessKeyId,
      chain: [
        { kind: 'access_key', id: keys.alice.accessKeyId, depth: 0, account_id: accountA },
        { kind: 'session', id: first.accessKeyId, depth: 1, account_id: accountA },
        { kind: 'session', id: second.accessKeyId, depth: 2, account_id: accountB, agency_urn: agencies.second, agency_session_name: 'session1', status: 'active' },
      ],
    });
    expect(seen.chain[1]).not.toHaveProperty('agency_session_name');
    expect((await show(rootC, third)).chain[2]).toMatchObject({ id: second.accessKeyId });
    expect((await show(rootC, third)).chain[2]).not.toHaveProperty('agency_urn');
  });

  it('tags and source identity tell the hop that set them, as far as its session can be seen', async () => {
    const seenByA = await show(keys.rootA, second);
    expect(seenByA.source_identity).toEqual({ value: 'alice-seen', origin: { depth: 1, session_id: first.accessKeyId } });
    expect(seenByA.tags).toEqual(expect.arrayContaining([
      { key: 'team', value: 'blue', transitive: true, inherited: true, origin: { depth: 1, session_id: first.accessKeyId } },
      { key: 'hop', value: '2', transitive: false, inherited: false, origin: { depth: 2, session_id: second.accessKeyId } },
    ]));
    expect((await show(keys.rootB, third)).tags).toEqual([{ key: 'team', value: 'blue', transitive: true, inherited: true }]);
  });

  it('what narrows a session stands in full for the account of the agency, and as a fact for the other', async () => {
    expect((await show(keys.rootB, second)).session_policies).toEqual({ is_narrowed: true, policy: narrowing, policy_ids: [] });
    expect((await show(keys.rootA, second)).session_policies).toEqual({ is_narrowed: true });
    expect((await show(keys.rootA, first)).session_policies).toEqual({ is_narrowed: false, policy_ids: [] });
  });

  it('the last use tells when and from where', async () => {
    service.clock.advance(70);
    await service.identity(first);
    expect((await show(keys.rootA, first)).last_use).toEqual({ time: new Date(service.clock.now()).toISOString(), source_ip: '127.0.0.1' });
    expect(await show(rootC, third)).not.toHaveProperty('last_use');
  });
});

describe('permission', () => {
  it('each operation has its action', async () => {
    const session = await service.session(keys.alice, ask(agencies.first));
    const path = `/v1/sessions/${session.accessKeyId}`;
    expect([(await get(watcher, '/v1/sessions')).status, (await get(watcher, path)).status, (await get(watcher, `${path}/descendants`)).status]).toEqual([200, 403, 403]);
    expect([(await get(session, '/v1/sessions')).status, (await get(session, path)).status]).toEqual([403, 403]);
    // Permission comes before the 404.
    expect((await get(watcher, '/v1/sessions/HST7777777777777777A')).status).toBe(403);
  });

  it('a session policy binds the session that asks, down to the one session that it may look at', async () => {
    const [one, other] = [await service.session(keys.alice, ask(agencies.first)), await service.session(keys.alice, ask(agencies.first))];
    const security = `iam::${accountA}:agency:security`;
    const free = await service.session(keys.alice, ask(security));
    const only = policy(allow('sts:sessions:get', { Resource: [`sts::${accountA}:session:${one.accessKeyId}`] }));
    const bound = await service.session(keys.alice, ask(security, { policy: JSON.stringify(only) }));
    const statuses = async (credentials: Credentials) => Promise.all(['', `/${one.accessKeyId}`, `/${one.accessKeyId}/descendants`, `/${other.accessKeyId}`].map(async (path) => (await get(credentials, `/v1/sessions${path}`)).status));
    expect(await statuses(free)).toEqual([200, 200, 200, 200]);
    expect(await statuses(bound)).toEqual([403, 200, 200, 403]);
  });
});

describe('the filters', () => {
  const base = startOfTest + 86_400_000;
  let mine: readonly Credentials[];
  let longId: string;
  beforeAll(async () => {
    service.clock.set(base);
    const one = await service.session(keys.alice, ask(agencies.first, { tags: [{ key: 'a=b', value: 'c' }, { key: 'team', value: 'red' }], source_identity: 'filtered', duration_seconds: 900 }));
    service.clock.advance(10);
    const two = await service.session(one, ask(agencies.second, { duration_seconds: 1800 }));
    service.clock.advance(10);
    const three = await service.session(keys.rootA, ask(agencies.long, { duration_seconds: 3600 }));
    mine = [one, two, three];
    longId = (await show(keys.rootA, three)).agency_id ?? '';
  });
  const at = (seconds: number): string => encodeURIComponent(new Date(base + seconds * 1000).toISOString());

  const cases: readonly [filter: string, query: string | (() => string), found: readonly number[]][] = [
    ['none', '', [2, 1, 0]],
    ['agency by URN', `agency=${encodeURIComponent(agencies.second)}`, [1]],
    ['agency by id', () => `agency=${longId}`, [2]],
    ['principal', `principal=${encodeURIComponent(`iam::${accountA}:user:alice`)}`, [0]],
    ['principal that is a session', `principal=${encodeURIComponent(`sts::${accountA}:assumed-agency:first/session1`)}`, [1]],
    ['root principal', `root_principal=${encodeURIComponent(`iam::${accountA}:user:alice`)}`, [1, 0]],
    ['access key of the chain\'s root', `access_key_id=${keys.rootA.accessKeyId}`, [2]],
    ['source identity', 'source_identity=filtered', [1, 0]],
    ['tag key', 'tag=team', [0]],
    ['tag key and value', 'tag=team%3Dred', [0]],
    ['another value of the tag', 'tag=team%3Dblue', []],
    ['tag key with an equals sign', 'tag=a%3Db', [0]],
    ['tag key with an equals sign, and value', 'tag=a%3Db%3Dc', [0]],
    ['depth', 'depth=2', [1]],
    ['issued from a moment on', `issued_after=${at(10)}`, [2, 1]],
    ['issued before a moment', `issued_before=${at(10)}`, [0]],
    ['expiring from a moment on', `expires_after=${at(1810)}`, [2, 1]],
    ['expiring before a moment', `expires_before=${at(1810)}`, [0]],
    ['several at once', `source_identity=filtered&depth=1&tag=team&issued_after=${at(0)}&issued_before=${at(1)}`, [0]],
  ];
  it.each(cases)('%s, of live sessions', async (_filter, query, found) => {
    service.clock.set(base + 100_000);
    const asked = typeof query === 'string' ? query : query();
    const own = new Set(mine.map(({ accessKeyId }) => accessKeyId));
    expect((await all(keys.rootA, asked)).filter((id) => own.has(id))).toEqual(found.map((index) => mine[index]?.accessKeyId));
  });
  it.each(cases)('%s, of ended sessions, also when their records are gone', async (_filter, query, found) => {
    const asked = typeof query === 'string' ? query : query();
    service.clock.set(base + 4_000_000);
    const own = new Set(mine.map(({ accessKeyId }) => accessKeyId));
    const ended = async () => (await all(keys.rootA, asked === '' ? 'state=ended' : `state=ended&${asked}`)).filter((id) => own.has(id));
    const expected = found.map((index) => mine[index]?.accessKeyId);
    expect(await ended()).toEqual(expected);
    const records = mine.map(({ accessKeyId }) => service.composition.names.session(accessKeyId));
    const kept = await service.redis.mget(records);
    await service.redis.del(records);
    expect(await ended()).toEqual(expected);
    await Promise.all(records.map((key, index) => service.redis.set(key, kept[index] ?? '')));
  });

  it.each([
    'limit=0', 'limit=201', 'state=dead', 'agency=first%20', 'agency=iam%3A%3Ax%3Aagency%3Afirst', 'access_key_id=HSTAAAAAAAAAAAAAAAAA', 'source_identity=%00', 'tag=', 'depth=0', 'depth=1e1',
    'issued_after=yesterday', 'issued_before=2026-01-15', 'expires_after=1', 'expires_before=', 'colour=blue', 'tag=a&tag=b',
  ])('%s is refused', async (query) => {
    const answer = await get(keys.rootA, `/v1/sessions?${query}`);
    expect([answer.status, answer.body.error_code]).toEqual([400, 'PAP5.1102']);
  });
});

describe('the status of a session', () => {
  const status = async (credentials: Credentials, session: Credentials) => {
    const { status: told, revocation } = await show(credentials, session);
    const [live, ended] = await Promise.all(['live', 'ended'].map(async (state) => (await all(credentials, `state=${state}`)).includes(session.accessKeyId)));
    expect([live, ended]).toEqual(told === 'active' ? [true, false] : [false, true]);
    expect((await service.identity(session)).status === 200).toBe(told === 'active');
    return { told, revocation };
  };
  const agencyOf = async (session: Credentials): Promise<string> => (await show(keys.rootA, session)).agency_id ?? '';
  const chain = async (): Promise<readonly [Credentials, Credentials]> => {
    const parent = await service.session(keys.alice, ask(agencies.first));
    return [parent, await service.session(parent, ask(agencies.second))];
  };

  it('is expired from the second on in which it ends', async () => {
    const session = await service.session(keys.alice, ask(agencies.first, { duration_seconds: 900 }));
    service.clock.advance(899);
    expect(await status(keys.rootA, session)).toEqual({ told: 'active', revocation: undefined });
    service.clock.advance(1);
    expect(await status(keys.rootA, session)).toEqual({ told: 'expired', revocation: undefined });
  });

  it('is revoked by a mark of its own, with who did it and why, and of its descendants by their ancestor', async () => {
    const [parent, child] = await chain();
    await end({ kind: 'mark', sessionId: parent.accessKeyId, status: anyPlace(parent.accessKeyId), note });
    const told = { session_id: parent.accessKeyId, revoked_at: new Date(startOfTest).toISOString(), revoked_by: note.revokedBy, reason: 'leaked' };
    expect(await status(keys.rootA, parent)).toEqual({ told: 'revoked', revocation: { by: 'session', ...told } });
    expect(await status(keys.rootA, child)).toEqual({ told: 'revoked', revocation: { by: 'ancestor', ...told } });
    expect(await status(keys.rootB, child)).toEqual({ told: 'revoked', revocation: { by: 'ancestor', session_id: parent.accessKeyId } });
  });

  it('is revoked by an epoch of whatever it descends from', async () => {
    const [parent, child] = await chain();
    const subject = `agency:${await agencyOf(parent)}` as const;
    await end({ kind: 'epoch', accountId: accountA, subject });
    expect(await status(keys.rootA, child)).toEqual({ told: 'revoked', revocation: { by: 'epoch', account_id: accountA, subject } });
    expect(await status(keys.rootB, child)).toEqual({ told: 'revoked', revocation: { by: 'epoch', account_id: accountA } });
  });

  it('is revoked by a boundary that it was issued before, and not by one that it was issued at', async () => {
    const [parent, child] = await chain();
    const subject = `agency:${await agencyOf(parent)}` as const;
    const issued = service.clock.now() / 1000;
    const boundary = async (issuedBefore: number) => end({ kind: 'boundary', accountId: accountA, subject, issuedBefore, revokedAt: issuedBefore, boundaries: (await service.composition.services.directory.readEpochs(accountA, [])).boundaries });
    await boundary(issued);
    expect(await status(keys.rootA, child)).toEqual({ told: 'active', revocation: undefined });
    await boundary(issued + 1);
    expect(await status(keys.rootA, child)).toEqual({ told: 'revoked', revocation: { by: 'boundary', account_id: accountA, subject, issued_before: new Date((issued + 1) * 1000).toISOString() } });
    service.clock.advance(2);
  });

  it('stays revoked when its time has passed and its record is gone', async () => {
    const [parent, child] = await chain();
    await end({ kind: 'mark', sessionId: parent.accessKeyId, status: anyPlace(parent.accessKeyId), note });
    service.clock.advance(3600);
    expect((await show(keys.rootA, child)).status).toBe('revoked');
    await service.redis.del(service.composition.names.session(child.accessKeyId));
    expect(await show(keys.rootA, child)).toMatchObject({
      source: 'audit', status: 'revoked', revocation: { by: 'ancestor', session_id: parent.accessKeyId }, agency_urn: agencies.second, root_principal: `iam::${accountA}:user:alice`, depth: 2,
      chain: [{ kind: 'access_key', id: keys.alice.accessKeyId }, { kind: 'session', id: parent.accessKeyId }],
    });
  });
});

describe('a record that somebody changed', () => {
  it('is answered with 503, in lists as well', async () => {
    const session = await service.session(keys.alice, ask(agencies.first));
    const key = service.composition.names.session(session.accessKeyId);
    const record = (await service.redis.get(key)) ?? '';
    await service.redis.set(key, record.replace('session1', 'session2'));
    for (const path of ['/v1/sessions', '/v1/sessions?state=ended', `/v1/sessions/${session.accessKeyId}`]) expect((await get(keys.rootA, path)).status, path).toBe(503);
    await service.redis.del(key);
    expect((await get(keys.rootA, '/v1/sessions')).status).toBe(200);
  });
});
