// Primaries of a Redis Cluster that are lost under load: nothing half-done is answered, no acknowledged revocation is lost, and it goes on by itself.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { accountA, accountB, accounts, keys } from '../support/accounts.js';
import { startCluster, type RedisCluster } from '../support/redis-cluster.js';
import { until, type RedisProcess } from '../support/redis-process.js';
import { startServiceOn, type Answer, type ServiceOnRedis } from '../support/service.js';
import { expectCopied, expectDead, expectWhole, settings, startLoad, threeHops, type Load } from './failover.js';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

let service: ServiceOnRedis;
const stateOf = (accountId: string): string => service.composition.names.accountState(accountId);
const revoke = (sessionId: string): Promise<Answer> => service.call(keys.rootB, 'POST', `/v1/sessions/${sessionId}/revoke`, { reason: 'leak' });
const bringBack = async (server: RedisProcess): Promise<void> => {
  await server.start();
  await cluster.replicates(server);
};
async function replicaOf({ port }: RedisProcess): Promise<RedisProcess> {
  const roles = await Promise.all(cluster.servers.map(async (server) => ({ server, info: await server.redis.info('replication') })));
  const found = roles.find(({ info }) => info.includes('role:slave') && info.includes(`master_port:${port}`) && info.includes('master_link_status:up'));
  if (found === undefined) throw new Error(`no replica of ${port}`);
  return found.server;
}

/** Prepares the state, and keeps the folder with the keys. */
let first: ServiceOnRedis;
const processes: ServiceOnRedis[] = [];
const loads: Load[] = [];
/** One more process of the installation. */
async function start(replicas = '0'): Promise<ServiceOnRedis> {
  const started = await startServiceOn(cluster.url, accounts, { ...settings, STS_REDIS_WAIT_REPLICAS: replicas }, first.folder);
  processes.push(started);
  return started;
}
beforeAll(async () => {
  first = await startServiceOn(cluster.url, accounts, settings);
});
afterEach(async () => {
  for (const each of loads.splice(0)) await each.stop();
  for (const each of processes.splice(0)) await each.stop();
});
afterAll(() => first.stop());

it.each([
  ['0', 'the calling account', accountA],
  ['1', 'the account of the agencies', accountB],
])('with STS_REDIS_WAIT_REPLICAS=%s, a primary killed right after a revocation, where %s is: nothing half-done is answered, and what is revoked stays dead', { timeout: 90_000 }, async (replicas, _whose, accountId) => {
  service = await start(replicas);
  const load = startLoad(service);
  loads.push(load);
  await load.more(50);
  const [root, second, third] = await threeHops(service);
  const owner = await cluster.ownerOf(stateOf(accountId));
  expect((await revoke(second.accessKeyId)).status).toBe(200);
  await owner.kill();
  const dead = expectDead(service, second, third);
  await load.afterOutage(100);
  await dead;
  await load.stop();
  expect(load.refused.length).toBeGreaterThan(0);
  await expectWhole(service, load);
  expect((await service.identity(root)).status).toBe(200);
  await bringBack(owner);
});

it('a replica that never got a revocation takes over: it is written again from the journal before any process accepts the session', { timeout: 90_000 }, async () => {
  service = await start();
  const other = await start();
  const [, second, third] = await threeHops(service);
  expect((await other.identity(third)).status).toBe(200);
  const owner = await cluster.ownerOf(stateOf(accountB));
  const replica = await replicaOf(owner);
  await expectCopied(owner, 1);
  replica.signal('SIGSTOP');
  // What is written from now on is not even on its way.
  await owner.redis.call('CLIENT', 'KILL', 'TYPE', 'replica');
  expect((await revoke(second.accessKeyId)).status).toBe(200);
  await owner.kill();
  replica.signal('SIGCONT');
  await Promise.all([service, other].map((each) => expectDead(each, second, third)));
  expect(await cluster.failedOver(stateOf(accountB), owner)).toBe(replica);
  // On a busy machine one failover may follow another: what the last one lost is written again before the next answer.
  await expect.poll(async () => [(await service.identity(second)).status, await service.connection.exists(service.composition.names.mark(second.accessKeyId))], { timeout: 20_000 }).toEqual([401, 1]);
  const replayed = [service, other].flatMap(({ logged }) => logged.flatMap(({ fields }) => ('replayed' in fields ? [fields.replayed] : [])));
  expect(replayed).toContain(1);
  await bringBack(owner);
});

it('a revocation that no replica gets is not answered as done where one is waited for', async () => {
  service = await start('1');
  const [, second] = await threeHops(service);
  const replica = await replicaOf(await cluster.ownerOf(stateOf(accountB)));
  replica.signal('SIGSTOP');
  const answer = await revoke(second.accessKeyId);
  replica.signal('SIGCONT');
  expect(answer.status).toBe(503);
  await until('a revocation', async () => ((await revoke(second.accessKeyId)).status === 200 ? true : undefined));
  await expectDead(service, second);
});
