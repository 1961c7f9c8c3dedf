// Tells one process from a later one with the same number: a process is its pid and the moment it started.
import { readFile } from 'node:fs/promises';
import { run } from './run.js';

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque, compared for equality only. */
  readonly startedAt: string;
}

/** Gives nothing when no such process is alive (a zombie is not). */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const startedAt = process.platform === 'linux' ? await linuxStart(pid) : await portableStart(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const current = await identifyProcess(identity.pid);
  return current?.startedAt === identity.startedAt;
}

async function linuxStart(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The command's name stands in brackets and may itself hold spaces and brackets, so fields count from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    const ticksSinceBoot = fields[19];
    if (state === 'Z' || state === 'X' || ticksSinceBoot === undefined) return undefined;
    // Ticks count from boot: without the boot's id a lock left before a reboot could look alive.
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()}:${ticksSinceBoot}`;
  } catch {
    return undefined;
  }
}

async function portableStart(pid: number): Promise<string | undefined> {
  const { ok, stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]);
  const [state, ...startedAt] = stdout.trim().split(/\s+/);
  return ok && state !== undefined && !state.startsWith('Z') ? startedAt.join(' ') : undefined;
}
