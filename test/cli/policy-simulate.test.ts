// `agency-sts policy simulate`: the question on the command line, the explanation, and the exit codes; from a file and from a service.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simulateAnswer } from '../../src/sts/simulate-answer.js';
import { absentAccount, accountA, accountB, accounts, agencies, allow, keys, policy } from '../support/accounts.js';
import { startService, type TestService } from '../support/service.js';
import { shop } from '../catalogue/support.js';
import { run, temporaryFolder } from './support.js';

const alice = `iam::${accountA}:user:alice`;
let service: TestService;
beforeAll(async () => {
  service = await startService(accounts);
});
afterAll(() => service.stop());

async function written(content: object, name: string): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, JSON.stringify(content));
  return path;
}
const assuming = (principal: string, resource: string, ...more: string[]) => ['policy', 'simulate', '--principal', principal, '--action', 'sts:agencies:assume', '--resource', resource, ...more];
const offline = async (...args: string[]) => run([...args, '--bootstrap', await written(accounts, 'bootstrap.json')], { environment: {} });
const online = (args: readonly string[], { accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string } = keys.rootA) => run(
  [...args, '--endpoint', service.url], { environment: { HUAWEICLOUD_SDK_AK: accessKeyId, HUAWEICLOUD_SDK_SK: secretAccessKey }, now: new Date(service.clock.now()) },
);

