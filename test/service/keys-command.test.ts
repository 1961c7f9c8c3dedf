// `agency-sts keys` on the machine of the service, beside it while two processes serve, and without it.
import { chmod, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CommandError } from '../../src/cli/index.js';
import { addServiceCommands } from '../../src/service/commands.js';
import { signRequest } from '../../src/signing/index.js';
import type { AnswerBody, Credentials } from '../support/service.js';
import { build, endAll, newPlace, profiles, run, serve, stop, type Place, type Serving } from './support.js';

let place: Place;
let serving: Serving;
let alice: Credentials;
beforeAll(async () => {
  await build();
  place = await newPlace({ STS_WORKERS: '2', STS_LOG_LEVEL: 'silent', STS_JWKS_MAX_AGE: '1' });
  serving = await serve(place.environment);
  const found = (await profiles(place.environment)).get('acme/alice');
  if (found === undefined) throw new Error('the sample has no alice');
  alice = found;
}, 60_000);
afterAll(async () => {
  await stop(serving);
  endAll();
  await place.remove();
});

/** The command in this process, beside those that serve. */
async function keys(...parameters: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const program = new Command('agency-sts').exitOverride().configureOutput({ writeErr: (text) => (said.err += text), writeOut: (text) => (said.out += text) });
  addServiceCommands(program, { environment: place.environment, homeDirectory: '/', now: () => new Date(), out: (text) => (said.out += text), err: (text) => (said.err += text) });
  try {
    await program.parseAsync(['keys', ...parameters], { from: 'user' });
    return { code: 0, ...said };
  } catch (error) {
    if (error instanceof CommandError) return { code: error.exitCode, out: said.out, err: `${said.err}${error.message}` };
    if (error instanceof CommanderError) return { code: 2, ...said };
    throw error;
  }
}
const listed = z.object({ key_id: z.string(), purpose: z.string(), state: z.string(), algorithm: z.string().optional(), file: z.boolean() });
async function list(purpose: string): Promise<readonly z.infer<typeof listed>[]> {
  const { out } = await keys('list', '--output', 'json');
  return out.trim().split('\n').map((line) => listed.parse(JSON.parse(line))).filter((key) => key.purpose === purpose);
}
const activeOf = async (purpose: string): Promise<string> => (await list(purpose)).find(({ state }) => state === 'active')?.key_id ?? '';

async function call(credentials: Credentials, method: 'GET' | 'POST', path: string, body?: object): Promise<{ status: number; body: AnswerBody }> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = signRequest({ method, url: `${serving.url}${path}`, headers: text === undefined ? {} : { 'content-type': 'application/json' }, ...(text !== undefined && { body: text }), ...credentials, date: new Date() });
  const response = await fetch(`${serving.url}${path}`, { method, headers, ...(text !== undefined && { body: text }) });
  return { status: response.status, body: await response.json() as AnswerBody };
}
async function session(): Promise<Credentials> {
  const { status, body } = await call(alice, 'POST', '/v5/agencies/assume', { agency_urn: 'iam::ac3e0000000000000000000000000001:agency:developer', agency_session_name: 'session1' });
  expect(status).toBe(200);
  return { accessKeyId: body.credentials?.access_key_id ?? '', secretAccessKey: body.credentials?.secret_access_key ?? '', securityToken: body.credentials?.security_token ?? '' };
}
const identity = async (credentials: Credentials): Promise<readonly number[]> => Promise.all(Array.from({ length: 6 }, async () => (await call(credentials, 'GET', '/v5/caller-identity')).status));

