// What a bootstrap file says of the older system: projects, roles and their grants, validity of agencies, passwords.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BootstrapError, parseBootstrapFile } from '../../src/directory/bootstrap-file.js';
import { mainProjectId, projectAt, projectNamed, projectsOf } from '../../src/directory/projects.js';
import { entriesOf, type Snapshot } from '../../src/directory/snapshot.js';
import { isPassword } from '../../src/keyring/password.js';
import { applyBootstrap, planFor } from '../../src/service/bootstrap.js';
import { exportFrom } from '../../src/service/export.js';
import { accessKey, bootstrapKey } from '../support/accounts.js';
import { startOfTest, startService, type TestService } from '../support/service.js';
import { dump } from '../redis/support.js';

const id = '7'.repeat(32);
const other = '8'.repeat(32);
const root = accessKey('rootseven');
const regions = ['cn-north-4', 'cn-east-3'];
const day = 86_400_000;
const hash = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$NwGqAZVHJMa9Cm7x1kmYtWgjjsMd5qhnbGpTtZbmHlQ';
let service: TestService;
const account = (members: object = {}) => ({ accounts: [{ account_id: id, account_name: 'seven', root_user: { user_name: 'root-seven', access_keys: [bootstrapKey(root)] }, ...members }, { account_id: other, account_name: 'eight' }] });
beforeAll(async () => {
  service = await startService(account(), { STS_REGIONS: regions.join(',') });
});
afterAll(() => service.stop());

const apply = (members: object) => applyBootstrap(parseBootstrapFile(JSON.stringify(account(members))), service.composition);
async function snapshot(): Promise<Snapshot> {
  const view = await service.composition.services.directory.read(id, () => []);
  if (view === undefined) throw new Error('no account');
  return view.snapshot;
}
const document = { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['obs:object:GetObject'] }] };
const role = (members: object = {}) => ({ display_name: 'read', type: 'XA', policy: document, ...members });
const atDomain = (members: object = {}) => role({ display_name: 'look', type: 'AX', ...members });
const agency = (members: object = {}) => ({ agency_name: 'old', trust_domain_name: 'eight', ...members });

describe('projects', () => {
  it('are one of each region without being stored, and those of the file', async () => {
    const derived = mainProjectId(await snapshot(), 'cn-north-4');
    expect(derived).toMatch(/^[0-9a-f]{32}$/);
    await apply({ projects: [{ project_name: 'cn-east-3', project_id: 'given' }, { project_name: 'cn-north-4_dev', description: 'of developers', enabled: false }] });
    const seven = await snapshot();
    expect(projectsOf(seven, regions).map(({ projectName, region, parentId, enabled }) => [projectName, region, parentId, enabled])).toEqual([
      ['cn-east-3', 'cn-east-3', id, true], ['cn-north-4', 'cn-north-4', id, true], ['cn-north-4_dev', 'cn-north-4', derived, false],
    ]);
    expect(mainProjectId(seven, 'cn-east-3')).toBe('given');
    expect(projectAt(seven, regions, derived)).toMatchObject({ projectName: 'cn-north-4' });
    expect(projectNamed(seven, regions, 'cn-south-1')).toBeUndefined();
    expect(projectAt({ ...seven, accountId: other }, regions, derived)).toBeUndefined();
  });

  it('keep their ids and what the file does not say', async () => {
    const before = entriesOf(await snapshot());
    expect((await apply({ projects: [{ project_name: 'cn-north-4_dev' }] })).changes).toEqual([]);
    expect(entriesOf(await snapshot())).toEqual(before);
  });
});

describe('roles and their grants', () => {
  it('stand on groups and legacy agencies, by names', async () => {
    await apply({
      roles: [role(), atDomain()], enterprise_projects: [{ enterprise_project_name: 'shop' }],
      groups: [{ group_name: 'readers', role_grants: [{ role: 'look', scope: 'domain' }, { role: 'read', scope: { project: 'cn-north-4' } }] }],
      legacy_agencies: [agency({ role_grants: [{ role: 'read', scope: 'all_projects' }, { role: 'read', scope: { project: 'cn-north-4_dev' } }, { role: 'read', scope: { enterprise_project: 'shop' } }, { role: 'read', scope: { enterprise_project: 'default' } }] })],
    });
    const seven = await snapshot();
    const [read, look] = [seven.roles.named('read')?.roleId, seven.roles.named('look')?.roleId];
    expect(seven.groups.named('readers')?.roleGrants).toEqual([{ roleId: look, scope: { kind: 'domain' } }, { roleId: read, scope: { kind: 'project', projectId: mainProjectId(seven, 'cn-north-4') } }]);
    const old = seven.agencies.named('old');
    expect(old?.kind === 'legacy' ? old.roleGrants.map(({ scope }) => scope) : []).toEqual([
      { kind: 'all-projects' }, { kind: 'project', projectId: seven.projects.named('cn-north-4_dev')?.projectId },
      { kind: 'enterprise-project', enterpriseProjectId: seven.enterpriseProjects.named('shop')?.enterpriseProjectId }, { kind: 'enterprise-project', enterpriseProjectId: '0' },
    ]);
  });

  it('stay where the file is silent, and are gone where it gives an empty list', async () => {
    expect((await apply({ groups: [{ group_name: 'readers' }] })).changes).toEqual([]);
    await apply({ groups: [{ group_name: 'readers', role_grants: [] }] });
    expect((await snapshot()).groups.named('readers')?.roleGrants).toEqual([]);
  });

  it('keep the time of their last change until they change', async () => {
    const before = (await snapshot()).roles.named('read');
    service.clock.advance(60);
    expect((await apply({ roles: [role()] })).changes).toEqual([]);
    await apply({ roles: [role({ description: 'reads' })] });
    expect((await snapshot()).roles.named('read')).toEqual({ ...before, description: 'reads', updatedAt: service.clock.now() });
  });
});

