// The roles and policies of the older system that every account has: what each allows, what it depends on, which services legacy agencies trust.
import { describe, expect, it } from 'vitest';
import { catalogueOf, readCatalogue, systemRoleId, type Catalogue, type SystemRole } from '../../src/catalogue/index.js';
import { contextOf, decideCaller, lint } from '../../src/policy/index.js';
import { shop, shopFile, texts } from './support.js';

const principal = { kind: 'user', urn: `iam::${'a'.repeat(32)}:user:kim`, accountId: 'a'.repeat(32) } as const;
const allows = ({ policy }: SystemRole, action: string): boolean =>
  decideCaller({ principal, action, resource: undefined, identityPolicies: [policy], serviceControlPolicies: undefined, context: contextOf([]) }).allowed;

function roleOf({ systemRoles }: Catalogue, name: string): SystemRole {
  const role = systemRoles.get(systemRoleId(name));
  if (role === undefined) throw new Error(`no system role ${name}`);
  return role;
}

const actionsOf = (catalogue: Catalogue) => [...catalogue.services.values()].flatMap((file) => file.actions.map(({ action }) => action));
const allowedBy = (catalogue: Catalogue, name: string): string[] => actionsOf(catalogue).filter((action) => allows(roleOf(catalogue, name), action));

describe('the shipped system roles', () => {
  it.each<[displayName: string, name: string, version: string, type: string, catalog: string, depends: string[]]>([
    ['Agent Operator', 'te_agency', '1.0', 'AX', 'IAM', []],
    ['Security Administrator', 'secu_admin', '1.0', 'AX', 'BASE', []],
    ['Tenant Administrator', 'te_admin', '1.0', 'AA', 'BASE', []],
    ['Tenant Guest', 'readonly', '1.0', 'AA', 'BASE', []],
    ['Server Administrator', 'server_adm', '1.0', 'XA', 'ECS', ['Tenant Guest']],
    ['IMS Administrator', 'ims_adm', '1.0', 'XA', 'IMS', ['Tenant Administrator']],
    ['IMS FullAccess', 'system_all_16', '1.1', 'XA', 'IMS', []],
    ['IMS ReadOnlyAccess', 'system_all_22', '1.1', 'XA', 'IMS', []],
    ['IMS CrossCopyAgencyPolicy', 'system_ims_cross_copy_agency', '1.1', 'XA', 'IMS', []],
    ['IMS CrossCopyAgencyCBRPolicy', 'system_ims_cross_copy_agency_cbr', '1.1', 'XA', 'IMS', []],
    ['IAM ReadOnlyAccess', 'system_iam_readonly', '1.1', 'AX', 'IAM', []],
  ])('%s', async (displayName, name, version, type, catalog, depends) => {
    const role = roleOf(await readCatalogue(), name);
    expect(role).toMatchObject({ displayName, name, type, catalog, policy: { name: displayName, policy: { version } } });
    expect(role.policy.policy.depends.map((one) => one.displayName)).toEqual(depends);
    expect(JSON.parse(role.document)).toMatchObject({ Version: version });
  });

  it.each<[name: string, allowed: string[], refused: string[]]>([
    ['te_agency', ['identity:assume role'], ['iam:users:listUsersV5', 'sts:agencies:assume', 'ims:images:list']],
    ['secu_admin', ['identity:assume role', 'iam:users:createUserV5', 'iam:agencies:createAgency'], ['ims:images:list', 'sts:agencies:assume']],
    ['te_admin', ['ims:images:delete', 'obs:object:GetObject', 'cbr:vaults:delete', 'unheard:of:service'], ['iam:users:listUsersV5', 'identity:assume role', 'sts:agencies:assume', 'sts::tagSession']],
    ['readonly', ['ims:images:list', 'ims:images:get', 'obs:object:GetObject'], ['ims:images:delete', 'iam:users:listUsersV5', 'iam:users:getUserV5', 'obs:object:PutObject']],
    ['server_adm', ['ecs:servers:create', 'evs:volumes:create'], ['ims:images:list']],
    ['ims_adm', ['ims:images:delete', 'ims:serverImages:create'], ['obs:object:GetObject']],
    ['system_all_16', ['ims:images:copy', 'ims:images:share', 'ecs:servers:get', 'kms:cmk:list'], ['ecs:servers:create', 'obs:object:GetObject']],
    ['system_all_22', ['ims:images:list', 'ims:quotas:get'], ['ims:images:copy', 'ims:images:update']],
    ['system_iam_readonly', ['iam:agencies:listAgencies', 'iam:agencies:getAgency'], ['iam:agencies:createAgency', 'iam:agencies:assume']],
  ])('%s allows what it is for, and nothing of the rest', async (name, allowed, refused) => {
    const role = roleOf(await readCatalogue(), name);
    expect(allowed.filter((action) => !allows(role, action))).toEqual([]);
    expect(refused.filter((action) => allows(role, action))).toEqual([]);
  });

  it('for replication are strictly smaller than IMS Administrator, and never delete, share or export; the CBR one has only backups and vaults more', async () => {
    const catalogue = await readCatalogue();
    const copy = allowedBy(catalogue, 'system_ims_cross_copy_agency');
    const copyWhole = allowedBy(catalogue, 'system_ims_cross_copy_agency_cbr');
    const administrator = allowedBy(catalogue, 'ims_adm');
    const ims = (actions: readonly string[]) => actions.filter((action) => action.startsWith('ims:'));
    expect(administrator).toEqual(expect.arrayContaining(ims(copyWhole)));
    expect(ims(copyWhole).length).toBeLessThan(administrator.length);
    for (const actions of [copy, copyWhole]) expect(actions.filter((action) => /delete|share|member|export/i.test(action))).toEqual([]);
    expect(copyWhole).toEqual(expect.arrayContaining(copy));
    expect(copyWhole.filter((action) => !copy.includes(action) && !action.startsWith('cbr:'))).toEqual(['ims:wholeImages:create']);
  });

  it('are the identity policies of the same names, but for blanks', async () => {
    const catalogue = await readCatalogue();
    const newer = (name: string) => [...catalogue.systemPolicies.values()].find(({ policyName }) => policyName === name)?.policy.policy.statements.map(({ source }) => source.action.items);
    for (const name of ['CrossCopyAgencyPolicy', 'CrossCopyAgencyCBRPolicy']) {
      const role = [...catalogue.systemRoles.values()].find(({ displayName }) => displayName === `IMS ${name}`);
      expect(role?.policy.policy.statements.map(({ source }) => source.action.items)).toEqual(newer(`IMS${name}`));
    }
  });

  it('name only actions that exist', async () => {
    const { systemRoles, knownActions, partlyKnownServices } = await readCatalogue();
    for (const { name, policy } of systemRoles.values()) {
      const unknown = lint(policy.policy, { knownActions, partlyKnownServices }).filter(({ rule, severity }) => rule.startsWith('unknown-') && severity === 'warning');
      expect([name, unknown]).toEqual([name, []]);
    }
  });

  it.each(['Tenant Administrator', 'te_admin', 'IMS Administrator', 'ims_adm', 'Security Administrator', 'secu_admin'])('%s is advised against', async (name) => {
    expect((await readCatalogue()).excessiveRole(name)).toMatch(/grant/);
  });

  it.each(['Agent Operator', 'Tenant Guest', 'IMS FullAccess', 'IMS ReadOnlyAccess', 'IMS CrossCopyAgencyPolicy', 'IMS CrossCopyAgencyCBRPolicy'])('%s is not', async (name) => {
    expect((await readCatalogue()).excessiveRole(name)).toBeUndefined();
  });
});

