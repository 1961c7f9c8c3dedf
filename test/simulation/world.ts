// The simulated installation: two workers behind a switch, a primary and a replica of Redis, one log; and what can happen to them.
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pooledRandom } from '../../src/base/clock.js';
import { parseBootstrapFile } from '../../src/directory/bootstrap-file.js';
import { commitScript } from '../../src/redis/scripts/commit.js';
import { applyBootstrap } from '../../src/service/bootstrap.js';
import { openAuditFolder } from '../../src/service/sealer/log-folder.js';
import { sealerOf } from '../../src/service/sealer/sealer-of.js';
import { readSettings, type Settings } from '../../src/service/settings.js';
import { openComposition, prepareKeys } from '../../src/service/state.js';
import type { VerifierKey } from '../../src/tlog/index.js';
import { accounts } from '../support/accounts.js';
import { standalone } from '../support/standalone.js';
import { startOfTest } from '../support/service.js';
import { freePorts } from '../support/redis-process.js';
import { startPeer, startRawRedis, type Peer, type RawRedis } from '../redis/support.js';

export interface World {
  readonly clock: { now(): number; advance(seconds: number): void };
  readonly folder: string;
  workers(): readonly Peer[];
  primary(): RawRedis;
  /** The worker ends without a word, and another one begins that knows nothing. */
  crashWorker(index: number): Promise<void>;
  /** SIGKILL, and a start on what it had written. */
  killRedis(): Promise<void>;
  /** The next commit runs, and its answer never arrives. */
  loseNextReply(): void;
  /** The replica gets nothing more until the failover: what is written meanwhile is lost with it. */
  cutReplication(): Promise<void>;
  /** The primary dies, the replica takes over, and a new replica follows it. */
  failOver(): Promise<void>;
  /** A worker moves all that waits into the log. */
  seal(index: number): Promise<void>;
  logFolder(): string;
  verifiers(): readonly VerifierKey[];
  copyOfLog(): Promise<string>;
  stop(): Promise<void>;
}

const environment = { STS_RATE_ADDRESS_PER_MINUTE: '1000000', STS_RATE_ACCESS_KEY_PER_MINUTE: '1000000' };

