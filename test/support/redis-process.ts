// Single Redis processes on TCP ports for tests that need several: started, killed, paused, and gone at the end.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { obtainRedisBinary } from '../../src/redis/embedded/index.js';

export interface RedisProcess {
  readonly port: number;
  /** Straight to this server, whatever its role. */
  readonly redis: Redis;
  /** SIGKILL, and nobody starts it again. */
  readonly kill: () => Promise<void>;
  readonly signal: (signal: 'SIGSTOP' | 'SIGCONT') => void;
  /** With what it had on disk; the end of loading is waited for. */
  readonly start: () => Promise<void>;
}

export interface ProcessRoom {
  /** @param parameters for a server with this folder */
  add(port: number, parameters: (folder: string) => Promise<readonly string[]>, password?: string): Promise<RedisProcess>;
  /** Kills all, paused ones too, and removes their files. */
  stop(): Promise<void>;
}

export async function openProcessRoom(): Promise<ProcessRoom> {
  const folder = await mkdtemp(join(tmpdir(), 'sts-topology-'));
  const binary = await obtainRedisBinary({ log: () => undefined });
  const processes: RedisProcess[] = [];
  const children = new Set<ChildProcess>();
  const killAll = (): void => children.forEach((child) => child.kill('SIGKILL'));
  // A test run that is ended early leaves no servers behind.
  process.once('exit', killAll);

  async function add(port: number, parametersIn: (folder: string) => Promise<readonly string[]>, password?: string): Promise<RedisProcess> {
    const own = join(folder, String(port));
    await mkdir(own);
    const parameters = await parametersIn(own);
    const redis = new Redis({
      port, host: '127.0.0.1', ...(password !== undefined && { password }), protocol: 2, lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: null,
    });
    redis.on('error', () => undefined);
    let child: ChildProcess | undefined;
    const added: RedisProcess = {
      port, redis,
      async start() {
        child = spawn(binary.command, parameters, { cwd: own, env: { ...process.env, ...binary.env, LC_ALL: 'C' }, stdio: 'ignore' });
        children.add(child);
        await once(child, 'spawn');
        await redis.ping();
      },
      async kill() {
        if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
        children.delete(child);
      },
      signal: (signal) => void child?.kill(signal),
    };
    processes.push(added);
    await added.start();
    return added;
  }

  return {
    add,
    async stop() {
      for (const { redis } of processes) redis.disconnect();
      await Promise.all(processes.map(({ kill }) => kill()));
      process.off('exit', killAll);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Different ones: all are held until the last is found. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  // A server that listens on TCP has an address of this form.
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** What every server has that may hold state; the first copy to a replica is made at once. */
export const durableParameters = [
  '--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction', '--repl-diskless-sync-delay', '0',
] as const;

/** Waits for what processes do among themselves; an attempt that fails is one that is not there yet. */
export async function until<T>(what: string, attempt: () => Promise<T | undefined>, milliseconds = 20_000): Promise<T> {
  const end = performance.now() + milliseconds;
  for (;;) {
    const result = await attempt().catch(() => undefined);
    if (result !== undefined) return result;
    if (performance.now() > end) throw new Error(`${what} did not happen within ${milliseconds} ms`);
    await sleep(25);
  }
}
