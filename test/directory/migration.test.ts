// A legacy agency as a trust agency: what each part of it becomes, and what is said of the parts that become nothing.
import { describe, expect, it } from 'vitest';
import type { LegacyAgency, RoleGrant, RoleScope } from '../../src/directory/entities.js';
import { migrationPlan, type MigrationGround } from '../../src/directory/migration/plan.js';
import { parsePolicy } from '../../src/policy/index.js';
import { accountB } from '../support/accounts.js';

type Role = NonNullable<ReturnType<MigrationGround['role']>>;

const urn = 'iam::aa:agency:copy';
const legacy: LegacyAgency = {
  kind: 'legacy', agencyId: 'l', agencyName: 'copy', path: '', description: '', maxSessionDurationSeconds: 3600, tags: [], attachedPolicies: [], createdAt: 0,
  trustDomainId: accountB, trustDomainName: 'account-b', roleGrants: [],
};
const role = (statements: readonly object[], more: Partial<Role> & { depends?: readonly string[] } = {}): Role => {
  const { depends, ...rest } = more;
  const document = JSON.stringify({ Version: '1.1', Statement: statements, ...(depends !== undefined && { Depends: depends.map((name) => ({ catalog: 'X', display_name: name })) }) });
  return { displayName: 'a role', catalog: 'X', type: 'AA', document, ...rest };
};
const planOf = (agency: Partial<LegacyAgency>, roles: Readonly<Record<string, Role>> = {}) => migrationPlan({ ...legacy, ...agency }, { agencyName: 'copy', agencyUrn: urn }, {
  role: (id) => (Object.hasOwn(roles, id) ? roles[id] : undefined), projectName: (id) => ({ p1: 'cn-north-4', p2: 'cn-east-3', p3: 'cn-east-3_test' })[id],
  trustedService: (name) => (name === 'op_svc_ims' ? 'service.IMS' : undefined),
});
const json = (text: string | undefined): unknown => JSON.parse(text ?? 'null');
/** Of one role, in the domain and in projects alike. */
const everywhere: readonly RoleScope[] = [{ kind: 'domain' }, { kind: 'all-projects' }];
const grants = (roleId: string, scopes: readonly RoleScope[]): { roleGrants: readonly RoleGrant[] } => ({ roleGrants: scopes.map((scope) => ({ roleId, scope })) });
const said = (one: Role) => planOf(grants('r', everywhere), { r: one });
const ofRole = (leftOver: readonly { about: string; text: string }[]): readonly string[] =>
  leftOver.filter(({ about }) => about === 'role `a role`').map(({ text }) => text).filter((line) => !line.startsWith('granted on all projects'));

describe('the trust policy', () => {
  const trust = (principal: object, more: object = {}) => ({ Version: '5.0', Statement: [{ Effect: 'Allow', Principal: principal, Action: ['sts:agencies:assume'], ...more }] });
  it.each<[string, Partial<LegacyAgency>, object]>([
    ['an account', {}, trust({ IAM: [accountB] })],
    ['a cloud service', { trustDomainName: 'op_svc_ims', trustDomainId: '' }, trust({ Service: ['service.IMS'] })],
    ['for a time', { validityDays: 1, expiresAt: Date.UTC(2026, 0, 2, 3, 4, 5, 6) }, trust({ IAM: [accountB] }, { Condition: { DateLessThan: { 'g:CurrentTime': '2026-01-02T03:04:05.006Z' } } })],
  ])('%s', (_what, agency, expected) => {
    const { trustPolicy } = planOf(agency);
    expect(json(trustPolicy)).toEqual(expected);
    expect(() => parsePolicy('trust', trustPolicy)).not.toThrow();
  });

  it('an account known by its name only is refused: another one may have the name one day', () => {
    expect(() => planOf({ trustDomainId: '' })).toThrow('trusts the account `account-b` by its name only');
  });
});

