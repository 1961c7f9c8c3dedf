// The options of `agency-sts policy simulate` that make up the question: their help and how their values are read.
import { InvalidArgumentError, type Command } from 'commander';
import { simulateBody, type SimulateBody } from '../sts/simulate-input.js';
import { usageError } from './command-error.js';
import { readPolicyFile } from './policy-file.js';

interface Pair {
  readonly key: string;
  readonly value: string;
}

export interface QuestionFlags {
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
  readonly project?: string;
  readonly enterpriseProject?: string;
  readonly direct?: true;
  readonly operationId?: string;
}

export function addQuestionOptions(command: Command): Command {
  command
    .requiredOption('--principal <urn>', 'a user, iam::ACCOUNT:root, an agency (any session of it), a session, or service.X')
    .requiredOption('--action <action>', 'such as sts:agencies:assume')
    .option('--resource <urn>', 'what is acted on; none for actions without a resource type')
    .option('--context <key=value>', 'a condition value, split at the first =; repeat a key for several values', collectPair);
  addScopeOptions(command);
  addSessionOptions(command);
  addRequestOptions(command);
  return command;
}

function addScopeOptions(command: Command): void {
  command
    .option('--project <id>', 'the project in which the request is made; without it the region of the resource names one')
    .option('--enterprise-project <id>', 'the enterprise project that the request names')
    .option('--direct', 'roles granted for all projects do not count')
    .option('--operation-id <id>', 'the operation in the catalogue: it says whether roles granted for an enterprise project count');
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

/** The body of the question. Throws a CommandError that names the field that is wrong. */
export async function simulateBodyOf(flags: QuestionFlags): Promise<SimulateBody> {
  const session = present({
    name: flags.session, tags: flags.sessionTag, transitive_tag_keys: flags.sessionTransitive, source_identity: flags.sessionSourceIdentity,
    policy: flags.sessionPolicy === undefined ? undefined : await readPolicyFile(flags.sessionPolicy), policy_ids: flags.sessionPolicyId, mfa_age_seconds: flags.sessionMfaAge,
  });
  const request = present({
    agency_session_name: flags.sessionName, external_id: flags.externalId, source_identity: flags.sourceIdentity, tags: flags.tag, transitive_tag_keys: flags.transitive, mfa: flags.mfa,
  });
  const scope = present({ project_id: flags.project, enterprise_project_id: flags.enterpriseProject, direct: flags.direct });
  const given = present({ principal: flags.principal, action: flags.action, resource: flags.resource, context: contextOf(flags.context), session, request, scope, operation_id: flags.operationId });
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
