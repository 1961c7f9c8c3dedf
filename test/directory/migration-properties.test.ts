// Whatever a legacy agency was granted, the trust agency made of it may nothing that it might not, and the same where nothing else is said.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCatalogue } from '../../src/catalogue/index.js';
import { parseBootstrapFile } from '../../src/directory/bootstrap-file.js';
import { bootstrapSnapshots } from '../../src/directory/bootstrap-snapshots.js';
import { legacyAgencyToMigrate, migrateAgency } from '../../src/directory/commands/migrate-agency.js';
import { attachedPolicies } from '../../src/directory/compiled-policies.js';
import type { CustomRole, LegacyAgency, RoleGrant, RoleScope } from '../../src/directory/entities.js';
import { migrationPlan } from '../../src/directory/migration/plan.js';
import { defaultRegions, mainProjectId, projectAt } from '../../src/directory/projects.js';
import { rolePolicies } from '../../src/directory/role-policies.js';
import { customRoleCatalog, roleAt } from '../../src/directory/roles.js';
import { changedSnapshot, type Snapshot } from '../../src/directory/snapshot.js';
import { contextOf, decideCaller, type NamedPolicy } from '../../src/policy/index.js';
import { requestScope, scopeConditions, type ScopedQuestion } from '../../src/sts/request-scope.js';
import { accountA } from '../support/accounts.js';
import { legacyAgency } from '../support/legacy.js';

const catalogue = await readCatalogue();
const file = {
  accounts: [{
    account_id: accountA, account_name: 'account-a', users: [], projects: [{ project_id: 'p-test', project_name: 'cn-east-3_test' }],
    enterprise_projects: [{ enterprise_project_id: 'e1', enterprise_project_name: 'one' }, { enterprise_project_id: 'e2', enterprise_project_name: 'two' }],
  }],
};
const [account] = bootstrapSnapshots(parseBootstrapFile(JSON.stringify(file)), 0, catalogue).values();
if (account === undefined) throw new Error('no account');
const plain: Snapshot = account;

const pick = <Value>(...values: readonly Value[]) => fc.constantFrom(...values);
const list = <Value>(item: fc.Arbitrary<Value>, most: number) => fc.array(item, { minLength: 1, maxLength: most });

const actions = pick('*', '*:*:*', '*:*:get*', 'ims:*:*', 'ims:*:get*', 'ims:images:copy', 'ims:images:get', 'ims:images:list', 'IMS:Images:*', 'ims:image?:get', 'ecs:*:*', 'identity:*', 'identity:users:*', 'identity:assume role', 'iam:*:get*', 'sts:*', 'i*:*');
const resources = fc.oneof(
  fc.constant({}), list(pick('ims:*:*:image:*', 'IMS:cn-east-3:*:image:i1', 'ims:cn-north-4:*:*:*', '*', 'ims:*:*:image:${g:UserName}'), 2).map((Resource) => ({ Resource })),
  fc.constant({ Resource: { uri: ['/iam/agencies/x', '*'] } }),
);
const conditions = fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: pick(
  { StringEquals: { 'g:ProjectName': ['cn-east-3'] } }, { StringNotEquals: { 'g:projectname': ['cn-east-3'] } }, { Null: { 'g:ProjectName': ['false'] } }, { StringEquals: { 'g:EnterpriseProjectId': ['e1'] } },
  { DateLessThan: { 'g:CurrentTime': '2026-01-01T00:00:00Z' } }, { StringEqualsIfExists: { 'g:UserName': ['bob'] } },
).map((Condition) => ({ Condition })) });
const effect = fc.oneof({ weight: 3, arbitrary: fc.constant('Allow') }, { weight: 1, arbitrary: fc.constant('Deny') });
const statement11 = fc.tuple(effect, list(actions, 3), resources, conditions).map(([Effect, Action, resource, condition]) => ({ Effect, Action, ...resource, ...condition }));
const statement10 = fc.tuple(effect, list(actions, 3)).map(([Effect, Action]) => ({ Effect, Action }));

const roleIds = ['r1', 'r2', 'r3'] as const;
const depends = fc.option(list(pick(...roleIds), 2), { freq: 3, nil: [] });
const document = fc.tuple(fc.oneof(list(statement11, 3).map((Statement) => ({ Version: '1.1', Statement })), list(statement10, 3).map((Statement) => ({ Version: '1.0', Statement }))), depends)
  .map(([base, names]) => JSON.stringify({ ...base, ...(names.length > 0 && { Depends: names.map((name) => ({ catalog: customRoleCatalog, display_name: name })) }) }));
const roles = fc.tuple(...roleIds.map((roleId) => fc.tuple(pick<CustomRole['type']>('AX', 'XA'), document).map(([type, text]): CustomRole => ({ roleId, displayName: roleId, type, document: text, description: '', descriptionCn: '', createdAt: 0, updatedAt: 0 }))));

const projects = { north: mainProjectId(plain, 'cn-north-4'), east: mainProjectId(plain, 'cn-east-3'), test: 'p-test', gone: 'p-gone', byName: 'cn-east-3' } as const;
const scope = fc.oneof(
  pick<RoleScope>({ kind: 'domain' }, { kind: 'all-projects' }), pick(projects.north, projects.east, projects.test, projects.gone).map((projectId): RoleScope => ({ kind: 'project', projectId })),
  pick('e1', 'e2').map((enterpriseProjectId): RoleScope => ({ kind: 'enterprise-project', enterpriseProjectId })),
);
const systemIds = [...plain.systemRoles.keys()];
const grants = list(fc.tuple(fc.oneof({ weight: 3, arbitrary: pick(...roleIds, 'absent') }, { weight: 1, arbitrary: pick(...systemIds) }), scope).map(([roleId, where]): RoleGrant => ({ roleId, scope: where })), 5);

