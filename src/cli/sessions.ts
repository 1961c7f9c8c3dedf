// `agency-sts sessions`: the commands of security teams that look at sessions and end them.
import type { Command } from 'commander';
import { plainCommand } from './client-command.js';
import type { CommandIo } from './io.js';
import { addSessionsListCommand } from './sessions-list.js';
import { addSessionsRevokeCommand } from './sessions-revoke.js';
import { addSessionsShowCommand } from './sessions-show.js';
import { addSessionsTreeCommand } from './sessions-tree.js';

export function addSessionsCommands(program: Command, io: CommandIo): void {
  const sessions = plainCommand(program, 'sessions', io).description('look at sessions, and end them');
  addSessionsListCommand(sessions, io);
  addSessionsShowCommand(sessions, io);
  addSessionsTreeCommand(sessions, io);
  addSessionsRevokeCommand(sessions, io);
}
