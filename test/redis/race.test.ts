// What changes between the reading and the commit of a call: the call is decided again on what is true now, or refused.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readProfiles, type Profile } from '../../src/cli/profile-file.js';
import { parseBootstrapFile } from '../../src/directory/bootstrap-file.js';
import type { AccessKey, User } from '../../src/directory/entities.js';
import { takeOverScript } from '../../src/redis/access-keys.js';
import { commitScript } from '../../src/redis/scripts/commit.js';
import { applyBootstrap } from '../../src/service/bootstrap.js';
import type { Composition } from '../../src/service/composition.js';
import type { CommitResult } from '../../src/sts/commit.js';
import { generatedKeysKeeper } from '../../src/service/generated-keys.js';
import { readSettings } from '../../src/service/settings.js';
import { accountA, accountB, accounts, agencies, keys, policy, deny, trust } from '../support/accounts.js';
import { startService, writeChanges, type Credentials, type TestService } from '../support/service.js';
import { withEntity } from './altered.js';
import { countSessions, startPeer, startProxy, type Fate, type Peer, type Proxy } from './support.js';

let service: TestService;
let proxy: Proxy;
let peer: Peer;
beforeAll(async () => {
  service = await startService(accounts);
  proxy = await startProxy(service.redisServer.socketPath);
  peer = await startPeer(service, proxy.url);
});
afterAll(async () => {
  await peer.stop();
  await proxy.stop();
  await service.stop();
});
afterEach(async () => {
  proxy.watch('', undefined);
  await service.apply(accounts);
});

/** Does this when the next commits, one after another, are on their way to Redis; tells how many came by. */
function beforeCommits(...changes: readonly (() => Promise<unknown>)[]): () => number {
  let seen = 0;
  proxy.watch(commitScript.sha, async (): Promise<Fate> => {
    const change = changes[seen];
    seen += 1;
    await change?.();
    return 'forward';
  });
  return () => seen;
}

const apply = (file: object) => (): Promise<void> => service.apply(file);
const disableAlice = apply(withEntity(accountA, 'users', 'alice', { enabled: false }));
let edition = 0;
const edit = (user: string) => (): Promise<void> => {
  edition += 1;
  return service.apply(withEntity(accountA, 'users', user, { description: `edition ${edition}` }));
};
/** Of the caller's account, and nothing that the caller stands on. */
const editBob = edit('bob');
/** The caller itself. */
const editAlice = edit('alice');
const state = (accountId: string): string => service.composition.names.accountState(accountId);
const raiseEpoch = (accountId: string, subject: string) => (): Promise<unknown> => service.redis.hincrby(state(accountId), subject, 1);
const idOf = async (accountId: string, kind: 'user' | 'agency', name: string): Promise<string> => {
  const view = await service.composition.services.directory.read(accountId, () => []);
  const found = kind === 'user'
    ? [...(view?.snapshot.users.values() ?? [])].find(({ userName }) => userName === name)?.userId
    : view?.snapshot.agencies.named(name)?.agencyId;
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
};

const assume = (credentials: Credentials = keys.alice, agencyUrn: string = agencies.second) => peer.assume(credentials, { agency_urn: agencyUrn, agency_session_name: 'race' });
const trace = async () => ({ sessions: await countSessions(service.redis), a: (await service.events(accountA)).length, b: (await service.events(accountB)).length });