describe('from a bootstrap file', () => {
  it('explains an allowed call: both sides, policy and statement', async () => {
    expect(await offline(...assuming(alice, agencies.second))).toEqual({
      exitCode: 0, message: '',
      out: [
        'allowed', 'caller\'s side:', `  yes sts:agencies:assume on ${agencies.second}`, '      an identity-based policy allows the sts:agencies:assume action', '      decided by `assume-all`, statement 0',
        'trust policy:', `  yes sts:agencies:assume on ${agencies.second}`, '      the trust policy allows the sts:agencies:assume action', '      decided by `trust policy`, statement 0', '',
      ].join('\n'),
    });
  });

  it('explains a refusal: which condition failed on which value', async () => {
    const { exitCode, out, message } = await offline(...assuming(alice, agencies.external, '--external-id', 'partner-43'));
    expect([exitCode, message]).toEqual([1, 'not allowed']);
    expect(out).toContain('      failed in `trust policy`, statement 0: StringEquals sts:ExternalId wants "partner-42", it is "partner-43"\n');
    expect((await offline(...assuming(alice, agencies.external))).out).toContain('wants "partner-42", it is absent\n');
  });

  it.each<[what: string, args: readonly string[], exitCode: number]>([
    ['a tag that may be passed', assuming(alice, agencies.first, '--tag', 'team=a=b', '--transitive', 'team', '--source-identity', 'alice', '--session-name', 'ci-1'), 0],
    ['a tag that may not', assuming(`iam::${accountA}:user:bob`, agencies.first, '--tag', 'team=blue'), 1],
    ['an MFA code', assuming(alice, agencies.mfa, '--mfa'), 0],
    ['a session with an MFA code', assuming(`iam::${accountA}:agency:first`, agencies.mfa, '--session', 'ci-1', '--session-mfa-age', '30'), 0],
    ['a session without one', assuming(`sts::${accountA}:assumed-agency:first/ci-1`, agencies.mfa), 1],
    ['a session with a source identity and a transitive tag', assuming(`iam::${accountA}:agency:first`, agencies.first, '--session-source-identity', 'ann', '--session-tag', 'a=b', '--session-transitive', 'a'), 0],
    ['the same on an agency that allows neither', assuming(`iam::${accountA}:agency:first`, agencies.plain, '--session-source-identity', 'ann', '--session-tag', 'a=b', '--session-transitive', 'a'), 1],
    ['a service on behalf of an account', assuming('service.OBS', agencies.service, '--context', `g:SourceAccount=${accountA}`), 0],
    ['a chain over three accounts', assuming(`iam::${accountB}:agency:ops/second`, agencies.third), 0],
    ['an account that is not in the file', assuming(alice, `iam::${absentAccount}:agency:x`), 0],
    ['another action', ['policy', 'simulate', '--principal', alice, '--action', 'sts::decodeAuthorizationMessage'], 0],
  ])('%s', async (_what, args, exitCode) => {
    expect(await offline(...args)).toMatchObject({ exitCode });
  });

  it('decides by roles of the older system where the request is made', async () => {
    const regional = { accounts: [{
      account_id: accountA, account_name: 'account-a', enterprise_projects: [{ enterprise_project_id: 'e1', enterprise_project_name: 'shops' }],
      roles: [{ display_name: 'images', type: 'XA', policy: { Version: '1.1', Statement: [allow('ims:images:*', { Condition: { StringEqualsIfExists: { 'g:ProjectName': ['cn-east-3'] } } })] } }],
      groups: [{ group_name: 'images', role_grants: [{ role: 'images', scope: { project: 'cn-east-3' } }] }, { group_name: 'shops', role_grants: [{ role: 'IMS FullAccess', scope: { enterprise_project: 'shops' } }] }, { group_name: 'all', role_grants: [{ role: 'IMS FullAccess', scope: 'all_projects' }] }],
      users: [{ user_name: 'kim', groups: ['images'] }, { user_name: 'lee', groups: ['shops'] }, { user_name: 'max', groups: ['all'] }],
    }] };
    const path = await written(regional, 'bootstrap.json');
    const project = createHash('sha256').update(`project:${accountA}:cn-east-3`).digest('hex').slice(0, 32);
    const copying = (user: string, region: string, ...more: string[]) => run(['policy', 'simulate', '--bootstrap', path, '--principal', `iam::${accountA}:user:${user}`, '--action', 'ims:images:copy', '--resource', `ims:${region}:${accountA}:image:i1`, ...more], { environment: {} });
    const codes = async (...calls: ReturnType<typeof copying>[]) => (await Promise.all(calls)).map(({ exitCode }) => exitCode);
    expect(await codes(copying('kim', 'cn-east-3'), copying('kim', 'cn-north-4'), copying('kim', '', '--project', project), copying('kim', 'cn-north-4', '--project', project))).toEqual([0, 1, 0, 0]);
    expect(await codes(copying('lee', 'cn-east-3'), ...['CopyImageInRegion', 'CopyImageCrossRegion'].map((id) => copying('lee', 'cn-east-3', '--enterprise-project', 'e1', '--operation-id', id)))).toEqual([1, 0, 1]);
    expect(await codes(copying('max', 'cn-east-3'), copying('max', 'cn-east-3', '--direct'))).toEqual([0, 1]);
    expect(await copying('kim', 'cn-east-3', '--operation-id', 'CopyImage')).toMatchObject({ exitCode: 2, message: expect.stringContaining('the catalogue has no operation `CopyImage` of `ims`') as string });
    expect((await copying('kim', 'cn-east-3')).out).toContain('decided by `images`, statement 0');
  });

  it('refuses a place for what is always asked for at the domain', async () => {
    expect(await offline(...assuming(alice, agencies.second, '--project', 'p'))).toMatchObject({ exitCode: 2, message: expect.stringContaining('`scope`') as string });
  });

  it('reads the session policy from a file', async () => {
    const narrow = await written(policy(allow('sts::tagSession')), 'session.json');
    const { exitCode, out } = await offline(...assuming(`iam::${accountA}:agency:first`, agencies.first, '--session-policy', narrow));
    expect([exitCode, out]).toEqual([1, expect.stringContaining('no session policy allows the sts:agencies:assume action')]);
  });

  it('gives a repeated context key several values', async () => {
    const { out } = await offline('policy', 'simulate', '--principal', alice, '--action', 'sts:agencies:assume', '--resource', agencies.first, '--context', 'x:list=1', '--context', 'x:list=2', '--output', 'json');
    expect(simulateAnswer.strict().parse(JSON.parse(out))).toMatchObject({ allowed: true, complete: true });
  });

  it('says that a side is not visible', async () => {
    const { out } = await offline(...assuming(alice, `iam::${absentAccount}:agency:x`));
    expect(out).toMatch(/^allowed, as far as can be seen\n[^]*trust policy: not visible: another account decides it\n$/);
  });

  it.each<[what: string, args: readonly string[], message: string]>([
    ['an absent principal', assuming(`iam::${accountA}:user:nobody`, agencies.first), `the principal \`iam::${accountA}:user:nobody\` cannot be found`],
    ['a principal that is none', assuming('alice', agencies.first), '`principal`: must be the URN of a user, an agency or a session, `iam::ACCOUNT:root` or `service.X`'],
    ['a wildcard', ['policy', 'simulate', '--principal', alice, '--action', 'sts:*'], '`action`: must look like service:resourceType:operation, the middle part may be empty'],
    ['a session policy that is absent', assuming(`iam::${accountA}:agency:first`, agencies.first, '--session-policy', '/nonexistent'), 'policy file `/nonexistent` cannot be read: ENOENT'],
    ['no action', ['policy', 'simulate', '--principal', alice], 'required option \'--action <action>\' not specified'],
  ])('%s is wrong usage', async (_what, args, message) => {
    expect(await offline(...args)).toEqual({ exitCode: 2, out: '', message });
  });

  it.each<[what: string, content: object, message: RegExp]>([
    ['is none', { accounts: [{ account_name: 'x y' }] }, /^bootstrap file `.*`: `\/accounts\/0\/account_name`: must be/],
    ['has a policy that is none', { accounts: [{ account_name: 'xy', policies: [{ policy_name: 'p', policy_document: {} }] }] }, /`\/accounts\/0\/policies\/0\/policy_document`: /],
  ])('a file that %s is wrong usage', async (_what, content, message) => {
    const outcome = await run([...assuming(alice, agencies.first), '--bootstrap', await written(content, 'bootstrap.json')]);
    expect([outcome.exitCode, outcome.message]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe('the folder of STS_CATALOGUE_DIR', () => {
  const root = `iam::${accountA}:user:boss`;
  const file = { accounts: [{ account_id: accountA, account_name: 'shopping', root_user: { user_name: 'root' }, users: [{ user_name: 'boss', attached_policies: ['ShopReadOnlyPolicy'] }] }] };
  const asked = ['policy', 'simulate', '--principal', root, '--action', 'shop:orders:list', '--resource', `shop::${accountA}:order:one`];

  it('has the system policies that a file may name', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'shop.json'), JSON.stringify(shop));
    const args = [...asked, '--bootstrap', await written(file, 'bootstrap.json')];
    expect(await run(args, { environment: { STS_CATALOGUE_DIR: folder } })).toMatchObject({ exitCode: 0, out: expect.stringContaining('decided by `ShopReadOnlyPolicy`') as string });
    expect(await run(args, { environment: {} })).toMatchObject({ exitCode: 2, message: expect.stringContaining('`ShopReadOnlyPolicy` is no policy of this account') as string });
  });

  it('that cannot be read is wrong usage', async () => {
    expect(await run([...asked, '--bootstrap', await written(file, 'bootstrap.json')], { environment: { STS_CATALOGUE_DIR: '/nonexistent' } }))
      .toEqual({ exitCode: 2, out: '', message: 'catalogue: `/nonexistent` cannot be read: ENOENT' });
  });
});

describe('from a running service', () => {
  it.each<[what: string, args: readonly string[]]>([
    ['an allowed call', assuming(alice, agencies.first)], ['a refused call', assuming(alice, agencies.external)],
    ['a call with tags', assuming(`iam::${accountA}:user:bob`, agencies.first, '--tag', 'a=b')], ['another action', ['policy', 'simulate', '--principal', alice, '--action', 'obs:object:GetObject', '--context', 'g:SourceIp=192.0.2.7']],
  ])('says of the own account what the file says: %s', async (_what, args) => {
    expect(await online(args)).toEqual(await offline(...args));
  });

  it('sees the own account alone', async () => {
    const { exitCode, out } = await online(assuming(alice, agencies.untrusting));
    expect([exitCode, out]).toEqual([0, expect.stringMatching(/^allowed, as far as can be seen\n/)]);
    expect((await offline(...assuming(alice, agencies.untrusting))).exitCode).toBe(1);
  });

  it('needs the action', async () => {
    const { exitCode, out, message } = await online(assuming(alice, agencies.first), keys.carol);
    expect([exitCode, out, message]).toEqual([1, '', expect.stringContaining('403 STS5.1001')]);
  });

  it('that is away is exit code 3', async () => {
    expect((await run([...assuming(alice, agencies.first), '--endpoint', 'http://127.0.0.1:1'])).exitCode).toBe(3);
  });
});
