// What roles of the older system are worth: by their type, by where they were granted, and by where a request is made.
import { describe, expect, it } from 'vitest';
import { readCatalogue, systemRoleId, type SystemRole } from '../../src/catalogue/index.js';
import { parseBootstrapFile } from '../../src/directory/bootstrap-file.js';
import { bootstrapSnapshots } from '../../src/directory/bootstrap-snapshots.js';
import type { RoleGrant, RoleScope } from '../../src/directory/entities.js';
import { roleDenials, rolePolicies, userRoleGrants, type RequestScope } from '../../src/directory/role-policies.js';
import { changedSnapshot, type Snapshot } from '../../src/directory/snapshot.js';
import { parsePolicy } from '../../src/policy/index.js';
import { accountA } from '../support/accounts.js';

const older = (Action: string[], Effect = 'Allow') => ({ Version: '1.1', Statement: [{ Effect, Action }] });
const role = (name: string, type: string, policy: object = older(['ims:images:list'])) => ({ role_id: `id-${name}`, display_name: name, type, policy });
const catalogue = await readCatalogue();
const file = {
  accounts: [{
    account_id: accountA, account_name: 'account-a', users: [{ user_name: 'kim', groups: ['one', 'two'] }, { user_name: 'lee', groups: ['none'] }, { user_name: 'max' }],
    groups: [{ group_name: 'one', role_grants: [{ role: 'ax', scope: 'domain' }] }, { group_name: 'two', role_grants: [{ role: 'xa', scope: 'all_projects' }] }, { group_name: 'none' }],
    roles: [role('ax', 'AX'), role('xa', 'XA'), role('denying', 'XA', older(['ims:images:delete'], 'Deny'))],
  }],
};
const [plain] = bootstrapSnapshots(parseBootstrapFile(JSON.stringify(file)), 0, catalogue).values();
if (plain === undefined) throw new Error('no account');

const provided = (name: string, type: SystemRole['type'], document: object = older(['ims:images:list'])): [string, SystemRole] => [`id-${name}`, {
  roleId: `id-${name}`, name, displayName: name, type, catalog: 'TEST', description: { enUs: '', zhCn: '' }, document: '', policy: { name, policy: parsePolicy('role', JSON.stringify(document)) },
}];
const dependent = { ...older(['ims:*:*']), Depends: [{ catalog: 'TEST', display_name: 'aa' }] };
const snapshot: Snapshot = {
  ...plain,
  systemRoles: new Map([...plain.systemRoles, provided('aa', 'AA'), provided('xx', 'XX'), provided('needs', 'XA', dependent), provided('needs-and-denies', 'XA', { ...dependent, Statement: [...dependent.Statement, { Effect: 'Deny', Action: ['ims:images:delete'] }] })]),
};

const grant = (name: string, scope: RoleScope): RoleGrant => ({ roleId: `id-${name}`, scope });
const namesIn = (grants: readonly RoleGrant[], scope: RequestScope, account = snapshot): readonly string[] => rolePolicies(account, grants, scope).map(({ name }) => name);

const scopes = {
  domain: { kind: 'domain' }, project: { kind: 'project', projectId: 'p1' }, all: { kind: 'all-projects' }, enterprise: { kind: 'enterprise-project', enterpriseProjectId: 'e1' },
} as const satisfies Record<string, RoleScope>;
const requests = {
  'at the domain': {}, 'in the project': { projectId: 'p1' }, 'in the project, directly': { projectId: 'p1', direct: true }, 'in another project': { projectId: 'p2' },
  'in another project, directly': { projectId: 'p2', direct: true }, 'for the enterprise project': { enterpriseProjectId: 'e1' }, 'for another enterprise project': { enterpriseProjectId: 'e2' },
  'in another project, for the enterprise project': { projectId: 'p2', enterpriseProjectId: 'e1' },
} as const satisfies Record<string, RequestScope>;

/** Grant → requests for which a role of the type counts. */
const expected: readonly (readonly [type: 'ax' | 'xa' | 'aa' | 'xx', granted: keyof typeof scopes, counts: readonly (keyof typeof requests)[]])[] = [
  ['ax', 'domain', ['at the domain', 'for the enterprise project', 'for another enterprise project']],
  ['aa', 'domain', ['at the domain', 'for the enterprise project', 'for another enterprise project']],
  ['xa', 'domain', []],
  ['xx', 'domain', []],
  ['ax', 'project', []],
  ['xa', 'project', ['in the project', 'in the project, directly']],
  ['aa', 'project', ['in the project', 'in the project, directly']],
  ['xx', 'project', []],
  ['ax', 'all', []],
  ['xa', 'all', ['in the project', 'in another project', 'in another project, for the enterprise project']],
  ['aa', 'all', ['in the project', 'in another project', 'in another project, for the enterprise project']],
  ['xx', 'all', []],
  ['ax', 'enterprise', ['for the enterprise project', 'in another project, for the enterprise project']],
  ['xa', 'enterprise', ['for the enterprise project', 'in another project, for the enterprise project']],
  ['aa', 'enterprise', ['for the enterprise project', 'in another project, for the enterprise project']],
  ['xx', 'enterprise', []],
];

