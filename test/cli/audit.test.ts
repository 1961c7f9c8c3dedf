// `agency-sts audit search|export|prove|keys` against a real service: what they print, and that they lose nothing.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addClientCommands, CommandError } from '../../src/cli/index.js';
import { proved } from '../oversight/audit-support.js';
import { accountA, accountB, accounts, agencies, ask, keys } from '../support/accounts.js';
import { startService, type Credentials, type TestService } from '../support/service.js';
import { run, standIn, temporaryFolder, type Outcome } from './support.js';

let service: TestService;

beforeAll(async () => {
  service = await startService(accounts, { STS_CELLS: '1', STS_RATE_ACCESS_KEY_PER_MINUTE: '100000', STS_RATE_ADDRESS_PER_MINUTE: '100000' });
  await service.session(keys.alice, ask(agencies.first));
  await service.seal();
  await service.assume(keys.bob, ask(agencies.untrusting));
  await service.identity(keys.rootB);
});
afterAll(() => service.stop());

const environmentOf = (credentials: Credentials) => ({ HUAWEICLOUD_SDK_AK: credentials.accessKeyId, HUAWEICLOUD_SDK_SK: credentials.secretAccessKey, AGENCY_STS_ENDPOINT: service.url });
const audit = (...args: readonly string[]): Promise<Outcome> => auditAs(keys.rootA, ...args);
const auditAs = (credentials: Credentials, ...args: readonly string[]): Promise<Outcome> => run(['audit', ...args], { environment: environmentOf(credentials), now: new Date(service.clock.now()) });
const linesOf = ({ out }: { readonly out: string }): readonly string[] => out.split('\n').filter((line) => line !== '');
const parsed = (line: string): Readonly<Record<string, unknown>> => JSON.parse(line) as Readonly<Record<string, unknown>>;

