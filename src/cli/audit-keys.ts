// `agency-sts audit keys`: the public keys with which the log and its proofs are checked.
import { Option, type Command } from 'commander';
import { jsonLine } from '../base/json-line.js';
import { listAuditKeys } from './audit-calls.js';
import { callService } from './call.js';
import { clientCommand } from './client-command.js';
import { resolveConnection, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { printable } from './text.js';

interface Flags extends ConnectionFlags {
  readonly output: 'text' | 'json';
}

const help = `
Keep them where the service cannot change them: whoever checks the log with keys that the
service hands out at that moment checks nothing. One key a line, as \`audit verify --key-file\` takes them.`;

export function addAuditKeysCommand(audit: Command, io: CommandIo): void {
  clientCommand(audit, 'keys', io)
    .description('print the verifier keys of the log, the one in use first')
    .addOption(new Option('--output <form>', 'text or json').choices(['text', 'json']).default('text'))
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      const keys = await callService(await resolveConnection(flags, io), listAuditKeys, io.now());
      io.out(flags.output === 'json' ? `${jsonLine(keys, 2)}\n` : keys.keys.map((key) => `${printable(key)}\n`).join(''));
    });
}
