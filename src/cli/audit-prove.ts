// `agency-sts audit prove`: a file that proves, without the service, that an event stands in the log.
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { jsonLine } from '../base/json-line.js';
import { getAuditEventProof } from './audit-calls.js';
import { callService } from './call.js';
import { clientCommand } from './client-command.js';
import { systemErrorCode, usageError } from './command-error.js';
import { resolveConnection, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { quote } from './text.js';

interface Flags extends ConnectionFlags {
  readonly out?: string;
}

export function addAuditProveCommand(audit: Command, io: CommandIo): void {
  clientCommand(audit, 'prove', io)
    .description('fetch the proof of an event, for `audit check` (needs sts:auditEvents:get)')
    .argument('<event>', 'id of the event, such as 7-123')
    .option('--out <file>', 'write the proof to this file, which must not exist')
    .action(async (eventId: string, flags: Flags) => {
      if (!/^\d{1,4}-\d{1,15}$/.test(eventId)) throw usageError(`${quote(eventId)} is no id of an event: it looks like 7-123`);
      const proof = await callService(await resolveConnection(flags, io), getAuditEventProof(eventId), io.now());
      const text = `${jsonLine(proof, 2)}\n`;
      if (flags.out === undefined) io.out(text);
      else await writeNew(flags.out, text);
    });
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    throw usageError(`the proof cannot be written to ${quote(file)}: ${systemErrorCode(error)}`);
  }
}