describe('audit search', () => {
  it('prints one line for each event, newest first, and marks what is not sealed yet', async () => {
    const { exitCode, out } = await audit('search', '--operation', 'AssumeAgency', '--output', 'text');
    expect(exitCode).toBe(0);
    expect(linesOf({ out })).toEqual([
      expect.stringMatching(new RegExp(`^2026-01-15T08:30:00.000Z {2}0-\\d+\\* {2}403 STS5\\.1001 {2}AssumeAgency {2}iam::${accountA}:user:bob {2}127.0.0.1 {2}${agencies.untrusting}$`)),
      expect.stringMatching(new RegExp(`^2026-01-15T08:30:00.000Z {2}0-\\d+ {2}200 {2}AssumeAgency {2}iam::${accountA}:user:alice {2}127.0.0.1 {2}${agencies.first}$`)),
    ]);
  });

  it('gives JSON, as many events as are asked for over any number of pages', async () => {
    const all = linesOf(await audit('search', '--output', 'json', '--order', 'oldest')).map(parsed);
    expect(new Set(all.map((event) => event['account_id']))).toEqual(new Set([accountA]));
    expect(linesOf(await audit('search', '--limit', '2', '--order', 'oldest', '--output', 'json')).map(parsed)).toEqual(all.slice(0, 2));
    for (let call = 0; call < 210; call += 1) await service.identity(keys.carol);
    expect(linesOf(await audit('search', '--limit', '205', '--operation', 'GetCallerIdentity'))).toHaveLength(205);
  });

  it.each([[['--limit', '0']], [['--limit', 'x']], [['--outcome', 'denied']], [['--order', 'up']], [['--filter', 'x']]])('refuses %j as wrong usage', async (args) => {
    expect((await audit('search', ...args)).exitCode).toBe(2);
  });

  it('says what the service refuses', async () => {
    expect(await auditAs(keys.carol, 'search')).toMatchObject({ exitCode: 1, message: expect.stringContaining('403 PAP5.0001') as string });
    expect(await audit('search', '--from', 'yesterday')).toMatchObject({ exitCode: 1, message: expect.stringContaining('`from`: must be a time') as string });
  });

  it('prints nothing that could steer a terminal, whatever the events hold', async () => {
    const hostile = { trace_id: '0-1', trace_name: 'A\u001b[2J', time: 1, code: '200', error_code: '\u202e', resource_id: 'a\nb', source_ip: '\u009b', user: { principal_urn: '\r\u0000x' }, sealed: true };
    const server = await standIn(() => ({ status: 200, body: { events: [hostile], page_info: {} } }));
    const text = await run(['audit', 'search', '--endpoint', server.endpoint]);
    expect(text.out).toBe('1970-01-01T00:00:00.001Z  0-1  200 ?  A?[2J  ??x  ?  a?b\n');
    for (const args of [['search', '--output', 'json'], ['export', '--format', 'jsonl']]) {
      const { out } = await run(['audit', ...args, '--endpoint', server.endpoint]);
      expect(out.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(JSON.parse(out)).toEqual(hostile);
    }
  });
});

describe('audit prove and audit keys', () => {
  it('give what an event can be proved with, without the service', async () => {
    const [line = ''] = linesOf(await audit('search', '--operation', 'AssumeAgency', '--outcome', 'allowed', '--output', 'json'));
    const id = String(parsed(line)['trace_id']);
    const file = join(await temporaryFolder(), 'proof.json');
    expect(await audit('prove', id, '--out', file)).toMatchObject({ exitCode: 0, message: '' });
    const [key = ''] = linesOf(await audit('keys'));
    const proof = await readFile(file, 'utf8');
    expect(proved(JSON.parse(proof), key).entry).toContain(`"${id}"`);
    expect((await audit('prove', id)).out).toBe(proof);
    expect((await audit('prove', id, '--out', file)).message).toContain('EEXIST');
    expect(JSON.parse((await audit('keys', '--output', 'json')).out)).toEqual({ log_name: service.composition.auditLog.name, keys: [key] });
    expect(await run(['audit', 'check', file, '--key', key])).toMatchObject({ exitCode: 0, out: expect.stringContaining(id) as string });
    expect(await run(['audit', 'verify', service.composition.auditLog.directory, '--key', key])).toMatchObject({ exitCode: 0, message: '' });
  });

  it('say why there is no proof', async () => {
    const { headers } = await service.identity(keys.alice);
    const id = headers['x-audit-event-id'] ?? '';
    expect(await audit('prove', id)).toMatchObject({ exitCode: 1, message: expect.stringContaining('is not sealed yet: ask again in some seconds') as string });
    expect(await auditAs(keys.rootB, 'prove', id)).toMatchObject({ exitCode: 1, message: expect.stringContaining('404 PAP5.0012') as string });
    expect(await audit('prove', '../../v5/users')).toMatchObject({ exitCode: 2 });
  });
});

describe('audit export', () => {
  it.each([['cts', 'trace_id'], ['ocsf', 'class_uid'], ['jsonl', 'id']])('prints each event as one line in the format %s, oldest first', async (format, member) => {
    const { exitCode, out } = await audit('export', '--format', format);
    expect(exitCode).toBe(0);
    const events = linesOf({ out }).map(parsed);
    expect(events.length).toBeGreaterThan(200);
    for (const event of events) expect(event).toHaveProperty(member);
    expect(out).not.toContain('"sealed"');
    const times = events.map((event) => Number(event['time']));
    expect(times).toEqual(times.toSorted((one, other) => one - other));
  });

  it('needs a format, and takes the filters of the search', async () => {
    expect((await audit('export')).exitCode).toBe(2);
    expect((await audit('export', '--format', 'csv')).exitCode).toBe(2);
    expect((await audit('export', '--format', 'jsonl', '--interval', '0')).exitCode).toBe(2);
    const found = linesOf(await audit('export', '--format', 'jsonl', '--outcome', 'refused', '--operation', 'AssumeAgency')).map(parsed);
    expect(found.map((event) => event['status'])).toEqual([403]);
    expect(linesOf(await audit('export', '--format', 'jsonl', '--to', '2026-01-15T08:00:00Z'))).toEqual([]);
  });

  it('follows what comes, through sealing and a restart of the service, without a gap or a double', async () => {
    const followed = follow(keys.rootB, 'GetCallerIdentity');
    const sent: string[] = [];
    const identify = async (count: number): Promise<void> => {
      for (let call = 0; call < count; call += 1) sent.push((await service.identity(keys.bert)).headers['x-audit-event-id'] ?? '');
    };
    const printed = (): readonly string[] => linesOf({ out: followed.out() }).map((line) => String(parsed(line)['id'])).filter((id) => id !== first);
    const [first] = (await ids(keys.rootB));
    const arrived = async (): Promise<void> => {
      for (let waited = 0; waited < 10_000 && printed().length < sent.length; waited += 20) await sleep(20);
      expect(printed()).toEqual(sent);
    };
    await identify(3);
    await arrived();
    await service.seal();
    await identify(3);
    await arrived();

    const { port } = service.server.address() as AddressInfo;
    service.server.closeAllConnections();
    await once(service.server.close(), 'close');
    for (let waited = 0; waited < 10_000 && !followed.err().includes('trying again'); waited += 20) await sleep(20);
    expect(followed.err()).toContain('cannot be reached');
    await once(service.server.listen(port, '127.0.0.1'), 'listening');
    await identify(2);
    await service.seal();
    await arrived();

    // Its key is switched off: that is no passing trouble.
    const disabled = structuredClone(accounts);
    const root = disabled.accounts[1]?.root_user as { access_keys: { status: string }[] };
    root.access_keys.forEach((key) => (key.status = 'inactive'));
    await service.apply(disabled);
    expect(await followed.end).toMatchObject({ exitCode: 1, message: expect.stringContaining('401') as string });
    await service.apply(accounts);
  });
});

/** Ids of the identity calls of an account so far, oldest first. */
const ids = async (credentials: Credentials): Promise<readonly string[]> =>
  linesOf(await auditAs(credentials, 'export', '--format', 'jsonl', '--operation', 'GetCallerIdentity')).map((line) => String(parsed(line)['id']));

function follow(credentials: Credentials, operation: string): { readonly out: () => string; readonly err: () => string; readonly end: Promise<unknown> } {
  let [out, err] = ['', ''];
  const program = new Command('agency-sts');
  addClientCommands(program, {
    environment: environmentOf(credentials), homeDirectory: '/nonexistent', now: () => new Date(service.clock.now()),
    out: (text) => (out += text), err: (text) => (err += text),
  });
  const end = program.parseAsync(['node', 'agency-sts', 'audit', 'export', '--format', 'jsonl', '--follow', '--interval', '0.1', '--operation', operation])
    .then(() => undefined, (error: unknown) => (error instanceof CommandError ? { exitCode: error.exitCode, message: error.message } : Promise.reject(error as Error)));
  return { out: () => out, err: () => err, end };
}

it('accounts see their own events only', async () => {
  const lines = linesOf(await auditAs(keys.rootB, 'export', '--format', 'cts')).map(parsed);
  expect(new Set(lines.map((event) => event['account_id']))).toEqual(new Set([accountB]));
});
