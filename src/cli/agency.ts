// `agency-sts agency`: the commands that work on agencies.
import type { Command } from 'commander';
import { addAgencyMigrateCommand } from './agency-migrate.js';
import { plainCommand } from './client-command.js';
import type { CommandIo } from './io.js';

export function addAgencyCommands(program: Command, io: CommandIo): void {
  const agency = plainCommand(program, 'agency', io).description('work on agencies');
  addAgencyMigrateCommand(agency, io);
}
