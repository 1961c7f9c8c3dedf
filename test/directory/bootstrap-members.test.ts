// Members that a bootstrap file leaves out: an entity that exists keeps them, and a new one takes the defaults.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseBootstrapFile, type BootstrapAccountText } from '../../src/directory/bootstrap-file.js';
import { entriesOf, type Snapshot } from '../../src/directory/snapshot.js';
import { applyBootstrap } from '../../src/service/bootstrap.js';
import { accessKey, allow, bootstrapKey, mfaSeed, policy, trust } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';

const id = '7'.repeat(32);
const names = { account_id: id, account_name: 'members' };
const document = policy(allow('obs:object:GetObject'));
const trusting = trust({ IAM: [id] });
const tags = [{ tag_key: 'team', tag_value: 'blue' }];
const attached = ['reading'];
const rootKey = accessKey('root');
const { status: _status, ...withoutStatus } = bootstrapKey(rootKey);

/** Everything that can be left out, with another value than its default. */
const full: BootstrapAccountText = {
  ...names,
  root_user: { user_name: 'boss', description: 'the root', tags, access_keys: [bootstrapKey(rootKey, 'inactive')] },
  groups: [{ group_name: 'readers', description: 'who reads', attached_policies: attached }],
  users: [{
    user_name: 'bob', enabled: false, description: 'away', tags, groups: ['readers'], attached_policies: attached,
    mfa_devices: [{ device_name: 'phone', base32_string_seed: mfaSeed, enabled: false, unbound: true }],
  }],
  policies: [{ policy_name: 'reading', path: 'ops/', description: 'reads', policy_document: document }],
  agencies: [{ agency_name: 'ops', path: 'ops/', description: 'of ops', max_session_duration: 7200, trust_policy: trusting, tags, attached_policies: attached }],
  legacy_agencies: [{ agency_name: 'old', trust_domain_name: 'acme', trust_domain_id: 'acme-id', description: 'old', max_session_duration: 7200, tags, attached_policies: attached }],
};
/** The same entities, with what they must have only. */
const bare: BootstrapAccountText = {
  ...names,
  root_user: { access_keys: [withoutStatus] },
  groups: [{ group_name: 'readers' }],
  users: [{ user_name: 'bob', mfa_devices: [{ device_name: 'phone', base32_string_seed: mfaSeed }] }],
  policies: [{ policy_name: 'reading', policy_document: document }],
  agencies: [{ agency_name: 'ops', trust_policy: trusting }],
  legacy_agencies: [{ agency_name: 'old', trust_domain_name: 'acme' }],
};

let service: TestService;
beforeAll(async () => {
  service = await startService({});
});
afterAll(() => service.stop());

const apply = (account: BootstrapAccountText) => applyBootstrap(parseBootstrapFile(JSON.stringify({ accounts: [account] })), service.composition);
async function snapshot(accountId = id): Promise<Snapshot> {
  const view = await service.composition.services.directory.read(accountId, () => []);
  if (view === undefined) throw new Error('no account');
  return view.snapshot;
}
async function entities(accountId = id) {
  const { users, groups, policies, agencies, mfaDevices, accessKeys } = await snapshot(accountId);
  return {
    root: users.values().find(({ isRootUser }) => isRootUser), bob: users.named('bob'), readers: groups.named('readers'), reading: policies.named('reading'),
    ops: agencies.named('ops'), old: agencies.named('old'), phone: mfaDevices.values()[0], key: accessKeys.get(rootKey.accessKeyId),
  };
}

describe('an entity that exists', () => {
  beforeEach(() => apply(full));

  it('keeps what the file leaves out', async () => {
    const before = entriesOf(await snapshot());
    expect((await apply(bare)).changes).toEqual([]);
    expect(entriesOf(await snapshot())).toEqual(before);
    expect(await entities()).toMatchObject({ bob: { enabled: false, description: 'away' }, key: { active: false }, root: { userName: 'boss' }, phone: { enabled: false, unbound: true }, old: { maxSessionDurationSeconds: 7200 } });
  });

  it('the root user too, where the file does not name it at all, also in an account that gets another name', async () => {
    const { root } = await entities();
    await apply({ ...names, account_name: 'renamed' });
    expect((await entities()).root).toEqual(root);
    expect((await snapshot()).account).toMatchObject({ accountName: 'renamed', rootUserId: root?.userId });
  });

  it('takes what the file gives, and keeps the rest', async () => {
    const { bob, phone } = await entities();
    await apply({ ...bare, users: [{ user_name: 'bob', description: 'back', mfa_devices: [{ device_name: 'phone', base32_string_seed: mfaSeed, enabled: true }] }] });
    expect(await entities()).toMatchObject({ bob: { ...bob, description: 'back' }, phone: { ...phone, enabled: true, unbound: false } });
  });

  it('loses what the file empties', async () => {
    const empty = { description: '', tags: [], attached_policies: [] };
    await apply({
      ...names, root_user: { description: '', tags: [] }, groups: [{ group_name: 'readers', description: '', attached_policies: [] }],
      users: [{ user_name: 'bob', groups: [], ...empty }], policies: [{ policy_name: 'reading', path: '', description: '', policy_document: document }],
      agencies: [{ agency_name: 'ops', path: '', trust_policy: trusting, ...empty }], legacy_agencies: [{ agency_name: 'old', trust_domain_name: 'acme', trust_domain_id: '', ...empty }],
    });
    const bareOf = { description: '', tags: [], attachedPolicies: [] };
    expect(await entities()).toMatchObject({
      root: { userName: 'boss', description: '', tags: [] }, bob: { ...bareOf, enabled: false, groupIds: [] }, readers: { description: '', attachedPolicies: [] },
      reading: { path: '', description: '' }, ops: { ...bareOf, path: '', maxSessionDurationSeconds: 7200 }, old: { ...bareOf, trustDomainId: '' },
    });
  });

  it('a legacy agency of another account keeps no id of the one before', async () => {
    await apply({ ...names, legacy_agencies: [{ agency_name: 'old', trust_domain_name: 'globex' }] });
    expect((await entities()).old).toMatchObject({ trustDomainName: 'globex', trustDomainId: '', description: 'old' });
  });
});

it('a new entity takes the defaults', async () => {
  const other = '6'.repeat(32);
  await apply({ ...bare, account_id: other, account_name: 'fresh', root_user: {} });
  const bareOf = { description: '', tags: [], attachedPolicies: [] };
  expect(await entities(other)).toMatchObject({
    root: { userName: 'fresh', description: '', tags: [] }, bob: { ...bareOf, enabled: true, groupIds: [] }, readers: { description: '', attachedPolicies: [] },
    reading: { path: '', description: '' }, ops: { ...bareOf, path: '', maxSessionDurationSeconds: 3600 }, old: { ...bareOf, trustDomainId: '' }, phone: { enabled: true, unbound: false },
  });
});
