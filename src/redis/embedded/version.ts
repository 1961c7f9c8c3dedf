// Decides whether a program is a Redis or Valkey server that this service can use.
import { run } from './run.js';

export interface RedisBinary {
  readonly command: string;
  /** What its environment needs beyond the usual. */
  readonly env: Readonly<Record<string, string>>;
  /** Such as 7.0.15. */
  readonly version: string;
}

/** The scripts and append-only files in several parts that the service relies on came with 7.0. */
export const oldestMajorVersion = 7;

/** Gives the binary, or why it cannot be used. */
export async function checkBinary(command: string, env: Readonly<Record<string, string>> = {}): Promise<RedisBinary | string> {
  const { ok, stdout, complaint } = await run(command, ['--version'], { environment: env, timeout: 10_000 });
  const version = /\bv=(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (!ok) return `${command} does not run: ${complaint}`;
  if (version === undefined) return `${command} does not tell its version`;
  if (Number.parseInt(version, 10) < oldestMajorVersion) return `${command} is version ${version}, and ${oldestMajorVersion}.0 or newer is needed`;
  return { command, env, version };
}
