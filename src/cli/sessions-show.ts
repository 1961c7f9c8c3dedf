// `agency-sts sessions show`: everything that is known of one session.
import { Option, type Command } from 'commander';
import { jsonLine } from '../base/json-line.js';
import { clientCommand } from './client-command.js';
import { resolveConnection, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { shownSession } from './session-calls.js';
import { sessionText } from './session-text.js';

interface Flags extends ConnectionFlags {
  readonly output: 'text' | 'json';
}

export function addSessionsShowCommand(sessions: Command, io: CommandIo): void {
  clientCommand(sessions, 'show', io)
    .description('show a session: its chain up to the long-term key, its tags and who set them, what narrows it, what became of it (needs sts:sessions:get)')
    .argument('<session-id>', 'the id of the session, which is its access key id')
    .addOption(new Option('--output <form>', 'text or json').choices(['text', 'json']).default('text'))
    .action(async (sessionId: string, flags: Flags) => {
      const session = await shownSession({ connection: await resolveConnection(flags, io), io }, sessionId);
      io.out(`${flags.output === 'json' ? jsonLine(session, 2) : sessionText(session)}\n`);
    });
}