const question = fc.record({
  action: pick('ims:images:get', 'ims:images:copy', 'ims:images:list', 'ims:images:create', 'ecs:servers:get', 'ecs:servers:delete', 'obs:object:GetObject', 'iam:users:getUser', 'iam:agencies:assume', 'iam:tokens:assume', 'identity:assume role', 'sts:agencies:assume'),
  resource: pick(undefined, `ims:cn-east-3:${accountA}:image:i1`, `ims:cn-north-4:${accountA}:image:i2`, `ims::${accountA}:image:i1`, 'ims:cn-nowhere-1::image:i1', '/iam/agencies/x'),
  scope: fc.option(fc.record({ projectId: pick(undefined, ...Object.values(projects)), enterpriseProjectId: pick(undefined, 'e1', 'e2', 'e3'), direct: fc.constant(false) }), { nil: undefined }),
  operationId: pick(undefined, 'CopyImageCrossRegion', 'CopyImageInRegion', 'ListImages', 'GlanceListImages'),
});

const asked = (snapshot: Snapshot, policies: (scope: ReturnType<typeof requestScope>) => readonly NamedPolicy[], { operationId, ...given }: ScopedQuestion & { readonly operationId: string | undefined }): boolean => {
  const where = requestScope(snapshot, catalogue, given, operationId === undefined ? undefined : catalogue.operation('ims', operationId));
  const context = contextOf([['g:CurrentTime', new Date('2025-12-31T00:00:00Z')], ['g:PrincipalTag/x', 'i1'], ...scopeConditions(snapshot, given, where, defaultRegions)]);
  const principal = { kind: 'agency-session', urn: 'sts::a:assumed-agency:copy/s', accountId: accountA, agencyUrn: 'iam::a:agency:copy' } as const;
  return decideCaller({ principal, action: given.action, resource: given.resource, identityPolicies: policies(where), serviceControlPolicies: undefined, context }).allowed;
};

interface Migrated {
  readonly before: Snapshot;
  readonly legacy: LegacyAgency;
  readonly after: Snapshot;
  readonly lines: readonly string[];
}

function migrated(custom: readonly CustomRole[], roleGrants: readonly RoleGrant[]): Migrated {
  const agency = legacyAgency({ agencyName: 'copy', trustDomainName: 'op_svc_ims', roleGrants });
  const before = changedSnapshot(plain, '1', [...custom.map((role) => [`role:${role.roleId}`, role] as const), [`agency:${agency.agencyId}`, agency]], []);
  if (before === undefined) throw new Error('no account');
  const legacy = legacyAgencyToMigrate(before, agency.agencyId);
  const plan = migrationPlan(legacy, { agencyName: 'copy', agencyUrn: 'urn' }, {
    role: (roleId) => roleAt(before, roleId), projectName: (projectId) => projectAt(before, defaultRegions, projectId)?.projectName, trustedService: (name) => catalogue.trustedService(name),
  });
  let policies = 0;
  const change = migrateAgency(before, legacy, plan, { agencyName: 'copy', agencyId: 'new', createdAt: 1, newPolicyId: () => `p${(policies += 1)}` });
  const after = changedSnapshot(before, '2', change.put, change.remove);
  if (after === undefined) throw new Error('no account');
  return { before, legacy, after, lines: plan.leftOver.filter(({ about }) => about.startsWith('role')).map(({ text }) => text) };
}

const mayBefore = ({ before, legacy }: Migrated, what: Parameters<typeof asked>[2]): boolean => asked(before, (where) => rolePolicies(before, legacy.roleGrants, where), what);
const mayAfter = ({ after }: Migrated, what: Parameters<typeof asked>[2]): boolean => asked(after, () => attachedPolicies(after, after.agencies.named('copy')?.attachedPolicies ?? []), what);

/** Lines of what grants nothing anyway, and of what is not asked about here. */
const harmless = (line: string): boolean => /where it does not count$|^granted on all projects: |^it does not exist|^it allows nothing/.test(line);

describe('for all roles, grants and requests', () => {
  it('what is allowed afterwards was allowed before, and where no line says otherwise the other way round', () => {
    const seen = { allowed: 0, denied: 0, exact: 0, narrower: 0 };
    fc.assert(fc.property(roles, grants, fc.array(question, { minLength: 12, maxLength: 12 }), (custom, given, questions) => {
      const migration = migrated(custom, given);
      const isExact = migration.lines.every(harmless);
      for (const what of questions) {
        const [before, after] = [mayBefore(migration, what), mayAfter(migration, what)];
        if (after) expect(before, JSON.stringify({ what, lines: migration.lines })).toBe(true);
        if (isExact) expect(after, JSON.stringify({ what, lines: migration.lines })).toBe(before);
        seen[before ? 'allowed' : 'denied'] += 1;
        seen[isExact ? 'exact' : 'narrower'] += 1;
      }
    }), { numRuns: 600 });
    // Each kind of case came up often enough to mean something.
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(400);
  });
});
