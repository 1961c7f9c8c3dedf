// Accounts in several processes at once: every read is up to date, fetches only what changed, and no write is lost.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { User } from '../../src/directory/entities.js';
import { entriesOf, entityField, type Snapshot } from '../../src/directory/snapshot.js';
import type { AccountChange, DirectoryReader } from '../../src/directory/store.js';
import { directoryReader } from '../../src/redis/directory-store.js';
import { applyBootstrap } from '../../src/service/bootstrap.js';
import { parseBootstrapFile } from '../../src/directory/bootstrap-file.js';
import type { Composition } from '../../src/service/composition.js';
import { accountA, accountB, accounts, agencies, deny, keys, policy } from '../support/accounts.js';
import { startService, writeChanges, type TestService } from '../support/service.js';
import { withAccount, withAdded, withEntity } from '../redis/altered.js';
import { startPeer, type Peer } from '../redis/support.js';

let service: TestService;
let peer: Peer;
beforeAll(async () => {
  service = await startService(accounts);
  peer = await startPeer(service, `unix://${service.redisServer.socketPath}`);
});
afterAll(async () => {
  await peer.stop();
  await service.stop();
});
beforeEach(() => service.apply(accounts));

async function snapshotIn(composition: Composition, accountId = accountA): Promise<Snapshot> {
  const view = await composition.services.directory.read(accountId, () => []);
  if (view === undefined) throw new Error(`no account ${accountId}`);
  return view.snapshot;
}

const userOf = (name: string, userId = `id-${name}`): User => ({
  userId, userName: name, enabled: true, isRootUser: false, description: '', tags: [], groupIds: [], attachedPolicies: [], createdAt: 0,
});

const change = ({ accountId, revision }: Snapshot, put: readonly User[], remove: readonly string[] = []): AccountChange => ({
  accountId, expectedRevision: revision, put: put.map((user) => [entityField('user', user.userId), user]), remove: remove.map((id) => entityField('user', id)),
});

async function write(composition: Composition, put: readonly User[], remove: readonly string[] = []): Promise<void> {
  expect(await writeChanges(composition, [change(await snapshotIn(composition), put, remove)])).toBe('committed');
}

/** Calls of Redis commands that the work makes, by name. */
async function commandsOf(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  await service.redis.config('RESETSTAT');
  await work();
  const stats = await service.redis.info('commandstats');
  return Object.fromEntries([...stats.matchAll(/^cmdstat_(\w+):calls=(\d+)/gm)].map(([, name = '', calls]) => [name, Number(calls)]));
}

describe('a process that knows an account', () => {
  it('asks for its revision alone when nothing changed', async () => {
    await snapshotIn(peer.composition);
    const commands = await commandsOf(() => snapshotIn(peer.composition));
    expect(commands).toMatchObject({ hmget: 1 });
    expect(['evalsha', 'eval', 'hgetall', 'hget', 'lrange'].filter((name) => name in commands)).toEqual([]);
  });

  it.each([1, 2, 10])('%i revisions behind fetches only what changed', async (revisions) => {
    await snapshotIn(peer.composition);
    for (let number = 0; number < revisions; number += 1) await write(service.composition, [userOf(`new-${number}`)]);
    const commands = await commandsOf(() => snapshotIn(peer.composition));
    // One for the revision, one for what ends sessions, and one for each user.
    expect([commands['hgetall'], commands['hget']]).toEqual([undefined, 2 + revisions]);
    expect(entriesOf(await snapshotIn(peer.composition))).toEqual(entriesOf(await snapshotIn(service.composition)));
  });

  it.each([[64, undefined], [65, 1]])('%i revisions behind reads everything: %s', async (revisions, wholeReads) => {
    await snapshotIn(peer.composition);
    for (let number = 0; number < revisions; number += 1) await write(service.composition, [userOf('one', `id-${number % 2}`)]);
    const commands = await commandsOf(() => snapshotIn(peer.composition));
    expect(commands['hgetall']).toBe(wholeReads);
    expect(entriesOf(await snapshotIn(peer.composition))).toEqual(entriesOf(await snapshotIn(service.composition)));
  });

  it('reads everything when the history it knows was never written', async () => {
    await snapshotIn(peer.composition);
    const { names } = service.composition;
    await service.redis.hset(names.accountState(accountA), 'rev', '9-ffffffffffffffff');
    const commands = await commandsOf(() => snapshotIn(peer.composition));
    expect(commands['hgetall']).toBe(1);
  });

  it('has the same account as one that reads it anew, after any row of writes', async () => {
    let seed = 20_260_115;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    for (let round = 0; round < 60; round += 1) {
      const writer = random(2) === 0 ? service.composition : peer.composition;
      const put = Array.from({ length: random(4) }, () => userOf(`user-${random(1000)}`, `id-${random(12)}`));
      await write(writer, put, Array.from({ length: random(3) }, () => `id-${12 + random(6)}`));
      if (random(3) > 0) continue;
      const cold = await startPeer(service, `unix://${service.redisServer.socketPath}`);
      try {
        const expected = await snapshotIn(cold.composition);
        for (const composition of [service.composition, peer.composition]) expect(await snapshotIn(composition), `round ${round}`).toEqual(expected);
      } finally {
        await cold.stop();
      }
    }
  });
});

