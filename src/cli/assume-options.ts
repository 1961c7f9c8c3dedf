// The options of `agency-sts assume` that say what to ask for: their help and how their values are read.
import { InvalidArgumentError, type Command } from 'commander';
import { parseUrn } from '../urn/urn.js';
import type { ChainRequest } from './chain.js';
import { usageError } from './command-error.js';
import type { CommandIo } from './io.js';
import { readPolicyFile } from './policy-file.js';
import { quote } from './text.js';

interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface AssumeFlags {
  readonly agency: readonly string[];
  readonly sessionName?: string;
  readonly duration?: number;
  readonly tag?: readonly Tag[];
  readonly transitive?: readonly string[];
  readonly sourceIdentity?: string;
  readonly externalId?: string;
  readonly mfa?: string;
  readonly policyFile?: string;
  readonly policyId?: readonly string[];
}

export function addAssumeOptions(command: Command): Command {
  return command
    .requiredOption('--agency <urn>', 'an agency to assume, iam::ACCOUNT:agency:NAME; repeat it for a chain, in order', collect(agencyUrn))
    .option('--session-name <name>', 'the name of each session, 2 to 128 of A-Z a-z 0-9 _ + = , . @ - (default: agency-sts-USER)', sessionName)
    .option('--duration <seconds>', 'life of the last session (default: 3600, which is also the most that a chain may have)', wholeNumber)
    .option('--tag <key=value>', 'a session tag, split at the first =; repeatable; first hop only', collect(tag))
    .option('--transitive <key>', 'the key of a --tag that travels on through the whole chain; repeatable', collect(asGiven))
    .option('--source-identity <text>', 'the source identity; first hop only, it travels on by itself')
    .option('--external-id <id>', 'the external id that the last agency asks for; last hop only (if an earlier one asks: see below)')
    .option('--mfa <serial:code>', 'serial number of your MFA device and its current code, split at the last colon; first hop only')
    .option('--policy-file <file>', 'a JSON file with a session policy that narrows the last session')
    .option('--policy-id <id>', 'id of an identity policy that narrows the last session; repeatable', collect(asGiven));
}

/** Reads the policy file. Throws a CommandError when the flags contradict each other. */
export async function chainRequest(flags: AssumeFlags, io: CommandIo): Promise<ChainRequest> {
  for (const key of flags.transitive ?? []) {
    if (flags.tag?.some((candidate) => candidate.key === key) !== true) throw usageError(`--transitive ${quote(key)} names no --tag`);
  }
  return {
    agencyUrns: flags.agency,
    agencySessionName: flags.sessionName ?? defaultSessionName(io),
    durationSeconds: flags.duration,
    tags: flags.tag,
    transitiveTagKeys: flags.transitive,
    sourceIdentity: flags.sourceIdentity,
    externalId: flags.externalId,
    mfa: flags.mfa === undefined ? undefined : mfaOf(flags.mfa),
    policy: flags.policyFile === undefined ? undefined : await readPolicyFile(flags.policyFile),
    policyIds: flags.policyId,
  };
}

function collect<Value>(read: (text: string) => Value): (text: string, previous?: readonly Value[]) => readonly Value[] {
  return (text, previous = []) => [...previous, read(text)];
}

const asGiven = (text: string): string => text;

function agencyUrn(text: string): string {
  const urn = parseUrn(text);
  if (urn?.service !== 'iam' || urn.type !== 'agency') throw new InvalidArgumentError('It must look like iam::ACCOUNT:agency:NAME.');
  return text;
}

const sessionNamePattern = /^[\w+=,.@-]{2,128}$/;

function sessionName(text: string): string {
  if (!sessionNamePattern.test(text)) throw new InvalidArgumentError('It must have 2 to 128 characters of A-Z a-z 0-9 _ + = , . @ -');
  return text;
}

// Its range is the service's to judge: the maximum depends on the agency and on the chain.
function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.');
  return Number(text);
}

function tag(text: string): Tag {
  const end = text.indexOf('=');
  if (end < 1) throw new InvalidArgumentError('It must look like key=value.');
  return { key: text.slice(0, end), value: text.slice(end + 1) };
}

function mfaOf(text: string): { serialNumber: string; tokenCode: string } {
  const match = /^(.+):(\d{6})$/.exec(text);
  const [, serialNumber, tokenCode] = match ?? [];
  // Not quoted: a code is good for another half a minute.
  if (serialNumber === undefined || tokenCode === undefined) throw usageError('--mfa must be the serial number of the device, a colon and six digits');
  return { serialNumber, tokenCode };
}

function defaultSessionName({ environment }: CommandIo): string {
  const user = environment['USER'] ?? environment['LOGNAME'] ?? '';
  const name = user === '' ? 'agency-sts' : `agency-sts-${user}`;
  return name.replace(/[^\w+=,.@-]/g, '-').slice(0, 128);
}
