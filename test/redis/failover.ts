// What the tests of failovers share: callers that go on whatever happens, and what must be true of all that they were answered.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { accountA, accountB, agencies, ask, keys } from '../support/accounts.js';
import type { RedisProcess } from '../support/redis-process.js';
import { credentialsOf, type Answer, type Credentials, type ServiceOnRedis } from '../support/service.js';

/** With so many cells the accounts A, B and C are on three primaries of a cluster. */
export const settings = { STS_CELLS: '5', STS_RATE_ADDRESS_PER_MINUTE: '1000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '1000000' };

export const callers = 50;

interface Issued {
  readonly credentials: Credentials;
  /** The accounts that have an event of it, that of its agency at the end. */
  readonly accountIds: readonly string[];
}

export interface Load {
  readonly issued: Issued[];
  readonly refused: Answer[];
  /** Waits until so many more sessions were issued. */
  more(count: number): Promise<void>;
  /** The same, once calls were refused. */
  afterOutage(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Each caller assumes an agency, goes on to one of another account with that session, and asks who it is. */
export function startLoad(service: ServiceOnRedis): Load {
  const issued: Issued[] = [];
  const refused: Load['refused'] = [];
  let running = true;
  const assume = async (by: Credentials, agency: string, name: string, accountIds: readonly string[]): Promise<Credentials | undefined> => {
    const answer = await service.assume(by, ask(agency, { agency_session_name: name }));
    // A session that a failover lost is unknown; whether it was lost is asked at the end.
    if (answer.status === 401 && by.securityToken !== undefined) return undefined;
    if (answer.status !== 200) {
      refused.push(answer);
      // A client that is told to try again waits a little.
      await sleep(20);
      return undefined;
    }
    const credentials = credentialsOf(answer.body);
    issued.push({ credentials, accountIds });
    return credentials;
  };
  const caller = async (number: number): Promise<void> => {
    for (let call = 0; running; call += 1) {
      const first = await assume(keys.alice, agencies.first, `load-${number}-${call}`, [accountA]);
      const second = first === undefined ? undefined : await assume(first, agencies.second, `load-${number}-${call}`, [accountA, accountB]);
      if (second === undefined) continue;
      const answer = await service.identity(second);
      if (answer.status !== 200 && answer.status !== 401) refused.push(answer);
    }
  };
  const more = async (count: number): Promise<void> => {
    const before = issued.length;
    await expect.poll(() => issued.length, { timeout: 40_000 }).toBeGreaterThan(before + count);
  };
  const working = Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
  return {
    issued, refused, more,
    async afterOutage(count) {
      await expect.poll(() => refused.length, { timeout: 40_000 }).toBeGreaterThan(0);
      await more(count);
    },
    async stop() {
      running = false;
      await working;
    },
  };
}

/**
 * Every call that was not carried out was told so with a 503. A failover may lose the newest writes; what is lost is told
 * in the audit and does not work: a session works exactly if the event of its issue stands in its agency's account, and
 * of what was answered no more events are missing in a cell than it tells to be lost.
 */
export async function expectWhole(service: ServiceOnRedis, { issued, refused }: Load): Promise<void> {
  for (const { status, body } of refused) expect([status, body.credentials], JSON.stringify(body)).toEqual([503, undefined]);
  expect(service.logged.filter(({ fields }) => 'status' in fields && fields.status === 500)).toEqual([]);
  const told = new Map([[accountA, await issuedIn(service, accountA)], [accountB, await issuedIn(service, accountB)]]);
  const isTold = (accountId: string, { accessKeyId }: Credentials): boolean => told.get(accountId)?.has(accessKeyId) === true;
  const left = [...issued];
  await Promise.all(Array.from({ length: callers }, async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const { status } = await service.identity(next.credentials);
      expect(status).toBe(isTold(next.accountIds.at(-1) ?? '', next.credentials) ? 200 : 401);
    }
  }));
  for (const accountId of told.keys()) {
    const missing = issued.filter(({ credentials, accountIds }) => accountIds.includes(accountId) && !isTold(accountId, credentials));
    expect(missing.length).toBeLessThanOrEqual(await lostEvents(service, accountId));
  }
}

async function issuedIn(service: ServiceOnRedis, accountId: string): Promise<ReadonlySet<string | undefined>> {
  return new Set((await service.events(accountId)).filter(({ status }) => status === 200).map(({ issuedSession }) => issuedSession?.sessionId));
}

/** Events that the account's cell tells to be lost: they stand in the name of the system account. */
async function lostEvents({ composition: { redis, names } }: ServiceOnRedis, accountId: string): Promise<number> {
  const entries = await redis.xrange(names.audit(names.cellOfAccount(accountId)), '-', '+');
  return entries.filter(([, fields]) => fields[1]?.includes('"AuditEventsLost"') === true).length;
}

/** A session of A, one of B that it assumed, and one of C. */
export async function threeHops(service: ServiceOnRedis): Promise<readonly [Credentials, Credentials, Credentials]> {
  const first = await service.session(keys.alice, ask(agencies.first));
  const second = await service.session(first, ask(agencies.second));
  return [first, second, await service.session(second, ask(agencies.third))];
}

/** Asks who they are until all are told so or refused for good; no answer on the way may be that of a session that works. */
export async function expectDead(service: ServiceOnRedis, ...sessions: readonly Credentials[]): Promise<void> {
  await expect.poll(async () => {
    const answers = await Promise.all(sessions.map((each) => service.identity(each)));
    for (const { status, body } of answers) expect([401, 503], JSON.stringify(body)).toContain(status);
    return answers.map(({ status }) => status);
  }, { timeout: 40_000, interval: 20 }).toEqual(sessions.map(() => 401));
}

/** All that the server has acknowledged so far is on that many replicas. */
export async function expectCopied({ redis }: RedisProcess, count: number): Promise<void> {
  // WAIT is for what the server had written by the connection's last command.
  await redis.ping();
  expect(await redis.wait(count, 5000)).toBe(count);
}
