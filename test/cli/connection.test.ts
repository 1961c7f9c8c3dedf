// Where credentials and endpoint come from, in which order, and what is said when they are not there.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveConnection, type ConnectionFlags } from '../../src/cli/connection.js';
import { writeProfiles } from '../../src/cli/index.js';
import { now } from './stand-in.js';
import { run, temporaryFolder } from './support.js';

const pair = (name: string) => ({ accessKeyId: `HPUA${name}`.padEnd(20, '0'), secretAccessKey: `${name}-secret` });
const variables = { HUAWEICLOUD_SDK_AK: pair('VARIABLE').accessKeyId, HUAWEICLOUD_SDK_SK: pair('VARIABLE').secretAccessKey };

async function resolve(flags: ConnectionFlags, environment: Readonly<Record<string, string>>, home?: string) {
  const homeDirectory = home ?? (await temporaryFolder());
  const unused = () => expect.unreachable();
  return await resolveConnection(flags, { environment, homeDirectory, now: () => now, out: unused, err: unused });
}

async function homeWithProfiles(): Promise<string> {
  const home = await temporaryFolder();
  await writeProfiles(join(home, '.agency-sts', 'credentials.json'), {
    default: { ...pair('DEFAULT'), endpoint: 'http://default.example:1' },
    named: { ...pair('NAMED'), securityToken: 'token', endpoint: 'http://named.example:2' },
    half: { ...pair('HALF'), secretAccessKey: '' },
  });
  return home;
}

describe('credentials', () => {
  it('flags, then the named profile, then the environment, then the default profile', async () => {
    const home = await homeWithProfiles();
    const idOf = async (...args: [ConnectionFlags, Record<string, string>]) => (await resolve(...args, home)).credentials;
    expect(await idOf({ ...pair('FLAG'), profile: 'named' }, variables)).toEqual(pair('FLAG'));
    expect(await idOf({ profile: 'named' }, variables)).toEqual({ ...pair('NAMED'), securityToken: 'token' });
    expect(await idOf({}, { ...variables, HUAWEICLOUD_SDK_SECURITY_TOKEN: 't' })).toEqual({ ...pair('VARIABLE'), securityToken: 't' });
    expect(await idOf({}, { HUAWEICLOUD_SDK_AK: '', HUAWEICLOUD_SDK_SK: '' })).toEqual(pair('DEFAULT'));
  });

  it('never mix: the token of the environment does not join a key given by flags', async () => {
    const { credentials } = await resolve(pair('FLAG'), { ...variables, HUAWEICLOUD_SDK_SECURITY_TOKEN: 'stale' });
    expect(credentials.securityToken).toBeUndefined();
  });

  it.each<[string, ConnectionFlags, Record<string, string>, string]>([
    ['an id alone', { accessKeyId: 'HPUA00000000' }, variables, '--secret-access-key is missing: an access key needs both its id and its secret'],
    ['an empty secret', { accessKeyId: 'HPUA00000000', secretAccessKey: '' }, variables, '--secret-access-key is missing'],
    ['a token alone', { securityToken: 't' }, variables, '--access-key-id and --secret-access-key are missing'],
    ['a variable alone', {}, { HUAWEICLOUD_SDK_SK: 'x' }, 'HUAWEICLOUD_SDK_AK is missing'],
    ['half a profile', { profile: 'half' }, {}, 'secret_access_key of profile `half` is missing'],
    ['no such profile', { profile: 'x' }, {}, '/.agency-sts/credentials.json`, which has: `default`, `named`, `half`'],
    ['no such file', { profile: 'x', profileFile: '/nonexistent/p' }, {}, 'profile file `/nonexistent/p` does not exist'],
    ['nothing at all', { profileFile: '/nonexistent/p' }, {}, 'no credentials: give --profile NAME, set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or put a profile `default` into `/nonexistent/p`'],
    ['a secret with a line feed', { accessKeyId: 'HPUA00000000', secretAccessKey: 'My0Secret\n' }, {}, '--secret-access-key must be printable ASCII without blanks'],
    ['a secret in the place of the id', { accessKeyId: 'My0Secret/1+', secretAccessKey: 'x' }, {}, '--access-key-id is not an access key id'],
  ])('%s is an error that says so', async (_, flags, environment, message) => {
    const error = await resolve(flags, environment, await homeWithProfiles()).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ exitCode: 2 });
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain('My0Secret');
  });
});

describe('the endpoint', () => {
  it('flag, then environment, then the profile in use, then this machine', async () => {
    const home = await homeWithProfiles();
    const endpointOf = async (...args: [ConnectionFlags, Record<string, string>]) => (await resolve(...args, home)).endpoint.origin;
    const environment = { AGENCY_STS_ENDPOINT: 'https://environment.example' };
    expect(await endpointOf({ profile: 'named', endpoint: 'http://flag.example' }, environment)).toBe('http://flag.example');
    expect(await endpointOf({ profile: 'named' }, environment)).toBe('https://environment.example');
    expect(await endpointOf({ profile: 'named' }, {})).toBe('http://named.example:2');
    expect(await endpointOf({}, variables)).toBe('http://127.0.0.1:8088');
  });

  it('the profile file: flag, then environment, then home', async () => {
    const home = await homeWithProfiles();
    const file = join(home, 'other.json');
    await writeProfiles(file, { default: pair('OTHER') });
    expect((await resolve({}, { AGENCY_STS_PROFILE_FILE: file }, home)).credentials).toEqual(pair('OTHER'));
    expect((await resolve({ profileFile: file }, { AGENCY_STS_PROFILE_FILE: '/nonexistent' }, home)).credentials).toEqual(pair('OTHER'));
  });

  it.each([
    ['localhost:8088', 'endpoint `localhost:8088` must be an http or https URL'],
    ['sts.example', 'endpoint `sts.example` must be an http or https URL'],
    ['http://sts.example/v5', 'endpoint `http://sts.example/v5` must have no path, query or fragment'],
    ['http://me:pass@sts.example', 'endpoint must not hold a user name or password'],
  ])('%s is refused', async (endpoint, message) => {
    expect(await run(['whoami', '--endpoint', endpoint])).toEqual({ exitCode: 2, out: '', message });
  });
});
