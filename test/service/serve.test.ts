// The service as it is started: what a first start makes and prints, how it ends, and what the next start finds.
import { exec } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleAgencyUrn } from '../../src/service/sample.js';
import { credentialsOf, type Credentials } from '../support/service.js';
import { alice, build, call, endAll, isRunning, newPlace, npmStart, processTree, profiles, root, run, serve, stop, workersOf, type Place, type Serving } from './support.js';

let place: Place;
let serving: Serving;
beforeAll(async () => {
  await build();
  place = await newPlace({ STS_WORKERS: '2' });
  serving = await serve(place.environment);
});
afterAll(async () => {
  await stop(serving);
  endAll();
  await place.remove();
});

const assume = (credentials: Credentials, url = serving.url) => call(url, credentials, '/v5/agencies/assume', { agency_urn: sampleAgencyUrn, agency_session_name: 'serve' });
const identity = (credentials: Credentials, url = serving.url) => call(url, credentials, '/v5/caller-identity');
const filesOf = (folder: string) => readdir(join(place.folder, folder));
const contents = async (folder: string): Promise<readonly string[]> => Promise.all((await filesOf(folder)).map((file) => readFile(join(place.folder, folder, file), 'utf8')));
const takesConnections = (url: string): Promise<boolean> => new Promise((resolve) => {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.once('connect', () => {
    socket.destroy();
    resolve(true);
  });
  socket.once('error', () => resolve(false));
});
const redisOf = async (environment: Place['environment']): Promise<number> => Number(await readFile(join(environment['STS_DATA_DIR'] ?? '', 'redis', 'redis.pid'), 'utf8'));

describe('a first start', () => {
  it('ends with a banner: address, data, keys, the issuer that verifiers are told, and a command that really assumes an agency', { timeout: 60_000 }, async () => {
    expect(serving.banner).toContain(`agency-sts is running at ${serving.url} (2 processes)`);
    expect(serving.banner).toContain(join(place.folder, 'data'));
    expect(serving.banner).toContain(join(place.folder, 'keys'));
    const command = serving.banner.split('\n').map((line) => line.trim()).find((line) => line.startsWith('npx agency-sts assume'));
    if (command === undefined) throw new Error(`no command in ${serving.banner}`);
    const { stdout } = await promisify(exec)(command, { cwd: root });
    expect(stdout).toMatch(/HST[A-Z2-7]{17}/);
    const { securityToken = '' } = credentialsOf((await assume(await alice(place.environment))).body);
    expect(/^issuer: (urn:agency-sts:\S+)$/m.exec(serving.banner)?.[1]).toBe(decodeJwt(securityToken).iss);
  });

  it('keeps its secrets to its owner: files 0600, folders 0700', async () => {
    const modeOf = async (...path: string[]) => ((await stat(join(place.folder, ...path))).mode & 0o777).toString(8);
    expect(await modeOf('data')).toBe('700');
    expect(await modeOf('keys')).toBe('700');
    expect(await modeOf('data', 'credentials.json')).toBe('600');
    const keys = await filesOf('keys');
    expect(keys).toHaveLength(6);
    for (const file of keys) expect([file, await modeOf('keys', file)]).toEqual([file, '600']);
  });

  it('prints and logs no secret', async () => {
    const secrets = [...(await profiles(place.environment)).values()].map(({ secretAccessKey }) => secretAccessKey);
    const material = (await contents('keys')).flatMap((text) => [...text.matchAll(/"(?:d|k)": "([^"]+)"/g)].map(([, value = '']) => value));
    expect([secrets.length, material.length]).toEqual([4, 6]);
    for (const secret of [...secrets, ...material]) expect(serving.out() + serving.err()).not.toContain(secret);
  });

  it('makes other keys than any other install', { timeout: 30_000 }, async () => {
    const other = await newPlace();
    try {
      await stop(await serve(other.environment));
      const [here, there] = [await profiles(place.environment), await profiles(other.environment)];
      expect([...there.keys()]).toEqual([...here.keys()]);
      const keys = (await readdir(join(other.folder, 'keys'))).map((file) => readFile(join(other.folder, 'keys', file), 'utf8'));
      const all = [...here.values(), ...there.values()].flatMap(({ accessKeyId, secretAccessKey }) => [accessKeyId, secretAccessKey]);
      expect(new Set(all).size).toBe(all.length);
      const ringKeys = [...(await contents('keys')), ...(await Promise.all(keys))].map((text) => /"(?:d|k)": "([^"]+)"/.exec(text)?.[1]);
      expect(new Set(ringKeys).size).toBe(12);
    } finally {
      await other.remove();
    }
  });
});

