// `agency-sts audit`: the commands that read the audit, of a running service or from files.
import type { Command } from 'commander';
import { addAuditCheckCommand } from './audit-check.js';
import { addAuditExportCommand } from './audit-export.js';
import { addAuditKeysCommand } from './audit-keys.js';
import { addAuditProveCommand } from './audit-prove.js';
import { addAuditSearchCommand } from './audit-search.js';
import { addAuditVerifyCommand } from './audit-verify.js';
import { plainCommand } from './client-command.js';
import type { CommandIo } from './io.js';

/** The one command `audit` of the program: the service adds a command of its own to it. */
export const auditGroup = (program: Command, io: CommandIo): Command =>
  program.commands.find((command) => command.name() === 'audit') ?? plainCommand(program, 'audit', io).description('what the service recorded, and what proves it');

export function addAuditCommands(program: Command, io: CommandIo): void {
  const audit = auditGroup(program, io);
  addAuditSearchCommand(audit, io);
  addAuditExportCommand(audit, io);
  addAuditProveCommand(audit, io);
  addAuditKeysCommand(audit, io);
  addAuditCheckCommand(audit, io);
  addAuditVerifyCommand(audit, io);
}
