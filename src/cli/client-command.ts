// What commands have in common: mistakes that end as a CommandError, and the options of those that connect.
import type { Command, CommanderError } from 'commander';
import { usageError } from './command-error.js';
import { defaultEndpoint, endpointVariable, profileFileVariable, sdkVariables } from './connection.js';
import type { CommandIo } from './io.js';

const connectionHelp = `
Credentials are taken from the first of: the three flags, --profile, the environment
(${Object.values(sdkVariables).join(', ')}),
the profile \`default\` of the profile file. A secret given by flag can be seen by every
user of this machine (in the list of processes): prefer the environment or a profile.

Exit codes: 0 done, 1 refused by the service, 2 wrong usage, 3 service unreachable.`;

/** A command under `program` that throws instead of ending the process, but for --help. */
export function plainCommand(program: Command, name: string, io: CommandIo): Command {
  return program
    .command(name)
    .exitOverride(throwUsageError)
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      // The thrown error carries the message: it would be printed twice.
      outputError: () => undefined,
    });
}

/** A plain command that connects to a service. */
export function clientCommand(program: Command, name: string, io: CommandIo): Command {
  return plainCommand(program, name, io)
    .option('--endpoint <url>', `the service (default: ${endpointVariable}, else the profile's, else ${defaultEndpoint})`)
    .option('--profile <name>', 'take the credentials from this profile')
    .option('--profile-file <file>', `the profile file (default: ${profileFileVariable}, else ~/.agency-sts/credentials.json)`)
    .option('--access-key-id <id>', 'the access key id')
    .option('--secret-access-key <secret>', 'the secret; visible to other users of this machine, see below')
    .option('--security-token <token>', 'the token that belongs to temporary credentials')
    .addHelpText('afterAll', connectionHelp);
}

function throwUsageError(error: CommanderError): void {
  if (error.exitCode === 0) return;
  // What commander throws after the help of a group that was called without a command of it.
  if (error.code === 'commander.help') throw usageError('a subcommand is missing');
  // `--secret-acces-key=...`: a mistyped option would be quoted with its value.
  const message = error.message.replace(/^error: /, '').replace(/^(unknown option '[^=]*)=[^]*?'$/m, "$1'");
  throw usageError(message);
}
