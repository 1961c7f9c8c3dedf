// `agency-sts switch`: from an account to an agency that it was delegated, by names, as the console does it.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { z } from 'zod';
import type { AssumeAnswer } from '../client/assume-agency.js';
import { callService } from './call.js';
import { clientCommand } from './client-command.js';
import { usageError } from './command-error.js';
import { resolveConnection, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { profileToWrite } from './profile-to-write.js';
import { endAs, runProgram } from './run-program.js';
import { sessionExports, sessionProfile, sessionVariables } from './session-output.js';
import { quote } from './text.js';
import { writeProfiles } from './write-profiles.js';

interface Flags extends ConnectionFlags {
  readonly account: string;
  readonly agency: string;
  readonly duration?: number;
  readonly output: 'json' | 'env' | 'profile';
  readonly profileOut?: string;
}

const help = `
Works for agencies of the older kind, which trust a whole account. Your user needs the role
Agent Operator, a policy that names the agency, or membership in the group admin.

To switch back, leave the command's shell, or use the profile you came from.

Examples:
  agency-sts switch --account acme --agency ops --output profile --profile-out acme-ops
  eval "$(agency-sts switch --account acme --agency ops --output env)"
  agency-sts switch --account acme --agency ops -- terraform apply`;

export function addSwitchCommand(program: Command, io: CommandIo): void {
  clientCommand(program, 'switch', io)
    .description('switch to an agency that another account delegated to yours, and print its temporary credentials')
    .usage('[options] [-- <command> [arguments...]]')
    .argument('[command...]', 'a command to run with the credentials, behind --')
    .requiredOption('--account <name>', 'name of the account that owns the agency, or its id of 32 digits')
    .requiredOption('--agency <name>', 'name of the agency')
    .option('--duration <seconds>', 'life of the credentials, 900 to 86400 (default: 900)', wholeSeconds)
    .addOption(new Option('--output <form>', 'json, env: exports for the official SDKs, profile: into the profile file').choices(['json', 'env', 'profile']).default('json'))
    .option('--profile-out <name>', 'with --output profile: the profile to write')
    .addHelpText('after', help)
    .action(async (words: readonly string[], flags: Flags) => await run(words, flags, io));
}

const answer = z.object({ credential: z.object({ access: z.string(), secret: z.string(), securitytoken: z.string(), expires_at: z.string() }) });

async function run(words: readonly string[], flags: Flags, io: CommandIo): Promise<void> {
  if (words.length > 0 && (flags.output !== 'json' || flags.profileOut !== undefined)) throw usageError('a command gets the credentials in its environment: leave out --output and --profile-out');
  const profile = await profileToWrite(flags, io);
  const connection = await resolveConnection(flags, io);
  const { account, agency, duration } = flags;
  const role = { agency_name: agency, ...(/^[0-9a-f]{32}$/.test(account) ? { domain_id: account } : { domain_name: account }), ...(duration !== undefined && { duration_seconds: duration }) };
  const { credential } = await callService(connection, { method: 'POST', path: '/v3.0/OS-CREDENTIAL/securitytokens', body: { auth: { identity: { methods: ['assume_role'], assume_role: role } } }, answer }, io.now());
  const session: AssumeAnswer = {
    assumed_agency: { urn: `iam::${account}:agency:${agency}`, id: agency },
    credentials: { access_key_id: credential.access, secret_access_key: credential.secret, security_token: credential.securitytoken, expiration: credential.expires_at },
  };
  const [program, ...parameters] = words;
  // Beside the credentials, which a shell may read from the output.
  io.err(`switched to ${quote(agency)} of ${quote(account)} until ${credential.expires_at}\n`);
  if (program !== undefined) endAs(await runProgram(program, parameters, { ...io.environment, ...sessionVariables(session, connection) }));
  else if (profile !== undefined) {
    await writeProfiles(profile.file, { [profile.name]: sessionProfile(session, connection) });
    io.out(`profile ${quote(profile.name)} written to ${profile.file}, expires at ${credential.expires_at}\n`);
  } else io.out(flags.output === 'env' ? sessionExports(session, connection) : `${JSON.stringify({ account, agency, credentials: session.credentials }, undefined, 2)}\n`);
}

// Its range is the service's to judge.
function wholeSeconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.');
  return Number(text);
}