describe('a statement', () => {
  const allow = { Effect: 'Allow', Action: ['ims:images:get'] };
  const deny = { Effect: 'Deny', Action: ['ims:images:get'] };
  const condition = { StringEquals: { 'obs:prefix': ['public'] } };
  it.each<[string, readonly object[], readonly object[], readonly string[]]>([
    ['stays as it is', [{ ...allow, Resource: ['ims:*:*:image:*'], Condition: condition }], [{ ...allow, Resource: ['ims:*:*:image:*'], Condition: condition }], []],
    ['writes the service of a resource in lower case', [{ ...allow, Resource: ['OBS:*:*:object:A/*'] }], [{ ...allow, Resource: ['obs:*:*:object:A/*'] }], []],
    ['names IAM by its newer name, too', [{ ...allow, Action: ['identity:users:get*'] }], [{ ...allow, Action: ['identity:users:get*', 'iam:users:get*'] }], []],
    ['Allow: an action that there is no more goes', [{ ...allow, Action: ['identity:assume role', 'ims:*:*'] }], [{ ...allow, Action: ['ims:*:*'] }], ['Allow: the action `identity:assume role` has no counterpart']],
    ['Allow: nothing is left of one without actions', [{ ...allow, Action: ['identity:assume role'] }], [], ['Allow: the action `identity:assume role` has no counterpart']],
    ['Allow: resources of the form uri take it away', [{ ...allow, Resource: { uri: ['/iam/agencies/1'] } }], [], ['Allow of `ims:images:get`: resources of the form `uri` (`/iam/agencies/1`) have no counterpart']],
    ['Deny: an action that cannot be written is widened', [{ ...deny, Action: ['identity:assume role'] }], [{ ...deny, Action: ['identity:assume?role*', 'iam:assume?role*'] }], []],
    ['Deny: resources of the form uri widen it', [{ ...deny, Resource: { uri: ['/iam/agencies/1'] } }], [deny], ['Deny of `ims:images:get`: resources of the form `uri` have no counterpart, so it is for all resources']],
  ])('%s', (_what, older, expected, lines) => {
    const { policies, leftOver } = said(role(older));
    expect(policies.map(({ document }) => json(document))).toEqual(expected.length === 0 ? [] : [{ Version: '5.0', Statement: expected }]);
    expect(ofRole(leftOver)).toEqual(lines);
  });

  const role10 = (allowed: readonly string[], denied: readonly string[]) =>
    role([], { document: JSON.stringify({ Version: '1.0', Statement: [{ Effect: 'Allow', Action: allowed }, { Effect: 'Deny', Action: denied }] }) });
  it.each<[string, readonly string[], readonly string[], readonly object[], readonly string[]]>([
    ['everything but a service', ['*'], ['identity:*'], [{ Effect: 'Allow', NotAction: ['identity:*', 'iam:*'] }], []],
    ['actions that it does not meet', ['ims:*:*', 'ecs:servers:get'], ['identity:*'], [{ Effect: 'Allow', Action: ['ims:*:*', 'ecs:servers:get'] }], []],
    ['an action that it names', ['ims:images:get', 'ims:images:delete'], ['ims:*:del*'], [{ Effect: 'Allow', Action: ['ims:images:get'] }], []],
    ['a part of a pattern', ['ims:*:*'], ['ims:images:delete', 'evs:*'], [{ Effect: 'Allow', Action: ['ims:*:*'] }, { Effect: 'Deny', Action: ['ims:images:delete'] }], ['what the role leaves out (`ims:images:delete`) is denied, also where another role allows it']],
  ])('a Deny of Version 1.0 leaves out %s', (_what, allowed, denied, expected, lines) => {
    const { policies, leftOver } = said(role10(allowed, denied));
    expect(policies.map(({ document }) => json(document))).toEqual([{ Version: '5.0', Statement: expected }]);
    expect(ofRole(leftOver)).toEqual(lines);
  });
});