export async function startWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'sts-world-'));
  let time = startOfTest;
  const clock = { now: () => time, advance: (seconds: number): void => void (time += seconds * 1000) };
  let primary = await startServer();
  let replica = await followerOf(primary);
  const gate = await startSwitch(primary.redis.socketPath);
  await bootstrap(folder, gate.url, clock);
  const startWorker = (): Promise<Peer> => startPeer({ folder, clock: { ...clock, set: () => undefined } }, gate.url, environment);
  const workers = await Promise.all([startWorker(), startWorker()]);
  const copies: string[] = [];
  const logFolder = join(folder, 'data', 'audit');

  return {
    clock,
    folder,
    workers: () => workers,
    primary: () => primary.redis,
    async crashWorker(index) {
      const old = workers[index];
      old?.redis.disconnect();
      old?.server.closeAllConnections();
      workers[index] = await startWorker();
      await old?.stop();
    },
    async killRedis() {
      await primary.redis.kill();
      await primary.redis.start();
      await untilLoaded(primary);
    },
    loseNextReply: () => gate.loseNextReply(commitScript.sha),
    async cutReplication() {
      await inStep(primary, replica);
      await replica.redis.redis.call('REPLICAOF', 'NO', 'ONE');
    },
    async failOver() {
      if (await isFollowing(replica)) await inStep(primary, replica);
      await primary.redis.kill();
      await replica.redis.redis.call('REPLICAOF', 'NO', 'ONE');
      gate.turnTo(replica.redis.socketPath);
      await primary.redis.stop();
      primary = replica;
      replica = await followerOf(primary);
    },
    async seal(index) {
      const worker = workers[index];
      if (worker !== undefined) await sealWith(settingsOf(folder, gate.url), worker);
    },
    logFolder: () => logFolder,
    verifiers: () => workers[0].composition.auditLog.verifiers,
    async copyOfLog() {
      const copy = await mkdtemp(join(tmpdir(), 'sts-log-'));
      copies.push(copy);
      await mkdir(logFolder, { recursive: true });
      await cp(logFolder, copy, { recursive: true });
      return copy;
    },
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await gate.stop();
      await Promise.all([primary.redis.stop(), replica.redis.stop()]);
      await Promise.all([folder, ...copies].map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}

interface Server {
  readonly redis: RawRedis;
  readonly port: number;
}

async function startServer(): Promise<Server> {
  const [port = 0] = await freePorts(1);
  const redis = await startRawRedis(['port', String(port)], ['bind', '127.0.0.1'], ['appendonly', 'yes'], ['appendfsync', 'always'], ['no-appendfsync-on-rewrite', 'no'], ['repl-diskless-sync-delay', '0']);
  return { redis, port };
}

/** In step with its primary when this returns. */
async function followerOf({ port }: Server): Promise<Server> {
  const server = await startServer();
  await server.redis.redis.call('REPLICAOF', '127.0.0.1', String(port));
  while (!(await server.redis.redis.info('replication')).includes('master_link_status:up')) await sleep(10);
  return server;
}

const isFollowing = async ({ redis: { redis } }: Server): Promise<boolean> => (await redis.info('replication')).includes('role:slave');

/** The replica has all that was answered so far; after a restart of its primary it takes a moment. */
async function inStep(primary: Server, replica: Server): Promise<void> {
  const offsetOf = async ({ redis: { redis } }: Server): Promise<string | undefined> => /^master_repl_offset:(\d+)/m.exec(await redis.info('replication'))?.[1];
  const isUp = async (): Promise<boolean> => (await replica.redis.redis.info('replication')).includes('master_link_status:up');
  while (!(await isUp()) || (await offsetOf(primary)) !== (await offsetOf(replica))) await sleep(10);
}

async function untilLoaded({ redis: { redis } }: Server): Promise<void> {
  while (!(await redis.info('persistence').catch(() => '')).includes('loading:0')) await sleep(10);
}

const settingsOf = (folder: string, url: string): Settings => readSettings({ STS_DATA_DIR: join(folder, 'data'), STS_KEYS_DIR: join(folder, 'keys'), STS_REDIS_URL: url, ...environment });

const sealTimes = { turnMilliseconds: 2000, idleMilliseconds: 1 };
const quiet = { debug: () => undefined, info: () => undefined, error: () => undefined };

async function sealWith(settings: Settings, { composition }: Peer): Promise<void> {
  // What a serving process does after each reconnection.
  await composition.durability.reasons();
  const sealer = sealerOf(settings, composition, await openAuditFolder(composition), quiet, false, sealTimes);
  await sealer.sealAll();
}

/** A first start, as `serve` makes it. */
async function bootstrap(folder: string, url: string, clock: { now(): number }): Promise<void> {
  const settings = settingsOf(folder, url);
  const redis = await standalone(url);
  const surroundings = { clock, random: pooledRandom() };
  await prepareKeys(settings, redis, surroundings, () => undefined);
  await applyBootstrap(parseBootstrapFile(JSON.stringify(accounts)), await openComposition(settings, redis, surroundings));
  redis.disconnect();
}

interface Switch {
  readonly url: string;
  /** New connections go there; those that there are end. */
  turnTo(socketPath: string): void;
  /** Of the next piece that holds the text. */
  loseNextReply(text: string): void;
  stop(): Promise<void>;
}

async function startSwitch(first: string): Promise<Switch> {
  const folder = await mkdtemp(join(tmpdir(), 'sts-switch-'));
  const socketPath = join(folder, 's');
  let target = first;
  let lost: string | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const redis = createConnection(target);
    let isCut = false;
    const end = (): void => {
      client.destroy();
      redis.destroy();
    };
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on('error', end).on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (chunk) => {
      if (lost !== undefined && chunk.includes(lost)) {
        lost = undefined;
        isCut = true;
      }
      redis.write(chunk);
    });
    // The answer proves that the script ran; it is what gets lost.
    redis.on('data', (chunk) => (isCut ? end() : client.write(chunk)));
  });
  server.listen(socketPath);
  await once(server, 'listening');
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `unix://${socketPath}`,
    turnTo(path) {
      target = path;
      endAll();
    },
    loseNextReply: (text) => void (lost = text),
    async stop() {
      endAll();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
