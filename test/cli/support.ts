// What the tests of this room share: running a command line, and places that are cleaned up.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Command } from 'commander';
import { onTestFinished } from 'vitest';
import { addClientCommands, CommandError } from '../../src/cli/index.js';
import { botKey, now, startStandIn, type StandIn } from './stand-in.js';

export interface Outcome {
  readonly exitCode: number;
  readonly out: string;
  /** What main.ts would print, without `agency-sts: `. */
  readonly message: string;
}

export interface Surroundings {
  readonly environment?: Readonly<Record<string, string>>;
  readonly homeDirectory?: string;
  readonly input?: string;
  readonly now?: Date;
}

export const botEnvironment = { HUAWEICLOUD_SDK_AK: botKey.accessKeyId, HUAWEICLOUD_SDK_SK: botKey.secretAccessKey, USER: 'kim' };

export async function run(args: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> {
  let out = '';
  const program = new Command('agency-sts');
  addClientCommands(program, {
    environment: surroundings.environment ?? botEnvironment,
    homeDirectory: surroundings.homeDirectory ?? '/nonexistent',
    now: () => surroundings.now ?? now,
    out: (text) => (out += text),
    err: (text) => (out += `[stderr] ${text}`),
    ...(surroundings.input !== undefined && { input: Readable.from([Buffer.from(surroundings.input)]) }),
  });
  try {
    await program.parseAsync(['node', 'agency-sts', ...args]);
    return { exitCode: 0, out, message: '' };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { exitCode: error.exitCode, out, message: error.message };
  }
}

export async function standIn(...args: Parameters<typeof startStandIn>): Promise<StandIn> {
  const started = await startStandIn(...args);
  onTestFinished(() => started.close());
  return started;
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agency-sts-cli-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}
