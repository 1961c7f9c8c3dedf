// The bootstrap file applied: again and again the same, all of it or nothing, with its secrets sealed.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseBootstrapFile } from '../../src/directory/bootstrap-file.js';
import { systemAccountId } from '../../src/directory/entities.js';
import { entriesOf, type Snapshot } from '../../src/directory/snapshot.js';
import { applyBootstrap } from '../../src/service/bootstrap.js';
import { sampleAgencyUrn, sampleFile } from '../../src/service/sample.js';
import { absentAccount, accountA, accountB, accounts, agencies, allow, keys, mfaSeed, policy, trust } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { withAccount, withAdded, withEntity } from '../redis/altered.js';
import { dump, keysLike } from '../redis/support.js';

let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
});
afterAll(() => service.stop());

const apply = (file: object) => applyBootstrap(parseBootstrapFile(JSON.stringify(file)), service.composition);
async function snapshot(accountId = accountA): Promise<Snapshot> {
  const view = await service.composition.services.directory.read(accountId, () => []);
  if (view === undefined) throw new Error(`no account ${accountId}`);
  return view.snapshot;
}

describe('applied again', () => {
  it('changes nothing: not a byte, an id or a revision, and no event', async () => {
    const before = await dump(service.redis);
    const { changes, generatedKeys } = await apply(accounts);
    expect([changes, generatedKeys]).toEqual([[], []]);
    expect(await dump(service.redis)).toEqual(before);
  });

  it('the sample is accepted, makes its keys once, and its agency can be assumed with them', async () => {
    const sample = parseBootstrapFile(await readFile(sampleFile, 'utf8'));
    const first = await applyBootstrap(sample, service.composition);
    expect(first.generatedKeys.map(({ accountName, ownerName }) => `${accountName}/${ownerName}`)).toEqual(['acme/alice', 'acme/admin', 'globex/auditor']);
    const before = await dump(service.redis);
    const second = await applyBootstrap(sample, service.composition);
    expect([second.changes, second.generatedKeys]).toEqual([[], []]);
    expect(await dump(service.redis)).toEqual(before);
    const [key] = first.generatedKeys;
    if (key === undefined) throw new Error('no key');
    expect((await service.assume(key, { agency_urn: sampleAgencyUrn, agency_session_name: 'sample' })).status).toBe(200);
  });

  it('another order of members is no change', async () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).reverse().map(([name, member]) => [name, name.endsWith('policy') || name.endsWith('_document') ? member : reversed(member)]));
    };
    expect((await apply(reversed(accounts) as object)).changes).toEqual([]);
  });

  it('with a change keeps every id, touches the changed account alone, and records it there', async () => {
    const [before, other] = [await snapshot(), await snapshot(accountB)];
    const events = await service.redis.xlen(service.composition.names.audit(service.composition.names.cellOfAccount(accountA)));
    await apply(withEntity(accountA, 'users', 'bob', { description: 'changed' }));
    const after = await snapshot();
    expect(entriesOf(after).map(([field]) => field).sort()).toEqual(entriesOf(before).map(([field]) => field).sort());
    expect(after.revision).not.toBe(before.revision);
    expect((await snapshot(accountB)).revision).toBe(other.revision);
    expect(await service.redis.xlen(service.composition.names.audit(service.composition.names.cellOfAccount(accountA)))).toBe(events + 1);
    await apply(accounts);
  });
});

it('an entity of the file that has an id of an existing one gives it its name', async () => {
  const { userId } = [...(await snapshot()).users.values()].find(({ userName }) => userName === 'bob') ?? { userId: '' };
  const { accountName, accountId } = (await snapshot()).account;
  await apply({ accounts: [{ account_id: accountId, account_name: accountName, root_user: { user_name: 'root-a' }, policies: [], users: [{ user_id: userId, user_name: 'robert', attached_policies: ['only-assume'] }] }] });
  expect(await service.identity(keys.bob)).toMatchObject({ status: 200, body: { principal_urn: `iam::${accountA}:user:robert`, principal_id: userId } });
  await apply(withEntity(accountA, 'users', 'bob', { user_id: userId }));
  expect((await service.identity(keys.bob)).body.principal_urn).toBe(`iam::${accountA}:user:bob`);
});

