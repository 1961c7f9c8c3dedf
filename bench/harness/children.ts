// Child processes of the benchmark: started with what they say kept for the reader, ended with us however we end.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export type Child = ChildProcessByStdio<null, Readable, Readable>;

const running = new Set<Child>();
const folders = new Set<string>();
process.once('exit', () => {
  running.forEach((child) => child.kill('SIGKILL'));
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

/** A folder that goes away with the process, if not before. */
export async function newFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'agency-sts-bench-'));
  folders.add(path);
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true });
      folders.delete(path);
    },
  };
}

/** @param isNoise lines of standard error that no reader of the results needs */
export function launch([program = '', ...parameters]: readonly string[], environment: Readonly<Record<string, string>>, isNoise: (line: string) => boolean = () => false): Child {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('STS_')));
  const child = spawn(program, parameters, { env: { ...own, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  createInterface(child.stderr).on('line', (line) => (isNoise(line) ? undefined : process.stderr.write(`${line}\n`)));
  running.add(child);
  child.once('exit', () => running.delete(child));
  // A program that is not there has no process.
  child.once('error', () => running.delete(child));
  return child;
}

export const hasEnded = (child: Child): boolean => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

export async function endChild(child: Child): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await ended;
  clearTimeout(insist);
}

/** Until it answers so that `isReady` is content; throws when the process ends before, or after a minute. */
export async function waitUntilAnswering(child: Child, url: string, isReady: (status: number) => boolean): Promise<void> {
  child.stdout.resume();
  for (const end = performance.now() + 60_000; performance.now() < end;) {
    if (hasEnded(child)) throw new Error('the server ended while it started');
    const answer = await fetch(url).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer !== undefined && isReady(answer.status)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} does not answer`);
}

/** The port that a child tells in a line of its own, whatever else it says. */
export function toldPort(child: Child): Promise<number> {
  return new Promise((resolve, reject) => {
    // Read to the end: a pipe that nobody reads would stop the child one day.
    createInterface(child.stdout).on('line', (line) => (/^\d+$/.test(line) ? resolve(Number(line)) : undefined));
    child.once('exit', () => reject(new Error('the server ended while it started')));
    child.once('error', reject);
  });
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await once(server.close(), 'close');
  if (typeof address !== 'object' || address === null) throw new Error('a server on TCP has a port');
  return address.port;
}
