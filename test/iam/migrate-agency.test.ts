// Migrating an agency as an operation: one step or none, with all the permissions that its parts need, and an audit event.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { legacyAgencyToMigrate, migrateAgency } from '../../src/directory/commands/migrate-agency.js';
import { migrationPlan } from '../../src/directory/migration/plan.js';
import { accessKey, accountA, accountB, accountsPlus, allow, ask, bootstrapKey, deny, keys, policy } from '../support/accounts.js';
import { put, putLegacyAgencies } from '../support/legacy.js';
import { startOfTest, startService, type Answer, type TestService } from '../support/service.js';
import { systemRoleId } from '../../src/catalogue/system-roles.js';

const parts = {
  creator: allow(['iam:agencies:createV5', 'iam:agencies:getV5', 'iam:agencies:listAttachedPoliciesV5', 'iam:permissions:list*']), blind: deny('iam:agencies:getV5'), blind_policies: deny('iam:agencies:listAttachedPoliciesV5'),
  blind_domain: deny('iam:permissions:listRolesForAgencyOnDomain'), blind_all: deny('iam:permissions:listRolesForAgency'), blind_project: deny('iam:permissions:listRolesForAgencyOnProject'), blind_roles: deny('iam:roles:getRole'), without_delete: deny('iam:agencies:deleteAgency'), without_policies: deny('iam:policies:createV5'), without_attaching: deny('iam:agencies:attachPolicyV5'),
  named: allow(['iam:*:*'], { Resource: [`iam::${accountB}:agency:copy`, `iam::${accountB}:policy:copy-*`] }),
} as const;
const administrators = Object.keys(parts);
const key = (name: string) => accessKey(name.replace('_', '').slice(0, 15));

let service: TestService;
beforeAll(async () => {
  service = await startService(accountsPlus({
    [accountB]: {
      policies: [...administrators.map((name) => ({
        policy_name: name, policy_document: name === 'creator' || name === 'named' ? policy(parts[name]) : policy(allow('iam:*:*'), parts[name as keyof typeof parts]),
      })), { policy_name: 'kept', policy_document: policy(allow('obs:object:GetObject')) }],
      users: administrators.map((name) => ({ user_name: name, attached_policies: [name], access_keys: [bootstrapKey(key(name))] })),
    },
  }), { STS_RATE_ADDRESS_PER_MINUTE: '1000000' });
});
afterAll(() => service.stop());

const snapshot = async () => {
  const view = await service.composition.services.directory.read(accountB, () => []);
  if (view === undefined) throw new Error('no account');
  return view.snapshot;
};
const legacyId = 'id-copy';
beforeEach(async () => {
  const { agencies, policies } = await snapshot();
  const made = ['copy', 'other'].flatMap((name) => agencies.named(name) ?? []);
  await put(service, accountB, [], [...made.map(({ agencyId }) => `agency:${agencyId}` as const), ...policies.values().filter(({ policyName }) => /^(copy|other)-/.test(policyName)).map(({ policyId }) => `policy:${policyId}` as const)]);
  await putLegacyAgencies(service, accountB, [{
    agencyName: 'copy', trustDomainId: accountA, trustDomainName: 'account-a', description: 'of old', tags: [{ key: 'team', value: 'blue' }], validityDays: 1, expiresAt: startOfTest + 86_400_000, maxSessionDurationSeconds: 7200,
    attachedPolicies: [{ policyId: policies.named('kept')?.policyId ?? '', attachedAt: 5 }],
    roleGrants: [{ roleId: systemRoleId('readonly'), scope: { kind: 'domain' } }, { roleId: systemRoleId('te_admin'), scope: { kind: 'all-projects' } }],
  }]);
});

const migrate = (body: object, credentials = keys.rootB, id = legacyId): Promise<Answer> => service.call(credentials, 'POST', `/v1/agencies/${id}/migrate`, body);
const urn = `iam::${accountB}:agency:copy`;

