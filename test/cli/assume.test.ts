// `agency-sts assume`: which credentials sign which hop, what each hop asks for, and the forms of the output.
import { execFileSync } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agency, botKey, account } from './stand-in.js';
import { botEnvironment, run, standIn, temporaryFolder } from './support.js';

const threeHops = ['one', 'path/two', 'three'].flatMap((name) => ['--agency', agency(name)]);

describe('a chain', () => {
  it('goes in the given order, each hop signed with the session of the hop before', async () => {
    const service = await standIn();
    const outcome = await run(['assume', '--endpoint', service.endpoint, ...threeHops]);
    expect(outcome.message).toBe('');
    expect(service.calls.map((call) => [call.accessKeyId, call.body['agency_urn']])).toEqual([
      [botKey.accessKeyId, agency('one')],
      [service.session(1).accessKeyId, agency('path/two')],
      [service.session(2).accessKeyId, agency('three')],
    ]);
  });

  it('prints the last session only', async () => {
    const service = await standIn();
    const { out } = await run(['assume', '--endpoint', service.endpoint, ...threeHops]);
    const last = service.session(3);
    expect(JSON.parse(out)).toEqual({
      assumed_agency: { urn: `sts::${account}:assumed-agency:three/agency-sts-kim`, id: 'a:s' },
      credentials: { access_key_id: last.accessKeyId, secret_access_key: last.secretAccessKey, security_token: last.securityToken, expiration: '2026-01-15T09:30:00.000Z' },
      chain: ['one', 'path/two', 'three'].map((name) => `sts::${account}:assumed-agency:${name}/agency-sts-kim`),
    });
    for (const hop of [1, 2]) expect(out).not.toContain(service.session(hop).accessKeyId);
  });

  it('sends what the caller brings on the first hop and what shapes the result on the last', async () => {
    const service = await standIn();
    const policyFile = join(await temporaryFolder(), 'policy.json');
    await writeFile(policyFile, '{ "Version": "5.0",\n  "Statement": [ { "Effect": "Allow", "Action": [ "a b", "\\"x \\" y" ], "Action": [] } ] }\n');
    const { message } = await run([
      'assume', '--endpoint', service.endpoint, ...threeHops, '--session-name', 'build-7', '--duration', '900',
      '--tag', 'team=blue', '--tag', 'formula=a=b', '--tag', 'empty=', '--tag', 'stadt=Köln', '--transitive', 'team', '--transitive', 'stadt',
      '--source-identity', 'alice', '--external-id', 'partner-42', '--mfa', `iam::${account}:mfa:phone:012345`,
      '--policy-file', policyFile, '--policy-id', 'p1', '--policy-id', 'p2',
    ]);
    expect(message).toBe('');
    expect(service.calls.map((call) => call.body)).toEqual([
      {
        agency_urn: agency('one'), agency_session_name: 'build-7', source_identity: 'alice',
        tags: [{ key: 'team', value: 'blue' }, { key: 'formula', value: 'a=b' }, { key: 'empty', value: '' }, { key: 'stadt', value: 'Köln' }],
        transitive_tag_keys: ['team', 'stadt'], serial_number: `iam::${account}:mfa:phone`, token_code: '012345',
      },
      { agency_urn: agency('path/two'), agency_session_name: 'build-7' },
      {
        agency_urn: agency('three'), agency_session_name: 'build-7', duration_seconds: 900, external_id: 'partner-42',
        // Without blanks between tokens, with the repeated key, which the service must see.
        policy: '{"Version":"5.0","Statement":[{"Effect":"Allow","Action":["a b","\\"x \\" y"],"Action":[]}]}', policy_ids: ['p1', 'p2'],
      },
    ]);
  });

  it('of one hop gets both, and its duration is sent as it is', async () => {
    const service = await standIn();
    await run(['assume', '--endpoint', service.endpoint, '--agency', agency('one'), '--duration', '99999', '--tag', 'a=b', '--external-id', 'xy']);
    expect(service.calls[0]?.body).toMatchObject({ duration_seconds: 99999, external_id: 'xy', tags: [{ key: 'a', value: 'b' }] });
    expect(service.calls[0]?.contentType).toBe('application/json;charset=UTF-8');
  });

  it.each([
    ['kim', 'agency-sts-kim'],
    ['Jürgen Groß', 'agency-sts-J-rgen-Gro-'],
    ['', 'agency-sts'],
    ['x'.repeat(200), `agency-sts-${'x'.repeat(117)}`],
  ])('of user `%s` has sessions called `%s`', async (user, name) => {
    const service = await standIn();
    await run(['assume', '--endpoint', service.endpoint, '--agency', agency('one')], { environment: { ...botEnvironment, USER: user } });
    expect(service.calls[0]?.body['agency_session_name']).toBe(name);
  });
});

