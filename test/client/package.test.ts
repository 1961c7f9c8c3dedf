// What users of the package get as `agency-sts/client`: types, ESM, and a process that can end.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agency, botKey } from '../cli/stand-in.js';
import { standIn } from '../cli/support.js';
import { build, root } from '../service/support.js';

let project: string;
beforeAll(async () => {
  await build();
  project = await mkdtemp(join(tmpdir(), 'agency-sts-user-'));
  await mkdir(join(project, 'node_modules'));
  await symlink(root, join(project, 'node_modules', 'agency-sts'));
});
afterAll(() => rm(project, { recursive: true, force: true }));

const node = async (script: string) => await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { cwd: root, timeout: 10_000 });

describe('agency-sts/client', () => {
  it('has these names', async () => {
    const { stdout } = await node("console.log(JSON.stringify(Object.keys(await import('agency-sts/client')).sort()));");
    expect(JSON.parse(stdout)).toEqual(['CredentialsError', 'agencyCredentials', 'defaultCredentials', 'environmentCredentials', 'officialCredentials', 'profileCredentials', 'requestSigner', 'signedFetch']);
  });

  it('lets the process end after a call, without being disposed of', async () => {
    const expiration = new Date(Date.now() + 3_600_000).toISOString();
    const credentials = { access_key_id: 'HSTAAAAAAAAAA', secret_access_key: 's', security_token: 't', expiration };
    const service = await standIn(() => ({ status: 200, body: { assumed_agency: { urn: 'sts::x:assumed-agency:one/x', id: 'x' }, credentials } }), {}, 'of the machine');
    const { stdout } = await node(`
      import { agencyCredentials } from 'agency-sts/client';
      const provider = agencyCredentials({ agencies: ['${agency('one')}'], endpoint: '${service.endpoint}', source: ${JSON.stringify(botKey)} });
      console.log((await provider.get()).expiration.toISOString());`);
    expect(stdout).toBe(`${expiration}\n`);
  });

  it('has types that a strict project takes', async () => {
    const file = join(project, 'user.ts');
    await writeFile(file, `
      import { agencyCredentials, CredentialsError, signedFetch, type SessionCredentials } from 'agency-sts/client';
      const provider = agencyCredentials({ agencies: ['iam::x:agency:y', { agencyUrn: 'iam::x:agency:z', durationSeconds: 900 }] });
      export const session: SessionCredentials = await provider.get({ signal: AbortSignal.timeout(1000) });
      export const status: number = (await signedFetch(provider)('http://x/')).status;
      export const hop: number | undefined = new CredentialsError('refused', 'x').hopIndex;
      // @ts-expect-error: a chain is not one text
      agencyCredentials({ agencies: 'iam::x:agency:y' });
    `);
    await writeFile(join(project, 'package.json'), '{"type":"module","private":true}');
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({
      compilerOptions: { target: 'ES2022', module: 'NodeNext', strict: true, noEmit: true, skipLibCheck: true, types: ['node'], typeRoots: [join(root, 'node_modules', '@types')] }, files: ['user.ts'],
    }));
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', project]).catch((error: unknown) => error as { stdout: string });
    expect(stdout).toBe('');
  });
});