describe('in the place of the legacy agency', () => {
  it('the trust agency has its name, its tags, its policies and its longest session, and can be assumed', async () => {
    const answer = await migrate({ dry_run: false });
    expect(answer.status).toBe(200);
    const { agencies, policies } = await snapshot();
    const agency = agencies.named('copy');
    expect(agency).toMatchObject({ kind: 'trust', description: 'of old', tags: [{ key: 'team', value: 'blue' }], maxSessionDurationSeconds: 7200, path: '' });
    expect(agency?.agencyId).toBe((answer.body['agency'] as { agency_id: string }).agency_id);
    expect(agencies.get(legacyId)).toBeUndefined();
    expect(agency?.attachedPolicies.map(({ policyId }) => policies.get(policyId)?.policyName)).toEqual(['kept', 'copy-TenantGuest', 'copy-TenantAdministrator']);
    expect((await service.assume(keys.alice, ask(urn))).status).toBe(200);
    service.clock.set(startOfTest + 86_400_000);
    expect((await service.assume(keys.alice, ask(urn))).status).toBe(403);
    service.clock.set(startOfTest);
  });

  it('ends the sessions of the legacy agency', async () => {
    const session = await service.session(keys.alice, ask(urn));
    expect((await service.identity(session)).status).toBe(200);
    await migrate({ dry_run: false });
    expect((await service.identity(session)).status).toBe(401);
  });

  it('leaves one event, which names the agency and what was written and removed', async () => {
    const { headers } = await migrate({ dry_run: false });
    const events = (await service.events(accountB)).filter(({ requestId }) => requestId === headers['x-request-id']);
    expect(events).toMatchObject([{ operation: 'MigrateAgency', resource: urn, decision: 'allowed', request: { agency_id: legacyId, dry_run: false, replaces: true, policies: ['copy-TenantGuest', 'copy-TenantAdministrator'] } }]);
    expect(JSON.stringify(events)).toContain(`agency:${legacyId}`);
  });
});

it('beside it, under another name, the legacy agency and its sessions stay', async () => {
  const session = await service.session(keys.alice, ask(urn));
  expect(await migrate({ dry_run: false, name: 'other' })).toMatchObject({ status: 200, body: { legacy_agency: { urn }, agency: { urn: `iam::${accountB}:agency:other` }, policies: [{ policy_name: 'other-TenantGuest' }, { policy_name: 'other-TenantAdministrator' }] } });
  expect((await service.identity(session)).status).toBe(200);
  expect((await service.assume(keys.alice, ask(`iam::${accountB}:agency:other`))).status).toBe(200);
});

it('a dry run answers the same and changes nothing', async () => {
  const before = await snapshot();
  const { status, body } = await migrate({ dry_run: true });
  expect(status).toBe(200);
  expect((await snapshot()).revision).toBe(before.revision);
  const strip = (answer: Answer['body']): unknown => JSON.parse(JSON.stringify(answer, (name, value: unknown) => (['policy_id', 'agency_id', 'dry_run', 'created_at'].includes(name) ? undefined : value)));
  expect(body['agency']).not.toHaveProperty('agency_id');
  expect(strip((await migrate({ dry_run: false })).body)).toEqual(strip(body));
});

describe('nothing is half written', () => {
  it.each<[string, object, () => Promise<void>, number, string, string]>([
    ['a policy has the name of one that would be made', {}, async () => {
      await service.call(keys.rootB, 'POST', '/v5/policies', { policy_name: 'copy-TenantAdministrator', policy_document: JSON.stringify(policy(allow('obs:*:*'))) });
    }, 409, 'PAP5.1201', 'the policy name `copy-TenantAdministrator` is already in use'],
    ['an agency has the other name', { name: 'second' }, () => Promise.resolve(), 409, 'PAP5.1201', 'the agency name `second` is already in use'],
    ['the name is that of a service-linked agency', { name: 'ServiceLinkedAgencyForOBS' }, () => Promise.resolve(), 400, 'PAP5.0029', 'is reserved'],
    ['the account has too many policies', {}, () => quotas({ policies: 1 }), 409, 'PAP5.1202', 'the quota is reached: custom policies 1 at most'],
    ['the account has too many agencies', { name: 'other' }, () => quotas({ agencies: 1 }), 409, 'PAP5.1202', 'the quota is reached: agencies 1 at most'],
    ['the agency would have too many policies', {}, () => quotas({ policies_per_agency: 2 }), 409, 'PAP5.0003', 'would have 3'],
  ])('%s', async (_what, more, prepare, status, code, text) => {
    await prepare();
    const before = (await snapshot()).revision;
    const answer = await migrate({ dry_run: false, ...more });
    expect([answer.status, answer.body.error_code]).toEqual([status, code]);
    expect(answer.body.error_msg).toContain(text);
    expect((await snapshot()).revision).toBe(before);
    await quotas({});
  });

  const quotas = async (given: object): Promise<void> => {
    const { account } = await snapshot();
    expect((await service.call(keys.operator, 'PUT', `/v1/accounts/${accountB}`, { quotas: { policies: 1500, agencies: 50, policies_per_agency: 10, ...given } })).status).toBe(200);
    expect(account.accountId).toBe(accountB);
  };
});

