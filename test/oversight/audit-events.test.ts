// Reading the audit: an account finds its own events, sealed or not, and nothing of others.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeEvent } from '../../src/audit/record.js';
import { packId } from '../../src/audit/record-parts.js';
import { accountA, accountB, accountsPlus, agencies, ask, allow, keys, policy, trust } from '../support/accounts.js';
import { storedEvents } from '../support/events.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { allItems, idsOf, itemsOf, list, pageOf, proved, userOf, type Item } from './audit-support.js';

const auditor = `iam::${accountA}:agency:auditor`;
let service: TestService;
let session: Credentials;

beforeAll(async () => {
  // Both accounts live in one cell, and so in one log.
  service = await startService(accountsPlus({
    [accountA]: {
      agencies: [{ agency_name: 'auditor', trust_policy: trust({ IAM: [accountA] }), attached_policies: ['read-audit'] }],
      policies: [{ policy_name: 'read-audit', policy_document: policy(allow(['sts:auditEvents:list', 'sts:auditEvents:get'])) }],
    },
  }), { STS_CELLS: '1', STS_RATE_ACCESS_KEY_PER_MINUTE: '100000', STS_RATE_ADDRESS_PER_MINUTE: '100000' });
  await service.identity(keys.rootB);
  session = await service.session(keys.alice, ask(agencies.first, { source_identity: 'alice@corp', tags: [{ key: 'team', value: 'blue' }], transitive_tag_keys: ['team'] }));
  await service.assume(keys.alice, ask(agencies.untrusting));
  await service.seal();
  service.clock.advance(600);
  await service.session(session, ask(agencies.second));
  await service.assume(keys.bob, ask(agencies.plain));
  await service.identity(keys.bert);
});
afterAll(() => service.stop());

/** Reading leaves events too: they are no part of what is compared. */
const others = (items: readonly Item[]): readonly Item[] => items.filter(({ trace_name: name }) => !String(name).includes('AuditEvent'));

