// `agency-sts agency migrate`: makes a trust agency of a legacy one, or shows what would become of it.
import { Option, type Command } from 'commander';
import { jsonLine } from '../base/json-line.js';
import { foundAgency, migrateAgency, type Migration } from './agency-calls.js';
import { callService } from './call.js';
import { clientCommand } from './client-command.js';
import { usageError } from './command-error.js';
import { resolveConnection, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { printable, quote } from './text.js';

interface Flags extends ConnectionFlags {
  readonly name?: string;
  readonly apply?: true;
  readonly dryRun?: true;
  readonly output: 'text' | 'json';
}

export function addAgencyMigrateCommand(agency: Command, io: CommandIo): void {
  clientCommand(agency, 'migrate', io)
    .description('make a trust agency of a legacy one: prints what would become of it and what would not, and changes nothing without --apply')
    .argument('<agency>', 'name, id or URN of a legacy agency of the account')
    .option('--name <name>', 'make the trust agency under this name beside the legacy one; without it, it takes its place, and the sessions of the legacy agency end')
    .option('--dry-run', 'only print (the default)')
    .option('--apply', 'do it')
    .addOption(new Option('--output <form>', 'text or json').choices(['text', 'json']).default('text'))
    .action(async (wanted: string, flags: Flags) => {
      if (flags.apply === true && flags.dryRun === true) throw usageError('`--apply` and `--dry-run` do not go together');
      const connection = await resolveConnection(flags, io);
      const found = await foundAgency(connection, io, wanted);
      if (found.trust_policy !== undefined) throw usageError(`${quote(found.agency_name)} is no legacy agency: it has a trust policy already`);
      const migration = await callService(connection, migrateAgency(found.agency_id, { name: flags.name, dry_run: flags.apply !== true }), io.now());
      io.out(flags.output === 'json' ? `${jsonLine(migration, 2)}\n` : textOf(migration));
    });
}

function textOf({ dry_run: isDryRun, legacy_agency: legacy, agency, policies, attached_policies: attached, not_carried_over: leftOver, advice }: Migration): string {
  const isReplaced = legacy.urn === agency.urn;
  const lines = [
    `legacy agency ${legacy.urn}${isReplaced ? '' : ' stays as it is'}`,
    `trust agency  ${agency.urn}${isReplaced ? `, in its place: sessions of the legacy agency ${isDryRun ? 'would end' : 'have ended'}` : ''}`,
    ...indented('trust policy', agency.trust_policy ?? ''),
    ...policies.flatMap(({ policy_name: name, policy_document: document }) => indented(`new identity policy ${name}`, document)),
    ...attached.map(({ urn }) => `identity policy ${urn}, as before`),
    ...(leftOver.length === 0 ? [] : ['not carried over:', ...leftOver.map(({ about, text }) => `- ${about}: ${text}`)]),
    ...(advice.length === 0 ? [] : ['more than a task needs:', ...advice.map((text) => `- ${text}`)]),
    isDryRun ? 'nothing was changed; with --apply it is done' : `done: the trust agency has the id ${agency.agency_id ?? ''}`,
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

/** A document as people read it. */
const indented = (title: string, document: string): readonly string[] => [title, ...JSON.stringify(JSON.parse(document), undefined, 2).split('\n').map((line) => `  ${line}`)];