it('says which of the roles, and so of the policies, are more than a task needs', async () => {
  expect((await migrate({ dry_run: true })).body['advice']).toEqual([expect.stringMatching(/^Tenant Administrator: /)]);
});

describe('who may', () => {
  it.each<[string, object, number, string]>([
    ['blind', {}, 403, 'iam:agencies:getV5'], ['blind_policies', {}, 403, 'iam:agencies:listAttachedPoliciesV5'], ['blind_domain', {}, 403, 'iam:permissions:listRolesForAgencyOnDomain'], ['blind_all', {}, 403, 'iam:permissions:listRolesForAgency'],
    ['blind_project', { name: 'other' }, 200, ''], ['blind_roles', { name: 'other' }, 200, ''],
    ['creator', { name: 'other' }, 403, 'iam:policies:createV5'], ['without_delete', {}, 403, 'iam:agencies:deleteAgency'], ['without_delete', { name: 'other' }, 200, ''],
    ['without_policies', {}, 403, 'iam:policies:createV5'], ['without_attaching', {}, 403, 'iam:agencies:attachPolicyV5'], ['named', {}, 200, ''], ['named', { name: 'other' }, 403, 'iam:agencies:createV5'],
  ])('%s, %j: %i %s', async (name, more, status, action) => {
    for (const dryRun of [true, false]) {
      const answer = await migrate({ dry_run: dryRun, ...more }, key(name));
      expect(answer.status).toBe(status);
      if (status === 403) expect(answer.body.error_msg).toContain(`\`${action}\``);
    }
  });
});

it('custom roles and grants on projects are shown to who may look at them', async () => {
  const role = { roleId: 'r1', displayName: 'own', type: 'XA' as const, description: '', descriptionCn: '', document: JSON.stringify({ Version: '1.1', Statement: [allow('obs:object:GetObject')] }), createdAt: 0, updatedAt: 0 };
  await put(service, accountB, [['role:r1', role]]);
  await putLegacyAgencies(service, accountB, [{ agencyName: 'copy', trustDomainId: accountA, trustDomainName: 'account-a', roleGrants: [{ roleId: 'r1', scope: { kind: 'project', projectId: 'p1' } }] }]);
  expect(await migrate({ dry_run: true }, key('blind_roles'))).toMatchObject({ status: 403, body: { error_msg: expect.stringContaining('`iam:roles:getRole`') as unknown } });
  expect(await migrate({ dry_run: true }, key('blind_project'))).toMatchObject({ status: 403, body: { error_msg: expect.stringContaining('`iam:permissions:listRolesForAgencyOnProject`') as unknown } });
  expect((await migrate({ dry_run: true }, key('blind_all'))).status).toBe(200);
});

describe('what is refused', () => {
  it.each<[string, object, string, number, string]>([
    ['an agency that there is not', { dry_run: true }, 'absent', 404, 'the agency `absent` cannot be found'],
    ['a body that does not say whether to do it', {}, legacyId, 400, 'dry_run'],
    ['a member that is not known', { dry_run: true, force: true }, legacyId, 400, 'has a member that is not known here'],
    ['a name that no agency can have', { dry_run: true, name: 'a b' }, legacyId, 400, 'name'],
  ])('%s', async (_what, body, id, status, text) => {
    const answer = await migrate(body, keys.rootB, id);
    expect(answer.status).toBe(status);
    expect(answer.body.error_msg).toContain(text);
  });

  it('an agency with a trust policy', async () => {
    const id = (await snapshot()).agencies.named('second')?.agencyId ?? '';
    expect(await migrate({ dry_run: true }, keys.rootB, id)).toMatchObject({ status: 400, body: { error_msg: '`agency_id`: `second` is a trust agency already' } });
  });
});

it('the command answers what a plan makes of the account, and another plan of the same account does not stand in its way', async () => {
  const account = await snapshot();
  const legacy = legacyAgencyToMigrate(account, legacyId);
  const plan = migrationPlan(legacy, { agencyName: 'copy', agencyUrn: urn }, { role: () => undefined, projectName: () => undefined, trustedService: () => undefined });
  const change = migrateAgency(account, legacy, plan, { agencyName: 'copy', agencyId: 'new', createdAt: 1, newPolicyId: () => 'p' });
  expect(change).toMatchObject({ remove: [`agency:${legacyId}`], policies: [], agency: { attachedPolicies: legacy.attachedPolicies } });
});
