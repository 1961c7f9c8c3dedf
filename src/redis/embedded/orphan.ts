// Ends a server of this folder that outlived its service; touches no other process.
import { readFile, readlink, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { currentSocketPath, removeSocket, type Places } from './places.js';
import { identifyServer, requestShutdown } from './probe.js';
import { identifyProcess, isAlive, type ProcessIdentity } from './process-identity.js';
import { run } from './run.js';

const patienceMilliseconds = 15_000;

/** To be called only by the owner of the folder's claim: then whoever serves the folder has lost its service. */
export async function endOrphan(places: Places, log: (message: string) => void): Promise<void> {
  const socketPath = await currentSocketPath(places);
  const answering = socketPath === undefined ? undefined : await identifyServer(socketPath);
  if (socketPath !== undefined && answering?.folder === places.folder) {
    const orphan = await ourProcess(answering.pid, places, socketPath);
    // The claim sees only processes of this machine or container, the socket reaches further.
    if (orphan === undefined)
      throw new Error(`the data folder is served by a redis of another container or user (its pid there is ${answering.pid}): stop that service first (${places.folder})`);
    log(`embedded redis: ending pid ${orphan.pid}, left behind by a service that was killed`);
    await requestShutdown(socketPath);
    await waitForEnd(orphan, places);
  } else if (socketPath !== undefined && answering !== undefined) {
    // A pointer that came with a copy of another data folder is forgotten, a foreign server in our own place is not ours to move.
    if (dirname(socketPath) === places.folder) throw new Error(`the socket ${socketPath} belongs to another redis, which writes to ${answering.folder}`);
    await rm(places.pointerFile, { force: true });
    return;
  } else {
    const silent = await ourProcess(await recordedPid(places), places, socketPath);
    if (silent !== undefined) {
      log(`embedded redis: ending pid ${silent.pid}, left behind by a service that was killed and not answering`);
      signalProcess(silent, 'SIGTERM');
      await waitForEnd(silent, places);
    }
  }
  if (socketPath !== undefined) await removeSocket(places, socketPath);
}

async function recordedPid(places: Places): Promise<number> {
  return Number.parseInt(await readFile(places.pidFile, 'utf8').catch(() => ''), 10);
}

/** Gives the process only if it is a server of this very folder: a recorded pid may have been given to another process since. */
async function ourProcess(pid: number, places: Places, socketPath: string | undefined): Promise<ProcessIdentity | undefined> {
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  const identity = await identifyProcess(pid);
  if (identity === undefined) return undefined;
  const { stdout: commandLine } = process.platform === 'linux'
    ? { stdout: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') }
    : await run('ps', ['-o', 'command=', '-p', String(pid)]);
  if (!/(redis|valkey)-server/.test(commandLine)) return undefined;
  const folder = process.platform === 'linux' ? await readlink(`/proc/${pid}/cwd`).catch(() => '') : undefined;
  const isOurs = folder === undefined ? socketPath !== undefined && commandLine.includes(socketPath) : folder === places.folder;
  return isOurs ? identity : undefined;
}

function signalProcess(orphan: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    process.kill(orphan.pid, signal);
  } catch {
    // It ended by itself in this instant, or the wait that follows says that it does not end.
  }
}

async function waitForEnd(orphan: ProcessIdentity, places: Places): Promise<void> {
  if (await endsInTime(orphan)) return;
  // Acknowledged writes are in the file: a server that does not listen any more can be killed without loss.
  signalProcess(orphan, 'SIGKILL');
  if (await endsInTime(orphan)) return;
  throw new Error(`a redis left behind (pid ${orphan.pid}) does not end: end it by hand (${places.folder})`);
}

async function endsInTime(orphan: ProcessIdentity): Promise<boolean> {
  for (let waited = 0; waited < patienceMilliseconds; waited += 50) {
    if (!(await isAlive(orphan))) return true;
    await sleep(50);
  }
  return false;
}
