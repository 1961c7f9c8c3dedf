// The operator's commands: a bootstrap file checked and applied, the audit read, beside the running service and without it.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sampleAgencyUrn, sampleFile } from '../../src/service/sample.js';
import { startRawRedis } from '../redis/support.js';
import { alice, build, call, endAll, isRunning, newPlace, profiles, run, serve, start, stop, type Place, type Serving } from './support.js';

let place: Place;
let file: string;
beforeAll(async () => {
  await build();
  place = await newPlace();
  file = join(place.folder, 'accounts.json');
});
afterAll(async () => {
  endAll();
  await place.remove();
});

const members = (count: number) => ({ accounts: [{ account_name: 'ours', users: [{ user_name: 'bot', access_keys: Array.from({ length: count }, () => ({})) }] }] });
const bootstrap = (...parameters: string[]) => run(['bootstrap', ...parameters], place.environment);
const Trace = z.looseObject({ trace_id: z.string(), trace_name: z.string(), account_id: z.string(), time: z.number() });
const traces = (out: string) => out.trim().split('\n').filter((line) => line !== '').map((line) => Trace.parse(JSON.parse(line)));
const tail = async (...parameters: string[]) => {
  const { code, out, err } = await run(['audit', 'tail', ...parameters], place.environment);
  expect([code, err]).toEqual([0, '']);
  return traces(out);
};
const redisIsRunning = async () => isRunning(Number(await readFile(join(place.folder, 'data', 'redis', 'redis.pid'), 'utf8').catch(() => '0')));

describe('bootstrap check', () => {
  it('takes the sample, and makes nothing', async () => {
    expect(await bootstrap('check', sampleFile)).toMatchObject({ code: 0, out: 'the file is right\n' });
    await expect(readFile(join(place.folder, 'keys'))).rejects.toThrow('ENOENT');
  });

  it.each([
    ['a missing file', undefined, /accounts\.json/, 1],
    ['no JSON', '{', /not valid JSON/, 2],
    ['a name that nobody has', JSON.stringify({ accounts: [{ account_name: 'ours', users: [{ user_name: 'bot', groups: ['absent'] }] }] }), /`\/accounts\/0\/users\/0\/groups\/0`/, 2],
    ['a policy that does not parse', JSON.stringify({ accounts: [{ account_name: 'ours', policies: [{ policy_name: 'p', policy_document: { Version: '1' } }] }] }), /policies\/0\/policy_document/, 2],
  ])('refuses %s with the place', async (_what, text, message, exitCode) => {
    if (text !== undefined) await writeFile(file, text);
    const { code, err } = await bootstrap('check', file);
    expect(code).toBe(exitCode);
    expect(err).toMatch(message);
    expect(err).not.toContain('    at ');
  });
});

describe('commands that only read', () => {
  it.each([[['audit', 'tail']], [['audit', 'tail', '--unidentified']], [['bootstrap', 'check', '--against-service', sampleFile]]])('%s makes nothing where there is no state, and says so', { timeout: 20_000 }, async (parameters) => {
    const [empty, raw] = [await newPlace(), await startRawRedis(['appendonly', 'yes'], ['appendfsync', 'always'])];
    try {
      const embedded = await run(parameters, empty.environment);
      expect(embedded).toMatchObject({ code: 2, out: '', err: `agency-sts: there is no state in ${join(empty.folder, 'data')} (\`STS_DATA_DIR\`): nothing was started or filled there\n` });
      const given = await run(parameters, { ...empty.environment, STS_REDIS_URL: raw.url });
      expect(given).toMatchObject({ code: 2, out: '', err: expect.stringContaining('there is no state in the Redis of `STS_REDIS_URL`') as string });
      expect(await readdir(empty.folder)).toEqual([]);
      expect(await raw.redis.dbsize()).toBe(0);
    } finally {
      await raw.stop();
      await empty.remove();
    }
  });
});