describe('the scope of a grant', () => {
  const statement = { Effect: 'Allow', Action: ['ims:images:get'] };
  const project = (projectId: string): RoleScope => ({ kind: 'project', projectId });
  const enterpriseProject = (enterpriseProjectId: string): RoleScope => ({ kind: 'enterprise-project', enterpriseProjectId });
  const named = (...names: string[]) => ({ StringEquals: { 'g:ProjectName': names } });
  it.each<[string, Role['type'], readonly RoleScope[], readonly (object | undefined)[], readonly string[]]>([
    ['the domain', 'AX', [{ kind: 'domain' }], [{ Null: { 'g:ProjectName': 'true' } }], []],
    ['a project', 'XA', [project('p2')], [named('cn-east-3')], []],
    ['projects', 'XA', [project('p2'), project('p1'), project('p3')], [named('cn-east-3', 'cn-east-3_test', 'cn-north-4')], []],
    ['all projects', 'XA', [{ kind: 'all-projects' }, project('p1')], [{ Null: { 'g:ProjectName': 'false' } }], ['granted on all projects: its policy counts where services']],
    ['everywhere', 'AA', everywhere, [undefined], ['granted on all projects: its policy counts where services']],
    ['an enterprise project', 'AA', [enterpriseProject('e1'), enterpriseProject('0')], [{ StringEquals: { 'g:EnterpriseProjectId': ['0', 'e1'] } }], []],
    ['a project and an enterprise project', 'XA', [project('p1'), enterpriseProject('e1')], [named('cn-north-4'), { StringEquals: { 'g:EnterpriseProjectId': ['e1'] } }], []],
    ['a project that is gone', 'XA', [project('gone')], [], ['granted on the project `gone`, which does not exist']],
    ['where the role does not count', 'XA', [{ kind: 'domain' }], [], ['granted on the domain, where it does not count']],
    ['where the role does not count', 'AX', [project('p1'), { kind: 'all-projects' }], [], ['granted on the project `cn-north-4`, where it does not count', 'granted on all projects, where it does not count']],
    ['a role that counts nowhere', 'XX', [{ kind: 'domain' }, enterpriseProject('e1')], [], ['granted on the domain, where', 'granted on the enterprise project `e1`, where']],
  ])('%s', (_what, type, scopes, conditions, lost) => {
    const { policies, leftOver } = planOf(grants('r', scopes), { r: role([statement], { type }) });
    expect(policies.flatMap(({ document }) => (json(document) as { Statement: object[] }).Statement)).toEqual(conditions.map((Condition) => ({ ...statement, ...(Condition !== undefined && { Condition }) })));
    const lines = leftOver.filter(({ about }) => about === 'role `a role`').map(({ text }) => text);
    expect(lines).toHaveLength(lost.length);
    lost.forEach((start, index) => {
      expect(lines[index]).toContain(start);
    });
  });

  it('joins a condition that the statement has on the same key already: both must hold', () => {
    const { policies: [policy] } = planOf(grants('r', [project('p1')]), { r: role([{ ...statement, Condition: { StringEquals: { 'g:ProjectName': ['cn-east-3'] } } }]) });
    expect(json(policy?.document)).toMatchObject({ Statement: [{ Condition: { StringEquals: { 'g:ProjectName': ['cn-east-3'], 'G:PROJECTNAME': ['cn-north-4'] } } }] });
    expect(() => parsePolicy('identity', policy?.document ?? '')).not.toThrow();
  });
});

describe('a role that depends on another', () => {
  const [wanted, denied, base] = [{ Effect: 'Allow', Action: ['ims:images:get'] }, { Effect: 'Deny', Action: ['ims:images:delete'] }, { Effect: 'Allow', Action: ['ecs:servers:get'] }];
  const project = (projectId: string): RoleScope => ({ kind: 'project', projectId });
  const enterpriseProject: RoleScope = { kind: 'enterprise-project', enterpriseProjectId: 'e1' };
  const named = (...names: string[]) => ({ StringEquals: { 'g:ProjectName': names } });
  it.each<[string, readonly RoleScope[], readonly RoleScope[], readonly object[]]>([
    ['in the same project', [project('p1'), project('p2')], [project('p2'), project('p3')], [named('cn-east-3')]],
    ['in a project and in all', [project('p1')], [{ kind: 'all-projects' }], [named('cn-north-4')]],
    ['in all and in a project', [{ kind: 'all-projects' }], [project('p1')], [named('cn-north-4')]],
    ['in different projects: nowhere', [project('p1')], [project('p2')], []],
    ['at the domain and in projects: nowhere', [{ kind: 'domain' }], [{ kind: 'all-projects' }], []],
    ['at the domain and everywhere', [{ kind: 'domain' }], everywhere, [{ Null: { 'g:ProjectName': 'true' } }]],
    ['in a project, for an enterprise project', [project('p1')], [enterpriseProject], [{ StringEquals: { 'g:ProjectName': ['cn-north-4'], 'g:EnterpriseProjectId': ['e1'] } }]],
  ])('allows where both are granted, and denies where it is itself: %s', (_what, own, other, conditions) => {
    const roles = { r: role([wanted, denied], { displayName: 'r', depends: ['base'] }), b: role([base], { displayName: 'base' }) };
    const { policies } = planOf({ roleGrants: [...grants('r', own).roleGrants, ...grants('b', other).roleGrants] }, roles);
    const statements = (json(policies[0]?.document) as { Statement: { Effect: string; Condition?: object }[] }).Statement;
    expect(statements.filter(({ Effect }) => Effect === 'Allow').map(({ Condition }) => Condition)).toEqual(conditions);
    expect(statements.filter(({ Effect }) => Effect === 'Deny')).toHaveLength(1);
  });
});

