// Runs a command of the machine to its end and gives what it printed; never throws for a command that failed.
import { execFile } from 'node:child_process';

export interface RunResult {
  readonly ok: boolean;
  readonly stdout: string;
  /** The last line of what it said on failure, fit for a message. */
  readonly complaint: string;
}

export interface RunOptions {
  readonly folder?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** In milliseconds; the command is ended after it. */
  readonly timeout?: number;
}

export function run(command: string, parameters: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve) => {
    execFile(
      command,
      [...parameters],
      {
        cwd: options.folder,
        // Messages are read by this program, so they must not be in the user's language.
        env: { ...process.env, ...options.environment, LC_ALL: 'C' },
        timeout: options.timeout ?? 300_000,
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const lines = stderr.trim().split('\n');
        const complaint = error === null ? '' : (lines.findLast((line) => line.startsWith('E:')) ?? lines.at(-1)) || error.message;
        resolve({ ok: error === null, stdout, complaint });
      },
    );
  });
}
