// The measured processes: a durable Redis each, the built service, and the floor, all on loopback.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BootstrapFileText } from '../../src/directory/bootstrap-file.js';
import { startEmbeddedRedis } from '../../src/redis/embedded/index.js';
import { pinned, processTree } from './machine.js';

export interface Measured {
  readonly port: number;
  readonly redisPid: number;
  readonly redisUrl: string;
  /** Data and keys of the service. */
  readonly folder: string;
  /** The process and its own. */
  pids(): readonly number[];
  stop(): Promise<void>;
}

export interface Start {
  readonly bootstrap: BootstrapFileText;
  readonly core: number | undefined;
  readonly workers?: number;
  /** Before the server starts, with its Redis running. */
  readonly fill?: (place: { readonly redisUrl: string; readonly folder: string }) => Promise<void>;
}

const serviceProgram = fileURLToPath(new URL('../../../../dist/main.js', import.meta.url));
const floorProgram = fileURLToPath(new URL('../floor/floor.js', import.meta.url));
const unlimited = '100000000';

/** The settings with which the measured service runs; everything else is as shipped. */
export const environmentOf = (folder: string, redisUrl: string, workers: number): Readonly<Record<string, string>> => ({
  STS_REDIS_URL: redisUrl, STS_DATA_DIR: join(folder, 'data'), STS_KEYS_DIR: join(folder, 'keys'), STS_BOOTSTRAP_FILE: join(folder, 'bootstrap.json'),
  STS_WORKERS: String(workers), STS_LOG_LEVEL: 'error', STS_RATE_ADDRESS_PER_MINUTE: unlimited, STS_RATE_ACCESS_KEY_PER_MINUTE: unlimited,
});

/** `dist/main.js serve`; rate limits are counted, and too high to refuse anything. */
export const startService = (start: Start): Promise<Measured> => startBeside(start, async (folder, redisUrl) => {
  const { core, workers = 1 } = start;
  const port = await freePort();
  const child = launch(pinned(core, [process.execPath, serviceProgram, 'serve']), {
    ...environmentOf(folder, redisUrl, workers), STS_PORT: String(port), UV_THREADPOOL_SIZE: process.env['UV_THREADPOOL_SIZE'] ?? '16',
  });
  await waitUntilReady(child, port);
  return { child, port };
});

export const startFloor = (start: Start, program = floorProgram): Promise<Measured> => startBeside(start, async (folder, redisUrl) => {
  const child = launch(pinned(start.core, [process.execPath, program, join(folder, 'bootstrap.json'), redisUrl.replace('unix://', '')]), {});
  return { child, port: Number(await firstLine(child)) };
});

async function startBeside({ bootstrap, fill }: Start, run: (folder: string, redisUrl: string) => Promise<{ child: ChildProcess; port: number }>): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'agency-sts-bench-'));
  folders.add(folder);
  await mkdir(join(folder, 'redis'));
  await writeFile(join(folder, 'bootstrap.json'), JSON.stringify(bootstrap));
  const redis = await startEmbeddedRedis({ dataDir: join(folder, 'redis'), log: (message) => void process.stderr.write(`${message}\n`) });
  const redisUrl = `unix://${redis.socketPath}`;
  const end = async (): Promise<void> => {
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
    folders.delete(folder);
  };
  try {
    await fill?.({ redisUrl, folder });
    const { child, port } = await run(folder, redisUrl);
    const { pid } = child;
    if (pid === undefined) throw new Error('the server has no process');
    return {
      port, redisUrl, folder, redisPid: redis.pid, pids: () => processTree(pid),
      async stop() {
        await endChild(child);
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function launch([program = '', ...parameters]: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('STS_')));
  const child = spawn(program, parameters, { env: { ...own, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  // Errors in its log and of Node are for the reader; what a first start tells is not.
  createInterface(child.stderr).on('line', (line) => (/^agency-sts: (?:made|filled)/.test(line) ? undefined : process.stderr.write(`${line}\n`)));
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

const running = new Set<ChildProcess>();
const folders = new Set<string>();
process.once('exit', () => {
  running.forEach((child) => child.kill('SIGKILL'));
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the output of the server is read');
  const lines = createInterface(child.stdout);
  const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => ['ended'])])) as [string];
  return line;
}

async function waitUntilReady(child: ChildProcess, port: number): Promise<void> {
  child.stdout?.resume();
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the service ended while it started');
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await ended;
  clearTimeout(insist);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await once(server.close(), 'close');
  if (typeof address !== 'object' || address === null) throw new Error('a server on TCP has a port');
  return address.port;
}