describe('a permanent key', () => {
  it.each<readonly [string, () => Promise<unknown>, number]>([
    ['its user is disabled', disableAlice, 401],
    ['its user loses the permission', apply(withEntity(accountA, 'groups', 'assumers', { attached_policies: [] })), 403],
    ['its policy denies from now on', apply(withEntity(accountA, 'policies', 'assume-all', { policy_document: policy(deny('*')) })), 403],
    ['the agency no longer trusts it', apply(withEntity(accountB, 'agencies', 'second', { trust_policy: trust({ IAM: [accountB] }) })), 403],
  ])('%s while the call is decided: refused, and nothing is issued', async (_what, change, status) => {
    const before = await trace();
    const commits = beforeCommits(change);
    const answer = await assume();
    expect([answer.status, answer.body.credentials]).toEqual([status, undefined]);
    expect(commits()).toBe(status === 401 ? 1 : 2);
    const after = await trace();
    expect(after.sessions).toBe(before.sessions);
    // A caller that is none any more has no log of its own to stand in.
    expect(after.a).toBe(before.a + (status === 401 ? 0 : 1));
  });

  it.each<readonly [string, () => Promise<unknown>]>([
    ['another entity of the caller\'s account', editBob],
    ['the epoch of its account', raiseEpoch(accountA, 'account')],
    ['the epoch of its key', raiseEpoch(accountA, `key:${keys.alice.accessKeyId}`)],
    ['the epoch of its user', async () => raiseEpoch(accountA, `user:${await idOf(accountA, 'user', 'alice')}`)()],
    ['the epoch of the agency', async () => raiseEpoch(accountB, `agency:${await idOf(accountB, 'agency', 'second')}`)()],
    ['the epoch of the agency\'s account', raiseEpoch(accountB, 'account')],
  ])('%s changes: decided again, issued once, and alive', async (_what, change) => {
    const before = await trace();
    const commits = beforeCommits(change);
    const answer = await assume();
    expect([answer.status, commits()]).toEqual([200, 2]);
    expect(await trace()).toEqual({ sessions: before.sessions + 1, a: before.a + 1, b: before.b + 1 });
  });

  const times = <Change>(count: number, change: Change): readonly Change[] => Array.from({ length: count }, () => change);

  it('is served at its second try beside writes that do not concern it, however long they go on', async () => {
    const before = await trace();
    const commits = beforeCommits(...times(30, editBob));
    expect([(await assume()).status, commits()]).toEqual([200, 2]);
    expect(await trace()).toEqual({ sessions: before.sessions + 1, a: before.a + 1, b: before.b + 1 });
  });

  it.each<readonly [string, () => Promise<unknown>]>([
    ['its user', editAlice],
    ['a group of its user', () => service.apply(withEntity(accountA, 'groups', 'assumers', { description: `edition ${edition += 1}` }))],
    ['a policy of such a group', () => service.apply(withEntity(accountA, 'policies', 'assume-all', { description: `edition ${edition += 1}` }))],
    ['the agency', () => service.apply(withEntity(accountB, 'agencies', 'second', { description: `edition ${edition += 1}` }))],
  ])('is served at the twentieth try, and told to try again after it, when %s changes before each', async (_what, change) => {
    const nineteen = beforeCommits(...times(19, change));
    expect([(await assume()).status, nineteen()]).toEqual([200, 20]);
    const before = await trace();
    const always = beforeCommits(...times(20, change));
    const answer = await assume();
    expect([answer.status, answer.body.error_code, answer.body.credentials, always()]).toEqual([503, 'STS5.1504', undefined, 20]);
    expect(await trace()).toEqual(before);
    proxy.watch('', undefined);
    expect((await assume()).status).toBe(200);
  }, 30_000);
});

describe('an account that changes at every reading', () => {
  const beforeReadings = async (change: () => Promise<unknown>): Promise<() => number> => {
    let readings = 0;
    // What the process remembers is out of date: only then it reads.
    await change();
    proxy.watch('hmget', async (): Promise<Fate> => {
      readings += 1;
      await change();
      return 'forward';
    });
    return () => readings;
  };

  it.each([['something else of it', editBob], ['the caller itself', editAlice]])('is read all the same: %s changes', async (_what, change) => {
    const readings = await beforeReadings(change);
    expect([(await peer.identity(keys.alice)).status, readings()]).toEqual([200, 1]);
  });

  it('is ground enough for a call that reads another account after it, where the changes do not concern the call', async () => {
    const readings = await beforeReadings(editBob);
    // Both accounts, at the second try: the first one stood on memory.
    expect([(await assume()).status, readings()]).toEqual([200, 2]);
  });

  it('is none where they do: 503, and nothing is issued', async () => {
    const readings = await beforeReadings(editAlice);
    const before = await trace();
    const answer = await assume();
    expect([answer.status, answer.body.error_code, answer.body.credentials, readings()]).toEqual([503, 'STS5.1504', undefined, 2 * 19]);
    expect(await trace()).toEqual(before);
  }, 30_000);
});

