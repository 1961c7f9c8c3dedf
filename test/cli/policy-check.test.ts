// `agency-sts policy check`: what it finds, where, and with which exit code.
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemRoleId } from '../../src/catalogue/index.js';
import type { PolicyKind } from '../../src/policy/index.js';
import { accountA, accountB, allow, deny, policy, trust } from '../support/accounts.js';
import { run, temporaryFolder } from './support.js';

const clean = policy(allow('sts:agencies:assume', { Resource: [`iam::${accountA}:agency:deployer`] }));
const older = (Version: string, ...Statement: object[]) => ({ Version, Statement });
const found = z.object({
  documents: z.number(), errors: z.number(), warnings: z.number(), notes: z.number(),
  findings: z.array(z.object({ file: z.string(), pointer: z.string(), severity: z.string(), rule: z.string(), message: z.string() })),
});

async function file(content: object | string, name = 'policy.json'): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

async function check(content: object | string, ...flags: string[]) {
  const path = await file(content);
  const outcome = await run(['policy', 'check', path, '--output', 'json', ...flags]);
  const { findings, ...counts } = found.parse(JSON.parse(outcome.out));
  return { ...outcome, counts, findings: findings.map(({ file: of, message: _message, ...rest }) => ({ ...rest, ...(of !== path && { of }) })) };
}

describe('the exit code', () => {
  const noted = policy(allow('vpc:vpcs:get'));
  const warned = policy(allow('*'));
  const invalid = { Version: '5.0', Statement: [{ Effect: 'Permit', Action: ['*'] }] };
  it.each<[what: string, content: object | string, flags: readonly string[], exitCode: number]>([
    ['a clean policy', clean, [], 0],
    ['a clean policy, strictly', clean, ['--strict'], 0],
    ['notes', noted, [], 0],
    ['notes, strictly', noted, ['--strict'], 1],
    ['a warning', warned, [], 1],
    ['an invalid document', invalid, [], 2],
    ['no JSON', 'not a policy', [], 2],
    ['an empty file', '', [], 2],
    ['a list', '[]', [], 2],
    ['an unknown kind', clean, ['--kind', 'resource'], 2],
    ['an account id that is none', clean, ['--account', 'acme'], 2],
    ['an unknown option', clean, ['--strikt'], 2],
  ])('of %s', async (_what, content, flags, exitCode) => {
    expect((await run(['policy', 'check', await file(content), ...flags])).exitCode).toBe(exitCode);
  });

  it('of several files is that of the worst', async () => {
    const files = await Promise.all([clean, warned, invalid].map((content) => file(content)));
    const [good = '', wide = '', bad = ''] = files;
    expect((await run(['policy', 'check', good, wide])).exitCode).toBe(1);
    expect((await run(['policy', 'check', bad, good, wide])).exitCode).toBe(2);
    expect(await run(['policy', 'check', good, good])).toEqual({ exitCode: 0, out: '2 documents: 0 errors, 0 warnings, 0 notes\n', message: '' });
  });

  it('of a file that cannot be read, of no file and of no subcommand is 2', async () => {
    expect(await run(['policy', 'check', '/nonexistent/policy.json'])).toEqual({ exitCode: 2, out: '', message: 'file `/nonexistent/policy.json` cannot be read: ENOENT' });
    expect((await run(['policy', 'check'])).exitCode).toBe(2);
    expect(await run(['policy'])).toMatchObject({ exitCode: 2, message: 'a subcommand is missing' });
  });
});

