// `agency-sts exec -- CMD`: runs a command with fresh credentials of a chain in its environment.
import type { Command } from 'commander';
import { addAssumeOptions, type AssumeFlags } from './assume-options.js';
import { assumed } from './assumed.js';
import { clientCommand } from './client-command.js';
import type { ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { endAs, runProgram } from './run-program.js';
import { sessionVariables } from './session-output.js';

const runHelp = `
The command gets the variables of the official SDKs and AGENCY_STS_ENDPOINT, in place
of those that are set here. Signals are passed on to it. The exit code is the
command's; 126 when it cannot be run, 127 when it is not found.

Example:
  agency-sts exec --profile acme/alice --agency URN --agency URN -- terraform apply`;

export function addExecCommand(program: Command, io: CommandIo): void {
  addAssumeOptions(clientCommand(program, 'exec', io))
    .description('assume an agency, or a chain, and run a command with its credentials')
    .usage('[options] -- <command> [arguments...]')
    .argument('<command...>', 'the command and its arguments, behind --')
    .addHelpText('after', runHelp)
    .action(async (words: readonly string[], flags: AssumeFlags & ConnectionFlags) => {
      const { session, connection } = await assumed(flags, io);
      const [program = '', ...parameters] = words;
      endAs(await runProgram(program, parameters, { ...io.environment, ...sessionVariables(session, connection) }));
    });
}
