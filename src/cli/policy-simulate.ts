// `agency-sts policy simulate`: what would be decided and why, asked of a running service or of a bootstrap file.
import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ApiError } from '../base/api-error.js';
import { BootstrapError, parseBootstrapFile } from '../directory/bootstrap-file.js';
import { bootstrapSnapshots } from '../directory/bootstrap-snapshots.js';
import { simulate } from '../sts/simulate.js';
import { simulationAnswer, type SimulateAnswer } from '../sts/simulate-answer.js';
import { simulateBody, simulationQuestion, type SimulateBody } from '../sts/simulate-input.js';
import { callService } from './call.js';
import { clientCommand } from './client-command.js';
import { CommandError, exitCodes, systemErrorCode, usageError } from './command-error.js';
import { resolveConnection, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { simulatePolicies } from './operations.js';
import { simulationText } from './simulation-text.js';
import { quote } from './text.js';

interface Pair {
  readonly key: string;
  readonly value: string;
}

interface Flags extends ConnectionFlags {
  readonly principal: string;
  readonly action: string;
  readonly resource?: string;
  readonly context?: readonly Pair[];
  readonly session?: string;
  readonly sessionTag?: readonly Pair[];
  readonly sessionTransitive?: readonly string[];
  readonly sessionSourceIdentity?: string;
  readonly sessionPolicy?: string;
  readonly sessionPolicyId?: readonly string[];
  readonly sessionMfaAge?: number;
  readonly sessionName?: string;
  readonly tag?: readonly Pair[];
  readonly transitive?: readonly string[];
  readonly sourceIdentity?: string;
  readonly externalId?: string;
  readonly mfa?: true;
  readonly bootstrap?: string;
  readonly output: 'text' | 'json';
}

const help = `
With --bootstrap all accounts of the file are seen, and nothing is connected to. A running
service shows the account of the credentials only (action sts::simulate): of another
account's agency only the caller's side is told, of another account's principal only
whether an own agency trusts it.

--session... options tell of the session in which the principal acts; --tag, --transitive,
--source-identity, --external-id, --session-name and --mfa what it asks sts:agencies:assume for.

Examples:
  agency-sts policy simulate --bootstrap FILE --principal iam::ACCOUNT:user:alice \\
    --action sts:agencies:assume --resource iam::ACCOUNT:agency:deployer --tag team=blue
  agency-sts policy simulate --profile acme/root --principal iam::ACCOUNT:agency:deployer \\
    --session-tag team=blue --action obs:object:GetObject --context g:SourceIp=192.0.2.7

Exit codes: 0 allowed, 1 not allowed or refused by the service, 2 wrong usage, 3 service unreachable.`;

export function addPolicySimulateCommand(policy: Command, io: CommandIo): void {
  const command = clientCommand(policy, 'simulate', io)
    .description('tell what would be decided, by which policy and statement, and which conditions failed on which values')
    .requiredOption('--principal <urn>', 'a user, iam::ACCOUNT:root, an agency (any session of it), a session, or service.X')
    .requiredOption('--action <action>', 'such as sts:agencies:assume')
    .option('--resource <urn>', 'what is acted on; none for actions without a resource type')
    .option('--context <key=value>', 'a condition value, split at the first =; repeat a key for several values', collectPair)
    .option('--bootstrap <file>', 'ask this file instead of a service');
  addSessionOptions(command);
  addRequestOptions(command);
  command
    .addOption(new Option('--output <form>', 'text or json').choices(['text', 'json']).default('text'))
    .addHelpText('after', help)
    .action(async (flags: Flags) => await run(flags, io));
}

function addSessionOptions(command: Command): void {
  command
    .option('--session <name>', 'the name of the session, with the URN of an agency')
    .option('--session-tag <key=value>', 'a tag that the session has; repeatable', collectPair)
    .option('--session-transitive <key>', 'the key of a --session-tag that is transitive; repeatable', collect)
    .option('--session-source-identity <text>', 'the source identity that the session has')
    .option('--session-policy <file>', 'a JSON file with the session\'s inline policy')
    .option('--session-policy-id <id>', 'id of a policy that narrows the session; repeatable', collect)
    .option('--session-mfa-age <seconds>', 'the session was obtained with an MFA code, so long ago', wholeNumber);
}

function addRequestOptions(command: Command): void {
  command
    .option('--session-name <name>', 'agency_session_name of the call')
    .option('--tag <key=value>', 'a session tag that the call passes; repeatable', collectPair)
    .option('--transitive <key>', 'the key of a --tag that is to be transitive; repeatable', collect)
    .option('--source-identity <text>', 'the source identity that the call sets')
    .option('--external-id <id>', 'the external id that the call gives')
    .option('--mfa', 'the call carries a valid MFA code');
}

function collect(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}

function collectPair(text: string, previous: readonly Pair[] = []): readonly Pair[] {
  const end = text.indexOf('=');
  if (end < 1) throw new InvalidArgumentError('It must look like key=value.');
  return [...previous, { key: text.slice(0, end), value: text.slice(end + 1) }];
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.');
  return Number(text);
}

async function run(flags: Flags, io: CommandIo): Promise<void> {
  const body = await bodyOf(flags);
  const answer = flags.bootstrap === undefined
    ? await callService(await resolveConnection(flags, io), simulatePolicies(body), io.now())
    : await simulateFile(flags.bootstrap, body, io.now().getTime());
  io.out(flags.output === 'json' ? `${JSON.stringify(answer, undefined, 2)}\n` : simulationText(answer));
  if (!answer.allowed) throw new CommandError(exitCodes.findings, 'not allowed');
}

async function bodyOf(flags: Flags): Promise<SimulateBody> {
  const session = present({
    name: flags.session, tags: flags.sessionTag, transitive_tag_keys: flags.sessionTransitive, source_identity: flags.sessionSourceIdentity,
    policy: flags.sessionPolicy === undefined ? undefined : await fileText('session policy', flags.sessionPolicy), policy_ids: flags.sessionPolicyId, mfa_age_seconds: flags.sessionMfaAge,
  });
  const request = present({
    agency_session_name: flags.sessionName, external_id: flags.externalId, source_identity: flags.sourceIdentity, tags: flags.tag, transitive_tag_keys: flags.transitive, mfa: flags.mfa,
  });
  const given = present({ principal: flags.principal, action: flags.action, resource: flags.resource, context: contextOf(flags.context), session, request });
  const parsed = simulateBody.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw usageError(`\`${issue?.path.join('.') ?? ''}\`: ${issue?.message ?? 'malformed'}`);
}

/** Without the members that are undefined; undefined when none is left. */
function present(members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

function contextOf(pairs: readonly Pair[] | undefined): Readonly<Record<string, string | readonly string[]>> | undefined {
  if (pairs === undefined) return undefined;
  const values = new Map<string, string[]>();
  for (const { key, value } of pairs) values.set(key, [...(values.get(key) ?? []), value]);
  return Object.fromEntries(Array.from(values, ([key, list]) => [key, list.length === 1 ? (list[0] ?? '') : list]));
}

async function simulateFile(file: string, body: SimulateBody, now: number): Promise<SimulateAnswer> {
  try {
    const accounts = bootstrapSnapshots(parseBootstrapFile(await fileText('bootstrap file', file)), now);
    return simulationAnswer(simulate(accounts, simulationQuestion(body), now));
  } catch (error) {
    if (error instanceof BootstrapError) throw usageError(`bootstrap file ${quote(file)}: ${error.message}`);
    if (error instanceof ApiError) throw usageError(error.message);
    throw error;
  }
}

const fileText = (what: string, file: string): Promise<string> => readFile(file, 'utf8').catch((error: unknown) => {
  throw usageError(`${what} ${quote(file)} cannot be read: ${systemErrorCode(error)}`);
});