describe('a session\'s chained call in flight dies with', () => {
  const chain = async (): Promise<{ first: Credentials; second: Credentials }> => {
    const first = await service.session(keys.alice, { agency_urn: agencies.first, agency_session_name: 'one' });
    return { first, second: await service.session(first, { agency_urn: agencies.second, agency_session_name: 'two' }) };
  };
  const mark = (credentials: Credentials): Promise<unknown> => service.redis.set(service.composition.names.mark(credentials.accessKeyId), '1');

  it.each<readonly [string, (sessions: { first: Credentials; second: Credentials }) => Promise<unknown>]>([
    ['a mark on the session itself', ({ second }) => mark(second)],
    ['a mark on its parent', ({ first }) => mark(first)],
    ['the epoch of the long-term key', () => raiseEpoch(accountA, `key:${keys.alice.accessKeyId}`)()],
    ['the epoch of the user', async () => raiseEpoch(accountA, `user:${await idOf(accountA, 'user', 'alice')}`)()],
    ['the epoch of the user\'s account', () => raiseEpoch(accountA, 'account')()],
    ['the epoch of the parent\'s agency', async () => raiseEpoch(accountA, `agency:${await idOf(accountA, 'agency', 'first')}`)()],
    ['the epoch of its own agency', async () => raiseEpoch(accountB, `agency:${await idOf(accountB, 'agency', 'second')}`)()],
    ['the epoch of its agency\'s account', () => raiseEpoch(accountB, 'account')()],
  ])('%s, and so does everything after it, at once', async (_what, revoke) => {
    const sessions = await chain();
    expect((await assume(sessions.second, agencies.third)).status).toBe(200);
    const before = await countSessions(service.redis);
    beforeCommits(() => revoke(sessions));
    expect((await assume(sessions.second, agencies.third)).status).toBe(401);
    expect(await countSessions(service.redis)).toBe(before);
    // In every process, whatever it has cached.
    for (const process of [service, peer]) {
      expect((await process.identity(sessions.second)).status).toBe(401);
      expect((await process.assume(sessions.second, { agency_urn: agencies.third, agency_session_name: 'late' })).status).toBe(401);
      expect((await process.identity(keys.alice)).status).toBe(200);
    }
  });

  it.each<readonly [string, (sessions: { first: Credentials; second: Credentials }) => Promise<unknown>]>([
    ['a mark on the child', ({ second }) => mark(second)],
    ['the epoch of another user', async () => raiseEpoch(accountA, `user:${await idOf(accountA, 'user', 'bob')}`)()],
    ['the epoch of another agency', async () => raiseEpoch(accountA, `agency:${await idOf(accountA, 'agency', 'long')}`)()],
  ])('but not with %s', async (_what, revoke) => {
    const sessions = await chain();
    await revoke(sessions);
    expect((await peer.identity(sessions.first)).status).toBe(200);
  });
});

describe('one new access key for two accounts', () => {
  let number = 0;
  const newKey = (): { id: string; put(composition: Composition, accountId: string): Promise<CommitResult['result']> } => {
    number += 1;
    const id = `HPUARACE${String(number).padStart(12, '0')}`;
    return {
      id,
      async put(composition, accountId) {
        const view = await composition.services.directory.read(accountId, () => []);
        // Of a user of its own: no user has more keys than two.
        const owner: User = { userId: `owner-${number}`, userName: `owner-${number}`, enabled: true, isRootUser: false, description: '', tags: [], groupIds: [], attachedPolicies: [], createdAt: 0 };
        const key: AccessKey = { accessKeyId: id, owner: { kind: 'user', id: owner.userId }, active: true, sealedSecret: 'sealed', createdAt: 0 };
        return writeChanges(composition, [{ accountId, expectedRevision: view?.snapshot.revision, put: [[`user:${owner.userId}`, owner], [`key:${id}`, key]], remove: [] }]);
      },
    };
  };
  const holders = async (id: string): Promise<readonly string[]> => {
    const { names } = service.composition;
    const has = await Promise.all([accountA, accountB].map((accountId) => service.redis.hexists(names.accountEntities(accountId), `key:${id}`)));
    return [accountA, accountB].filter((_, index) => has[index] === 1);
  };

  it.each([['commits', commitScript.sha], ['takes the claim over', takeOverScript.sha]])('is written for one of them: the other came first while this one %s', async (_what, sha) => {
    const key = newKey();
    await peer.composition.services.directory.read(accountA, () => []);
    await service.redis.set(service.composition.names.accessKeyHint(key.id), sha === commitScript.sha ? accountA : accountB);
    let others: string[] = [];
    proxy.watch(sha, async (): Promise<Fate> => {
      if (others.length === 0) others = [await key.put(service.composition, accountB)];
      return 'forward';
    });
    expect([await key.put(peer.composition, accountA), others]).toEqual(['conflict', ['committed']]);
    expect(await holders(key.id)).toEqual([accountB]);
    expect(await service.redis.get(service.composition.names.accessKeyHint(key.id))).toBe(accountB);
  });

  it('is written once at most, whoever else writes at the same moment', async () => {
    for (let round = 0; round < 20; round += 1) {
      const key = newKey();
      const results = await Promise.all([key.put(service.composition, accountA), key.put(peer.composition, accountB)]);
      const having = await holders(key.id);
      expect(having).toHaveLength(results.filter((result) => result === 'committed').length);
      expect(having.length).toBeLessThanOrEqual(1);
    }
  });

  it('is refused by its place in the bootstrap file that lost', async () => {
    const key = newKey();
    const file = parseBootstrapFile(JSON.stringify({ accounts: [{ account_name: 'latecomer', root_user: { user_name: 'late', access_keys: [{ access_key_id: key.id, secret_access_key: 'of-the-latecomer-0123' }] } }] }));
    beforeCommits(() => key.put(service.composition, accountB));
    await expect(applyBootstrap(file, peer.composition)).rejects.toThrow('`/accounts/0/root_user/access_keys/0/access_key_id`: access key');
    expect(await holders(key.id)).toEqual([accountB]);
  });
});

