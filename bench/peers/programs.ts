// Programs of the machine that peers are made of.
import { run, type RunResult } from '../../src/redis/embedded/run.js';

/** Whether all of them can be run. */
export async function haveAll(...programs: readonly string[]): Promise<boolean> {
  const found = await Promise.all(programs.map((program) => run('sh', ['-c', `command -v ${program}`])));
  return found.every(({ ok }) => ok);
}

/** Runs a command to its end; throws what it complained of. */
export async function must(command: string, parameters: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const { ok, stdout, complaint }: RunResult = await run(command, parameters, { environment, timeout: 60_000 });
  if (!ok) throw new Error(`${command} ${parameters[0] ?? ''}: ${complaint}`);
  return stdout.trim();
}
