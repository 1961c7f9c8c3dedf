// Processes of the service killed in the middle of calls: no credential without an event, no event twice, and a log that verifies.
import { once } from 'node:events';
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { logVerifiers } from '../../src/audit/log/log.js';
import { verifyLog } from '../../src/audit/log/verify.js';
import { loadKeyring } from '../../src/keyring/files.js';
import { signRequest } from '../../src/signing/index.js';
import { formatVerifierKey, type VerifierKey } from '../../src/tlog/index.js';
import { keysLike, startProxy, startRawRedis, type Proxy, type RawRedis } from '../redis/support.js';
import { accounts, agencies, ask, keys } from '../support/accounts.js';
import { build, endAll, isRunning, newPlace, processTree, run, serve, stop, workersOf, type Place, type Serving } from './support.js';

let raw: RawRedis;
let proxy: Proxy;
let place: Place;
beforeAll(async () => {
  await build();
  raw = await startRawRedis(['appendonly', 'yes'], ['appendfsync', 'always']);
  proxy = await startProxy(raw.socketPath);
  const fresh = await newPlace({
    STS_WORKERS: '2', STS_REDIS_URL: proxy.url, STS_LOG_LEVEL: 'silent', STS_RATE_ADDRESS_PER_MINUTE: '1000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '1000000',
  });
  const bootstrap = join(fresh.folder, 'accounts.json');
  await writeFile(bootstrap, JSON.stringify(accounts), { mode: 0o600 });
  place = { ...fresh, environment: { ...fresh.environment, STS_BOOTSTRAP_FILE: bootstrap } };
}, 60_000);
afterAll(async () => {
  endAll();
  await proxy.stop();
  await raw.stop();
  await place.remove();
});

interface Call {
  /** The client's end of the connection. */
  readonly port: number;
  /** Undefined: the connection broke without an answer. */
  readonly answer: Promise<{ readonly status: number; readonly eventId: string; readonly text: string } | undefined>;
}

async function assume({ url }: Serving, name: string): Promise<Call> {
  // Of another account: both have an event.
  const body = JSON.stringify(ask(agencies.second, { agency_session_name: name }));
  const headers = signRequest({ method: 'POST', url: `${url}/v5/agencies/assume`, headers: { 'content-type': 'application/json' }, body, ...keys.alice, date: new Date() });
  const sent = request(`${url}/v5/agencies/assume`, { method: 'POST', headers, agent: false });
  const answer = new Promise<Awaited<Call['answer']>>((resolve) => {
    sent.once('error', () => resolve(undefined)).once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).once('error', () => resolve(undefined))
        .once('end', () => resolve({ status: response.statusCode ?? 0, eventId: String(response.headers['x-audit-event-id'] ?? ''), text }));
    });
  });
  sent.end(body);
  const [socket] = await once(sent, 'socket') as [Socket];
  if (socket.connecting) await once(socket, 'connect').catch(() => undefined);
  return { port: socket.localPort ?? 0, answer };
}

