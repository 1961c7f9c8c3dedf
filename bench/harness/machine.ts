// What the machine tells: processor time of processes, and whether they can be kept on one core.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

/** Linux counts processor time for its readers in hundredths of a second. */
const microsecondsPerTick = 10_000;

/** User and system time of a process since its start, in microseconds; undefined where there is no /proc. */
export function processorTime(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Behind the name, which may hold anything: the state is the third field, utime the 14th, stime the 15th.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * microsecondsPerTick;
  } catch {
    return undefined;
  }
}

/** A process and all that it started. */
export function processTree(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  try {
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const parent = parentOf(Number(name));
      if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    }
  } catch {
    return [pid];
  }
  const tree = (root: number): readonly number[] => [root, ...(children.get(root) ?? []).flatMap(tree)];
  return tree(pid);
}

function parentOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

export interface Cores {
  readonly server: number | undefined;
  readonly generator: number | undefined;
}

const hasTaskset = process.platform === 'linux' && spawnSync('taskset', ['-c', '0', 'true']).status === 0 && spawnSync('taskset', ['-c', '1', 'true']).status === 0;

/** The server on the first core and the generator on the second, where that can be said; Redis goes where it likes. */
export const cores = (): Cores => (hasTaskset ? { server: 0, generator: 1 } : { server: undefined, generator: undefined });

export const pinned = (core: number | undefined, command: readonly string[]): readonly string[] => (core === undefined ? command : ['taskset', '-c', String(core), ...command]);

export const machine = (): { readonly node: string; readonly cores: number; readonly processor: string; readonly platform: string } =>
  ({ node: process.version, cores: availableParallelism(), processor: cpus()[0]?.model ?? 'unknown', platform: `${process.platform} ${process.arch}` });