describe('keys', () => {
  it('list shows one active key of each purpose, and nothing secret', async () => {
    const { code, out } = await keys('list');
    expect(code).toBe(0);
    const lines = out.trim().split('\n');
    expect(lines.map((line) => line.split('  ').slice(1, 4).join(' '))).toEqual(['token-signing EdDSA active', 'session-secrets - active', 'secret-sealing - active', 'message-sealing - active', 'record-authentication - active', 'audit-signing EdDSA active']);
    expect(await keys('check')).toMatchObject({ code: 0, out: 'the keys are right\n' });
  });

  it('rotate: processes that run take a new key over, of another algorithm, and go on with the old one; retire --now ends it in all of them', async () => {
    const before = await session();
    const old = await activeOf('token-signing');
    const rotated = await keys('rotate', 'token-signing', '--algorithm', 'ES256', '--wait');
    expect(rotated).toMatchObject({ code: 0, err: '' });
    const id = /the token-signing key (\S+) is in use/.exec(rotated.out)?.[1];
    const after = await session();
    expect(decodeProtectedHeader(after.securityToken ?? '')).toMatchObject({ alg: 'ES256', kid: id });
    const remote = createRemoteJWKSet(new URL(`${serving.url}/.well-known/jwks.json`));
    for (const each of [before, after]) {
      await expect(jwtVerify(each.securityToken ?? '', remote)).resolves.toBeDefined();
      expect(await identity(each)).toEqual([200, 200, 200, 200, 200, 200]);
    }
    expect((await keys('retire', old)).err).toContain('it retires by itself then; `--now` ends all of it at once');
    expect(await keys('retire', old, '--now')).toMatchObject({ code: 0, out: `the key ${old} is retired: no process accepts it any more\n` });
    expect(await identity(before)).toEqual([401, 401, 401, 401, 401, 401]);
    expect(await identity(after)).toEqual([200, 200, 200, 200, 200, 200]);
    const tail = await run(['audit', 'tail', '-n', '50'], place.environment);
    for (const operation of ['RotateKey', 'ActivateKey', 'RetireKey']) expect(tail.out, operation).toContain(operation);
  });

  it('rotate secret-sealing seals the stored secrets anew, and the old key can be retired', async () => {
    const old = await activeOf('secret-sealing');
    expect((await keys('rotate', 'secret-sealing')).out).toMatch(/is in use\nsealed anew: [1-9]\d* secrets\n$/);
    expect((await keys('retire', old)).code).toBe(0);
    expect(await identity(alice)).toEqual([200, 200, 200, 200, 200, 200]);
  });

  it.each<[parameters: readonly string[], code: number, message: string]>([
    [['rotate', 'everything'], 2, '`everything` is no purpose of a key'],
    [['rotate', 'record-authentication'], 1, 'the `record-authentication` key cannot be replaced'],
    [['rotate', 'session-secrets', '--algorithm', 'ES256'], 2, '`--algorithm` goes with `token-signing` only'],
    [['rotate', 'token-signing', '--algorithm', 'RS256'], 2, 'RS256'],
    [['rotate', 'token-signing', '--to', 'nobody'], 1, 'there is no `token-signing` key `nobody`'],
    [['retire', '../../etc/passwd'], 1, 'there is no key `../../etc/passwd` whose state could change'],
    [['retire', '__proto__', '--now'], 1, 'there is no key `__proto__`'],
  ])('%j is refused', async (parameters, code, message) => {
    const refused = await keys(...parameters);
    expect([refused.code, refused.out]).toEqual([code, '']);
    expect(refused.err).toContain(message);
  });

  it('F6: check names each file that is wrong, and a missing one; a start is refused then', async () => {
    const folder = place.environment['STS_KEYS_DIR'] ?? '';
    const names = (await readdir(folder)).filter((name) => /^(token-signing|session-secrets)\./.test(name));
    for (const name of names) await chmod(join(folder, name), 0o644);
    const checked = await keys('check');
    expect(checked.code).toBe(1);
    for (const name of names) expect(checked.err).toContain(`\`${join(folder, name)}\` is no usable key file: it is open to other users`);
    for (const name of names) await chmod(join(folder, name), 0o600);

    const id = await activeOf('session-secrets');
    const file = join(folder, `session-secrets.${id}.json`);
    await rename(file, `${file}.aside`);
    expect(await keys('check')).toMatchObject({ code: 1, err: expect.stringContaining(`the active \`session-secrets\` key \`${id}\` has no file here`) as string });
    await stop(serving);
    expect(await run(['serve'], place.environment)).toMatchObject({ code: 2, err: expect.stringContaining(`the active \`session-secrets\` key \`${id}\` is not in ${folder}`) as string });
    // Let go of, another one takes its place; nothing serves meanwhile.
    const retired = await keys('retire', id, '--now');
    expect(retired).toMatchObject({ code: 0, out: expect.stringMatching(/the session-secrets key \S+ took its place\n$/) as string });
    serving = await serve(place.environment);
    await session();
  });
});