describe('findings', () => {
  it('name file, place, severity, rule and message in a line each', async () => {
    const path = await file(policy(allow(['sts:agencys:assume', 'iam:users:getUserV5'])));
    expect(await run(['policy', 'check', path])).toEqual({
      exitCode: 1, message: '1 document: 0 errors, 1 warning, 0 notes',
      out: `${path}: /Statement/0/Action/0: warning unknown-action: \`sts:agencys:assume\` matches no known action: did you mean \`sts:agencies:assume\`?\n`,
    });
  });

  it('come from standard input as well', async () => {
    const { out, exitCode } = await run(['policy', 'check', '-'], { input: JSON.stringify(policy(allow('*'))) });
    expect([exitCode, out]).toEqual([1, expect.stringMatching(/^standard input: \/Statement\/0\/Action\/0: warning full-access: /)]);
  });

  it.each<[what: string, content: object | string, flags: readonly string[], rules: readonly string[]]>([
    ['of a typo in an action of a service that is wholly known', policy(allow('sts::tagSesion')), [], ['warning unknown-action']],
    ['of an action that a service which is wholly known does not have', policy(allow('sts:xxxxxxxxxx:yyyyyyyyyy')), [], ['warning unknown-action']],
    ['of a typo in an action of a service that is partly known', policy(allow('ims:images:lst')), [], ['warning unknown-action']],
    ['of an action that a service which is partly known may have', policy(allow('iam:xxxxxxxxxx:yyyyyyyyyy')), [], ['note unknown-action']],
    ['of an action of a service that is not known at all', policy(allow('vpc:vpcs:get')), [], ['note unknown-service']],
    ['of a whole service, as a replication agency has too often', policy(allow('ims:*:*')), [], ['warning service-wide-access']],
    ['of everything', policy(allow('*')), [], ['warning full-access']],
    ['of a third party', trust({ IAM: [accountB] }), ['--account', accountA], ['warning third-party-without-external-id']],
    ['of the own account', trust({ IAM: [accountB] }), ['--account', accountB], []],
    ['of a trust policy that is public', trust({ IAM: ['*'] }), [], ['warning public-trust']],
    ['of a trust policy that trusts all but some', policy(allow('sts:agencies:assume', { NotPrincipal: { IAM: [accountA] } })), [], ['warning not-principal-allow']],
    ['of a principal where none belongs', trust({ IAM: [accountA] }), ['--kind', 'identity'], ['error element']],
    ['of a trust policy without a principal', clean, ['--kind', 'trust'], ['error missing']],
    ['of a session policy that is too long', policy(allow(Array.from({ length: 120 }, (_, index) => `obs:object:action${index}`))), ['--kind', 'session'], ['error size']],
    ['of a policy of the older system', older('1.1', allow(['ims:images:list', 'iam:agencies:assume'])), ['--strict'], []],
    ['of a role of the older system, by the older names of actions', older('1.0', allow(['identity:assume role', 'identity:*'])), ['--strict'], ['warning service-wide-access']],
    ['of a whole service, by a policy of the older system', older('1.1', allow('ims:*:*')), [], ['warning service-wide-access']],
    ['of a typo in a policy of the older system', older('1.1', allow('ims:images:lst')), [], ['warning unknown-action']],
    ['of a policy of the older system with an element of the newer one', older('1.1', { ...allow('ims:images:list'), Sid: 'x' }), [], ['error element']],
    ['of a session policy of the older system', older('1.1', { ...allow('obs:object:GetObject'), Effect: 'allow' }), ['--kind', 'legacy-session'], []],
    ['of the same as a policy that is granted', older('1.1', { ...allow('obs:object:GetObject'), Effect: 'allow' }), [], ['error value']],
    ['of a key that stands twice', '{"Version":"5.0","Statement":[{"Effect":"Deny","Effect":"Allow","Action":["*"]}]}', [], ['error duplicate-name']],
  ])('%s', async (_what, content, flags, rules) => {
    expect((await check(content, ...flags)).findings.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual(rules);
  });

  it('show no control characters of a file', async () => {
    const { out } = await run(['policy', 'check', await file(policy(allow('sts:agencies:assume', { Condition: { StringEquals: { 'g:\u001b[31mX': 'a' } } })))]);
    expect(out).not.toContain('\u001b');
  });
});

describe('a bootstrap file', () => {
  const bootstrap = (...accounts: object[]) => ({ accounts });
  const account = {
    account_id: accountA, account_name: 'account-a',
    policies: [{ policy_name: 'fine', policy_document: clean }, { policy_name: 'wide', policy_document: policy(allow('ims:*:*')) }, { policy_name: 'IMS-Administrator', policy_document: clean }, { policy_name: 'TenantAdministrator', policy_document: clean }],
    users: [{ user_name: 'alice', attached_policies: ['TenantAdministrator'] }],
    agencies: [
      { agency_name: 'own', trust_policy: trust({ IAM: [accountA] }) },
      { agency_name: 'ims_copy_image_agency', trust_policy: trust({ IAM: [accountB] }), attached_policies: ['fine', 'IMS-Administrator'] },
    ],
    service_control_policies: [{ name: 'broken', policy_document: { Version: '5.0', Statement: [{ Effect: 'Allow' }] } }],
  };

  it('is checked document by document, each for its account and with its place', async () => {
    expect(await check(bootstrap(account, { account_name: 'other', agencies: [{ agency_name: 'x', trust_policy: trust({ IAM: [accountB] }) }] }))).toMatchObject({
      exitCode: 2, counts: { documents: 8, errors: 1, warnings: 4, notes: 0 },
      findings: [
        { pointer: '/accounts/0/policies/1/policy_document/Statement/0/Action/0', severity: 'warning', rule: 'service-wide-access' },
        { pointer: '/accounts/0/agencies/1/trust_policy/Statement/0/Principal', severity: 'warning', rule: 'third-party-without-external-id' },
        { pointer: '/accounts/0/service_control_policies/0/policy_document/Statement/0', severity: 'error' },
        { pointer: '/accounts/0/users/0/attached_policies/0', severity: 'warning', rule: 'excessive-role' },
        { pointer: '/accounts/0/agencies/1/attached_policies/1', severity: 'warning', rule: 'excessive-role' },
      ],
    });
  });

  it('is checked for the roles of the older system, and for who was granted those that are too wide', async () => {
    const scope = { project: 'cn-east-3' };
    const roles = [{ display_name: 'images', type: 'XA', policy: older('1.1', allow('ims:*:*')) }, { display_name: 'old', type: 'XA', policy: older('1.0', allow('ims:images:list')) }];
    const grants = ['images', 'Tenant Administrator', 'ims_adm', systemRoleId('secu_admin'), 'IMS CrossCopyAgencyPolicy'].map((role) => ({ role, scope: role === systemRoleId('secu_admin') ? 'domain' : scope }));
    const { findings, counts } = await check(bootstrap({
      account_id: accountA, account_name: 'account-a', roles, groups: [{ group_name: 'admins', role_grants: [{ role: 'te_admin', scope: 'all_projects' }] }],
      legacy_agencies: [{ agency_name: 'ims_copy_image_agency', trust_domain_name: 'op_svc_ims', role_grants: grants }],
    }));
    expect(counts).toEqual({ documents: 2, errors: 1, warnings: 5, notes: 0 });
    expect(findings).toEqual([
      { pointer: '/accounts/0/roles/0/policy/Statement/0/Action/0', severity: 'warning', rule: 'service-wide-access' },
      { pointer: '/accounts/0/roles/1/policy/Version', severity: 'error', rule: 'version' },
      ...['groups/0/role_grants/0', 'legacy_agencies/0/role_grants/1', 'legacy_agencies/0/role_grants/2', 'legacy_agencies/0/role_grants/3'].map((place) => ({ pointer: `/accounts/0/${place}/role`, severity: 'warning', rule: 'excessive-role' })),
    ]);
  });

  it('says what to grant instead of a role that is too wide', async () => {
    const { out } = await run(['policy', 'check', await file(bootstrap({ ...account, service_control_policies: [] }))]);
    expect(out).toContain('excessive-role: `IMS-Administrator` is more than a task needs: it allows everything in IMS; for cross-region replication grant IMS CrossCopyAgencyPolicy');
  });

  it('hides no key that stands twice in a document', async () => {
    const text = JSON.stringify(bootstrap({ ...account, service_control_policies: [] })).replace('"Effect":"Allow"', '"Effect":"Deny","Effect":"Allow"');
    expect((await check(text)).findings).toContainEqual({ pointer: '/accounts/0/policies/0/policy_document/Statement/0/Effect', severity: 'error', rule: 'bootstrap-file' });
  });

  it('that is none is an error with its place', async () => {
    expect(await check(bootstrap({ account_name: 'x y' }))).toMatchObject({ exitCode: 2, findings: [{ pointer: '/accounts/0/account_name', severity: 'error', rule: 'bootstrap-file' }] });
  });

  it('of the sample has nothing that is invalid', async () => {
    expect((await run(['policy', 'check', 'config/bootstrap.sample.json'])).exitCode).toBeLessThan(2);
  });
});

describe('the folder of STS_CATALOGUE_DIR', () => {
  const check = async (service: object, action: string) => {
    const path = await file(service, 'shop.json');
    return run(['policy', 'check', await file(policy(allow(action))), '--strict'], { environment: { STS_CATALOGUE_DIR: dirname(path) } });
  };
  const shop = { service: 'shop', complete: true, actions: [{ action: 'shop:orders:list', access_level: 'list', description: { en_us: 'List orders', zh_cn: '查询订单列表' } }] };

  it('makes the services of a deployer known', async () => {
    expect(await check(shop, 'shop:orders:list')).toMatchObject({ exitCode: 0, message: '' });
    expect(await check(shop, 'shop:orders:lst')).toMatchObject({ exitCode: 1, out: expect.stringContaining('warning unknown-action') as string });
  });

  it('is wrong usage when a file in it is wrong', async () => {
    expect(await check({ ...shop, complete: 'yes' }, 'shop:orders:list')).toMatchObject({ exitCode: 2, message: expect.stringMatching(/^catalogue file `.*shop\.json`: `\/complete`: /) as string });
  });
});

it.each<[kind: PolicyKind, content: object, rule: string]>([['trust', trust({ IAM: ['*'] }), 'public-trust'], ['identity', policy(allow('*'), deny('iam:users:getUserV5')), 'full-access']])('without --kind a %s policy is known by its principals', async (kind, content, rule) => {
  for (const flags of [[], ['--kind', kind]]) expect((await check(content, ...flags)).findings).toMatchObject([{ rule }]);
});
