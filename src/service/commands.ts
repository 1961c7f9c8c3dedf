// The subcommands that work on the service's own state: serve, bootstrap, audit.
import type { Command } from 'commander';
import type { Redis } from 'ioredis';
import { toTrace } from '../audit/trace.js';
import { BootstrapError } from '../directory/bootstrap-file.js';
import { CommandError, exitCodes } from '../cli/index.js';
import { readEvents, readLastEvents, readUnidentifiedCalls, type StoredEvent } from '../redis/audit-store.js';
import { applyBootstrap, planFor, planForEmptyDirectory, readBootstrapFile } from './bootstrap.js';
import { realSurroundings, type Composition } from './composition.js';
import { credentialsFile, keepGeneratedKeys, serve } from './serve.js';
import { readSettings, SettingsError, type Settings } from './settings.js';
import { connectRedis, openComposition, openRedis, prepareKeys } from './state.js';

export interface ServiceIo {
  readonly environment: NodeJS.ProcessEnv;
  out(text: string): void;
  err(text: string): void;
}

export function addServiceCommands(program: Command, io: ServiceIo): void {
  const say = (message: string): void => io.err(`agency-sts: ${message}\n`);
  program.command('serve').description('run the service; its settings are environment variables').action(() =>
    explained(() => serve(readSettings(io.environment), io.environment, say)));

  const bootstrap = program.command('bootstrap').description('accounts from a file');
  bootstrap.command('apply').argument('<file>').description('make the accounts as the file says: all of it or nothing, again and again the same')
    .action((file: string) => explained(() => withState(io, say, async (composition, settings) => {
      const { changes, generatedKeys } = await applyBootstrap(await readBootstrapFile(file), composition, (keys) => keepGeneratedKeys(settings, keys));
      if (generatedKeys.length > 0) io.out(`generated ${generatedKeys.length} access keys: profiles in ${credentialsFile(settings)}\n`);
      io.out(changes.length === 0 ? 'nothing to change\n' : `changed ${changes.length} accounts\n`);
    })));
  bootstrap.command('check').argument('<file>').option('--against-service', 'compare with the accounts that exist, and say what would change')
    .description('tell whether the file could be applied to an empty directory, and change nothing')
    .action((file: string, options: { againstService?: true }) => explained(async () => {
      const parsed = await readBootstrapFile(file);
      if (options.againstService === true) {
        await withState(io, say, async (composition) => {
          const { changes } = await planFor(parsed, composition);
          io.out(`the file is right; it would change ${changes.length} accounts\n`);
        });
      } else {
        planForEmptyDirectory(parsed);
        io.out('the file is right\n');
      }
    }));

  const audit = program.command('audit').description('what the service recorded');
  audit.command('tail').description('print the last events, one JSON object a line')
    .option('-n, --count <number>', 'how many events', '20').option('-f, --follow', 'go on with new events until interrupted')
    .option('--account <id>', 'only events of this account')
    .option('--unidentified', 'instead: calls that no account can be charged with, counted per address and second')
    .action((options: TailOptions) => explained(() => withState(io, say, (composition) => tail(composition, io, options))));
}

/** Runs work on the state that the settings name: a given Redis, the running service's private one, or that one started for the moment. */
async function withState(io: ServiceIo, say: (message: string) => void, work: (composition: Composition, settings: Settings) => Promise<void>): Promise<void> {
  const settings = readSettings(io.environment);
  const place = await openRedis(settings, say, true);
  let redis: Redis | undefined;
  try {
    redis = await connectRedis(settings, place.url, () => undefined);
    const surroundings = realSurroundings();
    await prepareKeys(settings, redis, surroundings, say);
    await work(await openComposition(settings, redis, surroundings), settings);
  } finally {
    redis?.disconnect();
    await place.stop();
  }
}

const pollMilliseconds = 500;

interface TailOptions {
  readonly count: string;
  readonly follow?: true;
  readonly account?: string;
  readonly unidentified?: true;
}

async function tail({ redis, names }: Composition, io: ServiceIo, options: TailOptions): Promise<void> {
  const count = Number(options.count);
  if (!Number.isSafeInteger(count) || count < 1) throw new CommandError(exitCodes.usage, `\`--count\` must be a whole number from 1, not \`${options.count}\``);
  if (options.unidentified === true) {
    if (options.follow === true || options.account !== undefined) throw new CommandError(exitCodes.usage, '`--unidentified` goes with `--count` only');
    for (const calls of await readUnidentifiedCalls(redis, count)) io.out(`${JSON.stringify(calls)}\n`);
    return;
  }
  const print = (events: readonly StoredEvent[]): void => {
    for (const { id, event } of events) {
      if (options.account === undefined || event.accountId === options.account) io.out(`${JSON.stringify(toTrace(id, event))}\n`);
    }
  };
  let { events, position } = await readLastEvents(redis, names, count);
  print(events);
  while (options.follow === true) {
    ({ events, position } = await readEvents(redis, names, position));
    print(events);
    if (events.length === 0) await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
  }
}

/** Errors that an operator can mend become messages without a stack. */
async function explained(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof SettingsError || error instanceof BootstrapError) throw new CommandError(exitCodes.usage, error.message);
    if (error instanceof Error && !(error instanceof CommandError)) throw new CommandError(exitCodes.refused, error.message);
    throw error;
  }
}
