// The service behind Sentinels whose primary is lost under load: nothing half-done is answered, no acknowledged revocation is lost, and it goes on by itself.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { accounts, keys } from '../support/accounts.js';
import { startSentinels, type Sentinels } from '../support/redis-sentinel.js';
import type { RedisProcess } from '../support/redis-process.js';
import { startServiceOn, type Answer, type ServiceOnRedis } from '../support/service.js';
import { expectCopied, expectDead, expectWhole, settings, startLoad, threeHops, type Load } from './failover.js';

let sentinels: Sentinels;
let first: ServiceOnRedis;
let service: ServiceOnRedis;
const processes: ServiceOnRedis[] = [];
const loads: Load[] = [];
/** One more process of the installation. */
async function start(replicas = '0'): Promise<ServiceOnRedis> {
  const started = await startServiceOn(sentinels.url, accounts, { ...settings, STS_REDIS_WAIT_REPLICAS: replicas }, first.folder);
  processes.push(started);
  return started;
}
beforeAll(async () => {
  sentinels = await startSentinels();
  first = await startServiceOn(sentinels.url, accounts, settings);
});
afterEach(async () => {
  for (const each of loads.splice(0)) await each.stop();
  for (const each of processes.splice(0)) await each.stop();
});
afterAll(async () => {
  await first.stop();
  await sentinels.stop();
});

const revoke = (sessionId: string): Promise<Answer> => service.call(keys.rootB, 'POST', `/v1/sessions/${sessionId}/revoke`, { reason: 'leak' });
/** Scripts that the server ran since its counters were reset; what a replica gets of them are single commands. */
const scriptsRun = async ({ redis }: RedisProcess): Promise<number> => Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(await redis.info('commandstats'))?.[1] ?? 0);

it('replicas that never got a revocation take over: it is written again from the journal before any process accepts the session', { timeout: 90_000 }, async () => {
  service = await start();
  const other = await start();
  const [, second, third] = await threeHops(service);
  expect((await other.identity(third)).status).toBe(200);
  const old = await sentinels.primary();
  const replicas = sentinels.servers.filter((server) => server !== old);
  await expectCopied(old, replicas.length);
  for (const replica of replicas) replica.signal('SIGSTOP');
  // What is written from now on is not even on its way.
  await old.redis.call('CLIENT', 'KILL', 'TYPE', 'replica');
  expect((await revoke(second.accessKeyId)).status).toBe(200);
  await old.kill();
  for (const replica of replicas) replica.signal('SIGCONT');
  await Promise.all([service, other].map((each) => expectDead(each, second, third)));
  expect(await sentinels.failedOver(old)).not.toBe(old);
  // On a busy machine one failover may follow another: what the last one lost is written again before the next answer.
  await expect.poll(async () => [(await service.identity(second)).status, await service.connection.exists(service.composition.names.mark(second.accessKeyId))], { timeout: 20_000 }).toEqual([401, 1]);
  const replayed = [service, other].flatMap(({ logged }) => logged.flatMap(({ fields }) => ('replayed' in fields ? [fields.replayed] : [])));
  expect(replayed).toContain(1);
  await old.start();
  await sentinels.replicates(old);
});

it.each([
  ['1', 'is killed', 'kill'],
  ['0', 'hangs and comes back as if nothing had been', 'pause'],
] as const)('with STS_REDIS_WAIT_REPLICAS=%s, a primary that %s right after a revocation: what is revoked stays dead, and nobody writes to the old primary', { timeout: 90_000 }, async (replicas, _how, what) => {
  service = await start(replicas);
  const load = startLoad(service);
  loads.push(load);
  await load.more(50);
  const [root, second, third] = await threeHops(service);
  const old = await sentinels.primary();
  expect((await revoke(second.accessKeyId)).status).toBe(200);
  if (what === 'kill') await old.kill();
  else old.signal('SIGSTOP');
  const dead = expectDead(service, second, third);
  await load.afterOutage(100);
  await dead;

  if (what === 'kill') await old.start();
  else old.signal('SIGCONT');
  // What had been sent before it hung may still run there.
  for (let pings = 0; pings < 20; pings += 1) await old.redis.ping();
  await old.redis.config('RESETSTAT');
  await load.more(50);
  await sentinels.replicates(old);
  await load.more(50);
  await load.stop();
  expect(await scriptsRun(old)).toBe(0);
  expect(await scriptsRun(await sentinels.primary())).toBeGreaterThan(100);
  await expectWhole(service, load);
  expect((await service.identity(root)).status).toBe(200);
  await expectDead(service, second, third);
});