describe('a write through one process is seen by the next call of every other', () => {
  it.each<readonly [string, object, number]>([
    ['a disabled user', withEntity(accountA, 'users', 'alice', { enabled: false }), 401],
    ['an inactive key', withEntity(accountA, 'users', 'alice', { access_keys: [{ access_key_id: keys.alice.accessKeyId, secret_access_key: keys.alice.secretAccessKey, status: 'inactive' }] }), 401],
    ['another secret of the key', withEntity(accountA, 'users', 'alice', { access_keys: [{ access_key_id: keys.alice.accessKeyId, secret_access_key: 'another-secret-of-alice' }] }), 401],
    ['a policy that denies', withEntity(accountA, 'policies', 'assume-all', { policy_document: policy(deny('*')) }), 403],
    ['an SCP that denies', withAccount(accountA, { service_control_policies: [{ name: 'stop', policy_document: policy(deny('*')) }] }), 403],
    ['an organization without an SCP', withAccount(accountA, { service_control_policies: [] }), 403],
    ['a renamed agency', withEntity(accountB, 'agencies', 'second', { path: 'elsewhere/' }), 403],
  ])('%s', async (_what, file, status) => {
    const assume = async () => (await peer.assume(keys.alice, { agency_urn: agencies.second, agency_session_name: 'strict' })).status;
    for (let round = 0; round < 5; round += 1) {
      expect(await assume()).toBe(200);
      await service.apply(file);
      expect(await assume()).toBe(status);
      await service.apply(accounts);
    }
  });
});

describe('writers at once', () => {
  it('from one revision: exactly one writes, the others are told', async () => {
    const revision = await snapshotIn(service.composition);
    const results = await Promise.all(Array.from({ length: 8 }, (_, number) =>
      writeChanges((number % 2 === 0 ? service : peer).composition, [change(revision, [userOf(`racer-${number}`)])])));
    expect(results.filter((result) => result === 'committed')).toHaveLength(1);
    const racers = [...(await snapshotIn(peer.composition)).users.values()].filter(({ userName }) => userName.startsWith('racer-'));
    expect(racers).toHaveLength(1);
  });

  it('that read again after a conflict lose nothing of each other', async () => {
    const results = await Promise.allSettled(Array.from({ length: 3 }, (_, number) => {
      const file = withAdded(accountA, 'users', { user_name: `joint-${number}` });
      return applyBootstrap(parseBootstrapFile(JSON.stringify(file)), (number % 2 === 0 ? service : peer).composition);
    }));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    const names = [...(await snapshotIn(peer.composition)).users.values()].map(({ userName }) => userName);
    expect(names).toEqual(expect.arrayContaining(['joint-0', 'joint-1', 'joint-2']));
  });

  it('of two accounts together: a conflict in one writes neither', async () => {
    const [a, b] = [await snapshotIn(service.composition), await snapshotIn(service.composition, accountB)];
    await write(peer.composition, [userOf('first')]);
    const changes = [change(b, [userOf('pair')]), change(a, [userOf('pair')])];
    expect(await writeChanges(service.composition, changes)).toBe('conflict');
    expect((await snapshotIn(peer.composition, accountB)).revision).toBe(b.revision);
  });

  it('never make a reader fail: an account that changes all the time is a 503 to try again, not a 500', async () => {
    const writers = { running: true };
    const writing = (async () => {
      for (let number = 0; writers.running; number += 1) await write(service.composition, [userOf('storm', `id-${number % 5}`)]);
    })();
    const statuses = await Promise.all(Array.from({ length: 12 }, async () => {
      const seen: number[] = [];
      for (let call = 0; call < 12; call += 1) {
        const { status, body } = await peer.identity(keys.alice);
        if (status !== 200) expect(body.error_code).toBe('STS5.1504');
        seen.push(status);
      }
      return seen;
    }));
    writers.running = false;
    await writing;
    expect(new Set(statuses.flat())).not.toContain(500);
    expect(peer.logged.filter(({ fields }) => 'status' in fields && fields.status === 500)).toEqual([]);
  });
});

