// `agency-sts decode`: why a call was denied, out of the sealed message that came with the denial.
import { text as readText } from 'node:stream/consumers';
import type { Command } from 'commander';
import { jsonLine } from '../base/json-line.js';
import { callService } from './call.js';
import { clientCommand } from './client-command.js';
import { usageError } from './command-error.js';
import { resolveConnection, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { decodeAuthorizationMessage } from './operations.js';
import { printable } from './text.js';

export function addDecodeCommand(program: Command, io: CommandIo): void {
  clientCommand(program, 'decode', io)
    .description('decode the encoded_authorization_message of a denial (needs sts::decodeAuthorizationMessage)')
    .argument('<message>', 'the message, or - to read it from standard input')
    .action(async (argument: string, flags: ConnectionFlags) => {
      const message = (argument === '-' ? await readText(io.input ?? process.stdin) : argument).trim();
      if (message === '') throw usageError('the message to decode is empty');
      const answer = await callService(await resolveConnection(flags, io), decodeAuthorizationMessage(message), io.now());
      io.out(`${indented(answer.decoded_message)}\n`);
    });
}

function indented(text: string): string {
  try {
    return jsonLine(JSON.parse(text), 2);
  } catch {
    return printable(text);
  }
}