describe('the list of audit events', () => {
  it.each([['A', accountA, keys.rootA], ['B', accountB, keys.rootB]])('has the events of account %s, sealed or not, and of no other', async (_name, accountId, credentials) => {
    const items = itemsOf(await list(service, credentials, 'limit=200'));
    expect(new Set(items.map((item) => item['account_id']))).toEqual(new Set([accountId]));
    expect(new Set(items.map((item) => item['sealed']))).toEqual(new Set([true, false]));
    const oldestFirst = itemsOf(await list(service, credentials, 'limit=200&order=oldest'));
    expect(idsOf(oldestFirst).slice(0, items.length)).toEqual(idsOf(items).toReversed());
    const unsealed = (await storedEvents(service.composition, accountId)).map(({ id }) => id);
    expect(idsOf(oldestFirst.filter((item) => item['sealed'] === false))).toEqual(unsealed.slice(0, -1));
  });

  it.each<readonly [string, (item: Item) => boolean]>([
    ['operation=AssumeAgency', (item) => item['trace_name'] === 'AssumeAgency'],
    [`principal=iam::${accountA}:user:alice`, (item) => userOf(item)['principal_urn'] === `iam::${accountA}:user:alice`],
    [`access_key_id=${keys.bob.accessKeyId}`, (item) => userOf(item)['access_key_id'] === keys.bob.accessKeyId],
    [`access_key_id=${keys.alice.accessKeyId}`, (item) => JSON.stringify(item['user']).includes(keys.alice.accessKeyId)],
    ['session_id=SESSION', (item) => JSON.stringify([item['issued_session'], userOf(item)['session_context']]).includes(session.accessKeyId)],
    ['source_identity=alice@corp', (item) => JSON.stringify(item).includes('alice@corp')],
    ['source_ip=127.0.0.1', (item) => item['source_ip'] === '127.0.0.1'],
    ['source_ip=192.0.2.7', () => false],
    ['outcome=refused', (item) => Number(item['code']) >= 400],
    ['outcome=allowed', (item) => Number(item['code']) < 400],
    ['error_code=STS5.1001', (item) => item['error_code'] === 'STS5.1001'],
    [`resource=${agencies.first}`, (item) => item['resource_id'] === agencies.first],
    ['request_id=REQUEST', (item) => item['error_code'] !== undefined && String(item['resource_id']) === agencies.untrusting],
    ['from=2026-01-15T08:40:00Z', (item) => Number(item['time']) >= Date.parse('2026-01-15T08:40:00Z')],
    ['to=2026-01-15T08:40:00Z', (item) => Number(item['time']) < Date.parse('2026-01-15T08:40:00Z')],
    ['from=2026-01-15T08:30:00%2B00:00&to=2026-01-15T09:00:00%2B00:00&outcome=refused&operation=AssumeAgency', (item) => Number(item['code']) >= 400],
  ])('narrowed by %s', async (filter, isWanted) => {
    const all = others(itemsOf(await list(service, keys.rootA, 'limit=200')));
    const refused = all.find((item) => item['resource_id'] === agencies.untrusting);
    const given = filter.replace('SESSION', session.accessKeyId).replace('REQUEST', String(refused?.['request_id']));
    const answer = await list(service, keys.rootA, `limit=200&${given}`);
    expect(answer.status).toBe(200);
    const found = idsOf(others(itemsOf(answer)));
    expect(found).toEqual(idsOf(all.filter(isWanted)));
    if (!filter.endsWith('192.0.2.7')) {
      expect(found.length).toBeGreaterThan(0);
      expect(found.length).toBeLessThan(all.length);
    }
    const oldestFirst = await list(service, keys.rootA, `limit=200&order=oldest&${given}`);
    expect(idsOf(others(itemsOf(oldestFirst)))).toEqual(found.toReversed());
  });

  it.each([
    ['from=yesterday'], ['to=2026-01-15'], ['outcome=denied'], ['order=random'], ['limit=0'], ['limit=201'], ['limit=1e3'], ['format=csv'], ['operation='], ['acess_key_id=x'], ['principal=%0A'],
  ])('is refused with %s', async (query) => {
    expect(await list(service, keys.rootA, query)).toMatchObject({ status: 400, body: { error_code: 'PAP5.1102' } });
  });

  it.each([['newest', 2], ['newest', 3], ['oldest', 3]])('is whole and without a double, %s first, %i at a time, while events are sealed and new ones come', async (order, limit) => {
    const before = (await allItems(service, keys.rootA, 'limit=200')).map((item) => String(item['trace_id'])).toReversed();
    let turn = 0;
    const found = idsOf(await allItems(service, keys.rootA, `order=${order}&limit=${limit}`, async () => {
      turn += 1;
      if (turn < 8) await service.identity(keys.bert);
      if (turn % 2 === 0) await service.seal();
    }));
    const inOrder = order === 'newest' ? found.toReversed() : found;
    expect(inOrder.slice(0, before.length)).toEqual(before);
    expect(inOrder).toEqual([...new Set(inOrder)]);
    const numbers = inOrder.map((id) => Number(id.split('-')[1]));
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
  });

  it('goes on from the end when the oldest come first', async () => {
    const first = await list(service, keys.rootA, 'order=oldest&limit=200&operation=GetCallerIdentity');
    const marker = pageOf(first).resume_marker ?? '';
    const resume = () => list(service, keys.rootA, `order=oldest&limit=200&operation=GetCallerIdentity&marker=${marker}`);
    expect(itemsOf(await resume())).toEqual([]);
    await service.identity(keys.alice);
    await service.seal();
    await service.identity(keys.carol);
    expect(itemsOf(await resume()).map(({ user: by, sealed }) => [(by as Item)['user_name'], sealed])).toEqual([['alice', true], ['carol', false]]);
  });

  it('takes markers only from the account and for the filters they were given for', async () => {
    const marker = pageOf(await list(service, keys.rootA, 'limit=1&outcome=allowed')).next_marker ?? '';
    expect((await list(service, keys.rootA, `limit=5&outcome=allowed&marker=${marker}`)).status).toBe(200);
    const refusals = await Promise.all([
      list(service, keys.rootB, `limit=1&outcome=allowed&marker=${marker}`),
      list(service, keys.rootA, `limit=1&outcome=refused&marker=${marker}`),
      list(service, keys.rootA, `limit=1&outcome=allowed&order=oldest&marker=${marker}`),
      list(service, keys.rootA, `limit=1&marker=${marker}`),
      list(service, keys.rootA, `limit=1&outcome=allowed&marker=${marker.slice(0, -3)}AAA`),
      list(service, keys.rootA, 'limit=1&marker=Zm9v'), list(service, keys.rootA, 'limit=1&marker=%20'), list(service, keys.rootA, 'limit=1&marker='),
    ]);
    expect(refusals.map(({ status, body }) => [status, body.error_code])).toEqual(refusals.map(() => [400, 'PAP5.0010']));
  });

  it.each([['ocsf', 'class_uid'], ['jsonl', 'id'], ['cts', 'trace_id']])('comes in the format %s', async (format, member) => {
    for (const item of itemsOf(await list(service, keys.rootA, `format=${format}`))) expect(item).toHaveProperty(member);
  });
});

