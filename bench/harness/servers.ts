// The measured processes: a durable Redis each, the built service, and the floor, all on loopback.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import type { BootstrapFileText } from '../../src/directory/bootstrap-file.js';
import { keyNames } from '../../src/redis/cells.js';
import { startEmbeddedRedis } from '../../src/redis/embedded/index.js';
import { endChild, freePort, launch, newFolder, toldPort, waitUntilAnswering, type Child } from './children.js';
import { pinned, processTree } from './machine.js';

export interface Measured {
  readonly port: number;
  /** The processes that count as its Redis; none where it has none. */
  redisPids(): readonly number[];
  /** The process and its own. */
  pids(): readonly number[];
  /** Whether it has done what it does behind its answers; absent: its processor time alone tells. */
  isDone?(): Promise<boolean>;
  stop(): Promise<void>;
}

export interface MeasuredOnRedis extends Measured {
  readonly redisUrl: string;
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
const cells = 16;
const unlimited = '100000000';

/** The settings with which the measured service runs; everything else is as shipped. */
export const environmentOf = (folder: string, redisUrl: string, workers: number): Readonly<Record<string, string>> => ({
  STS_REDIS_URL: redisUrl, STS_DATA_DIR: join(folder, 'data'), STS_KEYS_DIR: join(folder, 'keys'), STS_BOOTSTRAP_FILE: join(folder, 'bootstrap.json'),
  STS_WORKERS: String(workers), STS_CELLS: String(cells), STS_LOG_LEVEL: 'error', STS_RATE_ADDRESS_PER_MINUTE: unlimited, STS_RATE_ACCESS_KEY_PER_MINUTE: unlimited,
});

/** `dist/main.js serve`; rate limits are counted, and too high to refuse anything. */
export const startService = (start: Start): Promise<MeasuredOnRedis> => startBeside(start, async (folder, redisUrl) => {
  const { core, workers = 1 } = start;
  const port = await freePort();
  const environment = { ...environmentOf(folder, redisUrl, workers), STS_PORT: String(port), UV_THREADPOOL_SIZE: process.env['UV_THREADPOOL_SIZE'] ?? '16' };
  // What a first start tells is no news here.
  const child = launch(pinned(core, [process.execPath, serviceProgram, 'serve']), environment, (line) => /^agency-sts: (?:made|filled)/.test(line));
  await waitUntilAnswering(child, `http://127.0.0.1:${port}/readyz`, (status) => status === 200);
  return { child, port, isDone: (redis) => hasSealed(redis) };
});

export const startFloor = (start: Start, program = floorProgram): Promise<MeasuredOnRedis> => startBeside(start, async (folder, redisUrl) => {
  const child = launch(pinned(start.core, [process.execPath, program, join(folder, 'bootstrap.json'), redisUrl.replace('unix://', '')]), {});
  return { child, port: await toldPort(child) };
});

/** Events wait in the streams of their cells until they are sealed. */
async function hasSealed(redis: Redis): Promise<boolean> {
  const names = keyNames(cells);
  const waiting = await Promise.all(Array.from({ length: cells }, (_, cell) => redis.xlen(names.audit(cell))));
  return waiting.every((count) => count === 0);
}

interface Started {
  readonly child: Child;
  readonly port: number;
  readonly isDone?: (redis: Redis) => Promise<boolean>;
}

async function startBeside({ bootstrap, fill }: Start, run: (folder: string, redisUrl: string) => Promise<Started>): Promise<MeasuredOnRedis> {
  const folder = await newFolder();
  await mkdir(join(folder.path, 'redis'));
  await writeFile(join(folder.path, 'bootstrap.json'), JSON.stringify(bootstrap));
  const redis = await startEmbeddedRedis({ dataDir: join(folder.path, 'redis'), log: (message) => void process.stderr.write(`${message}\n`) });
  const redisUrl = `unix://${redis.socketPath}`;
  const end = async (): Promise<void> => {
    await redis.stop();
    await folder.remove();
  };
  try {
    await fill?.({ redisUrl, folder: folder.path });
    const { child, port, isDone } = await run(folder.path, redisUrl);
    const watch = isDone && new Redis({ path: redis.socketPath });
    return {
      port, redisUrl, redisPids: () => processTree(redis.pid), pids: () => processTree(child.pid ?? 0),
      ...(isDone && watch && { isDone: () => isDone(watch) }),
      async stop() {
        watch?.disconnect();
        await endChild(child);
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}
