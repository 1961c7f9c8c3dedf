// Lists of sessions come in pages of bounded work: nothing twice, nothing lost, however many sessions there are.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { listDescendantsAnswer, listSessionsAnswer } from '../../src/oversight/sessions/answers.js';
import { newSessionId } from '../../src/urn/ids.js';
import { accessKey, accountA, accountB, accountC, accountsPlus, agencies, ask, bootstrapKey, keys, trust } from '../support/accounts.js';
import { startService, type Answer, type Credentials, type TestService } from '../support/service.js';
import { anyPlace } from '../support/status.js';

const many = accessKey('many');
const manyAccount = 'e'.repeat(32);
const rates = { STS_RATE_ADDRESS_PER_MINUTE: '1000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '1000000' };
const pageSize = 128;

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({ [manyAccount]: { agencies: [{ agency_name: 'own', trust_policy: trust({ IAM: [manyAccount] }) }] } }, { [manyAccount]: { user_name: 'many-root', access_keys: [bootstrapKey(many)] } }), rates);
});
afterAll(() => service.stop());

const get = (credentials: Credentials, path: string): Promise<Answer> => service.call(credentials, 'GET', path);
async function page<Body>(schema: z.ZodType<Body>, credentials: Credentials, path: string, marker?: string): Promise<Body> {
  const answer = await get(credentials, marker === undefined ? path : `${path}&marker=${marker}`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return schema.parse(answer.body);
}

/** An index as if so many more sessions had been issued whose records are gone; gives their ids, oldest first. */
async function fillIndex(key: string, held: number, count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, () => newSessionId(0, service.composition.services.random));
  const pipeline = service.redis.pipeline();
  ids.forEach((id, at) => pipeline.zadd(`${key}:${Math.floor((held + at) / pageSize)}`, held + at, id));
  pipeline.set(key, held + count);
  await pipeline.exec();
  return ids;
}

/** How often each command ran. */
async function commands(work: () => Promise<unknown>): Promise<ReadonlyMap<string, number>> {
  await service.redis.config('RESETSTAT');
  await work();
  const text = await service.redis.info('commandstats');
  return new Map([...text.matchAll(/cmdstat_(\S+):calls=(\d+)/g)].map(([, name = '', calls]) => [name, Number(calls)]));
}
const sum = (calls: ReadonlyMap<string, number>): number => [...calls.values()].reduce((total, each) => total + each, 0);

describe.each([['live', 0], ['ended', 1000]] as const)('%s sessions', (state, age) => {
  it('are all found once, while others come into being between the pages', async () => {
    const before: string[] = [];
    for (let made = 0; made < 5; made += 1) before.push((await service.session(keys.alice, ask(agencies.first, { agency_session_name: `${state}-old`, duration_seconds: 900 }))).accessKeyId);
    service.clock.advance(age);
    const found: string[] = [];
    let marker: string | undefined;
    do {
      const { sessions, page_info: info }: z.infer<typeof listSessionsAnswer> = await page(listSessionsAnswer, keys.rootA, `/v1/sessions?state=${state}&limit=2`, marker);
      expect(info.current_count).toBe(sessions.length);
      expect(sessions.length).toBeLessThanOrEqual(2);
      found.push(...sessions.map(({ session_id: id }) => id));
      marker = info.next_marker;
      if (found.length < 12) await service.session(keys.alice, ask(agencies.first, { duration_seconds: 900 }));
    } while (marker !== undefined);
    expect(found.filter((id) => before.includes(id))).toEqual(before.toReversed());
    expect(new Set(found).size).toBe(found.length);
  });
});

