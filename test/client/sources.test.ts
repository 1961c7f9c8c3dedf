// Where the first credentials come from, what each hop asks for, and who gets what of it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { agencyCredentials, defaultCredentials, environmentCredentials, profileCredentials, type AgencyCredentialsOptions, type CredentialSource } from '../../src/client/index.js';
import { account, agency, botKey, now, type StandIn } from '../cli/stand-in.js';
import { standIn, temporaryFolder } from '../cli/support.js';

const clock = { now: () => now.getTime() };
/** Its answers carry the time that the stand-in lives in. */
const started = (): Promise<StandIn> => standIn(undefined, { Date: now.toUTCString() });
afterEach(() => vi.unstubAllEnvs());

const obtained = async (options: AgencyCredentialsOptions) => await agencyCredentials({ clock, ...options }).get();

describe('the first credentials', () => {
  const variables = { HUAWEICLOUD_SDK_AK: botKey.accessKeyId, HUAWEICLOUD_SDK_SK: botKey.secretAccessKey };
  it.each<[string, (file: string) => CredentialSource | undefined, Readonly<Record<string, string>>]>([
    ['a key', () => botKey, {}],
    ['a function', () => () => Promise.resolve(botKey), {}],
    ['another provider', () => ({ get: () => Promise.resolve(botKey) }), {}],
    ['flags', () => defaultCredentials(botKey), { HUAWEICLOUD_SDK_AK: 'HPUAOTHER0000', HUAWEICLOUD_SDK_SK: 'x' }],
    ['variables that were given', () => environmentCredentials(variables), {}],
    ['variables of the process', () => environmentCredentials(), variables],
    ['a profile', (file) => profileCredentials('bot', file), {}],
    ['a profile of the file that a variable names', () => profileCredentials('bot'), { AGENCY_STS_PROFILE_FILE: 'FILE' }],
    ['what the commands would take: variables', () => undefined, variables],
    ['what the commands would take: the profile `default`', () => undefined, { AGENCY_STS_PROFILE_FILE: 'FILE' }],
  ])('are those of %s', async (_, source, environment) => {
    const service = await started();
    const file = join(await temporaryFolder(), 'profiles.json');
    const stored = { access_key_id: botKey.accessKeyId, secret_access_key: botKey.secretAccessKey };
    await writeFile(file, JSON.stringify({ profiles: { default: stored, bot: stored } }), { mode: 0o600 });
    for (const name of ['HUAWEICLOUD_SDK_AK', 'HUAWEICLOUD_SDK_SK', 'HUAWEICLOUD_SDK_SECURITY_TOKEN', 'AGENCY_STS_PROFILE_FILE']) vi.stubEnv(name, (environment[name] ?? '').replace('FILE', file));
    const { accessKeyId } = await obtained({ agencies: [agency('one')], endpoint: service.endpoint, source: source(file) });
    expect(accessKeyId).toBe(service.session(1).accessKeyId);
    expect(service.calls.map((call) => call.accessKeyId)).toEqual([botKey.accessKeyId]);
  });

  it('of a profile bring its endpoint, and are read afresh for each chain', async () => {
    const service = await started();
    const file = join(await temporaryFolder(), 'profiles.json');
    const write = (secret: string) => writeFile(file, JSON.stringify({ profiles: { bot: { access_key_id: botKey.accessKeyId, secret_access_key: secret, endpoint: service.endpoint } } }), { mode: 0o600 });
    const provider = agencyCredentials({ clock, agencies: [agency('one')], source: profileCredentials('bot', file) });
    await write(botKey.secretAccessKey);
    const { accessKeyId, endpoint } = await provider.get();
    expect({ accessKeyId, endpoint }).toEqual({ accessKeyId: service.session(1).accessKeyId, endpoint: service.endpoint });
    await write('Wrong0Secret');
    provider.invalidate(accessKeyId);
    await expect(provider.get()).rejects.toMatchObject({ status: 401, code: 'APIGW.0301' });
  });

  it('that are missing or wrong are an error that names the place', async () => {
    const agencies = [agency('one')];
    await expect(obtained({ agencies, source: environmentCredentials({}) })).rejects.toMatchObject({ reason: 'settings', message: 'HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK are not set' });
    await expect(obtained({ agencies, source: environmentCredentials({ HUAWEICLOUD_SDK_AK: 'HPUA00000000' }) })).rejects.toMatchObject({ reason: 'settings', message: expect.stringContaining('HUAWEICLOUD_SDK_SK is missing') as string });
    await expect(obtained({ agencies, source: profileCredentials('x', '/nonexistent/p') })).rejects.toMatchObject({ reason: 'settings', message: 'profile file `/nonexistent/p` does not exist' });
  });
});

describe('what each hop asks for', () => {
  it('is what its own options say, and an MFA code is asked for each time', async () => {
    const service = await started();
    const codes = ['111111', '222222'];
    const provider = agencyCredentials({
      clock, endpoint: service.endpoint, source: botKey, sessionName: 'build-7',
      agencies: [
        { agencyUrn: agency('one'), durationSeconds: 7200, tags: [{ key: 'team', value: 'blue' }], transitiveTagKeys: ['team'], sourceIdentity: 'alice', mfa: { serialNumber: `iam::${account}:mfa:phone`, tokenCode: () => codes.shift() ?? '' } },
        { agencyUrn: agency('two'), sessionName: 'other', externalId: 'partner-42', policy: '{}', policyIds: ['p1'], durationSeconds: 900 },
      ],
    });
    const { accessKeyId } = await provider.get();
    provider.invalidate(accessKeyId);
    await provider.get();
    const first = { agency_urn: agency('one'), agency_session_name: 'build-7', duration_seconds: 7200, tags: [{ key: 'team', value: 'blue' }], transitive_tag_keys: ['team'], source_identity: 'alice', serial_number: `iam::${account}:mfa:phone` };
    const second = { agency_urn: agency('two'), agency_session_name: 'other', external_id: 'partner-42', policy: '{}', policy_ids: ['p1'], duration_seconds: 900 };
    expect(service.calls.map(({ body }) => body)).toEqual([{ ...first, token_code: '111111' }, second, { ...first, token_code: '222222' }, second]);
  });

  it('is nothing more than agency and session name by default: then every duration is one that a chain may have', async () => {
    const service = await started();
    await obtained({ agencies: [agency('one'), agency('two')], endpoint: service.endpoint, source: botKey });
    expect(service.calls.map(({ body }) => body)).toEqual(['one', 'two'].map((name) => ({ agency_urn: agency(name), agency_session_name: 'agency-sts-client' })));
  });
});
