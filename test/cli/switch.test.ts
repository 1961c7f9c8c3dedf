// `agency-sts switch`: by names into a legacy agency, against a real service, and every form of its output.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountB } from '../support/accounts.js';
import type { TestService } from '../support/service.js';
import { olderService, operatorKey } from '../sts/older/support.js';
import { run, temporaryFolder, type Outcome } from './support.js';

let service: TestService;
beforeAll(async () => {
  service = await olderService();
});
afterAll(() => service.stop());

const environment = { HUAWEICLOUD_SDK_AK: operatorKey.accessKeyId, HUAWEICLOUD_SDK_SK: operatorKey.secretAccessKey };
const switched = (...more: readonly string[]): Promise<Outcome> =>
  run(['switch', '--endpoint', service.url, '--account', 'account-b', '--agency', 'to-a', ...more], { environment, now: new Date(service.clock.now()) });

it('prints what it switched to, and keys that work', async () => {
  const { out, message } = await switched();
  expect(message).toBe('');
  const [line = '', ...json] = out.split('\n');
  expect(line).toBe('[stderr] switched to `to-a` of `account-b` until 2026-01-15T08:45:00.000000Z');
  const { credentials } = JSON.parse(json.join('\n')) as { credentials: { access_key_id: string; secret_access_key: string; security_token: string } }; // As the command prints it.
  const keys = { accessKeyId: credentials.access_key_id, secretAccessKey: credentials.secret_access_key, securityToken: credentials.security_token };
  expect((await service.identity(keys)).body.account_id).toBe(accountB);
});

it('writes exports and a profile, for as long as was asked for', async () => {
  expect((await switched('--output', 'env')).out).toMatch(/export HUAWEICLOUD_SDK_AK='?HST/);
  const file = join(await temporaryFolder(), 'credentials.json');
  expect(await switched('--duration', '86400', '--output', 'profile', '--profile-out', 'acme-ops', '--profile-file', file)).toMatchObject({ exitCode: 0, out: expect.stringContaining('profile `acme-ops` written') as unknown });
  expect(await readFile(file, 'utf8')).toContain('2026-01-16T08:30:00.000000Z');
});

it('takes the id of the account as well, and runs a command with the keys', async () => {
  const byId = await run(['switch', '--endpoint', service.url, '--account', accountB, '--agency', 'to-a', '--output', 'env'], { environment, now: new Date(service.clock.now()) });
  expect(byId.exitCode).toBe(0);
  expect((await switched('--', process.execPath, '-e', 'process.exit(process.env.HUAWEICLOUD_SDK_AK.startsWith("HST") ? 0 : 1)')).exitCode).toBe(0);
});

it.each<readonly [readonly string[], number]>([[['--agency', 'absent'], 1], [['--duration', '100'], 1], [['--duration', 'x'], 2], [['--output', 'profile'], 2], [['--output', 'env', '--', 'true'], 2]])('with %j ends with %i', async (more, exitCode) => {
  expect((await switched(...more)).exitCode).toBe(exitCode);
});
