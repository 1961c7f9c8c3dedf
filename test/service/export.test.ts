// An account exported and imported: the same account again, with secrets only where they were sealed for whoever imports it.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as OTPAuth from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkBootstrapFile, parseBootstrapFile, type BootstrapFileText } from '../../src/directory/bootstrap-file.js';
import { sealedSecrets } from '../../src/directory/bootstrap-secrets.js';
import { entriesOf, type Snapshot } from '../../src/directory/snapshot.js';
import { applyBootstrap } from '../../src/service/bootstrap.js';
import { exportFrom, leftOutText } from '../../src/service/export.js';
import { unsealedFile } from '../../src/service/export-secrets.js';
import { accessKey, accountA, accountB, accountC, accounts, agencies, allow, ask, bootstrapKey, keys, mfaSeed, mfaSerial, policy } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';

const rich = structuredClone(accounts) as BootstrapFileText;
Object.assign(rich.accounts?.[0] ?? {}, {
  quotas: { agencies: 100, policies_per_user: 20 }, asymmetric_signature: false,
  service_control_policies: [{ name: 'zulu', policy_document: policy(allow('*')) }, { name: 'alpha', policy_document: policy(allow('sts:*:*')) }],
  legacy_agencies: [{ agency_name: 'old', trust_domain_name: 'acme', trust_domain_id: accountC, description: 'old', max_session_duration: 14_400, attached_policies: ['read-objects'] }, { agency_name: 'older', trust_domain_name: 'op_svc_ims' }],
  service_linked_agencies: [{ service_principal: 'service.CBR', description: 'ours', agency_usage_list: [{ region: 'globe', resources: ['cbr:globe:a:vault:b'] }] }],
});

let first: TestService;
let folder: string;
const sealing = generateKeyPairSync('x25519');
const path = (name: string): string => join(folder, name);
const writeJwk = async (name: string, key: KeyObject): Promise<string> => {
  await writeFile(path(name), JSON.stringify(key.export({ format: 'jwk' })));
  return path(name);
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sts-export-'));
  first = await startService(rich);
  await writeJwk('public.json', sealing.publicKey);
  await writeJwk('private.json', sealing.privateKey);
  // As an administrator leaves them: versions with a gap, a device that is not enabled yet and one that is unbound, policies of the catalogue.
  const edition = (number: number) => ({ policy_name: 'read-objects', policy_document: policy(allow(`obs:object:Get${number}`)) });
  for (const number of [2, 3]) await first.apply({ accounts: [{ account_id: accountA, account_name: 'account-a', root_user: { user_name: 'root-a', description: 'the root', tags: [{ tag_key: 'a', tag_value: 'b' }] }, policies: [edition(number)], service_control_policies: rich.accounts?.[0]?.service_control_policies }] });
  await first.apply({ accounts: [{ account_id: accountA, account_name: 'account-a', root_user: { user_name: 'root-a', description: 'the root', tags: [{ tag_key: 'a', tag_value: 'b' }] }, service_control_policies: rich.accounts?.[0]?.service_control_policies, users: [{ user_name: 'zoe', groups: ['assumers'], attached_policies: ['OBSReadOnlyPolicy', 'assume-all'], mfa_devices: [{ device_name: 'new', base32_string_seed: mfaSeed, enabled: false }] }, { user_name: 'yves', mfa_devices: [{ device_name: 'lost', base32_string_seed: mfaSeed, enabled: false, unbound: true }] }] }] });
});
afterAll(async () => {
  await first.stop();
  await rm(folder, { recursive: true, force: true });
});

const exported = async (service: TestService, sealTo?: string) => exportFrom(service.composition, { account: accountA, ...(sealTo !== undefined && { sealTo }) });
const imported = async (service: TestService, file: object, key: string): Promise<void> => {
  await applyBootstrap(await unsealedFile(parseBootstrapFile(JSON.stringify(file)), key), service.composition);
};
async function snapshot({ composition }: TestService): Promise<Snapshot> {
  const view = await composition.services.directory.read(accountA, () => []);
  if (view === undefined) throw new Error('no account');
  return view.snapshot;
}
const times = new Set(['createdAt', 'updatedAt', 'attachedAt']);
/** Without times and what is sealed for one installation alone. */
const timeless = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (name, member: unknown) => (times.has(name) || name.startsWith('sealed') ? undefined : member)));
const secrets = [mfaSeed, ...Object.values(keys).map(({ secretAccessKey }) => secretAccessKey)];

