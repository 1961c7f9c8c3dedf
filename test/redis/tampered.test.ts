// Records that somebody changed in Redis are not believed: 503, an alarm in the log, and never an answer from them.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readSettings } from '../../src/service/settings.js';
import { openComposition } from '../../src/service/state.js';
import { installKey } from '../../src/redis/cells.js';
import { accountA, accountB, accounts, agencies, keys } from '../support/accounts.js';
import { startService, type Answer, type Credentials, type TestService } from '../support/service.js';
import { startPeer, type Peer } from './support.js';

let service: TestService;
let peer: Peer;
beforeAll(async () => {
  service = await startService(accounts);
});
afterAll(() => service.stop());

// A process of its own for each test: caches are cold.
beforeEach(async () => {
  peer = await startPeer(service, `unix://${service.redisServer.socketPath}`);
  return () => peer.stop();
});

function expectAlarm({ status, body }: Answer): void {
  expect([status, body.error_code, body.credentials]).toEqual([503, 'STS5.1503', undefined]);
  expect(body.error_msg).not.toMatch(/session:|entity|HST|HPUA/);
  expect(peer.logged.filter(({ level, fields }) => level === 'error' && 'alarm' in fields && fields.alarm === true)).toHaveLength(1);
}

const newSession = (): Promise<Credentials> => service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'one' });

describe('a session record', () => {
  const changes: readonly (readonly [string, (record: string) => string])[] = [
    ['of another session name', (record) => record.replace('"one"', '"two"')],
    ['that expires later', (record) => record.replace(/,(\d{10}),(\d{10}),/, (_all, issued: string, expires: string) => `,${issued},${Number(expires) + 3600},`)],
    ['of another agency', (record) => record.replace('"first"', '"long"')],
    ['with a lower epoch of its own', (record) => record.replace(/,0,0\]$/, ',-1,-1]')],
    ['without its authentication', (record) => record.slice(record.indexOf('[') - 1)],
    ['with an empty authentication', (record) => record.replace(/^([^.]*)\.[^.]*\./, '$1..')],
    ['of a key that is not in the ring', (record) => record.replace(/^[^.]*/, 'nokey')],
    ['cut short', (record) => record.slice(0, -5)],
    ['emptied', () => ''],
    ['that is no record at all', () => '{"admin":true}'],
    ['with another first character', (record) => `x${record}`],
  ];
  it.each(changes)('%s', async (_what, change) => {
    const session = await newSession();
    const key = service.composition.names.session(session.accessKeyId);
    const record = (await service.redis.get(key)) ?? '';
    expect(change(record)).not.toBe(record);
    await service.redis.set(key, change(record), 'KEEPTTL');
    expectAlarm(await peer.identity(session));
    expect((await peer.assume(session, { agency_urn: agencies.second, agency_session_name: 'on' })).status).toBe(503);
    await service.redis.set(key, record, 'KEEPTTL');
    expect((await peer.identity(session)).status).toBe(200);
  });

  it('that was copied from another session', async () => {
    const [mine, other] = [await newSession(), await newSession()];
    const { names } = service.composition;
    await service.redis.copy(names.session(other.accessKeyId), names.session(mine.accessKeyId), 'REPLACE');
    expectAlarm(await peer.identity(mine));
    expect((await peer.identity(other)).status).toBe(200);
  });

  it('that is gone is no alarm: the token is refused like any other', async () => {
    const session = await newSession();
    await service.redis.del(service.composition.names.session(session.accessKeyId));
    expect((await peer.identity(session)).status).toBe(401);
    expect(peer.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('an entity', () => {
  const entities = (accountId: string): string => service.composition.names.accountEntities(accountId);
  const fieldWith = async (accountId: string, kind: string, text: string): Promise<string> => {
    const found = Object.entries(await service.redis.hgetall(entities(accountId))).find(([field, record]) => field.startsWith(`${kind}:`) && record.includes(text));
    if (found === undefined) throw new Error(`no ${kind} with ${text}`);
    return found[0];
  };
  const cases: readonly (readonly [string, () => Promise<readonly [accountId: string, field: string, record: string | undefined]>])[] = [
    ['a user enabled again', async () => {
      const field = await fieldWith(accountA, 'user', '"disabled"');
      return [accountA, field, (await service.redis.hget(entities(accountA), field))?.replace('"enabled":false', '"enabled":true')];
    }],
    ['a trust policy that trusts everybody', async () => {
      const field = await fieldWith(accountB, 'agency', '"untrusting"');
      return [accountB, field, (await service.redis.hget(entities(accountB), field))?.replace(/d{32}/, accountA)];
    }],
    ['a key of one user moved to another', async () => {
      const record = await service.redis.hget(entities(accountA), `key:${keys.bob.accessKeyId}`);
      return [accountA, `key:${keys.carol.accessKeyId}`, record ?? undefined];
    }],
    ['a policy in place of another', async () => {
      const record = await service.redis.hget(entities(accountA), await fieldWith(accountA, 'policy', '"assume-all"'));
      return [accountA, await fieldWith(accountA, 'policy', '"only-assume"'), record ?? undefined];
    }],
    ['an entity of another account', async () => [accountB, 'key:HPUAINTRUDER00000000', (await service.redis.hget(entities(accountA), `key:${keys.alice.accessKeyId}`)) ?? undefined]],
    ['an entity that nobody wrote', () => Promise.resolve([accountA, 'user:0000', '{"userId":"0000","isRootUser":true}'] as const)],
    ['an entity of no known kind', () => Promise.resolve([accountA, 'admin:0000', '{}'] as const)],
    ['an account without its own record', () => Promise.resolve([accountA, `account:${accountA}`, undefined] as const)],
  ];
  it.each(cases)('%s', async (_what, change) => {
    const [accountId, field, record] = await change();
    const key = entities(accountId);
    const old = await service.redis.hget(key, field);
    if (record === undefined) await service.redis.hdel(key, field);
    else await service.redis.hset(key, field, record);
    try {
      const [caller, agencyUrn] = accountId === accountA ? [keys.alice, agencies.first] as const : [keys.bert, agencies.external] as const;
      expectAlarm(await peer.assume(caller, { agency_urn: agencyUrn, agency_session_name: 'one', external_id: 'partner-42' }));
    } finally {
      if (old === null) await service.redis.hdel(key, field);
      else await service.redis.hset(key, field, old);
    }
    expect((await peer.identity(accountId === accountA ? keys.alice : keys.bert)).status).toBe(200);
  });

  it('a claim on an access key that leads to another account opens nothing', async () => {
    const hint = service.composition.names.accessKeyHint(keys.bob.accessKeyId);
    await service.redis.set(hint, accountB);
    expect((await peer.identity(keys.bob)).status).toBe(401);
    await service.redis.set(hint, accountA);
    expect((await peer.identity(keys.bob)).status).toBe(200);
  });
});

it.each([
  ['with another number of cells', (record: string) => record.replace('"cells":16', '"cells":32')],
  ['emptied', () => ''],
  ['without its authentication', (record: string) => record.slice(record.indexOf('{'))],
])('an install record %s ends the start', async (_what, change) => {
  const record = (await service.redis.get(installKey)) ?? '';
  expect(change(record)).not.toBe(record);
  await service.redis.set(installKey, change(record));
  try {
    const settings = readSettings({ STS_KEYS_DIR: `${service.folder}/keys` });
    await expect(openComposition(settings, service.redis, service.composition.services)).rejects.toThrow('filled with another key ring');
  } finally {
    await service.redis.set(installKey, record);
  }
});
