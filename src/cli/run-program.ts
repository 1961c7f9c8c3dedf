// Running a program in the place of this process: its input and output are ours, our signals are its, its end is ours.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { CommandError, exitCodes, systemErrorCode } from './command-error.js';
import { quote } from './text.js';

interface Ended {
  readonly exitCode: number | null;
  /** What killed it. */
  readonly signal: NodeJS.Signals | null;
}

const passedOn: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT', 'SIGWINCH'];
/** A terminal sends these to the program itself: passed on as well they would arrive twice. */
const ofTerminal: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH']);

/** Throws a CommandError when it cannot be started. */
export async function runProgram(program: string, parameters: readonly string[], environment: NodeJS.ProcessEnv): Promise<Ended> {
  const child = spawn(program, parameters, { env: environment, stdio: 'inherit' });
  const isAtTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  const handlers = passedOn.map((signal) => [signal, () => {
    if (!isAtTerminal || !ofTerminal.has(signal)) child.kill(signal);
  }] as const);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  try {
    return await new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    });
  } catch (error) {
    const cause = systemErrorCode(error);
    throw new CommandError(cause === 'ENOENT' ? exitCodes.notFound : exitCodes.notExecutable, `${quote(program)} cannot be run: ${cause}`);
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }
}

/** Ends this process as the program ended: with its exit code, or by the same signal. */
export function endAs({ exitCode, signal }: Ended): void {
  // As a shell says it, should the signal not end us.
  process.exitCode = signal === null ? (exitCode ?? 0) : 128 + constants.signals[signal];
  if (signal !== null) process.kill(process.pid, signal);
}
