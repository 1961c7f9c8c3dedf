// `agency-sts assume`: from credentials through a chain of agencies to the credentials of the last session.
import { Option, type Command } from 'commander';
import { addAssumeOptions, type AssumeFlags } from './assume-options.js';
import { assumed } from './assumed.js';
import { clientCommand } from './client-command.js';
import { usageError } from './command-error.js';
import { profileFileOf, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { readProfiles } from './profile-file.js';
import { sessionExports, sessionJson, sessionProfile } from './session-output.js';
import { quote } from './text.js';
import { writeProfiles } from './write-profiles.js';

interface Flags extends AssumeFlags, ConnectionFlags {
  readonly output: 'json' | 'env' | 'profile';
  readonly profileOut?: string;
}

const chainHelp = `
The first hop is signed with your credentials, each next one with the session just
obtained; only the last session is printed. If an agency in the middle asks for an
external id or a policy, go there first with --output profile, then on with --profile.

Examples:
  agency-sts assume --agency iam::ACCOUNT:agency:deployer
  eval "$(agency-sts assume --agency URN --agency URN --tag team=blue --transitive team --output env)"
  agency-sts assume --agency URN --output profile --profile-out deployer`;

export function addAssumeCommand(program: Command, io: CommandIo): void {
  addAssumeOptions(clientCommand(program, 'assume', io))
    .description('assume an agency, or a chain of agencies, and print the credentials of the last session')
    .addOption(new Option('--output <form>', 'json, env: exports for the official SDKs, profile: into the profile file').choices(['json', 'env', 'profile']).default('json'))
    .option('--profile-out <name>', 'with --output profile: the profile to write')
    .addHelpText('after', chainHelp)
    .action(async (flags: Flags) => await assume(flags, io));
}

async function assume(flags: Flags, io: CommandIo): Promise<void> {
  const profile = await profileToWrite(flags, io);
  const { connection, chain, session } = await assumed(flags, io);

  if (profile !== undefined) {
    await writeProfiles(profile.file, { [profile.name]: sessionProfile(session, connection) });
    io.out(`profile ${quote(profile.name)} written to ${profile.file}, expires at ${session.credentials.expiration}\n`);
  } else {
    io.out(flags.output === 'env' ? sessionExports(session, connection) : sessionJson(session, chain));
  }
}

/** Checked before the first call, so that no session is made only to be lost. */
async function profileToWrite(flags: Flags, io: CommandIo): Promise<{ file: string; name: string } | undefined> {
  const { output, profileOut: name } = flags;
  if (output !== 'profile' && name !== undefined) throw usageError('--profile-out needs --output profile');
  if (output !== 'profile') return undefined;
  if (name === undefined) throw usageError('--output profile needs --profile-out');
  if (!/^[A-Za-z0-9][\w+=,.@/:-]{0,127}$/.test(name)) throw usageError(`--profile-out ${quote(name)} must begin with a letter or digit and have at most 128 of A-Z a-z 0-9 _ + = , . @ / : -`);
  const file = profileFileOf(flags, io);
  const existing = (await readProfiles(file))?.get(name);
  if (existing !== undefined && existing.securityToken === undefined) {
    throw usageError(`profile ${quote(name)} holds a permanent access key, which would be lost: choose another --profile-out`);
  }
  return { file, name };
}
