// The client commands of the binary `agency-sts`, and the profile file they share with the service's first start.
import type { Command } from 'commander';
import { addAgencyCommands } from './agency.js';
import { addAssumeCommand } from './assume.js';
import { addAuditCommands } from './audit.js';
import { addCredentialProcessCommand } from './credential-process.js';
import { addDecodeCommand } from './decode.js';
import { addExecCommand } from './exec.js';
import type { CommandIo } from './io.js';
import { addPolicyCommands } from './policy.js';
import { addSessionsCommands } from './sessions.js';
import { addSwitchCommand } from './switch.js';
import { addWhoamiCommand } from './whoami.js';

export { auditGroup } from './audit.js';
export { CommandError, exitCodes, type ExitCode } from './command-error.js';
export type { CommandIo } from './io.js';
export type { Profile } from './profile-file.js';
export { writeProfiles } from './write-profiles.js';

/**
 * Mounts `assume`, `credential-process`, `exec`, `whoami`, `decode`, `policy`, `audit`, `sessions`, `switch` and `agency`. A command that fails rejects `program.parseAsync` with a CommandError, whose
 * message may have more than one line; wrong options do too. `--help` ends the process.
 */
export function addClientCommands(program: Command, io: CommandIo): void {
  addAssumeCommand(program, io);
  addCredentialProcessCommand(program, io);
  addExecCommand(program, io);
  addWhoamiCommand(program, io);
  addDecodeCommand(program, io);
  addPolicyCommands(program, io);
  addAuditCommands(program, io);
  addSessionsCommands(program, io);
  addSwitchCommand(program, io);
  addAgencyCommands(program, io);
}
