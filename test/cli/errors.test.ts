// What a failing command says and how it exits: the hop, the cause, never a secret.
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bareServer, beginningOfAnswer } from '../support/bare-server.js';
import { agency, botKey, now, type StandInAnswer } from './stand-in.js';
import { botEnvironment, run, standIn, temporaryFolder } from './support.js';

const chain = ['one', 'two', 'three'].flatMap((name) => ['--agency', agency(name)]);
const denied = { error_code: 'STS5.1001', error_msg: 'not authorized', request_id: 'r-1' };

async function assumeWith(answer: StandInAnswer) {
  const service = await standIn(() => answer);
  return { ...(await run(['assume', '--endpoint', service.endpoint, '--agency', agency('one')])), endpoint: service.endpoint };
}

describe('F16: an error of a chain', () => {
  it('names the hop, and no session of an earlier hop is given out', async () => {
    const service = await standIn((_, index) => (index === 2 ? { status: 403, body: denied } : undefined));
    expect(await run(['assume', '--endpoint', service.endpoint, ...chain])).toEqual({
      exitCode: 1,
      out: '',
      message: `hop 2 of 3, assuming ${agency('two')}: 403 STS5.1001 not authorized (request id r-1)`,
    });
    expect(service.calls).toHaveLength(2);
  });

  it('tells how to read a sealed reason, and the command works in a shell', async () => {
    for (const sealed of ["ab'c+/=", '-base64url_']) {
      const { message } = await assumeWith({ status: 403, body: { ...denied, encoded_authorization_message: sealed } });
      const [, command = ''] = message.split('run: ');
      expect(message).toMatch(/^hop 1 of 1, .* \(request id r-1\)\nthe reason is sealed; /);
      const words = execFileSync('sh', ['-c', `for word in ${command}; do printf '%s\\n' "$word"; done`], { encoding: 'utf8' }).trimEnd().split('\n');
      expect(words).toEqual(['agency-sts', 'decode', ...(sealed.startsWith('-') ? ['--'] : []), sealed]);
      const service = await standIn();
      const decoded = await run([...words.slice(1, 2), '--endpoint', service.endpoint, ...words.slice(2)]);
      expect(decoded).toEqual({ exitCode: 0, message: '', out: `{\n  "asked": ${JSON.stringify(sealed)}\n}\n` });
    }
  });

  it('takes the request id from the header where the body has none', async () => {
    const { message } = await assumeWith({ status: 400, body: { error_code: 'STS5.1102', error_msg: 'no' }, headers: { 'X-Request-Id': 'h-1' } });
    expect(message).toContain('400 STS5.1102 no (request id h-1)');
  });

  it('shows neither a mirrored secret or token nor control characters', async () => {
    const service = await standIn((_, index) =>
      index === 2 ? { status: 401, body: { error_code: 'APIGW.0301', error_msg: `mirrored ${service.session(1).securityToken} ${service.session(1).secretAccessKey} \u001b[2J` } } : undefined,
    );
    const { message } = await run(['assume', '--endpoint', service.endpoint, ...chain]);
    expect(message).toContain('401 APIGW.0301 mirrored *** *** ?[2J');
  });
});

describe('an answer that is not the service\'s', () => {
  it.each<[string, StandInAnswer, string]>([
    ['a page', { status: 502, body: '<html>' }, 'answered 502 with something that is not JSON'],
    ['a page with 200', { status: 200, body: '<html>' }, 'answered 200 with something that is not JSON'],
    ['a redirect, which is not followed', { status: 302, body: '', headers: { Location: 'http://127.0.0.1:1/' } }, 'answered 302 with something that is not JSON'],
    ['foreign JSON', { status: 404, body: { detail: 'not found' } }, 'answered 404 with JSON without an error code'],
    ['foreign JSON with 200', { status: 200, body: { credentials: {} } }, 'answered 200 with JSON that is not the answer of this call'],
  ])('%s', async (_, answer, expected) => {
    const { exitCode, message, endpoint } = await assumeWith(answer);
    expect({ exitCode, message }).toEqual({ exitCode: 3, message: `hop 1 of 1, assuming ${agency('one')}: endpoint \`${endpoint}\` ${expected}` });
  });
});