/** Which of the processes has the other end of the connection. */
async function ownerOf(port: number, serving: Serving): Promise<number> {
  const hex = (number: number): string => number.toString(16).toUpperCase().padStart(4, '0');
  const wanted = new RegExp(`:${hex(Number(new URL(serving.url).port))} [0-9A-F]+:${hex(port)} 01 `);
  const tables = await Promise.all(['tcp', 'tcp6'].map((table) => readFile(`/proc/net/${table}`, 'utf8').catch(() => '')));
  const inode = tables.join('\n').split('\n').find((line) => wanted.test(line))?.trim().split(/\s+/)[9];
  for (const pid of await workersOf(serving.pid)) {
    const links = await Promise.all((await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
    if (inode !== undefined && links.includes(`socket:[${inode}]`)) return pid;
  }
  throw new Error(`no process has the connection from port ${port}`);
}

const trace = z.object({ trace_id: z.string(), trace_name: z.string(), account_id: z.string(), request: z.string().optional() });
const asked = z.object({ session_name: z.string().optional() });

interface Found extends Omit<z.infer<typeof trace>, 'request'> {
  readonly sessionName: string | undefined;
}

/** All events, in the log or waiting, as the command on the machine finds them. */
async function events(): Promise<readonly Found[]> {
  const { code, out, err } = await run(['audit', 'tail', '--count', '1000000'], { ...place.environment, STS_REDIS_URL: raw.url });
  expect([code, err]).toEqual([0, '']);
  return out.trim().split('\n').map((line) => {
    const { request: text = '{}', ...event } = trace.parse(JSON.parse(line));
    return { ...event, sessionName: asked.parse(JSON.parse(text)).session_name };
  });
}

const logFolder = (): string => join(place.environment['STS_DATA_DIR'] ?? '', 'audit');

async function verifiers(): Promise<readonly VerifierKey[]> {
  const { log: name } = z.object({ log: z.string() }).parse(JSON.parse(await readFile(join(logFolder(), 'log.json'), 'utf8')));
  return logVerifiers(await loadKeyring(place.environment['STS_KEYS_DIR'] ?? ''), name);
}

/** By the command, with nothing but the folder and the keys. */
async function expectVerified(): Promise<void> {
  const { code, err } = await run(['audit', 'verify', logFolder(), ...(await verifiers()).flatMap((each) => ['--key', formatVerifierKey(each)])], {});
  expect([code, err]).toEqual([0, '']);
}

const sessions = async (): Promise<number> => (await keysLike(raw.redis, '*:session:HST*')).length;
const waiting = async (): Promise<number> => {
  const lengths = await Promise.all((await keysLike(raw.redis, '*:audit')).map((stream) => raw.redis.xlen(stream)));
  return lengths.reduce((sum, length) => sum + length, 0);
};

it('a process killed between script and answer leaves one session, its two events and no credential, and the service goes on', { timeout: 60_000 }, async () => {
  const serving = await serve(place.environment);
  const before = await sessions();
  proxy.watch('"held-back"', () => 'hold-reply');
  const { port, answer } = await assume(serving, 'held-back');
  await expect.poll(sessions, { timeout: 5000 }).toBe(before + 1);
  const workers = await workersOf(serving.pid);
  const killed = await ownerOf(port, serving);
  process.kill(killed, 'SIGKILL');
  expect(await answer).toBeUndefined();
  proxy.watch('', undefined);

  await expect.poll(async () => (await workersOf(serving.pid)).filter((pid) => !workers.includes(pid)).length, { timeout: 10_000 }).toBe(1);
  expect((await workersOf(serving.pid)).includes(killed)).toBe(false);
  for (let number = 0; number < 4; number += 1) expect((await (await assume(serving, 'afterwards')).answer)?.status).toBe(200);
  // A turn that the killed process had taken is anybody's after five seconds.
  await expect.poll(waiting, { timeout: 15_000 }).toBe(0);
  expect(await sessions()).toBe(before + 5);
  const held = (await events()).filter(({ sessionName }) => sessionName === 'held-back');
  expect(held.map(({ trace_name: name }) => name)).toEqual(['AssumeAgency', 'AssumeAgency']);
  expect(new Set(held.map(({ account_id: accountId }) => accountId)).size).toBe(2);
  await expectVerified();
  expect(await stop(serving)).toBe(0);
});

it('all processes killed again and again under load: every event that was told is there, once, and the log verifies', { timeout: 90_000 }, async () => {
  const told: string[] = [];
  const issued: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const serving = await serve(place.environment);
    const tree = await processTree(serving.pid);
    let running = true;
    const callers = Array.from({ length: 8 }, async (_, caller) => {
      for (let number = 0; running; number += 1) {
        const found = await assume(serving, `load-${round}-${caller}-${number}`).then((call) => call.answer, () => undefined);
        if (found?.status !== 200) await sleep(20);
        if (found === undefined) continue;
        told.push(found.eventId);
        if (found.status === 200) issued.push(`load-${round}-${caller}-${number}`);
      }
    });
    const enough = issued.length + 30;
    try {
      await expect.poll(() => issued.length, { timeout: 10_000, interval: 5 }).toBeGreaterThan(enough);
      // Somewhere in a turn of sealing, which comes twice a second.
      await sleep(round * 90);
    } finally {
      for (const pid of tree) process.kill(pid, 'SIGKILL');
      await serving.ended;
      running = false;
      await Promise.all(callers);
    }
    expect((await Promise.all(tree.map(isRunning))).some(Boolean)).toBe(false);
    expect((await verifyLog(logFolder(), await verifiers())).findings).toEqual([]);
  }
  await expectVerified();
  const all = await events();
  const ids = all.map(({ trace_id: id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const known = new Set(ids);
  expect(told.filter((id) => !known.has(id))).toEqual([]);
  // Each has an event in both accounts.
  const counts = new Map<string | undefined, number>();
  for (const { sessionName } of all) counts.set(sessionName, (counts.get(sessionName) ?? 0) + 1);
  expect(issued.filter((name) => counts.get(name) !== 2)).toEqual([]);
});