describe('an account that is imported into an empty installation', () => {
  let second: TestService;
  beforeAll(async () => {
    second = await startService({});
    await imported(second, (await exported(first, path('public.json'))).file, path('private.json'));
  });
  afterAll(() => second.stop());

  it('is equal but for its times and its revision', async () => {
    const [one, other] = [await snapshot(first), await snapshot(second)];
    expect(new Map(timeless(entriesOf(other)) as [string, unknown][])).toEqual(new Map(timeless(entriesOf(one)) as [string, unknown][]));
    expect(one.policies.named('read-objects')?.versions).toHaveLength(3);
    expect(other.mfaDevices.values().map(({ enabled, unbound }) => [enabled, unbound]).sort()).toEqual([[false, false], [false, true], [true, false]]);
    expect([...one.agencies.values()].map(({ kind }) => kind)).toEqual(expect.arrayContaining(['trust', 'legacy', 'service-linked']));
  });

  it('exports to the same file again', async () => {
    expect((await exported(second)).file).toEqual((await exported(first)).file);
    const [one, other] = [await exported(first, path('public.json')), await exported(second, path('public.json'))];
    expect(timeless(sealedRemoved(other.file))).toEqual(timeless(sealedRemoved(one.file)));
    expect(other.leftOut).toEqual({ accessKeys: 0, mfaDevices: 0 });
  });

  it('takes calls with the keys and the MFA device that it had', async () => {
    expect(await second.identity(keys.alice)).toMatchObject({ status: 200, body: (await first.identity(keys.alice)).body });
    expect((await second.identity(keys.inactive)).status).toBe(401);
    const code = new OTPAuth.TOTP({ secret: OTPAuth.Secret.fromBase32(mfaSeed) }).generate({ timestamp: second.clock.now() });
    expect((await second.assume(keys.alice, ask(agencies.mfa, { serial_number: mfaSerial, token_code: code }))).status).toBe(200);
  });

  it('imported over the account as it has become since, is what was exported again', async () => {
    const { file } = await exported(second, path('public.json'));
    const before = timeless(entriesOf(await snapshot(second)));
    const tags = [{ tag_key: 'later', tag_value: 'x' }];
    const trusting = policy(allow('sts:agencies:assume', { Principal: { IAM: [accountA] } }));
    const more = { description: 'later', tags, attached_policies: ['assume-all', 'read-objects'] };
    await second.apply({ accounts: [{
      account_id: accountA, account_name: 'later', root_user: { user_name: 'later', description: 'later', tags: [] }, quotas: { users: 60 }, asymmetric_signature: true,
      groups: [{ group_name: 'assumers', description: 'later', attached_policies: ['read-objects'] }],
      users: [
        { user_name: 'carol', enabled: false, groups: ['assumers'], ...more }, { user_name: 'disabled', enabled: true },
        { user_name: 'zoe', mfa_devices: [{ device_name: 'new', base32_string_seed: mfaSeed, enabled: false, unbound: true }] }, { user_name: 'alice', access_keys: [bootstrapKey(keys.alice, 'inactive')] },
      ],
      policies: [{ policy_name: 'only-assume', path: 'later/', description: 'later', policy_document: policy(allow('sts:agencies:assume')) }],
      agencies: [{ agency_name: 'external', path: 'later/', max_session_duration: 7200, trust_policy: trusting, ...more }],
      legacy_agencies: [{ agency_name: 'older', trust_domain_name: 'op_svc_ims', trust_domain_id: 'later', ...more }],
    }] });
    expect(timeless(entriesOf(await snapshot(second)))).not.toEqual(before);
    await imported(second, file, path('private.json'));
    expect(new Map(timeless(entriesOf(await snapshot(second))) as [string, unknown][])).toEqual(new Map(before as [string, unknown][]));
  });

  it('imported again is no change', async () => {
    const { file } = await exported(second, path('public.json'));
    const { changes } = await applyBootstrap(await unsealedFile(checkBootstrapFile(file), path('private.json')), second.composition);
    expect(changes).toEqual([]);
  });
});

const sealedRemoved = (file: BootstrapFileText): unknown => JSON.parse(JSON.stringify(file, (name, member: unknown) => (name.startsWith('sealed_') ? 'sealed' : member)));