describe('a large account', () => {
  it('is written, read and removed whole, however many entities it has', { timeout: 60_000 }, async () => {
    const many = Array.from({ length: 9000 }, (_, number) => userOf(`user-${number}`));
    const before = entriesOf(await snapshotIn(peer.composition)).length;
    await write(service.composition, many);
    expect(entriesOf(await snapshotIn(peer.composition)).length).toBe(before + many.length);
    await write(service.composition, [], many.map(({ userId }) => userId));
    expect(entriesOf(await snapshotIn(peer.composition)).length).toBe(before);
  });
});

describe('an account that is gone', () => {
  it.each<readonly [string, () => Promise<unknown>]>([
    ['by its entities', async () => {
      const snapshot = await snapshotIn(service.composition);
      expect(await writeChanges(service.composition, [{ accountId: accountA, expectedRevision: snapshot.revision, put: [], remove: entriesOf(snapshot).map(([field]) => field) }])).toBe('committed');
    }],
    ['by its keys in Redis', () => {
      const { names } = service.composition;
      return service.redis.del(names.accountState(accountA), names.accountEntities(accountA), names.accountChanges(accountA));
    }],
  ])('%s: its users, its sessions and what descends from them are refused at once, its agencies are not found', async (_how, remove) => {
    const own = await startService(accounts);
    const outer = service;
    service = own;
    try {
      const session = await own.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'one' });
      const second = await own.session(session, { agency_urn: agencies.second, agency_session_name: 'two' });
      expect((await own.identity(second)).status).toBe(200);
      await remove();
      expect((await own.identity(keys.alice)).status).toBe(401);
      expect((await own.identity(session)).status).toBe(401);
      expect((await own.identity(second)).status).toBe(401);
      expect((await own.assume(session, { agency_urn: agencies.second, agency_session_name: 'late' })).status).toBe(401);
      expect((await own.assume(keys.bert, { agency_urn: agencies.external, agency_session_name: 'late', external_id: 'partner-42' })).status).toBe(403);
      expect((await own.identity(keys.bert)).status).toBe(200);
      expect(own.logged.filter(({ level }) => level === 'error')).toEqual([]);
    } finally {
      service = outer;
      await own.stop();
    }
  });
});

it('an account that is removed ends what descends from it elsewhere, also when it comes back', async () => {
  const own = await startService(accounts);
  try {
    const { directory } = own.composition.services;
    const session = await own.session(keys.alice, { agency_urn: agencies.second, agency_session_name: 'elsewhere' });
    expect((await own.identity(session)).status).toBe(200);
    const snapshot = await snapshotIn(own.composition);
    expect(await writeChanges(own.composition, [{ accountId: accountA, expectedRevision: snapshot.revision, put: [], remove: entriesOf(snapshot).map(([field]) => field) }])).toBe('committed');
    expect(await directory.read(accountA, () => [])).toBeUndefined();
    expect((await own.identity(session)).status).toBe(401);
    // As a copy of the account made anew would have it, under the ids that it had.
    const state = own.composition.names.accountState(accountA);
    const revision = (await own.redis.hget(state, 'rev')) ?? '';
    expect(await writeChanges(own.composition, [{ accountId: accountA, expectedRevision: revision, put: entriesOf(snapshot), remove: [] }])).toBe('committed');
    expect((await own.identity(keys.alice)).status).toBe(200);
    expect((await own.identity(session)).status).toBe(401);
  } finally {
    await own.stop();
  }
});