it('a second start on the same data folder is refused, and the first goes on', { timeout: 30_000 }, async () => {
  const { code, err } = await run(['serve'], place.environment);
  expect(code).not.toBe(0);
  expect(err).toMatch(/in use by another service \(pid \d+\).*STS_DATA_DIR/);
  expect((await identity(await alice(place.environment))).status).toBe(200);
});

it('a port in use ends the start with one message that names it, and leaves nothing running', { timeout: 30_000 }, async () => {
  for (const workers of ['1', '2']) {
    const other = await newPlace({ STS_WORKERS: workers, STS_PORT: new URL(serving.url).port, STS_LOG_LEVEL: 'silent' });
    try {
      const { code, err } = await run(['serve'], other.environment);
      expect(code).toBe(2);
      expect(err.match(/^agency-sts: .*/gm)?.filter((line) => line.includes('EADDRINUSE'))).toHaveLength(1);
      expect(err).toContain('STS_PORT');
      await expect.poll(async () => isRunning(await redisOf(other.environment).catch(() => 0)), { timeout: 5000 }).toBe(false);
    } finally {
      await other.remove();
    }
  }
});

it('a serving process that is killed is replaced, and the others serve meanwhile', { timeout: 30_000 }, async () => {
  const key = await alice(place.environment);
  const before = await workersOf(serving.pid);
  expect(before).toHaveLength(2);
  process.kill(before[0] ?? 0, 'SIGKILL');
  await expect.poll(async () => (await workersOf(serving.pid)).filter((pid) => !before.includes(pid)).length, { timeout: 10_000 }).toBe(1);
  expect(await workersOf(serving.pid)).toHaveLength(2);
  for (let number = 0; number < 10; number += 1) expect((await identity(key)).status).toBe(200);
});