describe('a legacy agency', () => {
  it('trusts an account by its name or its id, as far as there is one', async () => {
    await apply({ legacy_agencies: [agency({ agency_name: 'named' }), agency({ agency_name: 'known', trust_domain_name: undefined, trust_domain_id: other }), agency({ agency_name: 'later', trust_domain_name: 'nine' }), agency({ agency_name: 'served', trust_domain_name: 'op_svc_ims' })] });
    const trusts = (await snapshot()).agencies.values().flatMap((one) => (one.kind === 'legacy' ? [[one.agencyName, one.trustDomainId, one.trustDomainName]] : []));
    expect(trusts).toEqual(expect.arrayContaining([['named', other, 'eight'], ['known', other, 'eight'], ['later', '', 'nine'], ['served', '', 'op_svc_ims']]));
  });

  it.each<[unknown, number | undefined]>([['FOREVER', undefined], [undefined, undefined], ['ONEDAY', 1], ['20', 20], [20, 20]])('of the duration %j may be assumed for so many days', async (duration, days) => {
    const name = `lasting-${String(duration)}-${typeof duration}`;
    service.clock.set(startOfTest);
    await apply({ legacy_agencies: [agency({ agency_name: name, duration })] });
    const made = (await snapshot()).agencies.named(name);
    expect(made).toMatchObject(days === undefined ? {} : { validityDays: days, expiresAt: startOfTest + days * day });
    if (days === undefined) expect(made).not.toHaveProperty('expiresAt');
    service.clock.advance(3600);
    expect((await apply({ legacy_agencies: [agency({ agency_name: name, duration })] })).changes).toEqual([]);
    await apply({ legacy_agencies: [agency({ agency_name: name, duration: 2 })] });
    expect((await snapshot()).agencies.named(name)).toMatchObject({ validityDays: 2, expiresAt: service.clock.now() + 2 * day });
  });
});

describe('a password', () => {
  const user = (members: object) => ({ users: [{ user_name: 'bot', ...members }] });
  const held = async (): Promise<string | undefined> => (await snapshot()).users.named('bot')?.passwordHash;

  it('is kept as its hash, which stays for the same password and for none', async () => {
    await apply(user({ password: 'correct horse' }));
    const first = await held();
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(isPassword(first ?? '', 'correct horse')).toBe(true);
    expect(isPassword(first ?? '', 'correct house')).toBe(false);
    for (const members of [{ password: 'correct horse' }, {}, { password_hash: first }]) expect((await apply(user(members))).changes).toEqual([]);
    await apply(user({ password: 'battery staple' }));
    expect(await held()).not.toBe(first);
    expect(JSON.stringify([...await dump(service.redis)])).not.toMatch(/correct horse|battery staple/);
  });

  it('may be given as its hash, of the root user too, and taken away', async () => {
    await apply({ ...user({ password_hash: hash }), root_user: { password_hash: hash } });
    expect([await held(), (await snapshot()).users.named('root-seven')?.passwordHash]).toEqual([hash, hash]);
    await apply(user({ password_hash: '' }));
    expect(await held()).toBeUndefined();
  });
});

describe('an export', () => {
  it('tells it all, and applied again is no change', async () => {
    const full = { duration: 20, role_grants: [{ role: 'look', scope: 'domain' }, { role: 'read', scope: { enterprise_project: 'shop' } }, { role: 'read', scope: { project: 'cn-east-3' } }] };
    await apply({ legacy_agencies: [agency(full)], groups: [{ group_name: 'readers', role_grants: full.role_grants }] });
    const { file } = await exportFrom(service.composition, { account: id });
    expect(file.accounts?.[0]).toMatchObject({
      projects: [{ project_name: 'cn-east-3', project_id: 'given' }, { project_name: 'cn-north-4_dev', enabled: false }],
      enterprise_projects: [{ enterprise_project_name: 'shop' }], roles: [{ display_name: 'look', type: 'AX' }, { display_name: 'read', policy: document }],
      groups: [{ group_name: 'readers', role_grants: full.role_grants }], root_user: { password_hash: hash }, users: [{ user_name: 'bot', password_hash: '' }],
    });
    expect(file.accounts?.[0]?.legacy_agencies).toContainEqual(expect.objectContaining({ agency_name: 'old', ...full, expire_time: new Date(service.clock.now() + 20 * day).toISOString() }));
    service.clock.advance(day / 1000);
    expect((await applyBootstrap(parseBootstrapFile(JSON.stringify(file)), service.composition)).changes).toEqual([]);
    const second = await startService({ ...file, accounts: [...(file.accounts ?? []), account().accounts[1]] }, { STS_REGIONS: regions.join(',') });
    expect((await exportFrom(second.composition, { account: id })).file).toEqual(file);
    await second.stop();
  });
});

