// What the tests of this room share: the built command as a process, its settings, and what it leaves running.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { signRequest } from '../../src/signing/index.js';
import type { AnswerBody, Credentials } from '../support/service.js';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const main = join(root, 'dist', 'main.js');

/** Builds what is not built; done at once otherwise. */
export const build = (): Promise<unknown> => promisify(execFile)(process.execPath, [join(root, 'src', 'setup', 'prepare.mjs')]);

type Environment = Readonly<Record<string, string>>;

export interface Place {
  readonly folder: string;
  readonly environment: Environment;
  remove(): Promise<void>;
}

/** Folders of an install of its own, and settings that name them; any free port. */
export async function newPlace(more: Environment = {}): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'sts-serve-'));
  return {
    folder,
    environment: { STS_DATA_DIR: join(folder, 'data'), STS_KEYS_DIR: join(folder, 'keys'), STS_PORT: '0', STS_WORKERS: '1', ...more },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Nothing of our own settings gets through to the process. */
const cleanEnvironment = (environment: Environment): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(STS_|HUAWEICLOUD_|NODE_OPTIONS|VITEST)/.test(name))), ...environment,
});

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly out: () => string;
  readonly err: () => string;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

const running = new Set<ChildProcess>();

export const start = (parameters: readonly string[], environment: Environment): Running => startProgram(process.execPath, [main, ...parameters], environment);

function startProgram(program: string, parameters: readonly string[], environment: Environment): Running {
  const child = spawn(program, parameters, { cwd: root, env: cleanEnvironment(environment), stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => {
    running.delete(child);
    return typeof code === 'number' ? code : String(signal);
  });
  return { child, pid: child.pid ?? 0, out: () => out, err: () => err, ended };
}

/** Ends what a failed test left behind. */
export function endAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** A command that ends by itself. */
export async function run(parameters: readonly string[], environment: Environment): Promise<{ code: number | string; out: string; err: string }> {
  const process = start(parameters, environment);
  const code = await Promise.race([process.ended, sleep(20_000, 'still running')]);
  if (code === 'still running') process.child.kill('SIGKILL');
  return { code, out: process.out(), err: process.err() };
}

export interface Serving extends Running {
  readonly url: string;
  readonly banner: string;
}

/** Waits for the banner. */
export const serve = (environment: Environment): Promise<Serving> => served(start(['serve'], environment));

/** The same through the README's first command. */
export const npmStart = (environment: Environment): Promise<Serving> => served(startProgram('npm', ['start'], environment));

async function served(process: Running): Promise<Serving> {
  for (let waited = 0; waited < 30_000; waited += 25) {
    const url = /is running at (http:\S+)/.exec(process.out())?.[1];
    if (url !== undefined && process.out().endsWith('\n\n')) return { ...process, url, banner: process.out() };
    if (process.child.exitCode !== null) break;
    await sleep(25);
  }
  process.child.kill('SIGKILL');
  throw new Error(`no banner; out: ${process.out()}; err: ${process.err()}`);
}

/** SIGTERM, and what the process ended with. */
export function stop({ child, ended }: Running): Promise<number | string> {
  child.kill('SIGTERM');
  return ended;
}

/** The processes below one, themselves included, as pids. */
export async function processTree(pid: number): Promise<number[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')).trim().split(' ').filter((text) => text !== '').map(Number);
  return [pid, ...(await Promise.all(children.map(processTree))).flat()];
}

export async function commandLine(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
}

/** The serving processes below the first one, as pids. */
export async function workersOf(pid: number): Promise<number[]> {
  const [, ...below] = await processTree(pid);
  const lines = await Promise.all(below.map(async (each) => [each, await commandLine(each)] as const));
  return lines.filter(([, line]) => line.includes('main.js')).map(([each]) => each);
}

export const isRunning = async (pid: number): Promise<boolean> => {
  const state = /^\d+ \(.*\) (\S)/.exec(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''))?.[1];
  return state !== undefined && state !== 'Z';
};

const Profiles = z.object({ profiles: z.record(z.string(), z.object({ access_key_id: z.string(), secret_access_key: z.string() })) });

/** The generated keys of an install, by profile name. */
export async function profiles(environment: Environment): Promise<ReadonlyMap<string, Credentials>> {
  const { profiles: stored } = Profiles.parse(JSON.parse(await readFile(join(environment['STS_DATA_DIR'] ?? '', 'credentials.json'), 'utf8')));
  return new Map(Object.entries(stored).map(([name, profile]) => [name, { accessKeyId: profile.access_key_id, secretAccessKey: profile.secret_access_key }]));
}

export async function alice(environment: Environment): Promise<Credentials> {
  const key = (await profiles(environment)).get('acme/alice');
  if (key === undefined) throw new Error('no key of acme/alice');
  return key;
}

export async function call(url: string, credentials: Credentials, path: string, body?: object): Promise<{ status: number; body: AnswerBody }> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const method = body === undefined ? 'GET' : 'POST';
  const headers = signRequest({
    method, url: `${url}${path}`, headers: text === undefined ? {} : { 'content-type': 'application/json' }, ...(text !== undefined && { body: text }), ...credentials, date: new Date(),
  });
  const response = await fetch(`${url}${path}`, { method, headers, ...(text !== undefined && { body: text }) });
  // The wire has no types.
  return { status: response.status, body: await response.json() as AnswerBody };
}
