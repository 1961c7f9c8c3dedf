// `agency-sts policy check`: is a policy valid, and is it meant as it stands? With exit codes for CI.
import { text as readText } from 'node:stream/consumers';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Catalogue } from '../catalogue/index.js';
import { BootstrapError } from '../directory/bootstrap-file.js';
import { checkRoleDocument } from '../directory/role-document.js';
import { lint, parsePolicy, PolicyError, type PolicyKind } from '../policy/index.js';
import { isAccountId } from '../urn/urn.js';
import { checkedFile, type CheckedDocument, type CheckedFile } from './checked-documents.js';
import { plainCommand } from './client-command.js';
import { CommandError, exitCodes } from './command-error.js';
import type { CommandIo } from './io.js';
import { catalogueFor } from './read-catalogue.js';
import { readInput } from './read-input.js';
import { printable, quote } from './text.js';

interface Flags {
  readonly kind?: PolicyKind;
  readonly account?: string;
  readonly output: 'text' | 'json';
  readonly strict?: true;
}

const severities = ['error', 'warning', 'note'] as const;

interface Found {
  readonly file: string;
  /** JSON pointer in the file. */
  readonly pointer: string;
  readonly severity: (typeof severities)[number];
  readonly rule: string;
  readonly message: string;
}

const kinds: readonly PolicyKind[] = ['identity', 'trust', 'session', 'service-control', 'role', 'legacy-session'];

const help = `
A bootstrap file is known by its accounts: every policy in it is checked, each for its account.
Actions are compared with the catalogue that comes with the program (config/catalogue/) and with
the services in the folder that STS_CATALOGUE_DIR names.

Exit codes: 0 nothing found, or notes only; 1 warnings (with --strict also notes); 2 an invalid document, or wrong usage.`;

export function addPolicyCheckCommand(policy: Command, io: CommandIo): void {
  plainCommand(policy, 'check', io)
    .description('validate policies and look for what is probably not meant')
    .argument('<files...>', 'files with a policy document each, or bootstrap files; - for standard input')
    .addOption(new Option('--kind <kind>', 'what the documents are for (default: role for versions 1.0 and 1.1, trust if a statement has a principal, else identity)').choices(kinds))
    .option('--account <id>', 'the account that owns the policies: others are third parties', accountId)
    .addOption(new Option('--output <form>', 'text or json').choices(['text', 'json']).default('text'))
    .option('--strict', 'fail for notes too')
    .addHelpText('after', help)
    .action(async (files: readonly string[], flags: Flags) => await check(files, flags, io));
}

function accountId(text: string): string {
  if (!isAccountId(text)) throw new InvalidArgumentError('It must have 32 lower-case hexadecimal characters.');
  return text;
}

async function check(files: readonly string[], flags: Flags, io: CommandIo): Promise<void> {
  const catalogue = await catalogueFor(io);
  const results = [];
  for (const file of files) results.push(checkText(await contentOf(file, io), file === '-' ? 'standard input' : file, flags, catalogue));
  const found = results.flatMap((result) => result.found);
  const [errors = 0, warnings = 0, notes = 0] = severities.map((severity) => found.filter((one) => one.severity === severity).length);
  const documents = results.reduce((sum, result) => sum + result.documents, 0);
  if (flags.output === 'json') io.out(`${JSON.stringify({ documents, errors, warnings, notes, findings: found }, undefined, 2)}\n`);
  else for (const one of found) io.out(`${printable(one.file)}: ${one.pointer === '' ? '/' : printable(one.pointer)}: ${one.severity} ${one.rule}: ${printable(one.message)}\n`);

  const summary = `${count(documents, 'document')}: ${count(errors, 'error')}, ${count(warnings, 'warning')}, ${count(notes, 'note')}`;
  if (errors > 0) throw new CommandError(exitCodes.usage, summary);
  if (warnings > 0 || (flags.strict === true && notes > 0)) throw new CommandError(exitCodes.findings, summary);
  if (flags.output === 'text') io.out(`${summary}\n`);
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

const contentOf = (file: string, io: CommandIo): Promise<string> => (file === '-' ? readText(io.input ?? process.stdin) : readInput('file', file));

function checkText(text: string, file: string, { kind, account }: Flags, catalogue: Catalogue): { readonly documents: number; readonly found: readonly Found[] } {
  let checked: CheckedFile;
  try {
    checked = checkedFile(text, { kind, ownAccountId: account });
  } catch (error) {
    if (error instanceof BootstrapError) return { documents: 0, found: [{ file, pointer: error.pointer, severity: 'error', rule: 'bootstrap-file', message: error.message }] };
    throw error;
  }
  const roles = checked.attachments.flatMap(({ place, policyName }): readonly Found[] => {
    const name = catalogue.systemRoles.get(policyName)?.displayName ?? policyName;
    const advice = catalogue.excessiveRole(name);
    return advice === undefined ? [] : [{ file, pointer: place, severity: 'warning', rule: 'excessive-role', message: `${quote(name)} is more than a task needs: ${advice}` }];
  });
  return { documents: checked.documents.length, found: [...checked.documents.flatMap((document) => checkDocument(document, file, catalogue)), ...roles] };
}

function checkDocument({ kind, text, place, ownAccountId }: CheckedDocument, file: string, { knownActions, partlyKnownServices }: Catalogue): readonly Found[] {
  try {
    // A role in a bootstrap file is a custom one.
    if (kind === 'role' && place !== '') checkRoleDocument(text);
    const findings = lint(parsePolicy(kind, text), { knownActions, partlyKnownServices, ...(ownAccountId !== undefined && { ownAccountId }) });
    return findings.map((finding) => ({ file, ...finding, pointer: `${place}${finding.pointer}` }));
  } catch (error) {
    if (error instanceof PolicyError) return [{ file, pointer: `${place}${error.pointer}`, severity: 'error', rule: error.rule, message: error.message }];
    throw error;
  }
}
