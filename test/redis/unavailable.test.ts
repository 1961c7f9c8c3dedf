// Redis away, loading, read-only, busy or silent: every operation refuses, whatever is cached, and serves again afterwards.
import { setTimeout as sleep } from 'node:timers/promises';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings, SettingsError } from '../../src/service/settings.js';
import { connectRedis } from '../../src/service/state.js';
import { accounts, agencies, keys } from '../support/accounts.js';
import { credentialsOf, startService, type Answer, type Credentials, type TestService } from '../support/service.js';
import { countSessions, dump, startPeer, startRawRedis, type Peer, type RawRedis } from './support.js';

let service: TestService;
let raw: RawRedis;
let peer: Peer;
let temporary: Credentials;
let message: string;

let unreachable: Promise<unknown>;

/** The accounts live in a Redis that is not started again by anybody. */
beforeAll(async () => {
  const url = 'unix:///nonexistent/redis.sock';
  // It takes ten seconds: the other tests run meanwhile.
  unreachable = connectRedis(readSettings({ STS_REDIS_URL: url }), url, () => undefined).catch((error: unknown) => error);
  raw = await startRawRedis(['appendonly', 'yes'], ['appendfsync', 'always']);
  service = await startService(accounts, { STS_REDIS_URL: raw.url });
  peer = await startPeer(service, raw.url);
  temporary = credentialsOf((await peer.assume(keys.alice, { agency_urn: agencies.first, agency_session_name: 'warm' })).body);
  message = (await peer.assume(keys.carol, { agency_urn: agencies.first, agency_session_name: 'denied' })).body.encoded_authorization_message ?? '';
});
afterAll(async () => {
  await peer.stop();
  await service.stop();
  await raw.stop();
});

const everyCall = (): readonly (readonly [string, () => Promise<Answer>])[] => [
  ['assume with a permanent key', () => peer.assume(keys.alice, { agency_urn: agencies.first, agency_session_name: 'one' })],
  ['assume with a temporary key', () => peer.assume(temporary, { agency_urn: agencies.second, agency_session_name: 'two' })],
  ['assume of a service', () => peer.call(keys.service, 'POST', '/v5/agencies/assume', { agency_urn: agencies.service, agency_session_name: 'three' })],
  ['identity of a permanent key', () => peer.identity(keys.alice)],
  ['identity of a temporary key', () => peer.identity(temporary)],
  ['identity of a root user', () => peer.identity(keys.rootA)],
  ['decode', () => peer.call(keys.alice, 'POST', '/v5/decode-authorization-message', { encoded_message: message })],
  ['a denial', () => peer.assume(keys.carol, { agency_urn: agencies.first, agency_session_name: 'four' })],
  ['an unknown key', () => peer.identity({ accessKeyId: 'HPUANOBODY0000000000', secretAccessKey: 'x'.repeat(40) })],
];

/** Of those above. */
const allowedAssumeCalls = 2;

const warmed = async (): Promise<void> => {
  await expect.poll(async () => (await peer.identity(keys.alice)).status, { timeout: 10_000 }).toBe(200);
  const statuses = await Promise.all(everyCall().map(async ([name, call]) => [name, (await call()).status] as const));
  expect(Object.fromEntries(statuses)).toEqual({
    'assume with a permanent key': 200, 'assume with a temporary key': 200, 'assume of a service': 403,
    'identity of a permanent key': 200, 'identity of a temporary key': 200, 'identity of a root user': 200,
    decode: 200, 'a denial': 403, 'an unknown key': 401,
  });
};

async function expectAllRefused(): Promise<void> {
  await Promise.all(everyCall().map(async ([name, call]) => {
    const { status, body, headers } = await call();
    expect([name, status, body.error_code, body.credentials, headers['retry-after']]).toEqual([name, 503, 'STS5.1503', undefined, '1']);
  }));
}

interface Trouble {
  /** What `/readyz` says of it; absent: it may say either. */
  readonly isReady?: boolean;
  /** Redis takes commands, and runs them when it can again. */
  readonly isLate?: boolean;
}

/**
 * Everything refuses during the trouble, and everything works after it. Nothing is written by it, but for what a late
 * Redis makes of commits that it was sent: each once at most, and nobody has those credentials.
 */
