// The subcommands that work on the service's own state: serve, bootstrap, directory, keys, audit.
import type { Command } from 'commander';
import { jsonLine } from '../base/json-line.js';
import { readCatalogue } from '../catalogue/index.js';
import { BootstrapError, type BootstrapFile } from '../directory/bootstrap-file.js';
import { auditGroup, CommandError, exitCodes, type CommandIo } from '../cli/index.js';
import { addAuditTailCommand } from './audit-command.js';
import { applyBootstrap, planFor, planForEmptyDirectory, readBootstrapFile } from './bootstrap.js';
import { realSurroundings, type ComposeOptions, type Composition } from './composition.js';
import { exportFrom, leftOutText, type ExportOptions } from './export.js';
import { unsealedFile } from './export-secrets.js';
import { credentialsFile, generatedKeysKeeper } from './generated-keys.js';
import { addKeysCommands } from './keys/keys-command.js';
import { serve } from './serve.js';
import { readSettings, SettingsError, type Settings } from './settings.js';
import { connectRedis, openComposition, openExistingRedis, openRedis, prepareKeys, refuseEmptyRedis } from './state.js';
import type { RedisConnection } from '../redis/client.js';

export interface ServiceIo extends CommandIo {
  readonly environment: NodeJS.ProcessEnv;
}

export function addServiceCommands(program: Command, io: ServiceIo): void {
  const say = (message: string): void => io.err(`agency-sts: ${message}\n`);
  program.command('serve').description('run the service; its settings are environment variables').action(() =>
    explained(() => serve(readSettings(io.environment), io.environment, say)));

  addBootstrapCommands(program, io, say);
  program.command('directory').description('accounts to a file').command('export').description('print an account as a bootstrap file')
    .requiredOption('--account <id or name>', 'which account').option('--seal-to <file>', 'public JWK (X25519 or P-256) that secrets are sealed for; without it access keys and MFA devices are left out')
    .action((options: ExportOptions) => explained(() => withState(io, say, 'read', async (composition) => {
      const exported = await exportFrom(composition, options);
      const leftOut = leftOutText(exported);
      if (leftOut !== undefined) say(leftOut);
      io.out(`${jsonLine(exported.file, 2)}\n`);
    })));

  addKeysCommands(program, {
    out: (text) => io.out(text),
    withState: (work, options) => explained(() => withState(io, say, 'read', work, options)),
    withSettings: (work) => explained(() => work(readSettings(io.environment))),
  });
  addAuditTailCommand(auditGroup(program, io), (text) => io.out(text), (work) => explained(() => withState(io, say, 'read', work)));
}

const unsealOption = ['--unseal-with <file>', 'private JWK that opens the sealed secrets of an export'] as const;

async function readFileOf(path: string, { unsealWith }: { readonly unsealWith?: string }): Promise<BootstrapFile> {
  const file = await readBootstrapFile(path);
  return unsealWith === undefined ? file : unsealedFile(file, unsealWith);
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function addBootstrapCommands(program: Command, io: ServiceIo, say: (message: string) => void): void {
  const bootstrap = program.command('bootstrap').description('accounts from a file');
  bootstrap.command('apply').argument('<file>').option(...unsealOption).description('make the accounts as the file says: all of it or nothing, again and again the same')
    .action((file: string, options: { unsealWith?: string }) => explained(() => withState(io, say, 'change', async (composition, settings) => {
      const { changes, generatedKeys } = await applyBootstrap(await readFileOf(file, options), composition, generatedKeysKeeper(settings));
      if (generatedKeys.length > 0) io.out(`generated ${counted(generatedKeys.length, 'access key')}: profiles in ${credentialsFile(settings)}\n`);
      io.out(changes.length === 0 ? 'nothing to change\n' : `changed ${counted(changes.length, 'account')}\n`);
    })));
  bootstrap.command('check').argument('<file>').option(...unsealOption).option('--against-service', 'compare with the accounts that exist, and say what would change')
    .description('tell whether the file could be applied to an empty directory, and change nothing')
    .action((file: string, options: { againstService?: true; unsealWith?: string }) => explained(async () => {
      const parsed = await readFileOf(file, options);
      if (options.againstService === true) {
        await withState(io, say, 'read', async (composition) => {
          const { changes } = await planFor(parsed, composition);
          io.out(`the file is right; it would change ${counted(changes.length, 'account')}\n`);
        });
      } else {
        const { STS_CATALOGUE_DIR: folder, STS_REGIONS: regions } = readSettings(io.environment);
        planForEmptyDirectory(parsed, await readCatalogue(folder), regions);
        io.out('the file is right\n');
      }
    }));
}

/**
 * Runs work on the state that the settings name: a given Redis, the running service's private one, or that one started
 * for the moment. What only reads finds state there, keys and all, or is refused; it makes none.
 */
async function withState(io: ServiceIo, say: (message: string) => void, purpose: 'read' | 'change', work: (composition: Composition, settings: Settings) => Promise<void>, options?: ComposeOptions): Promise<void> {
  const settings = readSettings(io.environment);
  const place = await (purpose === 'read' ? openExistingRedis(settings, say) : openRedis(settings, say, true));
  let redis: RedisConnection | undefined;
  try {
    redis = await connectRedis(settings, place.url, () => undefined);
    if (purpose === 'read') await refuseEmptyRedis(settings, redis);
    const surroundings = realSurroundings();
    await prepareKeys(settings, redis, surroundings, say);
    const composition = await openComposition(settings, redis, surroundings, options);
    try {
      await work(composition, settings);
    } finally {
      await composition.keyChangesTold();
    }
  } finally {
    redis?.disconnect();
    await place.stop();
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
