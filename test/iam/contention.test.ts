// Writers and readers of one account at the same time: nobody is told to come back, in one process and in two.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorkerServer } from '../../src/service/worker.js';
import { readSettings } from '../../src/service/settings.js';
import { openComposition } from '../../src/service/state.js';
import { pooledRandom } from '../../src/base/clock.js';
import { connected, createClient } from '../../src/redis/client.js';
import { signRequest } from '../../src/signing/index.js';
import { accountA, accounts, agencies, ask, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';

let service: TestService;
let stopPeer: () => Promise<void>;
let urls: readonly string[];
const rates = { STS_RATE_ADDRESS_PER_MINUTE: '1000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '1000000' };

beforeAll(async () => {
  service = await startService(accounts, rates);
  const settings = readSettings({ STS_DATA_DIR: `${service.folder}/data`, STS_KEYS_DIR: `${service.folder}/keys`, STS_REDIS_URL: `unix://${service.redisServer.socketPath}`, STS_PORT: '0', ...rates });
  const redis = createClient(settings.STS_REDIS_URL ?? '', () => undefined);
  await connected(redis, 5000);
  const log = { debug: () => undefined, info: () => undefined, error: () => undefined };
  const server = createWorkerServer(settings, await openComposition(settings, redis, { clock: service.clock, random: pooledRandom() }), log);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  urls = [service.url, `http://127.0.0.1:${address.port}`];
  stopPeer = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    redis.disconnect();
  };
});
afterAll(async () => {
  await stopPeer();
  await service.stop();
});

async function status(url: string, method: string, path: string, body?: object): Promise<number> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = signRequest({ method, url: `${url}${path}`, headers: { 'content-type': 'application/json' }, ...(payload !== undefined && { body: payload }), ...keys.rootA, date: new Date(service.clock.now()) });
  const response = await fetch(`${url}${path}`, { method, headers, ...(payload !== undefined && { body: payload }) });
  await response.arrayBuffer();
  return response.status;
}

it('writers who never pause hold up no reader, no assume call and none of each other', { timeout: 60_000 }, async () => {
  const view = await service.composition.services.directory.read(accountA, () => []);
  const writtenTo = view?.snapshot.users.values().filter(({ isRootUser }) => !isRootUser).map(({ userId }) => userId) ?? [];
  const statuses: number[] = [];
  let isOver = false;
  const loop = async (call: (round: number) => Promise<number>): Promise<void> => {
    for (let round = 0; !isOver; round += 1) statuses.push(await call(round));
  };
  const writers = urls.flatMap((url, process) => [0, 1, 2].map((number) => loop((round) => status(url, 'PUT', `/v5/users/${writtenTo[number] ?? ''}`, { new_description: `${process}-${number}-${round}` }))));
  const readers = urls.map((url) => loop(() => status(url, 'GET', '/v5/users?limit=3')));
  const assumers = urls.flatMap((url) => [0, 1].map(() => loop(() => status(url, 'POST', '/v5/agencies/assume', ask(agencies.first)))));
  setTimeout(() => {
    isOver = true;
  }, 4000);
  await Promise.all([...writers, ...readers, ...assumers]);
  expect(statuses.length).toBeGreaterThan(30);
  expect(statuses.filter((one) => one !== 200)).toEqual([]);
});