/** Runs this in each process of the service before the service itself. */
const preloaded = (code: string): Readonly<Record<string, string>> => ({ NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}` });

it('a serving process that dies while another one still starts is replaced', { timeout: 40_000 }, async () => {
  const code = `import cluster from 'node:cluster';
    if (cluster.worker?.id === 1) {
      const send = process.send;
      process.send = (message, ...rest) => {
        if (message.port !== undefined) setTimeout(() => process.exit(9), 50);
        return send.call(process, message, ...rest);
      };
    }
    if (cluster.worker?.id === 2) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);`;
  const other = await newPlace({ STS_WORKERS: '2', ...preloaded(code) });
  try {
    const service = await serve(other.environment);
    await expect.poll(async () => (await workersOf(service.pid)).length, { timeout: 10_000 }).toBe(2);
    expect(await stop(service)).toBe(0);
  } finally {
    await other.remove();
  }
});

it.each(['1', '2'])('a start that cannot print its banner ends, with %s processes and all', { timeout: 40_000 }, async (workers) => {
  const other = await newPlace({ STS_WORKERS: workers, ...preloaded('process.stdout.write = () => { throw new Error("nowhere to print"); };') });
  try {
    const { code, err } = await run(['serve'], other.environment);
    expect(code).toBe(1);
    expect(err).toContain('agency-sts: nowhere to print');
    await expect.poll(async () => isRunning(await redisOf(other.environment).catch(() => 0)), { timeout: 5000 }).toBe(false);
  } finally {
    await other.remove();
  }
});

it('a serving process that hangs is killed at the end, and nothing is left', { timeout: 60_000 }, async () => {
  const other = await newPlace({ STS_WORKERS: '2' });
  try {
    const service = await serve(other.environment);
    const tree = await processTree(service.pid);
    const [hanging = 0] = await workersOf(service.pid);
    process.kill(hanging, 'SIGSTOP');
    const ended = stop(service);
    expect(await Promise.race([ended, sleep(25_000, 'hangs')])).toBe(0);
    expect((await Promise.all(tree.map(isRunning))).some(Boolean)).toBe(false);
  } finally {
    await other.remove();
  }
});

describe('SIGTERM', () => {
  it.each(['1', '2'])('with %s processes: calls in flight end with their answer, new ones are refused, nothing is left', { timeout: 40_000 }, async (workers) => {
    const other = await newPlace({ STS_WORKERS: workers });
    try {
      const service = await serve(other.environment);
      const key = await alice(other.environment);
      const redis = await redisOf(other.environment);
      const tree = await processTree(service.pid);
      expect(tree).toContain(redis);
      // A call stays in flight for as long as Redis does not answer.
      process.kill(redis, 'SIGSTOP');
      const calls = Array.from({ length: 4 }, () => assume(key, service.url));
      await sleep(300);
      const ended = stop(service);
      await expect.poll(() => takesConnections(service.url), { timeout: 3000 }).toBe(false);
      process.kill(redis, 'SIGCONT');
      expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      const from = Date.now();
      expect(await ended).toBe(0);
      expect(Date.now() - from).toBeLessThan(5000);
      expect((await Promise.all(tree.map(isRunning))).some(Boolean)).toBe(false);
    } finally {
      await other.remove();
    }
  });
});

it('SIGTERM to `npm start` reaches the service: nothing of it is left', { timeout: 60_000 }, async () => {
  const other = await newPlace({ STS_WORKERS: '2' });
  try {
    const service = await npmStart(other.environment);
    const tree = await processTree(service.pid);
    expect(tree).toContain(await redisOf(other.environment));
    const ended = stop(service);
    expect(await Promise.race([ended.then(() => 'ended'), sleep(25_000, 'hangs')])).toBe('ended');
    await expect.poll(async () => (await Promise.all(tree.map(isRunning))).some(Boolean), { timeout: 15_000 }).toBe(false);
  } finally {
    await other.remove();
  }
});

it('a restart finds everything: credentials, keys and accounts, and applies the sample no second time', { timeout: 40_000 }, async () => {
  const key = await alice(place.environment);
  const temporary = credentialsOf((await assume(key)).body);
  const [keys, credentials] = [await contents('keys'), await readFile(join(place.folder, 'data', 'credentials.json'), 'utf8')];
  expect(await stop(serving)).toBe(0);
  serving = await serve(place.environment);
  expect((await identity(key)).status).toBe(200);
  expect((await identity(temporary)).body.principal_urn).toContain('developer/serve');
  expect(await contents('keys')).toEqual(keys);
  expect(await readFile(join(place.folder, 'data', 'credentials.json'), 'utf8')).toBe(credentials);
  const { out } = await run(['audit', 'tail', '--count', '1000'], place.environment);
  const applied = out.trim().split('\n').filter((line) => line.includes('ApplyBootstrapFile'));
  // One in each account of the sample and in the system's.
  expect(applied).toHaveLength(3);
});

it('a kill -9 of the first process leaves nothing behind that the next start cannot clear away', { timeout: 40_000 }, async () => {
  const tree = await processTree(serving.pid);
  serving.child.kill('SIGKILL');
  await serving.ended;
  serving = await serve(place.environment);
  await expect.poll(async () => (await Promise.all(tree.map(isRunning))).some(Boolean), { timeout: 10_000 }).toBe(false);
  expect((await identity(await alice(place.environment))).status).toBe(200);
});
