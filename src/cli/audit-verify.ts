// `agency-sts audit verify`: is the audit log on disk what was signed? Offline, with the exact events where it is not.
import { Option, type Command } from 'commander';
import { verifyLog, parseOlderCheckpoint, type CellReport, type LogReport } from '../audit/log/verify.js';
import { FormatError, type VerifierKey } from '../tlog/index.js';
import { collected, keyFileOption, keyOption, readVerifiers, type VerifierFlags } from './audit-verifiers.js';
import { plainCommand } from './client-command.js';
import { CommandError, exitCodes, systemErrorCode, usageError } from './command-error.js';
import type { CommandIo } from './io.js';
import { jsonLine } from '../base/json-line.js';
import { readInput } from './read-input.js';
import { printable, quote } from './text.js';

interface Flags extends VerifierFlags {
  readonly from?: readonly string[];
  readonly output: 'text' | 'json';
}

const help = `
Nothing but the files and the public key is needed. Whoever can write to the folder can also put
an older state of it back: only --from shows that. Keep checkpoints (c07/checkpoint) elsewhere.

Exit codes: 0 the log is what was signed, 1 it is not, 2 wrong usage, or files that cannot be read.`;

export function addAuditVerifyCommand(audit: Command, io: CommandIo): void {
  plainCommand(audit, 'verify', io)
    .description('prove that the audit log in a folder is complete and unchanged')
    .argument('<folder>', 'the folder of the log (STS_AUDIT_DIR), or a copy of it')
    .addOption(new Option(...keyOption).argParser(collected))
    .option(...keyFileOption)
    .addOption(new Option('--from <file>', 'a checkpoint that was kept: nothing up to it may be missing or different; may be repeated').argParser(collected))
    .addOption(new Option('--output <form>', 'text or json').choices(['text', 'json']).default('text'))
    .addHelpText('after', help)
    .action(async (folder: string, flags: Flags) => await verify(folder, flags, io));
}

async function verify(folder: string, { from = [], output, ...keys }: Flags, io: CommandIo): Promise<void> {
  const verifiers = await readVerifiers(keys);
  const older: string[] = [];
  for (const file of from) older.push(await readOlder(file, verifiers));
  const report = await verifyLog(folder, verifiers, { from: older }).catch((error: unknown) => {
    throw usageError(`the log in ${quote(folder)} cannot be read: ${systemErrorCode(error)}`);
  });
  io.out(output === 'json' ? `${jsonLine(report, 2)}\n` : textOf(report));
  if (report.findings.length > 0) throw new CommandError(exitCodes.findings, `${counted(report.findings.length, 'finding')}: the log is not what was signed`);
}

async function readOlder(file: string, verifiers: readonly VerifierKey[]): Promise<string> {
  const note = await readInput('checkpoint', file);
  try {
    parseOlderCheckpoint(note, verifiers);
    return note;
  } catch (error) {
    if (error instanceof FormatError) throw usageError(`checkpoint ${quote(file)} cannot be used: ${error.message}`);
    throw error;
  }
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function textOf({ cells, findings }: LogReport): string {
  return [...cells.map(cellText), ...findings.map(({ kind, message }) => `${kind}: ${message}`)].map((line) => `${printable(line)}\n`).join('');
}

function cellText({ cell, name, size, minimumIndex, filesBehind }: CellReport): string {
  return [
    `cell ${cell}: ${counted(size, 'event')}${name === undefined ? '' : ` of ${name}`}`,
    ...(minimumIndex === 0 ? [] : [`the first ${minimumIndex} pruned`]),
    ...(filesBehind === 0 ? [] : [`${counted(filesBehind, 'file')} behind the checkpoint, not signed: an append that did not end, or an older checkpoint that was put back`]),
  ].join('; ');
}
