// Proves that the embedded server keeps what it acknowledged through stops, kills and orphans, and leaves nothing behind.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { spawnServer, waitUntilReady, type ServerProcess } from '../../../src/redis/embedded/child.js';
import { writeConfiguration } from '../../../src/redis/embedded/configuration.js';
import { findEmbeddedRedis, obtainRedisBinary, startEmbeddedRedis, type EmbeddedRedis } from '../../../src/redis/embedded/index.js';
import { openPlaces, prepareSocketPath } from '../../../src/redis/embedded/places.js';
import { identifyProcess } from '../../../src/redis/embedded/process-identity.js';

let dataDir: string;
let messages: string[];
const running: EmbeddedRedis[] = [];
const orphans: ServerProcess[] = [];

const log = (message: string): void => {
  messages.push(message);
};

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sts-embedded-'));
  messages = [];
});

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  for (const orphan of orphans.splice(0)) orphan.signal('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

async function start(folder = dataDir, restart = true): Promise<EmbeddedRedis> {
  const server = await startEmbeddedRedis({ dataDir: folder, log, restart });
  running.push(server);
  return server;
}

async function ask<Answer>(socketPath: string, question: (redis: Redis) => Promise<Answer>): Promise<Answer> {
  const redis = new Redis({ path: socketPath, retryStrategy: () => 20 });
  redis.on('error', () => undefined);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

/** A server that its service left behind: started like ours, watched by nobody. */
async function leaveOrphan(): Promise<{ readonly orphan: ServerProcess; readonly socketPath: string }> {
  const places = await openPlaces(dataDir);
  const socketPath = await prepareSocketPath(places);
  await writeConfiguration(places, socketPath);
  const orphan = await spawnServer(await obtainRedisBinary({ log }), places, false);
  orphans.push(orphan);
  await waitUntilReady(orphan, { socketPath, logFile: places.logFile, log });
  return { orphan, socketPath };
}

async function isRunning(pid: number): Promise<boolean> {
  return (await identifyProcess(pid)) !== undefined;
}

async function endsWithin(pid: number, milliseconds: number): Promise<boolean> {
  for (let waited = 0; waited < milliseconds; waited += 20) {
    if (!(await isRunning(pid))) return true;
    await sleep(20);
  }
  return false;
}

describe('settings', () => {
  it('syncs every write, never evicts, listens on no port and is closed to other users', async () => {
    const server = await start();
    const settings = await ask(server.socketPath, async (redis) => {
      const names = ['appendonly', 'appendfsync', 'maxmemory-policy', 'port', 'save', 'aof-load-truncated', 'unixsocketperm'];
      const values = await Promise.all(names.map(async (name) => String((await redis.config('GET', name) as unknown[])[1])));
      return Object.fromEntries(names.map((name, index) => [name, values[index]]));
    });
    expect(settings).toEqual({
      appendonly: 'yes', appendfsync: 'always', 'maxmemory-policy': 'noeviction', port: '0', save: '', 'aof-load-truncated': 'yes', unixsocketperm: '700',
    });
    expect((await stat(join(dataDir, 'redis'))).mode & 0o777).toBe(0o700);
    expect((await stat(server.socketPath)).mode & 0o777).toBe(0o700);
    expect((await stat(join(dataDir, 'redis', 'redis.conf'))).mode & 0o777).toBe(0o600);
  });

  it('closes a folder that was open to others', async () => {
    await mkdir(join(dataDir, 'redis'));
    await chmod(join(dataDir, 'redis'), 0o777);
    await start();
    expect((await stat(join(dataDir, 'redis'))).mode & 0o777).toBe(0o700);
  });

  it('takes a data folder whose name holds spaces and quotes', async () => {
    const server = await start(join(dataDir, 'a "data" folder'));
    expect(await ask(server.socketPath, (redis) => redis.ping())).toBe('PONG');
  });

  it.each([['deep', 'd'.repeat(120)], ['non-ascii', 'ü'.repeat(50)]])('puts the socket elsewhere when the data path is too long: %s', async (_case, name) => {
    const folder = join(dataDir, name);
    const server = await start(folder);
    expect(Buffer.byteLength(server.socketPath)).toBeLessThanOrEqual(100);
    expect(server.socketPath.startsWith(folder)).toBe(false);
    expect((await stat(join(server.socketPath, '..'))).mode & 0o777).toBe(0o700);
    expect(await findEmbeddedRedis(folder)).toEqual({ socketPath: server.socketPath });
    await server.stop();
    expect(existsSync(join(server.socketPath, '..'))).toBe(false);
    expect(await findEmbeddedRedis(folder)).toBeUndefined();
  });
});

describe('stop', () => {
  it('keeps the data for the next start and leaves no process, socket or claim', async () => {
    const first = await start();
    const { pid } = first;
    await ask(first.socketPath, (redis) => redis.set('kept', 'yes'));
    await Promise.all([first.stop(), first.stop()]);
    expect(await isRunning(pid)).toBe(false);
    expect(existsSync(first.socketPath)).toBe(false);
    const second = await start();
    expect(second.pid).not.toBe(pid);
    expect(await ask(second.socketPath, (redis) => redis.get('kept'))).toBe('yes');
  });

  it('does not start again after a stop, even in the middle of a restart', async () => {
    const server = await start();
    await server.kill();
    await server.stop();
    await sleep(300);
    expect(await isRunning(server.pid)).toBe(false);
    expect(await findEmbeddedRedis(dataDir)).toBeUndefined();
  });
});

describe('death of the server', () => {
  it('is followed by a restart with every acknowledged write, also after a second death', async () => {
    const server = await start();
    for (const round of [1, 2]) {
      const { pid } = server;
      await ask(server.socketPath, (redis) => redis.set(`round-${round}`, 'acknowledged'));
      await server.kill();
      const values = await ask(server.socketPath, (redis) => redis.mget('round-1', `round-${round}`));
      expect(values).toEqual(['acknowledged', 'acknowledged']);
      await expect.poll(() => server.pid, { timeout: 10_000 }).not.toBe(pid);
    }
    expect(messages.filter((message) => message.includes('ended unexpectedly (SIGKILL)'))).toHaveLength(2);
  });

  it('under load loses nothing that was acknowledged', async () => {
    const server = await start();
    const acknowledged: string[] = [];
    const redis = new Redis({ path: server.socketPath, retryStrategy: () => null, maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false });
    redis.on('error', () => undefined);
    const writers = Array.from({ length: 16 }, async (_, writer) => {
      for (let number = 0; ; number += 1) {
        try {
          await redis.set(`w${writer}-${number}`, '1');
        } catch {
          return;
        }
        acknowledged.push(`w${writer}-${number}`);
      }
    });
    await expect.poll(() => acknowledged.length, { timeout: 10_000 }).toBeGreaterThan(500);
    await server.kill();
    await Promise.all(writers);
    redis.disconnect();
    const found = await ask(server.socketPath, (again) => again.exists(...acknowledged));
    expect(found).toBe(acknowledged.length);
  });

  it('is only reported where restarts are not wanted', async () => {
    const server = await start(dataDir, false);
    await server.kill();
    await sleep(300);
    expect(await findEmbeddedRedis(dataDir)).toBeUndefined();
    expect(messages.at(-1)).toMatch(/ended unexpectedly \(SIGKILL\)$/);
  });

  it('in the middle of a write leaves half a command behind, which is dropped', async () => {
    const first = await start();
    await ask(first.socketPath, (redis) => redis.set('kept', 'yes'));
    await first.stop();
    const file = join(dataDir, 'redis', 'appendonlydir', 'appendonly.aof.1.incr.aof');
    await writeFile(file, `${await readFile(file, 'utf8')}*3\r\n$3\r\nSET\r\n$4\r\nha`);
    const second = await start();
    expect(await ask(second.socketPath, (redis) => redis.mget('kept', 'half'))).toEqual(['yes', null]);
  });

  it('at the start ends the start, naming the log, and frees the folder', async () => {
    const first = await start();
    await ask(first.socketPath, (redis) => redis.set('key', 'value'));
    await first.stop();
    const file = join(dataDir, 'redis', 'appendonlydir', 'appendonly.aof.1.incr.aof');
    await writeFile(file, `garbage\r\n${await readFile(file, 'utf8')}`);
    await expect(start()).rejects.toThrow(/ended while starting .*redis\.log/);
    await rm(join(dataDir, 'redis', 'appendonlydir'), { recursive: true });
    await start();
  });
});

describe('one service per data folder', () => {
  it('refuses a second one, naming the pid of the first, which goes on', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(`in use by another service (pid ${process.pid})`);
    expect(await ask(first.socketPath, (redis) => redis.ping())).toBe('PONG');
  });

  it('lets exactly one of many that start at once have it, after a dead one', async () => {
    await mkdir(join(dataDir, 'redis'), { mode: 0o700 });
    const { dev, ino } = await stat(join(dataDir, 'redis'));
    const dead = { pid: process.pid, startedAt: 'before this process got the number', folder: `${dev}:${ino}` };
    await writeFile(join(dataDir, 'redis', 'owner-7.json'), JSON.stringify(dead));
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => start()));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });

  it('is free to serve a copy of a folder in use', async () => {
    const first = await start();
    await ask(first.socketPath, (redis) => redis.set('kept', 'yes'));
    const copy = join(dataDir, 'copy');
    await cp(join(dataDir, 'redis'), join(copy, 'redis'), { recursive: true, filter: (path) => !path.endsWith('.sock') });
    const second = await start(copy);
    expect(await ask(second.socketPath, (redis) => redis.get('kept'))).toBe('yes');
    expect(await isRunning(first.pid)).toBe(true);
  });

  it('is not held up by a claim that was cut off while it was written', async () => {
    await mkdir(join(dataDir, 'redis'), { mode: 0o700 });
    await writeFile(join(dataDir, 'redis', 'owner-1.json'), '');
    await start();
  });
});