describe('policies', () => {
  const one = { Effect: 'Allow', Action: ['ims:images:get'] };
  it('are called by the agency and the role, and no two alike', () => {
    const roles = { r: role([one], { displayName: 'IMS FullAccess' }), s: role([one], { displayName: 'IMSFull Access' }), t: role([one], { displayName: '镜像' }) };
    const { policies } = planOf({ roleGrants: ['r', 's', 't'].map((roleId) => ({ roleId, scope: { kind: 'domain' } })) }, roles);
    expect(policies.map(({ policyName }) => policyName)).toEqual(['copy-IMSFullAccess', 'copy-IMSFullAccess-2', 'copy-t']);
  });

  it('of a role that is too long for one document are several, and each is a document', () => {
    const actions = Array.from({ length: 100 }, (_, number) => `ims:images:${'x'.repeat(42)}${number}`);
    const { policies } = planOf(grants('r', [{ kind: 'domain' }, { kind: 'project', projectId: 'p1' }]), { r: role([{ Effect: 'Allow', Action: actions }]) });
    expect(policies.length).toBeGreaterThan(1);
    const statements = policies.flatMap(({ document }) => parsePolicy('identity', document).statements);
    expect(statements.flatMap(({ source }) => source.action.items)).toEqual([...actions, ...actions]);
  });

  it('of nothing that can be said there are none', () => {
    expect(said(role([{ Effect: 'Allow', Action: ['identity:assume role'] }])).policies).toEqual([]);
  });
});

describe('a line is said of', () => {
  const one = { Effect: 'Allow', Action: ['ims:images:get'] };
  it('a role that does not exist', () => {
    expect(planOf(grants('gone', [{ kind: 'domain' }])).leftOver[0]).toEqual({ about: 'role `gone`', text: 'it does not exist, and grants nothing' });
  });

  it('a role that depends on what the agency does not have, and it allows nothing', () => {
    const roles = { r: role([one], { displayName: 'IMS Administrator', depends: ['Tenant Administrator', 'Tenant Guest'] }), g: role([one], { displayName: 'Tenant Guest' }) };
    const { leftOver, policies } = planOf({ roleGrants: ['r', 'g'].map((roleId) => ({ roleId, scope: { kind: 'domain' } })) }, roles);
    expect(leftOver.filter(({ about }) => about.startsWith('role'))).toEqual([{ about: 'role `IMS Administrator`', text: 'it allows nothing: it depends on `Tenant Administrator`, `Tenant Guest`, which the agency does not have there' }]);
    expect(policies.map(({ policyName }) => policyName)).toEqual(['copy-TenantGuest']);
  });

  it('the ways in that do not lead to trust agencies, and callers of an account need another permission', () => {
    expect(planOf({}).leftOver.map(({ about }) => about)).toEqual(['tokens', 'keys', 'callers', 'denies of callers', 'session tags and source identity']);
    expect(planOf({}).leftOver[2]?.text).toContain(`\`sts:agencies:assume\` on ${urn}`);
    expect(planOf({}).leftOver[3]?.text).toMatch(/denies of `identity:assume role`, `iam:agencies:assume` and `iam:tokens:assume` does not bind .* deny `sts:agencies:assume` on iam::aa:agency:copy/);
    expect(planOf({ trustDomainName: 'op_svc_ims' }).leftOver.map(({ about }) => about)).toEqual(['tokens', 'keys', 'session tags and source identity']);
  });
});