describe('access keys', () => {
  const withKeys = (count: number) => ({ accounts: [{ account_name: 'generated', users: [{ user_name: 'bot', access_keys: Array.from({ length: count }, () => ({})) }] }] });

  it('are generated once for each entry, and each works', async () => {
    const made = [...(await apply(withKeys(1))).generatedKeys, ...(await apply(withKeys(1))).generatedKeys, ...(await apply(withKeys(2))).generatedKeys];
    expect(made).toHaveLength(2);
    expect(new Set(made.map(({ accessKeyId }) => accessKeyId)).size).toBe(2);
    for (const key of made) expect((await service.identity(key)).status).toBe(200);
  });

  it('and MFA seeds are nowhere in Redis in the clear, and no two sealed values are equal', async () => {
    const secrets = [mfaSeed, ...Object.values(keys).map(({ secretAccessKey }) => secretAccessKey)];
    const everything = (await Promise.all((await keysLike(service.redis, '*:entities:*')).map((key) => service.redis.hvals(key)))).flat();
    const streams = JSON.stringify(await Promise.all((await keysLike(service.redis, '*:audit')).map((key) => service.redis.xrange(key, '-', '+'))));
    for (const text of [...everything, streams]) {
      for (const secret of secrets) expect(text.includes(secret) || text.includes(Buffer.from(secret).toString('base64url'))).toBe(false);
    }
    const sealed = [...(await snapshot()).accessKeys.values()].map(({ sealedSecret }) => sealedSecret);
    expect(new Set(sealed).size).toBe(sealed.length);
  });

  it('of another account are refused, and nothing is written', async () => {
    const before = await dump(service.redis);
    const intruder = { accounts: [{ account_name: 'intruder', users: [{ user_name: 'bot', access_keys: [{ access_key_id: keys.alice.accessKeyId, secret_access_key: 'a-secret-of-the-intruder' }] }] }] };
    await expect(apply(intruder)).rejects.toThrow(keys.alice.accessKeyId);
    expect(await dump(service.redis)).toEqual(before);
    expect((await service.identity(keys.alice)).status).toBe(200);
  });

  it('whose claim is left from a write that failed can be taken', async () => {
    const id = 'HPUALEFTOVER00000000';
    await service.redis.set(service.composition.names.accessKeyHint(id), absentAccount);
    await apply({ accounts: [{ account_name: 'generated', users: [{ user_name: 'heir', access_keys: [{ access_key_id: id, secret_access_key: 'taken-over-0123456789' }, {}] }] }] });
    expect((await service.identity({ accessKeyId: id, secretAccessKey: 'taken-over-0123456789' })).status).toBe(200);
  });
});

describe('a policy text that changes', () => {
  it('becomes a new default version, five at most, and no number is used twice', async () => {
    const edition = (number: number) => withEntity(accountA, 'policies', 'read-objects', { policy_document: policy(allow(`obs:object:Get${number}`)) });
    const versionsNow = async () => {
      const found = [...(await snapshot()).policies.values()].find(({ policyName }) => policyName === 'read-objects');
      return { versions: found?.versions.map(({ versionId }) => versionId), defaultVersionId: found?.defaultVersionId, id: found?.policyId };
    };
    const { id } = await versionsNow();
    for (let number = 2; number <= 7; number += 1) await apply(edition(number));
    expect(await versionsNow()).toEqual({ versions: ['v3', 'v4', 'v5', 'v6', 'v7'], defaultVersionId: 'v7', id });
    await apply(edition(7));
    expect((await versionsNow()).defaultVersionId).toBe('v7');
  });
});

describe('principals', () => {
  it('that name an account that does not exist (yet) are accepted, and hold when it comes', async () => {
    const later = 'f'.repeat(32);
    const waiting = withAdded(accountB, 'agencies', { agency_name: 'waiting', trust_policy: trust({ IAM: [later] }) });
    await apply(waiting);
    const key = { accessKeyId: 'HPUALATECOMER0000000', secretAccessKey: 'late-comer-0123456789' };
    await apply({ accounts: [{ account_id: later, account_name: 'late-comer', root_user: { user_name: 'late', access_keys: [{ access_key_id: key.accessKeyId, secret_access_key: key.secretAccessKey }] } }] });
    expect((await service.assume(key, { agency_urn: `iam::${accountB}:agency:waiting`, agency_session_name: 'late' })).status).toBe(200);
    expect((await service.assume(key, { agency_urn: agencies.plain, agency_session_name: 'late' })).status).toBe(403);
  });
});

describe('service control policies', () => {
  it('are exactly those of the file: one that is taken out no longer binds', async () => {
    const scp = (...names: string[]) => withAccount(accountA, { service_control_policies: names.map((name) => ({ name, policy_document: policy(allow('*')) })) });
    await apply(scp('one', 'two'));
    expect((await snapshot()).serviceControlPolicies.values().map(({ name }) => name).sort()).toEqual(['one', 'two']);
    await apply(scp('two'));
    expect((await snapshot()).serviceControlPolicies.values().map(({ name }) => name)).toEqual(['two']);
    await apply(scp());
    expect([(await snapshot()).serviceControlPolicies.values(), (await snapshot()).account.inOrganization]).toEqual([[], true]);
    await apply(accounts);
    expect([(await snapshot()).serviceControlPolicies.values(), (await snapshot()).account.inOrganization]).toEqual([[], false]);
  });
});

describe('a start that was cut off', () => {
  it('between listing the accounts and writing them is applied in full by the next one', async () => {
    const cut = await startService({});
    try {
      const { services, names } = cut.composition;
      expect(await services.directory.isEmpty()).toBe(false);
      await cut.redis.del(names.accountState(systemAccountId), names.accountEntities(systemAccountId), names.accountChanges(systemAccountId));
      await cut.redis.sadd('agency-sts:accounts', accountA, accountB);
      expect(await services.directory.isEmpty()).toBe(true);
      await cut.apply(accounts);
      expect((await cut.identity(keys.alice)).status).toBe(200);
      expect(await services.directory.isEmpty()).toBe(false);
    } finally {
      await cut.stop();
    }
  });

  it('leaves no account unlisted, whose file could never be applied again', async () => {
    const listed = await service.redis.smembers('agency-sts:accounts');
    const existing = (await keysLike(service.redis, '*:state:*')).map((key) => key.slice(-32));
    expect(existing.filter((id) => !listed.includes(id))).toEqual([]);
  });
});