describe('a server left behind', () => {
  it('is ended and its data is served on', async () => {
    const { orphan, socketPath } = await leaveOrphan();
    await ask(socketPath, (redis) => redis.set('kept', 'yes'));
    const server = await start();
    expect(await isRunning(orphan.pid)).toBe(false);
    expect(messages.join('\n')).toContain(`ending pid ${orphan.pid}`);
    expect(await ask(server.socketPath, (redis) => redis.get('kept'))).toBe('yes');
  });

  it('is ended too when its socket is gone', async () => {
    const { orphan, socketPath } = await leaveOrphan();
    await rm(socketPath);
    await start();
    expect(await isRunning(orphan.pid)).toBe(false);
  });

  it('is none when the pid now belongs to another process', async () => {
    const bystander = spawn('sleep', ['60']);
    try {
      await mkdir(join(dataDir, 'redis'), { mode: 0o700 });
      await writeFile(join(dataDir, 'redis', 'redis.pid'), `${bystander.pid ?? 0}\n`);
      await start();
      expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    } finally {
      bystander.kill();
    }
  });

  it('is not confused with a server of another folder behind a copied pointer', async () => {
    const longName = 'd'.repeat(120);
    const other = await start(join(dataDir, longName));
    const copy = join(dataDir, `${longName}-copy`);
    await mkdir(join(copy, 'redis'), { recursive: true, mode: 0o700 });
    await writeFile(join(copy, 'redis', 'redis.sock.path'), other.socketPath);
    expect(await findEmbeddedRedis(copy)).toBeUndefined();
    const server = await start(copy);
    expect(server.socketPath).not.toBe(other.socketPath);
    expect(await isRunning(other.pid)).toBe(true);
  });

  it.runIf(process.platform === 'linux')('does not exist where the kernel ends the server with its service', async () => {
    const { stdout } = await promisify(execFile)('setpriv', ['--help']).catch(() => ({ stdout: '' }));
    if (!stdout.includes('--pdeathsig')) return;
    const binary = await obtainRedisBinary({ log });
    const pidFile = join(dataDir, 'server.pid');
    // Stands for a service: it starts a server tied to itself, as ours does, and is killed.
    const service = spawn('sh', ['-c', `setpriv --pdeathsig TERM -- "$0" --port 0 --unixsocket "$1/s" --dir "$1" & echo $! > "$2"; wait`, binary.command, dataDir, pidFile], {
      env: { ...process.env, ...binary.env },
    });
    await expect.poll(() => readFile(pidFile, 'utf8').catch(() => ''), { timeout: 10_000 }).not.toBe('');
    const pid = Number(await readFile(pidFile, 'utf8'));
    await sleep(300);
    service.kill('SIGKILL');
    await once(service, 'exit');
    expect(await endsWithin(pid, 5_000)).toBe(true);
  });
});

describe('findEmbeddedRedis', () => {
  it('finds nothing where nothing is, and makes nothing', async () => {
    expect(await findEmbeddedRedis(join(dataDir, 'absent'))).toBeUndefined();
    expect(existsSync(join(dataDir, 'absent'))).toBe(false);
  });

  it('finds the running server', async () => {
    const server = await start();
    expect(await findEmbeddedRedis(dataDir)).toEqual({ socketPath: server.socketPath });
  });
});