const nested = { role: 'read', scope: 'all_projects' };
const refused: readonly (readonly [string, object, pointer: string, rule: RegExp])[] = [
  ['a project of no region', { projects: [{ project_name: 'mars-1' }] }, '/projects/0/project_name', /no region/],
  ['a project of another form', { projects: [{ project_name: 'cn-north-4 dev' }] }, '/projects/0/project_name', /must be a region/],
  ['two projects of one name', { projects: [{ project_name: 'cn-north-4_a' }, { project_name: 'cn-north-4_a' }] }, '/projects/1/project_name', /twice/],
  ['the default enterprise project', { enterprise_projects: [{ enterprise_project_name: 'Default' }] }, '/enterprise_projects/0/enterprise_project_name', /default/],
  ['the id of the default enterprise project', { enterprise_projects: [{ enterprise_project_name: 'a', enterprise_project_id: '0' }] }, '/enterprise_projects/0/enterprise_project_id', /default/],
  ['a role of another version', { roles: [role({ policy: { ...document, Version: '5.0' } })] }, '/roles/0/policy/Version', /1\.1/],
  ['a role without statements', { roles: [role({ policy: { Version: '1.1', Statement: [] } })] }, '/roles/0/policy/Statement', /./],
  ['a role of another type', { roles: [role({ type: 'AA' })] }, '/roles/0/type', /AX/],
  ['a grant of no role', { groups: [{ group_name: 'g', role_grants: [{ role: 'nothing', scope: 'domain' }] }] }, '/groups/0/role_grants/0/role', /no role/],
  ['a grant of a role for projects on the domain', { groups: [{ group_name: 'g', role_grants: [{ role: 'read', scope: 'domain' }] }] }, '/groups/0/role_grants/0', /type XA/],
  ['a grant of a role for the domain on projects', { legacy_agencies: [agency({ role_grants: [{ role: 'look', scope: { project: 'cn-north-4' } }] })] }, '/legacy_agencies/0/role_grants/0', /type AX/],
  ['a grant on no project', { groups: [{ group_name: 'g', role_grants: [{ role: 'read', scope: { project: 'cn-south-1' } }] }] }, '/groups/0/role_grants/0/scope/project', /no project/],
  ['a grant on no enterprise project', { groups: [{ group_name: 'g', role_grants: [{ role: 'read', scope: { enterprise_project: 'shed' } }] }] }, '/groups/0/role_grants/0/scope/enterprise_project', /no enterprise project/],
  ['a grant that is there twice', { groups: [{ group_name: 'g', role_grants: [nested, nested] }] }, '/groups/0/role_grants/1', /twice/],
  ['a duration that is none', { legacy_agencies: [agency({ duration: 'SOMEDAY' })] }, '/legacy_agencies/0/duration', /FOREVER, ONEDAY/],
  ['a duration of no day', { legacy_agencies: [agency({ duration: 0 })] }, '/legacy_agencies/0/duration', /from 1 to 36500/],
  ['an end of an unlimited agency', { legacy_agencies: [agency({ duration: 'FOREVER', expire_time: '2027-01-01T00:00:00Z' })] }, '/legacy_agencies/0/expire_time', /duration of days/],
  ['an unknown account by its id', { legacy_agencies: [agency({ trust_domain_name: undefined, trust_domain_id: '9'.repeat(32) })] }, '/legacy_agencies/0/trust_domain_name', /no account/],
  ['a short password', { users: [{ user_name: 'u', password: 'short' }] }, '/users/0/password', /8 to 128/],
  ['a hash of another library', { users: [{ user_name: 'u', password_hash: '$2b$10$abcdefghijklmnopqrstuv' }] }, '/users/0/password_hash', /Argon2id/],
  ['a password twice', { users: [{ user_name: 'u', password: 'long enough', password_hash: hash }] }, '/users/0', /twice/],
];

describe('refused, with the place and the rule:', () => {
  it.each(refused)('%s', async (_what, members, pointer, rule) => {
    const planning = async (): Promise<unknown> => planFor(parseBootstrapFile(JSON.stringify(account(members))), service.composition);
    const error = await planning().then(() => undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BootstrapError);
    expect(error).toMatchObject({ pointer: `/accounts/0${pointer}`, message: expect.stringMatching(rule) as string });
  });
});
