// `agency-sts sessions tree`: a session between those it descends from and those that descend from it.
import { Option, type Command } from 'commander';
import { jsonLine } from '../base/json-line.js';
import { clientCommand } from './client-command.js';
import { resolveConnection, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { descendantsOf, limitOf, shownSession } from './session-calls.js';
import { sessionTreeText } from './session-tree-text.js';

interface Flags extends ConnectionFlags {
  readonly limit: string;
  readonly output: 'text' | 'json';
}

export function addSessionsTreeCommand(sessions: Command, io: CommandIo): void {
  clientCommand(sessions, 'tree', io)
    .description('draw what a session descends from and what descends from it (needs sts:sessions:get)')
    .argument('<session-id>', 'the id of the session, which is its access key id')
    .option('--limit <number>', 'how many descendants at most', '1000')
    .addOption(new Option('--output <form>', 'text or json').choices(['text', 'json']).default('text'))
    .action(async (sessionId: string, flags: Flags) => {
      const limit = limitOf(flags.limit);
      const connected = { connection: await resolveConnection(flags, io), io };
      const session = await shownSession(connected, sessionId);
      const { items: descendants, goesOn } = await descendantsOf(connected, sessionId, limit);
      io.out(`${flags.output === 'json' ? jsonLine({ session, descendants, complete: !goesOn }, 2) : sessionTreeText(session, descendants, goesOn)}\n`);
    });
}