describe('without a running service', () => {
  it('bootstrap apply fills the directory, says where the keys are, and does nothing the second time', { timeout: 40_000 }, async () => {
    await writeFile(file, JSON.stringify(members(1)));
    const first = await bootstrap('apply', file);
    expect(first).toMatchObject({ code: 0 });
    expect(first.out).toContain(join(place.folder, 'data', 'credentials.json'));
    expect(first.out).toMatch(/changed 2 accounts/);
    const keys = await profiles(place.environment);
    expect([...keys.keys()]).toEqual(['ours/bot']);
    for (const { secretAccessKey } of keys.values()) expect(first.out + first.err).not.toContain(secretAccessKey);
    expect(await bootstrap('apply', file)).toMatchObject({ code: 0, out: 'nothing to change\n' });
    expect(await bootstrap('check', '--against-service', file)).toMatchObject({ code: 0, out: expect.stringContaining('would change 0 accounts') as string });
    await writeFile(file, JSON.stringify({ accounts: [{ account_name: 'one-more' }] }));
    expect(await bootstrap('check', '--against-service', file)).toMatchObject({ code: 0, out: expect.stringContaining('would change 1 account\n') as string });
    expect(await redisIsRunning()).toBe(false);
  });

  it('a second key of one user leaves the first one in the file', { timeout: 40_000 }, async () => {
    const before = (await profiles(place.environment)).get('ours/bot');
    await writeFile(file, JSON.stringify(members(2)));
    expect(await bootstrap('apply', file)).toMatchObject({ code: 0, out: expect.stringContaining('generated 1 access key:') as string });
    const after = [...(await profiles(place.environment)).values()];
    expect(new Set(after.map(({ accessKeyId }) => accessKeyId)).size).toBe(2);
    expect(after).toContainEqual(before);
  });

  it('audit tail prints what was recorded, and ends its Redis', { timeout: 20_000 }, async () => {
    const events = await tail();
    expect(events.map(({ trace_name: name }) => name)).toEqual(['ApplyBootstrapFile', 'ApplyBootstrapFile', 'ApplyBootstrapFile']);
    expect(await redisIsRunning()).toBe(false);
  });
});

describe('beside the running service', () => {
  let serving: Serving;
  beforeAll(async () => {
    serving = await serve(place.environment);
  });
  afterAll(() => stop(serving));
  const identity = async () => call(serving.url, await alice(place.environment), '/v5/caller-identity');

  it('bootstrap apply works on the same state, and the service sees it at once', { timeout: 20_000 }, async () => {
    expect(await bootstrap('apply', sampleFile)).toMatchObject({ code: 0, out: expect.stringContaining('generated 4 access keys') as string });
    expect((await identity()).status).toBe(200);
    expect((await call(serving.url, await alice(place.environment), '/v5/agencies/assume', { agency_urn: sampleAgencyUrn, agency_session_name: 'tailed' })).status).toBe(200);
    expect(await bootstrap('apply', sampleFile)).toMatchObject({ code: 0, out: 'nothing to change\n' });
  });

  it('a file that is refused changes nothing', { timeout: 20_000 }, async () => {
    const before = await tail('--count', '1000');
    await writeFile(file, JSON.stringify({ accounts: [{ account_name: 'another' }, { account_name: 'ours', users: [{ user_name: 'bot', attached_policies: ['absent'] }] }] }));
    const { code, err } = await bootstrap('apply', file);
    expect(code).toBe(2);
    expect(err).toContain('`/accounts/1/users/0/attached_policies/0`');
    expect(await tail('--count', '1000')).toEqual(before);
  });

  it('audit tail prints the last events, oldest first, of all accounts or of one', { timeout: 20_000 }, async () => {
    await identity();
    const all = await tail('--count', '1000');
    expect(all.at(-1)?.trace_name).toBe('GetCallerIdentity');
    expect(all.map(({ time }) => time)).toEqual(all.map(({ time }) => time).sort((a, b) => a - b));
    expect(await tail('--count', '3')).toEqual(all.slice(-3));
    const account = all.find(({ trace_name: name }) => name === 'AssumeAgency')?.account_id ?? '';
    const ofOne = await tail('--count', '1000', '--account', account);
    expect(ofOne).toEqual(all.filter(({ account_id: id }) => id === account));
    expect(ofOne.length).toBeGreaterThan(0);
    const text = JSON.stringify(all);
    for (const { secretAccessKey } of (await profiles(place.environment)).values()) expect(text).not.toContain(secretAccessKey);
  });

  it('audit tail prints nothing that could steer a terminal', { timeout: 20_000 }, async () => {
    const value = 'a\u2028b\u2029c';
    await call(serving.url, await alice(place.environment), '/v5/agencies/assume', { agency_urn: sampleAgencyUrn, agency_session_name: 'steering', tags: [{ key: 'team', value }] });
    const { out } = await run(['audit', 'tail', '--count', '5'], place.environment);
    expect(out).not.toMatch(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(out).toContain('a\\u2028b\\u2029c');
  });

  it('a count that is none is refused', async () => {
    expect(await run(['audit', 'tail', '--count', '0'], place.environment)).toMatchObject({ code: 2, err: expect.stringContaining('--count') as string });
  });

  it('audit tail --follow prints each new event once, as it comes', { timeout: 30_000 }, async () => {
    const following = start(['audit', 'tail', '--count', '1', '--follow'], place.environment);
    await expect.poll(() => traces(following.out()).length, { timeout: 10_000 }).toBe(1);
    for (let number = 0; number < 3; number += 1) {
      await identity();
      await expect.poll(() => traces(following.out()).length, { timeout: 5000 }).toBe(2 + number);
    }
    await sleep(1200);
    const ids = traces(following.out()).map(({ trace_id: id }) => id);
    expect(new Set(ids).size).toBe(4);
    expect(ids).toHaveLength(4);
    await stop(following);
    expect((await identity()).status).toBe(200);
  });
});
