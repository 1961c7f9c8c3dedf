// `agency-sts policy`: the commands that work on policies.
import type { Command } from 'commander';
import { plainCommand } from './client-command.js';
import type { CommandIo } from './io.js';
import { addPolicyCheckCommand } from './policy-check.js';
import { addPolicySimulateCommand } from './policy-simulate.js';

export function addPolicyCommands(program: Command, io: CommandIo): void {
  const policy = plainCommand(program, 'policy', io).description('check policies, and ask what they decide');
  addPolicyCheckCommand(policy, io);
  addPolicySimulateCommand(policy, io);
}
