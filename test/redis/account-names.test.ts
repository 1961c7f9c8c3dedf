// Accounts are found by their names, at a cost that does not grow with their number.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountsNamed } from '../../src/sts/account-names.js';
import { directoryReader } from '../../src/redis/directory-store.js';
import { accountsNamedKey } from '../../src/redis/cells.js';
import type { DirectoryReader } from '../../src/directory/store.js';
import { accountA, accounts, keys } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
});
afterAll(() => service.stop());

const named = (name: string, directory: DirectoryReader = service.composition.services.directory): Promise<readonly string[]> => accountsNamed({ directory }, name);
/** As another process has it. */
const other = (): DirectoryReader => directoryReader(service.redis, service.composition.names, service.composition.keyring, { provided: service.composition.services.catalogue });
async function create(name: string): Promise<string> {
  const { status, body } = await service.call(keys.operator, 'POST', '/v1/accounts', { account_name: name });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return (body['account'] as { account_id: string }).account_id; // As the answer's schema has it.
}
/** Commands of Redis that the work takes. */
async function cost(work: () => Promise<unknown>): Promise<number> {
  const commands = async (): Promise<number> => [...(await service.redis.info('commandstats')).matchAll(/^cmdstat_(?:hget|smembers|sadd):calls=(\d+)/gm)].reduce((sum, [, calls]) => sum + Number(calls), 0);
  const before = await commands();
  await work();
  return (await commands()) - before;
}

it('those of the bootstrap file and those of the operator, from every process at once', async () => {
  const directory = other();
  expect(await named('account-a', directory)).toEqual([accountA]);
  const id = await create('fresh');
  expect([await named('fresh'), await named('fresh', directory), await named('nobody', directory), await named('system', directory)]).toEqual([[id], [id], [], []]);
});

it('by the name that an account has now, and by none when it is gone; several by one name', async () => {
  const [first, second] = [await create('shared'), await create('shared')];
  expect([...await named('shared')].sort()).toEqual([first, second].sort());
  expect((await service.call(keys.operator, 'PUT', `/v1/accounts/${first}`, { account_name: 'renamed' })).status).toBe(200);
  expect([await named('shared'), await named('renamed')]).toEqual([[second], [first]]);
  expect((await service.call(keys.operator, 'DELETE', `/v1/accounts/${first}`)).status).toBeLessThan(300);
  expect(await named('renamed')).toEqual([]);
});

it('those that were written before there was an index', async () => {
  await service.redis.del(accountsNamedKey('account-a'));
  const directory = other();
  expect(await Promise.all([named('account-a', directory), named('account-a', directory)])).toEqual([[accountA], [accountA]]);
});

it('for the same few commands with many accounts, whether there is such a name or not', async () => {
  await named('account-a');
  for (let count = 0; count < 30; count += 1) await create(`many-${count}`);
  expect(await cost(() => named('many-7'))).toBeLessThanOrEqual(2);
  expect(await cost(() => named('nobody'))).toBeLessThanOrEqual(1);
});