describe('snapshots that are kept', () => {
  const bytesOf = async (accountId: string): Promise<number> => entriesOf(await snapshotIn(service.composition, accountId)).reduce((sum, [, entity]) => sum + Buffer.byteLength(JSON.stringify(entity)), 0);
  const readsOf = async (directory: DirectoryReader, accountId: string): Promise<number> =>
    (await commandsOf(() => directory.read(accountId, () => [])))['hgetall'] ?? 0;
  const keeping = (bytes: number): DirectoryReader => directoryReader(service.redis, service.composition.names, service.composition.keyring, { provided: { systemPolicies: new Map(), systemRoles: new Map() }, keptBytes: bytes });

  it('are bounded by the size of their records, not by their number', async () => {
    const both = (await bytesOf(accountA)) + (await bytesOf(accountB));
    for (const [bytes, reads] of [[both, 0], [both - 1, 1]] as const) {
      const directory = keeping(bytes);
      await directory.read(accountA, () => []);
      await directory.read(accountB, () => []);
      expect(await readsOf(directory, accountA)).toBe(reads);
    }
  });

  it('are loaded once for all calls that find a process cold at the same moment', async () => {
    const directory = keeping(1_000_000);
    let views: readonly unknown[] = [];
    const commands = await commandsOf(async () => {
      views = await Promise.all(Array.from({ length: 30 }, () => directory.read(accountA, () => ['account'])));
    });
    expect(commands['hgetall']).toBe(1);
    expect(views).toEqual(Array.from({ length: 30 }, () => views[0]));
    expect(views[0]).toMatchObject({ snapshot: { accountId: accountA }, epochs: new Map([['account', expect.any(Number) as number]]) });
  });

  it('are counted as they are now, however often they have changed', async () => {
    const directory = keeping((await bytesOf(accountA)) + (await bytesOf(accountB)) + 4096);
    await directory.read(accountB, () => []);
    for (let number = 0; number < 12; number += 1) {
      await write(service.composition, [{ ...userOf('large'), description: `${number} ${'x'.repeat(1000)}` }]);
      expect(await readsOf(directory, accountA)).toBe(number === 0 ? 1 : 0);
    }
    expect(await readsOf(directory, accountB)).toBe(0);
    await write(service.composition, [], ['id-large']);
    await directory.read(accountA, () => []);
    expect(await readsOf(directory, accountB)).toBe(0);
  });

  it('leave out an account that is too large, which is read all the same', async () => {
    const directory = keeping(100);
    expect(entriesOf((await directory.read(accountA, () => []))?.snapshot ?? (await snapshotIn(service.composition)))).toEqual(entriesOf(await snapshotIn(service.composition)));
  });
});

it('an agency that is removed ends its sessions and their descendants in other accounts, also when one of its name comes back', async () => {
  const first = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'one' });
  const second = await service.session(first, { agency_urn: agencies.second, agency_session_name: 'two' });
  const snapshot = await snapshotIn(service.composition);
  const agencyId = snapshot.agencies.named('first')?.agencyId ?? '';
  expect(await writeChanges(service.composition, [{ accountId: accountA, expectedRevision: snapshot.revision, put: [], remove: [entityField('agency', agencyId)] }])).toBe('committed');
  for (const state of ['removed', 'made anew']) {
    for (const process of [service, peer]) {
      expect([state, (await process.identity(first)).status, (await process.identity(second)).status]).toEqual([state, 401, 401]);
    }
    await service.apply(accounts);
  }
});
