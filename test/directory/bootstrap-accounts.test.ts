// What a bootstrap file says of an account beside its users and trust agencies: quotas, the switch, agencies of other kinds, versions.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseBootstrapFile } from '../../src/directory/bootstrap-file.js';
import { entriesOf, type Snapshot } from '../../src/directory/snapshot.js';
import { applyBootstrap } from '../../src/service/bootstrap.js';
import { accessKey, allow, bootstrapKey, policy, trust } from '../support/accounts.js';
import { startService, writeChanges, type TestService } from '../support/service.js';
import { dump } from '../redis/support.js';

const id = '7'.repeat(32);
const root = accessKey('rootseven');
let service: TestService;
const account = (members: object = {}) => ({ accounts: [{ account_id: id, account_name: 'seven', root_user: { user_name: 'root-seven', access_keys: [bootstrapKey(root)] }, ...members }] });
beforeAll(async () => {
  service = await startService(account());
});
afterAll(() => service.stop());

const apply = (members: object) => applyBootstrap(parseBootstrapFile(JSON.stringify(account(members))), service.composition);
async function snapshot(): Promise<Snapshot> {
  const view = await service.composition.services.directory.read(id, () => []);
  if (view === undefined) throw new Error('no account');
  return view.snapshot;
}
const templateName = (): string => service.composition.services.catalogue.serviceLinkedAgency('service.CBR')?.agencyName ?? '';
const call = (path: string) => service.call(root, 'GET', path);
const good = (action: string) => policy(allow(action));

describe('quotas and the switch', () => {
  it('are those of the file, and stay where the file is silent', async () => {
    await apply({ quotas: { agencies: 5000, users: 50, groups_per_user: 3 }, asymmetric_signature: false });
    expect((await snapshot()).account).toMatchObject({ quotas: { agencies: 5000, groupsPerUser: 3 }, asymmetricSignature: false });
    expect((await apply({})).changes).toEqual([]);
    await apply({ quotas: {}, asymmetric_signature: true });
    expect((await snapshot()).account).toMatchObject({ quotas: {}, asymmetricSignature: true });
  });

  it('do not bind a file: it may hold what the default quota would refuse', async () => {
    const agencies = Array.from({ length: 60 }, (_, number) => ({ agency_name: `many-${number}`, trust_policy: trust({ IAM: [id] }) }));
    await apply({ agencies });
    expect((await snapshot()).agencies.size).toBe(60);
    const refused = await service.call(root, 'POST', '/v5/agencies', { agency_name: 'one-more', trust_policy: JSON.stringify(trust({ IAM: [id] })) });
    expect(refused.status).toBe(409);
  });
});

describe('a legacy agency', () => {
  it('can be listed and read through the v5 API, and not changed', async () => {
    await apply({ legacy_agencies: [{ agency_id: 'old-one', agency_name: 'old', trust_domain_name: 'op_svc_ims', description: 'of the older system', attached_policies: ['IMSReadOnlyPolicy'] }] });
    expect(await call('/v5/agencies/old-one')).toMatchObject({ status: 200, body: { agency: { agency_name: 'old', path: '', trust_domain_name: 'op_svc_ims', description: 'of the older system' } } });
    expect((await call('/v5/agencies/old-one')).body).not.toHaveProperty('agency.trust_policy');
    expect((await service.call(root, 'DELETE', '/v5/agencies/old-one')).body.error_code).toBe('PAP5.0038');
    expect((await snapshot()).agencies.get('old-one')?.attachedPolicies).toHaveLength(1);
  });
});

describe('a service-linked agency', () => {
  it('is made of the catalogue\'s template, once', async () => {
    const members = { service_linked_agencies: [{ service_principal: 'service.cbr', agency_id: 'linked' }] };
    await apply(members);
    const template = service.composition.services.catalogue.serviceLinkedAgency('service.CBR');
    expect(await call('/v5/agencies/linked')).toMatchObject({
      status: 200, body: { agency: { agency_name: template?.agencyName, path: 'service-linked-agency/service.CBR/', description: template?.description, trust_policy: template?.trustPolicy } },
    });
    expect((await snapshot()).agencies.get('linked')).toMatchObject({ kind: 'service-linked', usage: [], attachedPolicies: template?.policyIds.map((policyId) => ({ policyId })) });
    const before = await dump(service.redis);
    expect((await apply(members)).changes).toEqual([]);
    expect(await dump(service.redis)).toEqual(before);
  });

  /** The account with the agency under the name that an older catalogue gave it. */
  async function olderName(): Promise<void> {
    const { revision, agencies } = await snapshot();
    const linked = agencies.get('linked');
    if (linked === undefined) throw new Error('no agency');
    expect(await writeChanges(service.composition, [{ accountId: id, expectedRevision: revision, put: [['agency:linked', { ...linked, agencyName: 'OlderName' }]], remove: [] }])).toBe('committed');
  }

  /** As it was made before the catalogue had the name. */
  async function withTrustAgency(agencyName: string): Promise<void> {
    await apply({ agencies: [{ agency_name: 'earlier', trust_policy: trust({ IAM: [id] }) }] });
    const { revision, agencies } = await snapshot();
    const earlier = agencies.named('earlier');
    if (earlier === undefined) throw new Error('no agency');
    expect(await writeChanges(service.composition, [{ accountId: id, expectedRevision: revision, put: [[`agency:${earlier.agencyId}`, { ...earlier, agencyName }]], remove: [] }])).toBe('committed');
  }

  it('is that of its service, also when the catalogue has renamed it: no second one is made', async () => {
    await olderName();
    await apply({ service_linked_agencies: [{ service_principal: 'service.CBR' }] });
    const { agencies } = await snapshot();
    expect([...agencies.values()].filter(({ kind }) => kind === 'service-linked').map(({ agencyId, agencyName }) => [agencyId, agencyName])).toEqual([['linked', templateName()]]);
  });

  it('does not take the name of another agency', async () => {
    await olderName();
    await withTrustAgency(templateName());
    await expect(apply({ service_linked_agencies: [{ service_principal: 'service.CBR' }] }))
      .rejects.toThrow(`\`/accounts/0/service_linked_agencies/0/service_principal\`: the agency \`${templateName()}\` exists and is of the kind trust`);
  });
});