describe('a role of type', () => {
  it.each(expected)('%s granted for %s counts: %j', (type, granted, counts) => {
    // All in one list of grants too, so that no request is answered with what was found for another one.
    const grants = [grant(type, scopes[granted])];
    for (const [request, scope] of Object.entries(requests)) expect([request, namesIn(grants, scope)]).toEqual([request, (counts as readonly string[]).includes(request) ? [type] : []]);
  });
});

describe('the grants of one principal', () => {
  it('are worth the same for a request whatever was asked before, however many projects are asked about', () => {
    const grants = expected.map(([type, granted]) => grant(type, scopes[granted]));
    for (let round = 0; round < 2; round += 1) {
      for (const [request, scope] of Object.entries(requests)) {
        const counting = expected.filter(([, , counts]) => (counts as readonly string[]).includes(request)).map(([type]) => type);
        expect([request, namesIn(grants, scope)]).toEqual([request, [...new Set(counting)]]);
      }
    }
    for (let asked = 0; asked < 500; asked += 1) expect(namesIn(grants, { projectId: `other-${asked}` })).toEqual(['xa', 'aa']);
    expect(rolePolicies(snapshot, grants, { projectId: 'other-1' })).toBe(rolePolicies(snapshot, grants, { projectId: 'other-2' }));
    // A project of the name that stands for all others is one of them.
    expect(namesIn([grant('xa', scopes.project)], { projectId: '*' })).toEqual([]);
  });

  it('grant nothing by a role that is gone, and by one that changed what it says now', () => {
    const grants = [grant('xa', scopes.all), grant('gone', scopes.all)];
    expect(namesIn(grants, { projectId: 'p1' })).toEqual(['xa']);
    const without = changedSnapshot(snapshot, 'later', [], ['role:id-xa']);
    expect(without && namesIn(grants, { projectId: 'p1' }, without)).toEqual([]);
    const xa = snapshot.roles.get('id-xa');
    if (xa === undefined) throw new Error('no role');
    const changed = changedSnapshot(snapshot, 'later', [['role:id-xa', { ...xa, document: JSON.stringify(older(['ims:images:get'])) }]], []);
    expect(changed && rolePolicies(changed, grants, { projectId: 'p1' }).map(({ policy }) => policy.statements.map(({ source }) => source.action.items))).toEqual([[['ims:images:get']]]);
  });

  it('are compiled once', () => {
    const grants = [grant('xa', scopes.all)];
    expect(rolePolicies(snapshot, grants, { projectId: 'p1' })[0]?.policy).toBe(rolePolicies(snapshot, [...grants], { projectId: 'p2' })[0]?.policy);
  });

  it('of users are those of their groups', () => {
    const of = (name: string) => userRoleGrants(plain, plain.users.values().find(({ userName }) => userName === name) ?? { groupIds: [] });
    expect(of('kim')).toEqual([grant('ax', scopes.domain), grant('xa', scopes.all)]);
    expect(of('kim')).toBe(of('kim'));
    expect([of('lee'), of('max')]).toEqual([[], []]);
  });
});

describe('a role that depends on another', () => {
  const needs = grant('needs', scopes.project);
  const inProject = { projectId: 'p1' };
  it.each<[what: string, others: RoleGrant[], scope: RequestScope, names: string[]]>([
    ['grants nothing by itself', [], inProject, []],
    ['counts where the other counts too', [grant('aa', scopes.project)], inProject, ['needs', 'aa']],
    ['counts where the other counts in all projects', [grant('aa', scopes.all)], inProject, ['needs', 'aa']],
    ['grants nothing where the other counts in all projects, which do not count', [grant('aa', scopes.all)], { ...inProject, direct: true }, []],
    ['grants nothing where the other counts at the domain only', [grant('aa', scopes.domain)], inProject, []],
    ['grants nothing where the other counts in another project only', [grant('aa', { kind: 'project', projectId: 'p2' })], inProject, []],
  ])('%s', (_what, others, scope, names) => {
    expect(namesIn([needs, ...others], scope)).toEqual(names);
  });

  it('denies in any case', () => {
    const effects = (grants: readonly RoleGrant[]) => rolePolicies(snapshot, grants, inProject).map(({ policy }) => policy.statements.map(({ source }) => source.effect));
    expect(effects([grant('needs-and-denies', scopes.project)])).toEqual([['Deny']]);
    expect(effects([grant('needs-and-denies', scopes.project), grant('aa', scopes.project)])).toEqual([['Allow', 'Deny'], ['Allow']]);
  });

  it('is IMS Administrator, with Tenant Administrator', () => {
    const of = (...names: string[]) => rolePolicies(snapshot, names.map((name) => ({ roleId: systemRoleId(name), scope: scopes.project })), inProject).map(({ name }) => name);
    expect([of('ims_adm'), of('ims_adm', 'te_admin'), of('server_adm'), of('server_adm', 'readonly')])
      .toEqual([[], ['IMS Administrator', 'Tenant Administrator'], [], ['Server Administrator', 'Tenant Guest']]);
  });
});

it('what grants deny somewhere is told without knowing where', () => {
  const denied = roleDenials(snapshot, [grant('denying', scopes.project), grant('denying', scopes.all), grant('xa', scopes.all), grant('needs-and-denies', scopes.project)]);
  expect(denied.map(({ name, policy }) => [name, policy.statements.map(({ source }) => [source.effect, source.action.items])])).toEqual([['denying', [['Deny', ['ims:images:delete']]]], ['needs-and-denies', [['Deny', ['ims:images:delete']]]]]);
});