describe('a marker', () => {
  it('is good for its account, its list and its filters only', async () => {
    const parent = await service.session(keys.alice, ask(agencies.first));
    for (let made = 0; made < 2; made += 1) await service.session(parent, ask(agencies.second));
    const { page_info: { next_marker: marker = '' } } = await page(listSessionsAnswer, keys.rootA, '/v1/sessions?limit=1');
    const below = `/v1/sessions/${parent.accessKeyId}/descendants?limit=1`;
    const { page_info: { next_marker: belowMarker = '' } } = await page(listDescendantsAnswer, keys.rootA, below);
    const other = await service.session(keys.alice, ask(agencies.first));
    const status = async (credentials: Credentials, path: string, given: string) => {
      const { status: code, body } = await get(credentials, `${path}&marker=${encodeURIComponent(given)}`);
      return code === 200 ? 200 : [code, body.error_code];
    };
    const refused = [400, 'PAP5.0010'];
    expect(await status(keys.rootA, '/v1/sessions?limit=7', marker)).toBe(200);
    expect(await status(keys.rootB, '/v1/sessions?limit=1', marker)).toEqual(refused);
    for (const filter of ['depth=1', 'state=ended', 'tag=team']) expect(await status(keys.rootA, `/v1/sessions?${filter}`, marker), filter).toEqual(refused);
    expect(await status(keys.rootA, below, belowMarker)).toBe(200);
    expect(await status(keys.rootA, below, marker)).toEqual(refused);
    expect(await status(keys.rootA, `/v1/sessions/${other.accessKeyId}/descendants?limit=1`, belowMarker)).toEqual(refused);
    const bent = [marker.slice(0, -2), `${marker}AA`, marker.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')), 'x', 'é', '0', Buffer.from('5').toString('base64url'), 'A'.repeat(3000)];
    for (const text of bent) expect(await status(keys.rootA, '/v1/sessions?limit=1', text), text).toEqual(refused);
  });
});

describe('20,000 sessions', () => {
  let oldest: Credentials;
  beforeAll(async () => {
    oldest = await service.session(many, ask(`iam::${manyAccount}:agency:own`));
    await fillIndex(service.composition.names.sessionIndex(manyAccount), 1, 20_000);
  });

  it('make no page longer: each looks at 1,000 of them, without a search over keys, and the oldest is found behind all the others', async () => {
    // The account itself is read before.
    await get(many, '/v1/sessions?limit=1');
    let marker: string | undefined;
    let pages = 0;
    const found: string[] = [];
    do {
      const calls = await commands(async () => {
        const { sessions, page_info: info } = await page(listSessionsAnswer, many, '/v1/sessions?limit=200', marker);
        found.push(...sessions.map(({ session_id: id }) => id));
        marker = info.next_marker;
      });
      pages += 1;
      expect(sum(calls)).toBeLessThan(120);
      expect([...calls.keys()].filter((name) => /^(keys|scan|[hsz]scan|smembers|hgetall)$/.test(name))).toEqual([]);
    } while (marker !== undefined);
    expect(pages).toBe(21);
    expect(found).toEqual([oldest.accessKeyId]);
  });

  it('are not shown because an index says so: whose a session is, its record says', async () => {
    const foreign = await service.session(keys.alice, ask(agencies.first));
    const key = service.composition.names.sessionIndex(manyAccount);
    await service.redis.zadd(`${key}:${Math.floor(20_001 / pageSize)}`, 20_001, foreign.accessKeyId);
    await service.redis.set(key, 20_002);
    expect((await page(listSessionsAnswer, many, '/v1/sessions?limit=200')).sessions).toEqual([]);
  });
});

describe('descendants', () => {
  const below = (session: Credentials, limit: number): string => `/v1/sessions/${session.accessKeyId}/descendants?limit=${limit}`;
  async function all(credentials: Credentials, session: Credentials, limit: number): Promise<z.infer<typeof listDescendantsAnswer>['descendants']> {
    const found: z.infer<typeof listDescendantsAnswer>['descendants'] = [];
    let marker: string | undefined;
    do {
      const answer: z.infer<typeof listDescendantsAnswer> = await page(listDescendantsAnswer, credentials, below(session, limit), marker);
      found.push(...answer.descendants);
      marker = answer.page_info.next_marker;
    } while (marker !== undefined);
    return found;
  }

  it('come breadth first with their parent, and unnamed where the account is no party', async () => {
    const root = await service.session(keys.alice, ask(agencies.first));
    const one = await service.session(root, ask(agencies.second));
    const two = await service.session(root, ask(agencies.second));
    const deep = await service.session(one, ask(agencies.third));
    const { store } = service.composition;
    await store.commit({ callerAccountId: accountA, guards: [], unmarkedSessions: [], events: [], revocations: [{ kind: 'mark', sessionId: one.accessKeyId, status: anyPlace(one.accessKeyId), note: { revokedAt: 1, revokedBy: 'x', reason: '' } }] });
    for (const limit of [1, 2, 200]) {
      const [first, second, third, ...rest] = await all(keys.rootA, root, limit);
      expect(first).toMatchObject({ session_id: two.accessKeyId, parent_session_id: root.accessKeyId, depth: 2, status: 'active', account_id: accountB, agency_urn: agencies.second });
      expect(second).toMatchObject({ session_id: one.accessKeyId, parent_session_id: root.accessKeyId, depth: 2, status: 'revoked' });
      expect(third).toEqual({ session_id: deep.accessKeyId, parent_session_id: one.accessKeyId, depth: 3, status: 'revoked' });
      expect(rest).toEqual([]);
    }
    expect(await all(keys.rootB, one, 200)).toMatchObject([{ session_id: deep.accessKeyId, account_id: accountC, status: 'revoked' }]);
    expect(await all(keys.rootB, two, 200)).toEqual([]);
  });

  it('of which there are 5,000 take many pages of bounded work, and each is there once', async () => {
    const root = await service.session(keys.alice, ask(agencies.first));
    const ids = await fillIndex(service.composition.names.sessionChildren(root.accessKeyId), 0, 5000);
    const found: string[] = [];
    let marker: string | undefined;
    do {
      const calls = await commands(async () => {
        const { descendants, page_info: info } = await page(listDescendantsAnswer, keys.rootA, below(root, 200), marker);
        found.push(...descendants.map(({ session_id: id, status }) => (status === 'expired' ? id : status)));
        marker = info.next_marker;
      });
      expect(sum(calls)).toBeLessThan(120);
    } while (marker !== undefined);
    expect(found).toEqual(ids.toReversed());
  });

  it('in whose index somebody put a session of others are an alarm, not an answer', async () => {
    const [root, other] = [await service.session(keys.alice, ask(agencies.first)), await service.session(keys.alice, ask(agencies.long))];
    const key = service.composition.names.sessionChildren(root.accessKeyId);
    await service.redis.zadd(`${key}:0`, 0, other.accessKeyId);
    await service.redis.set(key, 1);
    expect((await get(keys.rootA, below(root, 10))).status).toBe(503);
    await service.redis.set(key, 'many');
    expect((await get(keys.rootA, below(root, 10))).status).toBe(503);
  });
});