describe('keys generated by a bootstrap that has to try again', () => {
  let account = 0;
  const newFile = () => {
    account += 1;
    const name = `generated-${account}`;
    return {
      profile: `${name}/bot`,
      file: (count: number) => parseBootstrapFile(JSON.stringify({ accounts: [{ account_name: name, users: [{ user_name: 'bot', access_keys: Array.from({ length: count }, () => ({})) }] }] })),
    };
  };
  const keeper = () => generatedKeysKeeper(readSettings({ STS_DATA_DIR: join(service.folder, 'data') }));
  const statusOf = async (profile: Profile | undefined) => (await service.identity({ accessKeyId: profile?.accessKeyId ?? '', secretAccessKey: profile?.secretAccessKey ?? '' })).status;
  const profilesOf = async (profile: string) => [...((await readProfiles(join(service.folder, 'data', 'credentials.json'))) ?? [])].filter(([name]) => name.startsWith(profile));

  it('are those of the last try, under the owner\'s name', async () => {
    const { profile, file } = newFile();
    await applyBootstrap(file(0), service.composition);
    const accountChanges = parseBootstrapFile(JSON.stringify({ accounts: [{ account_name: profile.slice(0, profile.indexOf('/')), groups: [{ group_name: 'meanwhile' }] }] }));
    const commits = beforeCommits(() => applyBootstrap(accountChanges, service.composition));
    await applyBootstrap(file(1), peer.composition, keeper());
    expect(commits()).toBe(2);
    const kept = await profilesOf(profile);
    expect(kept.map(([name]) => name)).toEqual([profile]);
    expect(await statusOf(kept[0]?.[1])).toBe(200);
  });

  it('give the name back to the key of who came first, and take no other profile along', async () => {
    const { profile, file } = newFile();
    await applyBootstrap(file(1), service.composition, keeper());
    const [[, first] = []] = await profilesOf(profile);
    beforeCommits(() => applyBootstrap(file(2), service.composition, keeper()));
    await applyBootstrap(file(2), peer.composition, keeper());
    const kept = await profilesOf(profile);
    expect(kept.map(([name]) => name).sort()).toEqual([profile, `${profile}/${first?.accessKeyId ?? ''}`]);
    for (const [name, credentials] of kept) expect([name, await statusOf(credentials)]).toEqual([name, 200]);
    expect(kept.find(([name]) => name === profile)?.[1].accessKeyId).not.toBe(first?.accessKeyId);
  });

  it('leave what was there as it was', async () => {
    const { profile, file } = newFile();
    await applyBootstrap(file(1), service.composition, keeper());
    const before = await profilesOf(profile);
    beforeCommits(() => applyBootstrap(file(2), service.composition));
    await applyBootstrap(file(2), peer.composition, keeper());
    expect(await profilesOf(profile)).toEqual(before);
  });
});

it('after a disabling is acknowledged no call of the key commits, however many are in flight', async () => {
  const isBob = (event: { readonly principal: { readonly userName?: string } }): boolean => event.principal.userName === 'bob';
  const disableBob = apply(withEntity(accountA, 'users', 'bob', { enabled: false }));
  const { redis, composition: { names } } = service;
  for (let round = 0; round < 6; round += 1) {
    let running = true;
    const statuses: number[] = [];
    const callers = Array.from({ length: 8 }, async (_, number) => {
      while (running) statuses.push((await (number % 2 === 0 ? peer : service).assume(keys.bob, { agency_urn: agencies.first, agency_session_name: 'late' })).status);
    });
    await expect.poll(() => statuses.filter((status) => status === 200).length, { timeout: 5000, interval: 5 }).toBeGreaterThan(5);
    await disableBob();
    const acknowledged = await redis.xlen(names.audit(names.cellOfAccount(accountA)));
    running = false;
    await Promise.all(callers);
    expect(statuses.every((status) => status === 200 || status === 401)).toBe(true);
    expect(statuses).toContain(401);
    const all = await redis.xlen(names.audit(names.cellOfAccount(accountA)));
    const late = (await service.events(accountA)).slice(-(all - acknowledged) || undefined).filter(isBob);
    expect(all === acknowledged ? [] : late).toEqual([]);
    await service.apply(accounts);
  }
}, 60_000);
