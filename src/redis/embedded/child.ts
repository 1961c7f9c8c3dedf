// Runs one server process: its start, the wait until it answers, and its end.
import { spawn, type ChildProcess } from 'node:child_process';
import { open, rename, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisBinary } from './binary.js';
import type { Places } from './places.js';
import { isReady } from './probe.js';
import { run } from './run.js';

export interface ServerProcess {
  readonly pid: number;
  /** Resolves when the process is gone, with how it went. */
  readonly ended: Promise<string>;
  isRunning(): boolean;
  signal(signal: NodeJS.Signals): void;
}

const largestLogBytes = 10_000_000;
const gracefulStopMilliseconds = 15_000;

/** With `tiedToUs` the kernel ends the server when this process dies, however it dies, where the system can do that. */
export async function spawnServer(binary: RedisBinary, places: Places, tiedToUs = true): Promise<ServerProcess> {
  await keepLogSmall(places.logFile);
  const command = tiedToUs && (await canTie()) ? ['setpriv', '--pdeathsig', 'TERM', '--', binary.command] : [binary.command];
  const [program = binary.command, ...parameters] = command;
  const log = await open(places.logFile, 'a', 0o600);
  try {
    const child = spawn(program, [...parameters, places.configurationFile], {
      cwd: places.folder,
      // A language that the machine lacks would end the server; nothing else of our environment is its business.
      env: { ...binary.env, PATH: process.env.PATH, LC_ALL: 'C' },
      // A file and no pipe: a server that outlives us must be able to go on writing.
      stdio: ['ignore', log.fd, log.fd],
      // Its own process group: Ctrl-C in the terminal must not end it before the calls in flight are done.
      detached: true,
    });
    return await whenSpawned(child);
  } finally {
    await log.close();
  }
}

export interface ReadyOptions {
  readonly socketPath: string;
  readonly logFile: string;
  readonly log: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Waits for the end of loading, however long that takes; throws if the server ends first or the wait is aborted. */
export async function waitUntilReady(server: ServerProcess, options: ReadyOptions): Promise<void> {
  const start = Date.now();
  let nextNotice = 5_000;
  while (!(await isReady(options.socketPath))) {
    await sleep(20);
    options.signal?.throwIfAborted();
    if (!server.isRunning()) throw new Error(`the embedded redis ended while starting (${await server.ended}): see ${options.logFile}`);
    if (Date.now() - start < nextNotice) continue;
    options.log(`embedded redis: still loading its data after ${nextNotice / 1_000} s`);
    nextNotice *= 2;
  }
}

export async function endServer(server: ServerProcess): Promise<void> {
  server.signal('SIGTERM');
  const insist = setTimeout(() => server.signal('SIGKILL'), gracefulStopMilliseconds);
  await server.ended;
  clearTimeout(insist);
}

function whenSpawned(child: ChildProcess): Promise<ServerProcess> {
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code ?? 'unknown'}`));
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      // The server lives as long as somebody needs it and is no reason by itself to stay alive.
      child.unref();
      resolve({
        pid: child.pid ?? 0,
        ended,
        isRunning: () => child.exitCode === null && child.signalCode === null,
        signal: (signal) => {
          child.kill(signal);
        },
      });
    });
  });
}

let tieable: Promise<boolean> | undefined;

function canTie(): Promise<boolean> {
  // BusyBox has a setpriv too, without this option.
  tieable ??= process.platform === 'linux' ? run('setpriv', ['--help']).then(({ stdout }) => stdout.includes('--pdeathsig')) : Promise.resolve(false);
  return tieable;
}

async function keepLogSmall(logFile: string): Promise<void> {
  const size = await stat(logFile).then((stats) => stats.size, () => 0);
  if (size > largestLogBytes) await rename(logFile, `${logFile}.1`);
}
