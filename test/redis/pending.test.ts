// A commit in several parts on a real cluster that breaks off in between: it counts as a whole or not at all, and the audit says which.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/audit/event.js';
import { systemAccountId } from '../../src/directory/entities.js';
import { parseBootstrapFile } from '../../src/directory/bootstrap-file.js';
import { changesOfOneCommit } from '../../src/redis/commit-apart.js';
import { settleOldParts } from '../../src/redis/pending.js';
import { commitScript } from '../../src/redis/scripts/commit.js';
import { applyBootstrap } from '../../src/service/bootstrap.js';
import { followParts } from '../../src/service/settle-parts.js';
import { accountA, accountB, accountC, accounts, agencies, ask, keys } from '../support/accounts.js';
import { storedEvents } from '../support/events.js';
import { startCluster, type RedisCluster } from '../support/redis-cluster.js';
import { startServiceOn, type Answer, type ServiceOnRedis } from '../support/service.js';

/** With so many cells the accounts A, B and C are on three primaries. */
const settings = { STS_CELLS: '5', STS_RATE_ADDRESS_PER_MINUTE: '1000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '1000000' };
const patience = 60_000;

let cluster: RedisCluster;
let service: ServiceOnRedis;
/** Another process of the installation: the one whose commits break off. */
let broken: ServiceOnRedis;
beforeAll(async () => {
  cluster = await startCluster();
  service = await startServiceOn(cluster.url, accounts, settings);
  broken = await startServiceOn(cluster.url, accounts, settings, service.folder);
});
afterAll(async () => {
  await broken.stop();
  await service.stop();
  await cluster.stop();
});

/** One part of a commit on its way to Redis: its keys, and how to let it through. */
interface PartCall {
  readonly keys: readonly string[];
  run(): Promise<unknown>;
}

let interfere: ((part: PartCall) => Promise<unknown>) | undefined;
beforeAll(() => {
  const { connection } = broken;
  const original = connection.evalsha.bind(connection) as (...values: unknown[]) => Promise<unknown>;
  const evalsha = (sha: string, count: number, ...rest: string[]): Promise<unknown> => {
    const run = (): Promise<unknown> => original(sha, count, ...rest);
    return sha === commitScript.sha && interfere !== undefined ? interfere({ keys: rest.slice(0, count), run }) : run();
  };
  // The overloads of the library, of which the service uses this one.
  connection.evalsha = evalsha as typeof connection.evalsha;
});
beforeEach(async () => {
  interfere = undefined;
  service.clock.advance(1);
  broken.clock.set(service.clock.now());
  expect(await pending()).toEqual([]);
});
afterEach(() => {
  interfere = undefined;
});

const lost = (): Promise<never> => Promise.reject(new Error('Connection is closed.'));
const tagOf = (accountId: string): string => service.composition.names.tag(service.composition.names.cellOfAccount(accountId));
/** The part in the account's cell meets this fate, and the others none. */
const strike = (accountId: string, fate: (part: PartCall) => Promise<unknown>): void => {
  interfere = (part) => (part.keys[0]?.startsWith(tagOf(accountId)) === true ? fate(part) : part.run());
};
const assumeOver = (name: string): Promise<Answer> => broken.assume(keys.alice, ask(agencies.second, { agency_session_name: name }));
const eventsOf = async (accountId: string, { headers }: Answer): Promise<readonly AuditEvent[]> =>
  (await storedEvents(service.composition, accountId)).map(({ event }) => event).filter(({ requestId }) => requestId === headers['x-request-id']);
const settle = ({ composition: { redis, names, keyring, services: { random }, cells }, clock }: ServiceOnRedis, after = patience): Promise<number> =>
  settleOldParts(redis, { names, keyring, random, cells }, clock.now() + after, 65_536);
async function pending(): Promise<readonly string[]> {
  return (await Promise.all([0, 1, 2, 3, 4].map((cell) => service.connection.hkeys(service.composition.names.pending(service.composition.names.tag(cell)))))).flat();
}
const issuedIn = (events: readonly AuditEvent[]): string => events[0]?.issuedSession?.sessionId ?? 'none';
const exists = async (sessionId: string): Promise<boolean> => (await service.connection.exists(service.composition.names.session(sessionId))) === 1;
const listed = async (sessionId: string): Promise<boolean> => {
  const { status, body } = await service.call(keys.rootA, 'GET', '/v1/sessions?limit=200');
  expect(status).toBe(200);
  return JSON.stringify(body).includes(sessionId);
};

const done = { operation: 'AssumeAgency', status: 200 };
const declaredVoid = { operation: 'AssumeAgency', status: 503, errorCode: 'STS5.1504', decision: expect.stringMatching(/^void: /) as unknown };

it('a change of the other account in between: 503, no session, and an event that declares the first one void', async () => {
  let isStruck = false;
  strike(accountB, async (part) => {
    if (!isStruck) {
      isStruck = true;
      expect((await service.call(keys.rootB, 'PUT', '/v1/session-settings', { revoke_on_disable: true })).status).toBe(200);
    }
    return part.run();
  });
  const answer = await assumeOver('conflict');
  expect(answer).toMatchObject({ status: 503, body: { error_code: 'STS5.1504' } });
  expect([answer.body.credentials, answer.headers['x-audit-event-id']]).toEqual([undefined, undefined]);
  const events = await eventsOf(accountA, answer);
  expect(events).toMatchObject([done, declaredVoid]);
  expect(events[1]?.issuedSession).toBeUndefined();
  expect(await eventsOf(accountB, answer)).toEqual([]);
  expect([await exists(issuedIn(events)), await listed(issuedIn(events)), await pending()]).toEqual([false, false, []]);
  expect((await assumeOver('again')).status).toBe(200);
});

describe('a process that ends between the parts', () => {
  it('leaves a part that is declared void once, by however many processes, and its last part never runs afterwards', async () => {
    let late: PartCall | undefined;
    strike(accountB, (part) => {
      late = part;
      return lost();
    });
    const answer = await assumeOver('crash');
    expect(answer).toMatchObject({ status: 503, body: { error_code: 'STS5.1503' } });
    const [standing] = await eventsOf(accountA, answer);
    expect(await pending()).toEqual([answer.headers['x-request-id']]);
    // It might still be at work.
    expect(await settle(service, patience - 1)).toBe(0);
    expect((await Promise.all([service, broken, service].map((each) => settle(each)))).reduce((sum, count) => sum + count)).toBe(1);
    expect(await eventsOf(accountA, answer)).toMatchObject([done, declaredVoid]);
    expect(await pending()).toEqual([]);
    expect(await late?.run()).toBe('M');
    const sessionId = issuedIn(standing === undefined ? [] : [standing]);
    expect([await exists(sessionId), await listed(sessionId)]).toEqual([false, false]);
    expect(await eventsOf(accountB, answer)).toEqual([]);
  });

  it('after the last part, whose answer was lost: nothing is void, and nothing waits any more', async () => {
    strike(accountB, async (part) => {
      await part.run();
      return lost();
    });
    const answer = await assumeOver('answer-lost');
    expect(answer).toMatchObject({ status: 503, body: { error_code: 'STS5.1503' } });
    expect(await settle(service)).toBe(1);
    const events = await eventsOf(accountA, answer);
    expect(events).toMatchObject([done]);
    expect(events).toHaveLength(1);
    expect(await eventsOf(accountB, answer)).toMatchObject([done]);
    expect([await exists(issuedIn(events)), await listed(issuedIn(events)), await pending()]).toEqual([true, true, []]);
  });

  it('after a part whose answer was lost: that part is void', async () => {
    strike(accountA, async (part) => {
      await part.run();
      return lost();
    });
    const answer = await assumeOver('part-lost');
    expect(answer.status).toBe(503);
    expect(await settle(service)).toBe(1);
    expect(await eventsOf(accountA, answer)).toMatchObject([done, declaredVoid]);
    expect(await eventsOf(accountB, answer)).toEqual([]);
  });

  it('leaves no account that the operator was about to make', async () => {
    const account = (by: ServiceOnRedis): Promise<Answer> => by.call(keys.operator, 'POST', '/v1/accounts', { account_name: 'tenant', account_id: accountOf(3) });
    strike(accountOf(3), lost);
    const answer = await account(broken);
    expect(answer.status).toBe(503);
    expect(await settle(service)).toBe(1);
    const events = await eventsOf(systemAccountId, answer);
    expect(events).toMatchObject([{ operation: 'CreateAccount', status: 201 }, { operation: 'CreateAccount', status: 503, errorCode: 'STS5.1504' }]);
    expect(events[0]?.request).toHaveProperty('written');
    expect(events[1]?.request).not.toHaveProperty('written');
    expect((await account(service)).status).toBe(201);
  });

  /** An account id in this cell. */
  const accountOf = (cell: number): string => {
    for (let number = 0; ; number += 1) {
      const id = number.toString(16).padStart(32, 'e');
      if (service.composition.names.cellOfAccount(id) === cell) return id;
    }
  };
});

it('calls that are settled while they are at work have either their effect or an event that declares them void', async () => {
  let last = 0;
  strike(accountB, async (part) => {
    last += 1;
    // Some are caught for certain, the others by chance.
    if (last % 4 === 0) await settle(service);
    return part.run();
  });
  const answers = await Promise.all(Array.from({ length: 80 }, (_, index) => assumeOver(`both-${index}`)));
  await settle(service);
  const counts = { done: 0, void: 0 };
  for (const answer of answers) {
    const events = await eventsOf(accountA, answer);
    const sessionId = issuedIn(events);
    if (answer.status === 200) expect([sessionId, events.length, await exists(sessionId)]).toEqual([answer.body.credentials?.access_key_id, 1, true]);
    else {
      expect(answer).toMatchObject({ status: 503, body: { error_code: 'STS5.1504' } });
      expect(events).toMatchObject([done, declaredVoid]);
      expect(await exists(sessionId)).toBe(false);
    }
    expect(await eventsOf(accountB, answer)).toHaveLength(answer.status === 200 ? 1 : 0);
    counts[answer.status === 200 ? 'done' : 'void'] += 1;
  }
  expect([counts.done > 0, counts.void > 0], JSON.stringify(counts)).toEqual([true, true]);
});

it('every process looks for such parts again and again', async () => {
  strike(accountB, lost);
  const answer = await assumeOver('followed');
  expect(await pending()).toHaveLength(1);
  const lines: object[] = [];
  const log = (fields: object): void => void lines.push(fields);
  const end = followParts({ STS_AUDIT_MAX_UNSEALED: 65_536 }, service.composition, { debug: log, info: log, error: log }, 20);
  try {
    service.clock.advance(patience / 1000);
    await expect.poll(pending).toEqual([]);
  } finally {
    end();
  }
  expect(await eventsOf(accountA, answer)).toMatchObject([done, declaredVoid]);
  await expect.poll(() => lines).toEqual([{ settled: 1 }]);
});

it('a part that was altered is told, and keeps nobody from settling the others', async () => {
  strike(accountB, lost);
  const [altered, other] = [await assumeOver('altered'), await assumeOver('other')];
  const key = service.composition.names.pending(tagOf(accountA));
  const id = altered.headers['x-request-id'] ?? '';
  await service.connection.hset(key, id, (await service.connection.hget(key, id) ?? '').replace('503', '200'));
  await expect(settle(service)).rejects.toThrow();
  expect(await eventsOf(accountA, other)).toMatchObject([done, declaredVoid]);
  expect(await eventsOf(accountA, altered)).toHaveLength(1);
  expect(await pending()).toEqual([id]);
  await service.connection.hdel(key, id);
});

describe('a bootstrap file', () => {
  it('is applied cell by cell, the system account at the end', () => {
    const { redis, names } = service.composition;
    const changes = [accountA, accountB, accountC, systemAccountId].map((accountId) => ({ accountId, expectedRevision: undefined, put: [], remove: [] }));
    const groups = changesOfOneCommit(redis, changes, names);
    expect(groups.map((group) => new Set(group.map(({ accountId }) => names.cellOfAccount(accountId))).size)).toEqual(groups.map(() => 1));
    expect(groups.flat().map(({ accountId }) => accountId).sort()).toEqual(changes.map(({ accountId }) => accountId).sort());
    expect(groups.at(-1)?.at(-1)?.accountId).toBe(systemAccountId);
  });

  it('that broke off is done by whoever applies it again, with the keys that it generated for what was written', async () => {
    const file = parseBootstrapFile(JSON.stringify({
      ...accounts, accounts: accounts.accounts.map((account) => ({ ...account, users: [...('users' in account ? account.users : []), { user_name: 'late', access_keys: [{}] }] })),
    }));
    const kept = new Set<string>();
    const keep = (generated: readonly { readonly accessKeyId: string }[]) => {
      for (const { accessKeyId } of generated) kept.add(accessKeyId);
      return Promise.resolve(() => {
        for (const { accessKeyId } of generated) kept.delete(accessKeyId);
        return Promise.resolve();
      });
    };
    strike(accountC, lost);
    await expect(applyBootstrap(file, broken.composition, keep)).rejects.toMatchObject({ status: 503 });
    interfere = undefined;
    const { changes } = await applyBootstrap(file, broken.composition, keep);
    expect(changes.map(({ accountId }) => accountId)).toContain(accountC);
    expect(changes.length).toBeLessThan(3);
    const keysOf = async (accountId: string) => (await service.composition.services.directory.read(accountId, () => []))?.snapshot.accessKeys.values().map(({ accessKeyId }) => accessKeyId) ?? [];
    const written = (await Promise.all([accountA, accountB, accountC].map(keysOf))).flatMap((ids) => [...ids]).filter((id) => kept.has(id));
    expect(written).toHaveLength(3);
    expect((await applyBootstrap(file, service.composition)).changes).toEqual([]);
  });
});
