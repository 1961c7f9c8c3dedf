// The whole service on a Redis Cluster, with accounts that live on different primaries: it does all that it does on one server.
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/audit/event.js';
import { systemAccountId } from '../../src/directory/entities.js';
import { exportFrom } from '../../src/service/export.js';
import { retireNow, rotate, waitUntil } from '../../src/service/keys/key-rotation.js';
import { signRequest } from '../../src/signing/index.js';
import { authorizeAnswer } from '../../src/sts/authorize-answer.js';
import { accountA, accountB, accountC, accountsPlus, agencies, ask, keys, mfaSeed, mfaSerial, trust } from '../support/accounts.js';
import { storedEvents } from '../support/events.js';
import { startCluster, type RedisCluster } from '../support/redis-cluster.js';
import { credentialsOf, startServiceOn, type Answer, type Credentials, type ServiceOnRedis } from '../support/service.js';

/** With so many cells the accounts A, B and C are on three primaries. */
const settings = { STS_CELLS: '5', STS_RATE_ADDRESS_PER_MINUTE: '1000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '1000000' };
const accounts = accountsPlus({ [accountB]: { agencies: [{ agency_name: 'mfa', trust_policy: trust({ IAM: [accountA] }, { Condition: { Bool: { 'g:MFAPresent': 'true' } } }) }] } });

let cluster: RedisCluster;
let service: ServiceOnRedis;
/** Another process of the installation, which refuses replays. */
let strict: ServiceOnRedis;
beforeAll(async () => {
  cluster = await startCluster();
  service = await startServiceOn(cluster.url, accounts, settings);
  strict = await startServiceOn(cluster.url, accounts, { ...settings, STS_REJECT_REPLAYS: '1' }, service.folder);
});
afterAll(async () => {
  await strict.stop();
  await service.stop();
  await cluster.stop();
});

const session = (credentials: Credentials, agency: string, more: object = {}): Promise<Credentials> => service.session(credentials, ask(agency, more));
async function threeHops(more: object = {}): Promise<readonly [Credentials, Credentials, Credentials]> {
  const first = await session(keys.alice, agencies.first, more);
  const second = await session(first, agencies.second);
  return [first, second, await session(second, agencies.third)];
}
async function works(credentials: Credentials): Promise<boolean> {
  const { status, body } = await service.identity(credentials);
  if (status !== 200 && status !== 401) throw new Error(`${status} ${JSON.stringify(body)}`);
  return status === 200;
}
const alive = (...sessions: readonly Credentials[]): Promise<readonly boolean[]> => Promise.all(sessions.map(works));
const eventsOf = async (accountId: string, requestId: string | undefined): Promise<readonly AuditEvent[]> => (await service.events(accountId)).filter((event) => event.requestId === requestId);
const entityIdOf = async (accountId: string, kind: 'agencies' | 'users', name: string): Promise<string> => {
  const entity = (await service.composition.services.directory.read(accountId, () => []))?.snapshot[kind].named(name);
  return entity === undefined ? 'none' : 'agencyId' in entity ? entity.agencyId : entity.userId;
};
/** What is remembered of commits in several parts. */
const traces = async (): Promise<readonly string[]> => (await Promise.all(cluster.servers.map(({ redis }) => Promise.all([redis.keys('*:pending'), redis.keys('*:outcome:*')])))).flat(2);

it('the accounts are on different primaries', async () => {
  const owners = await Promise.all([accountA, accountB, accountC].map((id) => cluster.ownerOf(service.composition.names.accountState(id))));
  expect(new Set(owners).size).toBe(3);
});

describe('sessions', () => {
  it('are issued over three accounts, each hop with its event in both accounts', async () => {
    const hops: readonly (readonly [accountId: string, other: string | undefined, agency: string])[] = [[accountA, undefined, agencies.first], [accountA, accountB, agencies.second], [accountB, accountC, agencies.third]];
    let caller: Credentials = keys.alice;
    for (const [accountId, other, agency] of hops) {
      const answer = await service.assume(caller, ask(agency));
      expect(answer.status).toBe(200);
      const issued = credentialsOf(answer.body);
      const told = { operation: 'AssumeAgency', status: 200, issuedSession: { sessionId: issued.accessKeyId } };
      expect(await eventsOf(accountId, answer.headers['x-request-id'])).toMatchObject([told]);
      if (other !== undefined) expect(await eventsOf(other, answer.headers['x-request-id'])).toMatchObject([told]);
      // The answer names the event in the caller's own account.
      const own = (await storedEvents(service.composition, accountId)).find(({ event }) => event.requestId === answer.headers['x-request-id']);
      expect(answer.headers['x-audit-event-id']).toBe(own?.id);
      caller = issued;
    }
    expect(await service.identity(caller)).toMatchObject({ status: 200, body: { account_id: accountC } });
    await expect.poll(traces).toEqual([]);
  });

  it('that another account refuses leave an event in both', async () => {
    const answer = await service.assume(keys.alice, ask(agencies.untrusting));
    expect(answer.status).toBe(403);
    for (const accountId of [accountA, accountB]) expect(await eventsOf(accountId, answer.headers['x-request-id'])).toMatchObject([{ operation: 'AssumeAgency', status: 403 }]);
  });

  it('are issued to many callers at once, each once', async () => {
    const answers = await Promise.all(Array.from({ length: 90 }, (_, index) => service.assume(keys.alice, ask([agencies.first, agencies.second, agencies.plain][index % 3] ?? '', { agency_session_name: `many-${index}` }))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await alive(...answers.map(({ body }) => credentialsOf(body)))).toEqual(answers.map(() => true));
    const ids = (await storedEvents(service.composition, accountB)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('with an MFA code are issued once per code, whichever account the agency is of', async () => {
    service.clock.advance(30);
    const code = new TOTP({ secret: Secret.fromBase32(mfaSeed) }).generate({ timestamp: service.clock.now() });
    const withCode = (agency: string): Promise<Answer> => service.assume(keys.alice, ask(agency, { serial_number: mfaSerial, token_code: code }));
    expect((await service.assume(keys.alice, ask(`iam::${accountB}:agency:mfa`))).status).toBe(403);
    expect((await withCode(`iam::${accountB}:agency:mfa`)).status).toBe(200);
    expect((await withCode(`iam::${accountB}:agency:mfa`)).status).toBe(403);
    expect((await withCode(agencies.mfa)).status).toBe(403);
  });

  it('are issued once per signed request where replays are refused', async () => {
    const body = ask(agencies.second, { agency_session_name: 'once' });
    const answers = await Promise.all([1, 2, 3].map(() => strict.assume(keys.alice, body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
    expect((await strict.assume(keys.alice, body)).status).toBe(401);
  });

  it('are listed for both accounts, with their descendants over three accounts', async () => {
    const [first, second, third] = await threeHops({ agency_session_name: 'listed' });
    const idsIn = (answer: Answer, member: string): readonly unknown[] => (answer.body[member] as { session_id: string }[]).map(({ session_id: id }) => id);
    const rootC = await session(second, agencies.third);
    expect(idsIn(await service.call(keys.rootA, 'GET', '/v1/sessions?limit=200'), 'sessions')).toEqual(expect.arrayContaining([first.accessKeyId, second.accessKeyId]));
    expect(idsIn(await service.call(keys.rootB, 'GET', '/v1/sessions?limit=200'), 'sessions')).toEqual(expect.arrayContaining([second.accessKeyId, third.accessKeyId, rootC.accessKeyId]));
    expect((await service.call(keys.rootA, 'GET', `/v1/sessions/${first.accessKeyId}`)).status).toBe(200);
    expect((await service.call(keys.rootA, 'GET', `/v1/sessions/${first.accessKeyId}/descendants`)).status).toBe(200);
  });
});

describe('online decisions', () => {
  it('about callers of three accounts are one call, with their events in all of them', async () => {
    const hops = await threeHops();
    const requests = hops.map((credentials) => {
      const headers = signRequest({ method: 'GET', url: 'http://objects.example/bucket/key', headers: {}, ...credentials, date: new Date(service.clock.now()) });
      return { method: 'GET', target: '/bucket/key', headers: Object.entries(headers), source_ip: '192.0.2.1', questions: [{ action: 'obs:object:GetObject' }] };
    });
    const { status, headers, body } = await service.call(keys.service, 'POST', '/v1/authorize', { requests });
    expect(status).toBe(200);
    const decisions = authorizeAnswer.parse(body).results.map(({ principal, decisions: [decided] }) => [principal?.account_id, decided?.decision, decided?.explanation_id?.split('-')[0]]);
    const cells = [accountA, accountB, accountC].map((id) => [id, 'deny', String(service.composition.names.cellOfAccount(id))]);
    expect(decisions).toEqual(cells);
    for (const accountId of [accountA, accountB, accountC]) expect(await eventsOf(accountId, headers['x-request-id'])).toMatchObject([{ operation: 'Authorize', status: 403 }]);
    expect(await eventsOf(systemAccountId, headers['x-request-id'])).toHaveLength(3);
    expect((await service.call(keys.rootA, 'POST', `/v1/sessions/${hops[0].accessKeyId}/revoke`, {})).status).toBe(200);
    expect(authorizeAnswer.parse((await service.call(keys.service, 'POST', '/v1/authorize', { requests })).body).results.map(({ principal }) => principal)).toEqual([undefined, undefined, undefined]);
  });
});

describe('revocation', () => {
  const kinds: readonly (readonly [string, () => Promise<readonly [Credentials, string, object]>, (hops: readonly Credentials[]) => readonly boolean[]])[] = [
    ['an access key', () => Promise.resolve([keys.rootA, '/v1/revocations', { access_key_id: keys.alice.accessKeyId }]), () => [false, false, false]],
    ['a user', async () => [keys.rootA, '/v1/revocations', { user_id: await entityIdOf(accountA, 'users', 'alice') }], () => [false, false, false]],
    ['an agency', async () => [keys.rootB, '/v1/revocations', { agency_id: await entityIdOf(accountB, 'agencies', 'second') }], () => [true, false, false]],
    ['an account', () => Promise.resolve([keys.rootB, '/v1/revocations', { whole_account: true }]), () => [true, false, false]],
    ['a source identity', () => Promise.resolve([keys.rootA, '/v1/revocations', { source_identity: 'alice' }]), () => [false, false, false]],
  ];
  it.each(kinds)('of %s ends what descends from it on all primaries, at once or before a moment', async (_name, ask, expected) => {
    for (const isBoundary of [false, true]) {
      const hops = await threeHops({ source_identity: 'alice' });
      const [by, path, body] = await ask();
      service.clock.advance(120);
      const moment = isBoundary ? { issued_before: new Date(service.clock.now() - 60_000).toISOString() } : {};
      const answer = await service.call(by, 'POST', path, { ...body, ...moment, reason: 'drill' });
      expect(answer).toMatchObject({ status: 200 });
      expect(await alive(...hops)).toEqual(expected(hops));
      expect(await alive(...(await threeHops({ source_identity: 'alice' })))).toEqual([true, true, true]);
    }
  });

  it('of a session by the account that it was assumed from ends its descendants, with events in both accounts', async () => {
    const [first, second, third] = await threeHops();
    const answer = await service.call(keys.rootA, 'POST', `/v1/sessions/${second.accessKeyId}/revoke`, { reason: 'stolen' });
    expect(answer.status).toBe(200);
    expect(await alive(first, second, third)).toEqual([true, false, false]);
    for (const accountId of [accountA, accountB]) expect(await eventsOf(accountId, answer.headers['x-request-id'])).toMatchObject([{ operation: 'RevokeSession', status: 200 }]);
    expect((await service.call(keys.rootA, 'POST', `/v1/sessions/${second.accessKeyId}/revoke`, {})).status).toBe(200);
  });

  it('of a token by its own session ends it', async () => {
    const [, second, third] = await threeHops();
    const form = new URLSearchParams({ token: second.securityToken ?? '' }).toString();
    expect((await service.call(second, 'POST', '/oauth2/revoke', form, { headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status).toBe(200);
    expect(await alive(second, third)).toEqual([false, false]);
  });

  it('races with chained calls, and nothing of what they obtained works when it has returned', async () => {
    const [first] = await threeHops();
    const calls = Array.from({ length: 60 }, (_, index) => service.assume(first, ask(agencies.second, { agency_session_name: `race-${index}` })));
    expect((await service.call(keys.rootA, 'POST', `/v1/sessions/${first.accessKeyId}/revoke`, {})).status).toBe(200);
    const obtained = (await Promise.all(calls)).flatMap(({ status, body }) => (status === 200 ? [credentialsOf(body)] : []));
    expect((await alive(first, ...obtained)).some((isAlive) => isAlive)).toBe(false);
  });
});

describe('the directory', () => {
  it('takes users, keys and agencies, and what they may is seen at once by all processes', async () => {
    const user = await service.call(keys.rootB, 'POST', '/v5/users', { name: 'newcomer', enabled: true });
    expect(user.status).toBe(201);
    const { user_id: userId } = user.body['user'] as { user_id: string };
    const made = await service.call(keys.rootB, 'POST', `/v5/users/${userId}/access-keys`);
    const { access_key_id: accessKeyId, secret_access_key: secretAccessKey } = made.body['access_key'] as { access_key_id: string; secret_access_key: string };
    expect(await strict.identity({ accessKeyId, secretAccessKey })).toMatchObject({ status: 200, body: { account_id: accountB } });
    expect((await service.call(keys.rootB, 'POST', '/v5/agencies', { agency_name: 'fresh', trust_policy: JSON.stringify(trust({ IAM: [accountA] })) })).status).toBe(201);
    expect(await works(await session(keys.alice, `iam::${accountB}:agency:fresh`))).toBe(true);
    expect((await service.call(keys.rootB, 'DELETE', `/v5/users/${userId}/access-keys/${accessKeyId}`)).status).toBeLessThan(300);
    expect((await strict.identity({ accessKeyId, secretAccessKey })).status).toBe(401);
  });

  it('takes and gives up accounts of the operator, whose event stands beside theirs, and their sessions end with them', async () => {
    for (const number of [0, 1, 2, 3, 4, 5]) {
      const made = await service.call(keys.operator, 'POST', '/v1/accounts', { account_name: `tenant-${number}` });
      expect(made.status).toBe(201);
      const { account_id: id } = made.body['account'] as { account_id: string };
      for (const accountId of [systemAccountId, id]) expect(await eventsOf(accountId, made.headers['x-request-id'])).toMatchObject([{ operation: 'CreateAccount', status: 201 }]);
      const { access_key_id: accessKeyId, secret_access_key: secretAccessKey } = made.body['access_key'] as { access_key_id: string; secret_access_key: string };
      expect((await service.call({ accessKeyId, secretAccessKey }, 'POST', '/v5/agencies', { agency_name: 'open', trust_policy: JSON.stringify(trust({ IAM: [accountA] })) })).status).toBe(201);
      const credentials = await session(keys.alice, `iam::${id}:agency:open`);
      expect(await works(credentials)).toBe(true);
      expect((await service.call(keys.operator, 'DELETE', `/v1/accounts/${id}`)).status).toBe(204);
      expect(await works(credentials)).toBe(false);
      expect((await service.identity({ accessKeyId, secretAccessKey })).status).toBe(401);
    }
  });

  it('takes service-linked agencies, made by the service in an account elsewhere', async () => {
    const options = { headers: { 'x-source-account': accountB } };
    const made = await service.call(keys.service, 'PUT', '/v5/service-linked-agencies', { service_principal: 'service.OBS' }, options);
    expect(made.status).toBe(201);
    const { agency_id: id } = made.body['agency'] as { agency_id: string };
    for (const accountId of [systemAccountId, accountB]) expect(await eventsOf(accountId, made.headers['x-request-id'])).toHaveLength(1);
    expect((await service.call(keys.service, 'DELETE', `/v5/service-linked-agencies/${id}`, undefined, options)).status).toBe(202);
  });

  it('takes the same file again without a change, and a changed one over all cells', async () => {
    const revisions = () => Promise.all([systemAccountId, accountA, accountB, accountC].map(async (id) => (await service.composition.services.directory.read(id, () => []))?.snapshot.revision));
    await service.apply(accounts);
    const before = await revisions();
    await service.apply(accounts);
    expect(await revisions()).toEqual(before);
    const more = { agencies: [{ agency_name: 'added', trust_policy: trust({ IAM: [accountA] }) }] };
    await service.apply(accountsPlus({ [accountA]: more, [accountB]: more, [accountC]: more }));
    for (const id of [accountA, accountB, accountC]) expect(await entityIdOf(id, 'agencies', 'added')).not.toBe('none');
  });

  it('gives an account away as a file', async () => {
    expect(JSON.stringify((await exportFrom(service.composition, { account: 'account-b' })).file)).toContain('untrusting');
  });
});

it('audit events are read back through the API, and every one is numbered without a gap', async () => {
  const { body, status } = await service.call(keys.rootB, 'GET', '/v1/audit/events?limit=100');
  expect([status, (body['events'] as unknown[] | undefined)?.length]).toEqual([200, 100]);
  for (let cell = 0; cell < 5; cell += 1) {
    const { names } = service.composition;
    const entries = await service.connection.xrange(names.audit(cell), '-', '+');
    expect(entries.map(([id]) => id)).toEqual(entries.map((_, index) => `0-${index + 1}`));
    expect(await service.connection.hget(names.cellState(cell), 'sequence') ?? '0').toBe(String(entries.length));
  }
});

it('nothing of all this failed inside', () => {
  expect(service.logged.filter(({ level }) => level === 'error')).toEqual([]);
});

describe('keys', () => {
  it('are replaced and retired on all primaries: the session of a retired key ends in every process, whichever cell it lives in', async () => {
    const { keyWatch, services: { random } } = service.composition;
    const hops = await threeHops();
    const before = keyWatch.view().states.active['session-secrets'] ?? '';
    const id = await rotate(keyWatch, { purpose: 'session-secrets' }, random);
    expect(await waitUntil(keyWatch, ({ states }) => states.active['session-secrets'] === id, 5000)).toBe(true);
    const next = await threeHops();
    expect(await alive(...hops, ...next)).toEqual([true, true, true, true, true, true]);
    await retireNow(keyWatch, before, random);
    for (const each of [strict, service]) {
      expect((await Promise.all(hops.map((hop) => each.identity(hop)))).map(({ status }) => status)).toEqual([401, 401, 401]);
    }
    expect(await alive(...next)).toEqual([true, true, true]);
  });
});