describe('one event', () => {
  const get = (credentials: Credentials, id: string) => service.call(credentials, 'GET', `/v1/audit/events/${id}`);
  const idOf = async (credentials: Credentials, isSealed: boolean): Promise<string> => {
    const items = itemsOf(await list(service, credentials, 'limit=200'));
    return String(items.find((item) => item['sealed'] === isSealed)?.['trace_id']);
  };

  it.each([[true], [false]])('is shown to its account (sealed: %s), and is to others as absent as one that never was', async (isSealed) => {
    if (!isSealed) await service.identity(keys.bert);
    const id = await idOf(keys.rootB, isSealed);
    expect(await get(keys.rootB, id)).toMatchObject({ status: 200, body: { event: { trace_id: id, account_id: accountB, sealed: isSealed } } });
    const absent = await service.composition.auditEvents.atMost(0, Infinity) + 1000;
    const shape = async (asked: string, path: '' | '/proof') => {
      const { status, headers, body } = await service.call(keys.rootA, 'GET', `/v1/audit/events/${asked}${path}`);
      return { status, names: Object.keys(headers).sort(), body: { ...body, request_id: '', error_msg: String(body.error_msg).replace(asked, 'ID') } };
    };
    for (const path of ['', '/proof'] as const) {
      const foreign = await shape(id, path);
      expect(foreign.status).toBe(404);
      expect(foreign).toEqual(await shape(`0-${absent}`, path));
    }
  });

  it.each(['0-0', '7-0', '7-1', '99999-1', '7-1e3', '0--1', '0-1.5', '0-01', '00-1', '0-999999999999999', '0-99999999999999999999', 'x', '-', '0-', '0-1-1', `0-${'9'.repeat(300)}`])('is not found as %s', async (id) => {
    for (const path of ['', '/proof']) expect([400, 404]).toContain((await service.call(keys.rootA, 'GET', `/v1/audit/events/${id}${path}`)).status);
  });

  it('can be proved once it is sealed, to whoever has the public key', async () => {
    await service.identity(keys.alice);
    const id = await idOf(keys.rootA, false);
    const prove = (credentials: Credentials) => service.call(credentials, 'GET', `/v1/audit/events/${id}/proof`);
    expect(await prove(keys.rootA)).toMatchObject({ status: 409, body: { error_code: 'PAP5.1207', error_msg: `event \`${id}\` is not sealed yet: ask again in some seconds` } });
    await service.seal();
    const answer = await prove(keys.rootA);
    expect(answer.status).toBe(200);
    const keyList = (await service.call(keys.rootB, 'GET', '/v1/audit/keys')).body;
    const { entry, origin } = proved(answer.body, String((keyList['keys'] as readonly string[])[0]));
    expect(origin).toBe(`${String(keyList['log_name'])}/c00`);
    const [provedId, record] = JSON.parse(entry) as readonly [string, readonly unknown[]];
    expect([provedId, decodeEvent(JSON.stringify(record)).accountId]).toEqual([id, accountA]);
    for (const other of [accountB, packId(accountB)]) expect([entry, JSON.stringify(answer.body)].filter((text) => text.includes(other))).toEqual([]);
    expect(() => proved({ ...answer.body, entry: Buffer.from(entry.replace('alice', 'mallo')).toString('base64') }, String((keyList['keys'] as readonly string[])[0]))).toThrow();
    expect((await prove(keys.rootB)).status).toBe(404);
  });
});

describe('who may read', () => {
  const paths = ['/v1/audit/events', '/v1/audit/events/0-1', '/v1/audit/events/0-1/proof'];
  const statuses = (credentials: Credentials) => Promise.all(paths.map(async (path) => (await service.call(credentials, 'GET', path)).status));

  it('is decided by policy, session policies included', async () => {
    expect(await statuses(keys.carol)).toEqual([403, 403, 403]);
    expect(await statuses(keys.service)).toEqual([403, 403, 403]);
    expect((await service.call(keys.carol, 'GET', '/v1/audit/keys')).status).toBe(200);
    expect((await statuses(await service.session(keys.alice, ask(auditor))))[0]).toBe(200);
    const narrowed = await service.session(keys.alice, ask(auditor, { policy: JSON.stringify(policy(allow('sts:auditEvents:list'))) }));
    expect(await statuses(narrowed)).toEqual([200, 403, 403]);
  });

  it('ends with the session', async () => {
    const [revoked, expired] = [await service.session(keys.alice, ask(auditor)), await service.session(keys.alice, ask(auditor))];
    expect((await service.call(keys.rootA, 'POST', `/v1/sessions/${revoked.accessKeyId}/revoke`, {})).status).toBe(200);
    expect(await statuses(revoked)).toEqual([401, 401, 401]);
    service.clock.advance(3601);
    expect(await statuses(expired)).toEqual([401, 401, 401]);
  });
});