async function during(begin: () => Promise<unknown>, end: () => Promise<unknown>, { isReady, isLate = false }: Trouble = {}): Promise<void> {
  await warmed();
  const [before, sessions] = [await dump(raw.redis), await countSessions(raw.redis)];
  await begin();
  try {
    await expectAllRefused();
    const { status } = await supertest(peer.server).get('/readyz');
    if (isReady !== undefined) expect(status).toBe(isReady ? 200 : 503);
    expect((await supertest(peer.server).get('/healthz')).status).toBe(200);
  } finally {
    await end();
  }
  await expect.poll(() => raw.redis.ping().catch((error: unknown) => String(error)), { timeout: 10_000 }).toBe('PONG');
  if (isLate) expect(await countSessions(raw.redis)).toBeLessThanOrEqual(sessions + allowedAssumeCalls);
  else expect(await dump(raw.redis)).toEqual(before);
  await warmed();
}

describe('every operation refuses with 503 and none answers from a cache', () => {
  it('while Redis is gone', { timeout: 30_000 }, () => during(() => raw.kill(), () => raw.start(), { isReady: false }));

  it('while Redis loads its data', { timeout: 60_000 }, async () => {
    const filler = raw.redis.pipeline();
    for (let number = 0; number < 8000; number += 1) filler.set(`filler:${number}`, '1');
    await filler.exec();
    const restart = async (): Promise<void> => {
      await raw.kill();
      // Microseconds that each entry takes.
      await raw.start('--key-load-delay', '400');
      await expect.poll(() => raw.redis.ping().catch((error: unknown) => String(error)), { timeout: 5000, interval: 10 }).toMatch(/LOADING|PONG/);
    };
    const loaded = async (): Promise<void> => {
      await expect.poll(async () => /^loading:0/m.test(await raw.redis.info('persistence')), { timeout: 20_000 }).toBe(true);
      await raw.redis.config('SET', 'key-load-delay', '0');
    };
    await during(restart, loaded, { isReady: false });
  });

  it('while it is a replica, which takes no writes', { timeout: 30_000 }, () =>
    during(() => raw.redis.replicaof('127.0.0.1', 1), () => raw.redis.replicaof('NO', 'ONE')));

  it('while it is a replica without its primary, which gives no data', { timeout: 30_000 }, () =>
    during(async () => {
      await raw.redis.config('SET', 'replica-serve-stale-data', 'no');
      await raw.redis.replicaof('127.0.0.1', 1);
    }, async () => {
      await raw.redis.replicaof('NO', 'ONE');
      await raw.redis.config('SET', 'replica-serve-stale-data', 'yes');
    }, { isReady: false }));

  it('while a script of somebody else keeps it busy', { timeout: 30_000 }, async () => {
    await raw.redis.config('SET', 'busy-reply-threshold', '50');
    const endless = raw.redis.duplicate({ commandTimeout: 20_000 });
    let running: Promise<unknown> = Promise.resolve();
    await during(async () => {
      running = endless.eval('while true do end', 0).catch(() => undefined);
      await sleep(300);
    }, async () => {
      await raw.redis.script('KILL');
      await running;
      endless.disconnect();
    }, { isReady: false });
  });

  it('while it is silent, after the time that a command may take, and then at once', { timeout: 60_000 }, async () => {
    const begun = { at: 0 };
    await during(() => {
      process.kill(raw.pid(), 'SIGSTOP');
      begun.at = Date.now();
      return Promise.resolve();
    }, () => {
      expect(Date.now() - begun.at).toBeLessThan(7000);
      process.kill(raw.pid(), 'SIGCONT');
      return Promise.resolve();
    }, { isReady: false, isLate: true });
  });
});

it('scripts that Redis forgot are sent again, once', async () => {
  await warmed();
  const before = await countSessions(raw.redis);
  await raw.redis.script('FLUSH');
  const answers = await Promise.all(Array.from({ length: 16 }, (_, number) => peer.assume(keys.alice, { agency_urn: agencies.first, agency_session_name: `flush-${number}` })));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(await countSessions(raw.redis)).toBe(before + answers.length);
});

it('a start without a Redis gives up after a while, with a message that names the setting and the cause', { timeout: 20_000 }, async () => {
  const error = await unreachable;
  expect(error).toBeInstanceOf(SettingsError);
  expect(String(error)).toMatch(/`STS_REDIS_URL`: Redis cannot be reached: .*ENOENT/);
});