describe('exit codes', () => {
  it.each([[400, 1], [401, 1], [403, 1], [404, 1], [429, 1], [500, 3], [503, 3]])('status %i is exit code %i', async (status, exitCode) => {
    expect((await assumeWith({ status, body: denied })).exitCode).toBe(exitCode);
  });

  it('a wrong secret is refused by the service', async () => {
    const service = await standIn();
    const outcome = await run(['whoami', '--endpoint', service.endpoint], { environment: { ...botEnvironment, HUAWEICLOUD_SDK_SK: 'Wrong0Secret' } });
    expect(outcome).toEqual({ exitCode: 1, out: '', message: '401 APIGW.0301 signature (request id r-401)' });
  });

  it('nobody listening is 3, naming the endpoint', async () => {
    expect(await run(['whoami', '--endpoint', 'http://127.0.0.1:1'])).toEqual({ exitCode: 3, out: '', message: 'endpoint `http://127.0.0.1:1` cannot be reached: ECONNREFUSED' });
  });

  it('a connection cut in the middle of an answer is 3', async () => {
    const { origin } = await bareServer((socket) => socket.end(beginningOfAnswer));
    expect(await run(['whoami', '--endpoint', origin])).toMatchObject({ exitCode: 3, message: `endpoint \`${origin}\` cannot be reached: ECONNRESET` });
  });
});

describe('wrong usage is 2, before anything is sent', () => {
  const one = ['assume', '--agency', agency('one')];
  it.each<[string, string[], string]>([
    ['no agency', ['assume'], "required option '--agency <urn>' not specified"],
    ['not an agency', ['assume', '--agency', 'iam::x:user:bot'], 'It must look like iam::ACCOUNT:agency:NAME.'],
    ['a session name', [...one, '--session-name', 'a b'], 'It must have 2 to 128 characters'],
    ['a duration', [...one, '--duration', '1h'], 'It must be a whole number of seconds.'],
    ['a tag', [...one, '--tag', 'team'], 'It must look like key=value.'],
    ['a tag without key', [...one, '--tag', '=x'], 'It must look like key=value.'],
    ['a transitive key without tag', [...one, '--tag', 'a=b', '--transitive', 'b'], '--transitive `b` names no --tag'],
    ['a policy file', [...one, '--policy-file', '/nonexistent'], 'policy file `/nonexistent` cannot be read: ENOENT'],
    ['a form', [...one, '--output', 'xml'], 'Allowed choices are json, env, profile.'],
    ['a profile without name', [...one, '--output', 'profile'], '--output profile needs --profile-out'],
    ['a name without profile', [...one, '--profile-out', 'x'], '--profile-out needs --output profile'],
    ['a profile called like a member of objects', [...one, '--output', 'profile', '--profile-out', '__proto__'], 'must begin with a letter or digit'],
    ['an unknown option', ['whoami', '--nonsense'], "unknown option '--nonsense'"],
    ['too many arguments', ['whoami', 'x'], 'too many arguments'],
    ['an empty message', ['decode', ''], 'the message to decode is empty'],
  ])('%s', async (_, args, message) => {
    const service = await standIn();
    const outcome = await run([...args, '--endpoint', service.endpoint]);
    expect(outcome).toMatchObject({ exitCode: 2, out: '' });
    expect(outcome.message).toContain(message);
    expect(service.calls).toEqual([]);
  });

  it('neither a mistyped option nor a wrong MFA value is shown with what it holds', async () => {
    const mistyped = await run(['whoami', '--secret-acces-key=My0Secret\nMy0Secret']);
    expect(mistyped).toMatchObject({ exitCode: 2, message: "unknown option '--secret-acces-key'" });
    const code = await run([...one, '--mfa', '123456']);
    expect(code).toMatchObject({ exitCode: 2, message: '--mfa must be the serial number of the device, a colon and six digits' });
  });

  it('a profile file given as policy is not sent', async () => {
    const service = await standIn();
    const file = join(await temporaryFolder(), 'credentials.json');
    await writeFile(file, JSON.stringify({ profiles: { a: { access_key_id: botKey.accessKeyId, secret_access_key: botKey.secretAccessKey } } }));
    const outcome = await run([...one, '--endpoint', service.endpoint, '--policy-file', file]);
    expect(outcome).toMatchObject({ exitCode: 2, message: `policy file \`${file}\` is no policy: it has no \`Statement\`` });
    expect(service.calls).toEqual([]);
  });

  it('the clock of the request is the one passed in', async () => {
    const service = await standIn();
    const outcome = await run(['whoami', '--endpoint', service.endpoint], { now: new Date(now.getTime() + 1000) });
    expect(outcome.message).toContain('signature expired');
  });
});
