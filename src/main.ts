#!/usr/bin/env node
// The command `agency-sts`: the only place that knows every room.
import { homedir } from 'node:os';
import { Command, CommanderError } from 'commander';
import { addClientCommands, CommandError } from './cli/index.js';
import { addServiceCommands } from './service/commands.js';

const io = {
  environment: process.env,
  homeDirectory: homedir(),
  now: () => new Date(),
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(text),
};

const program = new Command('agency-sts').description('a self-hosted security token service').exitOverride().showHelpAfterError();
addServiceCommands(program, io);
addClientCommands(program, io);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommandError) {
    io.err(`agency-sts: ${error.message}\n`);
    process.exitCode = error.exitCode;
  } else if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else throw error;
}