describe('an export', () => {
  it('without a key leaves access keys and MFA devices out, and says how many', async () => {
    const result = await exported(first);
    expect(leftOutText(result)).toBe('left out with their secrets: 6 access keys and 3 MFA devices (`--seal-to` takes them along)');
    expect(sealedSecrets(checkBootstrapFile(result.file))).toEqual([]);
    expect(JSON.stringify(result.file)).not.toContain('access_key_id');
  });

  it('holds no secret in the clear, and nothing sealed for this installation', async () => {
    const sealedHere = entriesOf(await snapshot(first)).flatMap(([, entity]) => ('sealedSecret' in entity ? [entity.sealedSecret] : 'sealedSeed' in entity ? [entity.sealedSeed] : []));
    const text = JSON.stringify((await exported(first, path('public.json'))).file);
    for (const secret of [...secrets, ...sealedHere]) expect(text).not.toContain(secret);
  });

  it('finds the account by its name, unless two have it', async () => {
    expect((await exportFrom(first.composition, { account: 'account-b' })).file.accounts?.[0]?.account_id).toBe(accountB);
    await expect(exportFrom(first.composition, { account: 'nobody' })).rejects.toThrow('`--account`: there is no account `nobody`');
    await expect(exportFrom(first.composition, { account: '0'.repeat(32) })).rejects.toThrow('there is no account');
    await first.call(keys.operator, 'POST', '/v1/accounts', { account_name: 'account-b', account_id: '8'.repeat(32) });
    await expect(exportFrom(first.composition, { account: 'account-b' })).rejects.toThrow(`several accounts have the name \`account-b\`: ${'8'.repeat(32)}, ${accountB}`);
  });

  it('to a P-256 key opens with its private part', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { file } = await exported(first, await writeJwk('p256.json', pair.publicKey));
    const opened = await unsealedFile(checkBootstrapFile(file), await writeJwk('p256-private.json', pair.privateKey));
    const alice = opened.accounts[0]?.users.find(({ user_name: name }) => name === 'alice');
    expect(alice?.access_keys[0]).toEqual(bootstrapKey(keys.alice));
    expect(alice?.mfa_devices).toEqual([{ device_name: 'phone', base32_string_seed: mfaSeed, enabled: true, unbound: false }]);
  });

  it.each<readonly [string, () => Promise<string>, RegExp]>([
    ['a private key', () => Promise.resolve(path('private.json')), /is a private key/],
    ['another curve', () => writeJwk('p384.json', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey), /X25519.*P-256/],
    ['a signing key', () => writeJwk('ed25519.json', generateKeyPairSync('ed25519').publicKey), /X25519.*P-256/],
    ['a secret', async () => {
      await writeFile(path('oct.json'), JSON.stringify({ kty: 'oct', k: 'c2VjcmV0' }));
      return path('oct.json');
    }, /X25519.*P-256/],
    ['a key that is none', async () => {
      await writeFile(path('bent.json'), JSON.stringify({ kty: 'OKP', crv: 'X25519', x: 'AA' }));
      return path('bent.json');
    }, /do not make a key/],
    ['a file that is no JSON', async () => {
      await writeFile(path('text.json'), 'PEM');
      return path('text.json');
    }, /no JSON/],
    ['a missing file', () => Promise.resolve(path('absent.json')), /ENOENT/],
  ])('to %s is refused', async (_what, key, message) => {
    await expect(exported(first, await key())).rejects.toThrow(message);
    await expect(exported(first, await key())).rejects.toThrow('`--seal-to`');
  });
});

describe('a sealed secret', () => {
  const file = async () => checkBootstrapFile((await exported(first, path('public.json'))).file);
  const place = /^`\/accounts\/0\/users\/\d\/access_keys\/0\/sealed_secret_access_key`: /;

  it('without its key is refused by place, and nothing is written', async () => {
    const before = (await snapshot(first)).revision;
    await expect(applyBootstrap(await file(), first.composition)).rejects.toThrow(/sealed_secret_access_key`: is sealed.*--unseal-with/);
    expect((await snapshot(first)).revision).toBe(before);
  });

  it('does not open with another key, with the public one, or for another access key', async () => {
    const whole = await file();
    const key = (name: string) => whole.accounts[0]?.users.find(({ user_name: user }) => user === name)?.access_keys[0];
    const [alice, bob] = [key('alice'), key('bob')];
    if (alice === undefined || bob === undefined) throw new Error('no keys');
    await expect(unsealedFile(whole, await writeJwk('other.json', generateKeyPairSync('x25519').privateKey))).rejects.toThrow(/does not open/);
    await expect(unsealedFile(whole, path('public.json'))).rejects.toThrow(/`--unseal-with`: .* is a public key/);
    const sealed = alice.sealed_secret_access_key ?? '';
    const altered = `${sealed.slice(0, -3)}${sealed.endsWith('AAA') ? 'BBB' : 'AAA'}`;
    for (const wrong of [bob.sealed_secret_access_key ?? '', altered]) {
      alice.sealed_secret_access_key = wrong;
      await expect(unsealedFile(whole, path('private.json'))).rejects.toThrow(place);
    }
  });

  it('that a deployer adds in the clear stands beside sealed ones', async () => {
    const whole = await file();
    const added = accessKey('added');
    whole.accounts[0]?.users.find(({ user_name: name }) => name === 'carol')?.access_keys.push({ ...bootstrapKey(added), status: 'active' });
    const opened = await unsealedFile(whole, path('private.json'));
    expect(opened.accounts[0]?.users.find(({ user_name: name }) => name === 'carol')?.access_keys).toEqual([{ ...bootstrapKey(keys.carol), status: 'active' }, { ...bootstrapKey(added), status: 'active' }]);
  });
});
