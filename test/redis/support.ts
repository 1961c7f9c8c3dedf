// What the tests of this room share: raw Redis servers, a proxy that holds or cuts, a second process, a dump of everything.
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import supertest from 'supertest';
import { pooledRandom } from '../../src/base/clock.js';
import { obtainRedisBinary } from '../../src/redis/embedded/index.js';
import type { Composition } from '../../src/service/composition.js';
import { readSettings } from '../../src/service/settings.js';
import { openComposition } from '../../src/service/state.js';
import { createWorkerServer } from '../../src/service/worker.js';
import { signRequest } from '../../src/signing/index.js';
import type { Answer, AnswerBody, Credentials, LogLine, TestService } from '../support/service.js';
import { standalone } from '../support/standalone.js';

export interface RawRedis {
  readonly socketPath: string;
  readonly url: string;
  /** Of a test that looks over the service's shoulder. */
  readonly redis: Redis;
  readonly pid: () => number;
  /** SIGKILL, and nobody starts it again. */
  kill(): Promise<void>;
  start(...more: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** A server of its own with the given settings, such as `['appendonly', 'yes']`. */
export async function startRawRedis(...settings: readonly (readonly string[])[]): Promise<RawRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'sts-raw-'));
  const socketPath = join(folder, 's');
  const binary = await obtainRedisBinary({ log: () => undefined });
  const redis = new Redis(socketPath, { lazyConnect: true, enableReadyCheck: false, retryStrategy: () => 20 });
  redis.on('error', () => undefined);
  const fixed = ['--port', '0', '--unixsocket', socketPath, '--dir', folder, '--save', ''];
  const own = settings.flatMap(([name = '', ...values]) => [`--${name}`, ...values]);
  let child: ChildProcess = spawn('true');
  const start = async (...more: readonly string[]): Promise<void> => {
    child = spawn(binary.command, [...fixed, ...own, ...more], { env: { ...process.env, ...binary.env, LC_ALL: 'C' }, stdio: 'ignore' });
    await once(child, 'spawn');
  };
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  await start();
  await redis.connect().catch(() => undefined);
  await redis.ping();
  return {
    socketPath, url: `unix://${socketPath}`, redis, pid: () => child.pid ?? 0, kill, start,
    async stop() {
      redis.disconnect();
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What happens to a piece of what the client sent: on its way, without its answer, not at all, or with no answer as long as the client waits. */
export type Fate = 'forward' | 'cut-before-reply' | 'cut-before-send' | 'hold-reply';

export interface Proxy {
  readonly url: string;
  /** Asked for every piece that holds the text; the piece waits for the answer. Undefined: everything goes on. */
  watch(text: string, decide: (() => Promise<Fate> | Fate) | undefined): void;
  stop(): Promise<void>;
}

export async function startProxy(targetSocketPath: string): Promise<Proxy> {
  const folder = await mkdtemp(join(tmpdir(), 'sts-proxy-'));
  const socketPath = join(folder, 's');
  let watched = '';
  let decide: (() => Promise<Fate> | Fate) | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const target = createConnection(targetSocketPath);
    let cutting = false;
    let holding = false;
    let queue = Promise.resolve();
    const end = (): void => {
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', end).on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (chunk) => {
      queue = queue.then(async () => {
        const fate = decide !== undefined && chunk.includes(watched) ? await decide() : 'forward';
        if (fate === 'cut-before-send') end();
        if (fate === 'cut-before-reply') cutting = true;
        if (fate === 'hold-reply') holding = true;
        if (!target.destroyed) target.write(chunk);
      });
    });
    // The answer of the piece proves that it ran; it is what gets lost.
    target.on('data', (chunk) => {
      if (cutting) end();
      else if (!holding) client.write(chunk);
    });
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    url: `unix://${socketPath}`,
    watch(text, by) {
      watched = text;
      decide = by;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface Peer {
  readonly composition: Composition;
  readonly redis: Redis;
  readonly server: Server;
  readonly logged: LogLine[];
  call(credentials: Credentials, method: 'GET' | 'POST', path: string, body?: object): Promise<Answer>;
  assume(credentials: Credentials, body: object): Promise<Answer>;
  identity(credentials: Credentials): Promise<Answer>;
  stop(): Promise<void>;
}

/** Another serving process on the service's state: own caches, own connection, the same keys and clock. */
export async function startPeer({ folder, clock }: Pick<TestService, 'folder' | 'clock'>, redisUrl: string, environment: Readonly<Record<string, string>> = {}): Promise<Peer> {
  const settings = readSettings({ STS_DATA_DIR: join(folder, 'data'), STS_KEYS_DIR: join(folder, 'keys'), STS_REDIS_URL: redisUrl, ...environment });
  const redis = await standalone(redisUrl);
  const composition = await openComposition(settings, redis, { clock, random: pooledRandom() });
  const logged: LogLine[] = [];
  const note = (level: LogLine['level']) => (fields: object, message: string): void => {
    logged.push({ level, fields, message });
  };
  const server = createWorkerServer(settings, composition, { debug: note('debug'), info: note('info'), error: note('error') });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const call: Peer['call'] = async (credentials, method, path, body) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = signRequest({
      method, url: `http://127.0.0.1${path}`, headers: text === undefined ? {} : { 'content-type': 'application/json' },
      ...(text !== undefined && { body: text }), ...credentials, date: new Date(clock.now()),
    });
    delete headers['host'];
    const request = supertest(server)[method === 'GET' ? 'get' : 'post'](path).set({ ...headers, host: '127.0.0.1' });
    const response = await (text === undefined ? request : request.send(text));
    // supertest types what it parsed as any.
    return { status: response.status, headers: response.headers, body: response.body as AnswerBody };
  };
  return {
    composition, redis, server, logged, call,
    assume: (credentials, body) => call(credentials, 'POST', '/v5/agencies/assume', body),
    identity: (credentials) => call(credentials, 'GET', '/v5/caller-identity'),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      redis.disconnect();
    },
  };
}

/** Counters of requests, and places of status lists, which a refused call may use up. */
const countersOnly = /^agency-sts:(attempts|unidentified)|:status-index$/;

/** Everything that Redis holds but counters: key → digest of its content. */
export async function dump(redis: Redis): Promise<ReadonlyMap<string, string>> {
  const keys = (await keysLike(redis, '*')).filter((key) => !countersOnly.test(key));
  return new Map(await Promise.all(keys.map(async (key) => [key, createHash('sha256').update(JSON.stringify(await content(redis, key))).digest('hex')] as const)));
}

/** Of a key, in an order that does not depend on how Redis keeps it. */
export async function content(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  switch (type) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return Object.entries(await redis.hgetall(key)).sort();
    case 'set':
      return (await redis.smembers(key)).sort();
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'zset':
      return redis.zrange(key, 0, '-1', 'WITHSCORES');
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      throw new Error(`\`${key}\` is of type ${type}`);
  }
}

/** Names of keys, sorted. */
export async function keysLike(redis: Redis, pattern: string): Promise<string[]> {
  return (await redis.keys(pattern)).sort();
}

export const countSessions = async (redis: Redis): Promise<number> => (await keysLike(redis, '*:session:*')).length;
