// What a process remembers saves it round trips, and decides nothing: a warm call asks Redis once, and what ended stays ended.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts, accountA, accountsWith, agencies, keys } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
});
afterAll(() => service.stop());

const request = (name = 'session1', agencyUrn: string = agencies.second) => ({ agency_urn: agencyUrn, agency_session_name: name });

/** How often each command was run, by the name that scripts do not share: what they run inside is not counted apart. */
async function commandsOf(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const monitor = await service.redis.monitor();
  const seen: Record<string, number> = {};
  monitor.on('monitor', (_time: string, [command = '']: string[], source: string) => {
    // The service itself looks at its cells, its clock and its keys every second.
    if (source !== 'lua' && ['evalsha', 'get', 'hmget', 'exists'].includes(command.toLowerCase())) seen[command.toLowerCase()] = (seen[command.toLowerCase()] ?? 0) + 1;
  });
  try {
    await work();
    await service.redis.ping();
  } finally {
    monitor.disconnect();
  }
  return seen;
}

describe('a warm process', () => {
  let session: Credentials;
  beforeAll(async () => {
    session = await service.session(keys.alice, request('warm', agencies.first));
    for (let round = 0; round < 2; round += 1) {
      await service.assume(keys.alice, request());
      await service.assume(session, request());
      await service.identity(keys.alice);
      await service.identity(session);
    }
  });

  it.each<[what: string, call: () => Promise<{ readonly status: number }>]>([
    ['assume with a permanent key', () => service.assume(keys.alice, request())],
    ['assume with a session', () => service.assume(session, request())],
    ['caller identity of a permanent key', () => service.identity(keys.alice)],
    ['caller identity of a session', () => service.identity(session)],
  ])('%s: ten calls are ten scripts, and hardly a read', async (_what, call) => {
    const statuses: number[] = [];
    const commands = await commandsOf(async () => {
      for (let count = 0; count < 10; count += 1) statuses.push((await call()).status);
    });
    expect(statuses).toEqual(Array.from({ length: 10 }, () => 200));
    // A limit's next block, and what the service looks at by itself, may fall among them.
    expect(commands['evalsha']).toBeGreaterThanOrEqual(10);
    expect(commands['evalsha']).toBeLessThanOrEqual(18);
    expect((commands['hmget'] ?? 0) + (commands['get'] ?? 0) + (commands['exists'] ?? 0)).toBeLessThanOrEqual(6);
  });
});

it('a session whose record is gone is refused, however well it is remembered', async () => {
  const session = await service.session(keys.alice, request('lost', agencies.first));
  expect((await service.identity(session)).status).toBe(200);
  await service.redis.del(service.composition.names.session(session.accessKeyId));
  expect((await service.identity(session)).status).toBe(401);
});

it('a revoked session that goes on calling takes no places in status lists, and nothing is decided for it', async () => {
  const session = await service.session(keys.alice, request('ended', agencies.first));
  expect((await service.assume(session, request())).status).toBe(200);
  expect((await service.call(keys.rootA, 'POST', `/v1/sessions/${session.accessKeyId}/revoke`, {})).status).toBe(200);
  expect((await service.assume(session, request())).status).toBe(401);
  const next = async (): Promise<number> => (await service.composition.services.sessionIds.nextStatusIndex(accountA)).index;
  const before = await next();
  for (let count = 0; count < 20; count += 1) expect((await service.assume(session, request('again', agencies.first))).status).toBe(401);
  expect(await next()).toBe(before + 1);
});

it('who was refused is allowed at once when it is allowed, and the other way round', async () => {
  const locked = accountsWith((file) => {
    for (const account of file.accounts) if ('users' in account) for (const user of account.users ?? []) if (user.user_name === 'alice') (user as { enabled?: boolean }).enabled = false;
  });
  for (let round = 0; round < 3; round += 1) {
    await service.apply(locked);
    expect((await service.identity(keys.alice)).status).toBe(401);
    await service.apply(accounts);
    expect((await service.identity(keys.alice)).status).toBe(200);
  }
});