const role = {
  name: 'shop_adm', display_name: 'Shop Administrator', type: 'XA', catalog: 'Shop', description: texts('Everything'),
  policy_document: { Version: '1.0', Statement: [{ Effect: 'Allow', Action: ['shop:*:*'] }] },
};

describe('a catalogue', () => {
  it('holds system roles under ids that only their internal names make', () => {
    // Grants are stored under these ids: they must never change.
    expect(systemRoleId('te_agency')).toBe('f4b699f97eee15f3ee5dc6457f994679');
    expect(catalogueOf([shopFile({ system_roles: [role] })]).systemRoles.get(systemRoleId('shop_adm'))).toEqual({
      roleId: systemRoleId('shop_adm'), name: 'shop_adm', displayName: 'Shop Administrator', type: 'XA', catalog: 'Shop', description: { enUs: 'Everything', zhCn: 'Everything' },
      document: JSON.stringify(role.policy_document), policy: { name: 'Shop Administrator', policy: expect.objectContaining({ kind: 'role', version: '1.0' }) as object },
    });
  });

  it.each<[what: string, roles: readonly object[], message: string]>([
    ['one system role twice', [role, { ...role, name: 'SHOP_adm', display_name: 'Other' }], 'service `shop`: system role `SHOP_adm` must not be there twice'],
    ['two of one display name', [role, { ...role, name: 'other' }], 'service `shop`: display name `Shop Administrator` must not be there twice'],
    ['a role that is none', [{ ...role, policy_document: { Version: '5.0', Statement: [{ Effect: 'Allow', Action: ['shop:*:*'] }] } }], 'service `shop`: system role `shop_adm`: the policy version must be'],
    ['a role that depends on one that does not exist', [{ ...role, policy_document: { ...role.policy_document, Depends: [{ catalog: 'BASE', display_name: 'Tenant Guest' }] } }], 'service `shop`: system role `shop_adm`: the role `Tenant Guest` of `BASE`, on which it depends, must exist'],
  ])('refuses %s', (_what, roles, message) => {
    expect(() => catalogueOf([shopFile({ system_roles: roles })])).toThrow(message);
  });

  it.each([
    ['op_svc_ims', 'service.IMS'], ['op_svc_IMS', 'service.IMS'], ['op_svc_obs', 'service.OBS'], ['op_svc_CTS', 'service.CTS'], ['op_svc_IdentityCenter', 'service.IdentityCenter'],
    ['op_svc_', undefined], ['op_svc_a_b', undefined], ['op_svc_a b', undefined], ['OP_SVC_ims', undefined], ['ims', undefined], ['service.IMS', undefined], [`op_svc_${'x'.repeat(57)}`, undefined], ['acme', undefined],
  ])('knows which service a legacy agency trusts: %s is %s', async (name, service) => {
    expect((await readCatalogue()).trustedService(name)).toBe(service);
  });

  it('knows an operation by its service and its id', async () => {
    const catalogue = await readCatalogue();
    expect(catalogue.operation('ims', 'CopyImageCrossRegion')).toMatchObject({ operation_action: 'ims:images:copy', enterprise_project: false });
    for (const [service, id] of [['ims', 'CopyImage'], ['obs', 'CopyImageCrossRegion'], ['shop', 'CancelOrder'], ['ims', 'constructor']] as const) expect(catalogue.operation(service, id)).toBeUndefined();
  });

  it('knows where the default enterprise project alone counts: as the operation says, and where an operation of the action says so', async () => {
    const catalogue = await readCatalogue();
    const register = catalogue.operation('ims', 'RegisterImage');
    const upload = 'ims:images:upload';
    expect([catalogue.countsForEnterpriseProject('0', upload, register), catalogue.countsForEnterpriseProject('shops', upload, register), catalogue.countsForEnterpriseProject('0', upload)]).toEqual([true, false, false]);
    const limited = catalogueOf([shopFile({ operations: [{ operation_id: 'CancelOrder', operation_action: 'shop:orders:cancel', enterprise_project: 'default' }, { operation_id: 'CancelOrders', operation_action: 'shop:orders:cancel' }] })]);
    expect(['0', 'shops'].map((id) => limited.countsForEnterpriseProject(id, 'shop:orders:cancel'))).toEqual([true, false]);
  });

  it('knows where an enterprise project counts: as the operation says, else where every operation of the action says so, else everywhere', async () => {
    const catalogue = await readCatalogue();
    const counts = (action: string, id?: string) => catalogue.countsForEnterpriseProject('shops', action, id === undefined ? undefined : catalogue.operation('ims', id));
    expect([counts('ims:images:copy', 'CopyImageInRegion'), counts('ims:images:copy', 'CopyImageCrossRegion'), counts('ims:images:copy'), counts('IMS:images:COPY')]).toEqual([true, false, false, false]);
    expect([counts('ims:images:export'), counts('ims:quotas:get'), counts('ims:images:list'), counts('shop:orders:list'), counts('ecs:servers:get')]).toEqual([true, true, false, true, true]);
    const [list, ...others] = shop.actions;
    const withAlias = catalogueOf([shopFile({ actions: [{ ...list, aliases: ['shop:order:query'] }, ...others], operations: [{ operation_id: 'ListOrders', operation_action: 'shop:orders:list', enterprise_project: false }] })]);
    expect([withAlias.countsForEnterpriseProject('shops', 'shop:order:query'), withAlias.countsForEnterpriseProject('shops', 'shop:orders:cancel')]).toEqual([false, true]);
  });
});
