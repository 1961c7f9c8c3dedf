// A failover that loses the newest writes: what was revoked is dead on the new primary before anybody is served there.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountA, accounts, agencies, keys } from '../support/accounts.js';
import { startSentinels, type Sentinels } from '../support/redis-sentinel.js';
import { startServiceOn, type ServiceOnRedis } from '../support/service.js';
import { revocationOf, revoke, settled } from './recovery-support.js';

let setup: Sentinels;
let revoking: ServiceOnRedis;
let other: ServiceOnRedis;
beforeAll(async () => {
  setup = await startSentinels({ password: 'secret' });
  revoking = await startServiceOn(setup.url, accounts);
  other = await startServiceOn(setup.url, accounts, {}, revoking.folder);
});
afterAll(async () => {
  await other.stop();
  await revoking.stop();
  await setup.stop();
});

it('in a process that did not take the revocation as well as in the one that did', async () => {
  const session = await revoking.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'lost' });
  const old = await setup.primary();
  const replicas = setup.servers.filter((server) => server !== old);
  await expect.poll(() => old.redis.wait(2, 1000), { timeout: 10_000 }).toBe(2);
  expect((await other.identity(session)).status).toBe(200);
  // Nothing reaches them any more.
  await Promise.all(replicas.map(({ redis }) => redis.config('SET', 'masterauth', 'wrong')));
  await old.redis.call('CLIENT', 'KILL', 'TYPE', 'replica');
  const mark = revoking.composition.names.mark(session.accessKeyId);
  expect(await revoke(revoking.composition, accountA, [await revocationOf(revoking.composition, 'mark', session.accessKeyId, accountA, 'account')])).toMatchObject({ result: 'committed' });
  expect(await Promise.all(replicas.map(({ redis }) => redis.exists(mark)))).toEqual([0, 0]);
  await old.kill();

  const current = await setup.failedOver(old);
  expect(await settled(() => other.identity(session))).toBe(401);
  expect(await current.redis.exists(mark)).toBe(1);
  expect(await settled(() => revoking.identity(session))).toBe(401);
  expect(await settled(() => other.identity(keys.alice))).toBe(200);
}, 60_000);