describe('the output', () => {
  it('env: a shell and the official Node SDK read exactly the credentials, whatever characters they hold', async () => {
    const service = await standIn();
    const { out } = await run(['assume', '--endpoint', service.endpoint, '--agency', agency('one'), '--output', 'env']);
    // The SDK's ClientBuilder needs `uuid`, which its package does not declare.
    const modules = await temporaryFolder();
    await writeFile(join(modules, 'uuid.js'), "exports.v4 = require('node:crypto').randomUUID;");
    const script = `
      const { ClientBuilder } = require('@huaweicloud/huaweicloud-sdk-core/ClientBuilder');
      const { ak, sk, securityToken } = new ClientBuilder((client) => client).getCredentialFromEnvironment();
      console.log(JSON.stringify([ak, sk, securityToken, process.env.AGENCY_STS_ENDPOINT]));`;
    const shown = execFileSync('sh', ['-c', `eval "$EXPORTS"; exec "$NODE" -e "$SCRIPT"`], {
      env: { PATH: process.env['PATH'], NODE_PATH: modules, NODE: process.execPath, EXPORTS: out, SCRIPT: script },
      cwd: new URL('../..', import.meta.url),
      encoding: 'utf8',
    });
    const { accessKeyId, secretAccessKey, securityToken } = service.session(1);
    expect(JSON.parse(shown)).toEqual([accessKeyId, secretAccessKey, securityToken, service.endpoint]);
  });

  it('profile: written for the owner alone, and good for the next command', async () => {
    const service = await standIn();
    const homeDirectory = await temporaryFolder();
    const written = await run(['assume', '--endpoint', service.endpoint, '--agency', agency('one'), '--output', 'profile', '--profile-out', 'ops'], { homeDirectory });
    const file = join(homeDirectory, '.agency-sts', 'credentials.json');
    expect(written).toEqual({ exitCode: 0, message: '', out: `profile \`ops\` written to ${file}, expires at 2026-01-15T09:30:00.000Z\n` });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(homeDirectory, '.agency-sts'))).mode & 0o777).toBe(0o700);
    const { accessKeyId, secretAccessKey, securityToken } = service.session(1);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      profiles: { ops: { access_key_id: accessKeyId, secret_access_key: secretAccessKey, security_token: securityToken, expires_at: '2026-01-15T09:30:00.000Z', endpoint: service.endpoint } },
    });

    expect(await run(['assume', '--profile', 'ops', '--agency', agency('two')], { homeDirectory, environment: {} })).toMatchObject({ exitCode: 0 });
    expect(service.calls.at(-1)?.accessKeyId).toBe(accessKeyId);
    const late = await run(['whoami', '--profile', 'ops'], { homeDirectory, now: new Date('2026-01-15T09:30:00.000Z') });
    expect(late).toMatchObject({ exitCode: 2, message: 'profile `ops` expired at 2026-01-15T09:30:00.000Z: assume the agency again' });
  });

  it('profile: never replaces a permanent key by a session, and says so before it calls', async () => {
    const service = await standIn();
    const file = join(await temporaryFolder(), 'profiles.json');
    const content = JSON.stringify({ profiles: { default: { access_key_id: botKey.accessKeyId, secret_access_key: botKey.secretAccessKey } } });
    await writeFile(file, content, { mode: 0o600 });
    const outcome = await run(['assume', '--endpoint', service.endpoint, '--profile-file', file, '--agency', agency('one'), '--output', 'profile', '--profile-out', 'default']);
    expect(outcome).toMatchObject({ exitCode: 2, message: 'profile `default` holds a permanent access key, which would be lost: choose another --profile-out' });
    expect(await readFile(file, 'utf8')).toBe(content);
    expect(service.calls).toEqual([]);
  });
});