it('tag keys are one key where requests say so: when ASCII letters alone differ in case', async () => {
  const tags = ['\u00c4', '\u00e4'].map((key) => ({ tag_key: key, tag_value: key }));
  await apply({ users: [{ user_name: 'tagged', tags }] });
  const tagged = (await snapshot()).users.named('tagged');
  expect(tagged?.tags.map(({ key }) => key)).toEqual(['\u00c4', '\u00e4']);
  await expect(apply({ users: [{ user_name: 'tagged', tags: [...tags, { tag_key: 'A', tag_value: '' }, { tag_key: 'a', tag_value: '' }] }] })).rejects.toThrow('/accounts/0/users/0/tags/3/tag_key');
});

describe('MFA devices', () => {
  const seed = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
  const withDevice = (device: object) => apply({ users: [{ user_name: 'carrier', mfa_devices: [{ base32_string_seed: seed, ...device }] }] });
  const devices = async () => (await snapshot()).mfaDevices.values().map(({ serialNumber, enabled, unbound }) => [serialNumber.split(':').at(-1), enabled, unbound]);

  it('keep what the file says of them, and one that is unbound makes room for another', async () => {
    await withDevice({ device_name: 'old', enabled: false, unbound: true });
    expect(await devices()).toEqual([['old', false, true]]);
    expect((await withDevice({ device_name: 'old', enabled: false, unbound: true })).changes).toEqual([]);
    await withDevice({ device_name: 'new', enabled: false });
    expect(await devices()).toEqual([['new', false, false]]);
    await expect(withDevice({ device_name: 'newer' })).rejects.toThrow('would make it 2 MFA devices of one user, 1 at most');
    expect(await devices()).toEqual([['new', false, false]]);
  });
});

describe('system policies', () => {
  it('can be attached by name, and grant what they say', async () => {
    const bot = accessKey('bot');
    await apply({ users: [{ user_name: 'bot', attached_policies: ['IAMReadOnlyPolicy'], access_keys: [bootstrapKey(bot)] }] });
    const as = (method: 'GET' | 'POST', body?: object) => service.call(bot, method, '/v5/agencies', body);
    expect((await as('GET')).status).toBe(200);
    expect((await as('POST', { agency_name: 'x', trust_policy: JSON.stringify(trust({ IAM: [id] })) })).status).toBe(403);
  });
});

describe('versions of a policy', () => {
  const versions = (...numbers: number[]) => numbers.map((number) => ({ version_id: `v${number}`, policy_document: good(`obs:object:Get${number}`) }));
  const one = async () => {
    const found = (await snapshot()).policies.named('one');
    return { versions: found?.versions.map(({ versionId }) => versionId), defaultVersionId: found?.defaultVersionId, last: found?.lastVersionNumber, at: found?.versions.map(({ createdAt }) => createdAt) };
  };

  it('are exactly those of the file, in the order of their numbers, and a used number stays used', async () => {
    await apply({ policies: [{ policy_name: 'one', versions: versions(7, 3), default_version_id: 'v3', last_version_number: 9 }] });
    const first = await one();
    expect(first).toMatchObject({ versions: ['v3', 'v7'], defaultVersionId: 'v3', last: 9 });
    service.clock.advance(60);
    const same = { policies: [{ policy_name: 'one', versions: versions(3, 7), default_version_id: 'v3' }] };
    expect((await apply(same)).changes).toEqual([]);
    await apply({ policies: [{ policy_name: 'one', versions: versions(7, 8), default_version_id: 'v8' }] });
    const second = await one();
    expect(second).toMatchObject({ versions: ['v7', 'v8'], defaultVersionId: 'v8', last: 9 });
    expect(second.at?.[0]).toBe(first.at?.[1]);
    await apply({ policies: [{ policy_name: 'one', policy_document: good('obs:object:GetNew') }] });
    expect(await one()).toMatchObject({ versions: ['v7', 'v8', 'v10'], defaultVersionId: 'v10', last: 10 });
  });
});

it('a file without an account\'s entities changes none of them', async () => {
  const before = entriesOf(await snapshot());
  expect((await apply({})).changes).toEqual([]);
  expect(entriesOf(await snapshot())).toEqual(before);
});
