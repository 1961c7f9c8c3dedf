// `agency-sts credential-process`: the credentials of a chain for tools that run a command to get theirs.
import type { Command } from 'commander';
import { addAssumeOptions, type AssumeFlags } from './assume-options.js';
import { assumed } from './assumed.js';
import { clientCommand } from './client-command.js';
import type { ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { sessionProcessJson } from './session-output.js';

const formHelp = `
Prints one line of JSON and nothing else: Version (1), AccessKeyId, SecretAccessKey,
SecurityToken and Expiration. Every run obtains a new session.`;

export function addCredentialProcessCommand(program: Command, io: CommandIo): void {
  addAssumeOptions(clientCommand(program, 'credential-process', io))
    .description('assume an agency, or a chain, and print the credentials for a tool that runs a command to get them')
    .addHelpText('after', formHelp)
    .action(async (flags: AssumeFlags & ConnectionFlags) => io.out(sessionProcessJson((await assumed(flags, io)).session)));
}
