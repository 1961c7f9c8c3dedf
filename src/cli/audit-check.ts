// `agency-sts audit check`: does a proof prove its event? Offline, with nothing but the public key.
import { Option, type Command } from 'commander';
import { toTrace } from '../audit/formats/cts.js';
import { checkProofFile, type ProvedEvent } from '../audit/log/proof-file.js';
import { decodeEvent } from '../audit/record.js';
import { jsonLine } from '../base/json-line.js';
import { FormatError, type VerifierKey } from '../tlog/index.js';
import { collected, keyFileOption, keyOption, readVerifiers, type VerifierFlags } from './audit-verifiers.js';
import { plainCommand } from './client-command.js';
import { CommandError, exitCodes } from './command-error.js';
import type { CommandIo } from './io.js';
import { readInput } from './read-input.js';
import { printable, quote } from './text.js';

const help = `
Exit codes: 0 the event is proved, 1 it is not, 2 wrong usage.`;

export function addAuditCheckCommand(audit: Command, io: CommandIo): void {
  plainCommand(audit, 'check', io)
    .description('check the proof of an event, and print the event that it proves')
    .argument('<proof>', 'file with the proof, as `audit prove` writes it')
    .addOption(new Option(...keyOption).argParser(collected))
    .option(...keyFileOption)
    .addHelpText('after', help)
    .action(async (file: string, flags: VerifierFlags) => await check(file, flags, io));
}

async function check(file: string, flags: VerifierFlags, io: CommandIo): Promise<void> {
  const verifiers = await readVerifiers(flags);
  const { entry, checkpoint } = proved(await readInput('proof', file), file, verifiers);
  io.out(`${jsonLine(eventOf(entry), 2)}\n`);
  io.err(`proved by the checkpoint of ${printable(checkpoint.origin)} of size ${checkpoint.size}\n`);
}

function proved(text: string, file: string, verifiers: readonly VerifierKey[]): ProvedEvent {
  try {
    return checkProofFile(text, verifiers);
  } catch (error) {
    if (error instanceof FormatError) throw new CommandError(exitCodes.findings, `${quote(file)} proves no event: ${printable(error.message)}`);
    throw error;
  }
}

/** An event that a later version wrote is proved all the same: it is shown as it stands in the log. */
function eventOf({ id, record }: ProvedEvent['entry']): unknown {
  try {
    return toTrace(id, decodeEvent(record));
  } catch {
    return { trace_id: id, record: JSON.parse(record) as unknown };
  }
}
