// `agency-sts assume`: from credentials through a chain of agencies to the credentials of the last session.
import { Option, type Command } from 'commander';
import { addAssumeOptions, type AssumeFlags } from './assume-options.js';
import { assumed } from './assumed.js';
import { clientCommand } from './client-command.js';
import type { ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { profileToWrite } from './profile-to-write.js';
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
