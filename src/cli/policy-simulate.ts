// `agency-sts policy simulate`: what would be decided and why, asked of a running service or of a bootstrap file.
import { Option, type Command } from 'commander';
import { ApiError } from '../base/api-error.js';
import { BootstrapError, parseBootstrapFile } from '../directory/bootstrap-file.js';
import { bootstrapSnapshots } from '../directory/bootstrap-snapshots.js';
import { defaultRegions } from '../directory/projects.js';
import { simulate } from '../sts/simulate.js';
import { simulationAnswer, type SimulateAnswer } from '../sts/simulate-answer.js';
import { simulationQuestion, type SimulateBody } from '../sts/simulate-input.js';
import { callService } from './call.js';
import { clientCommand } from './client-command.js';
import { CommandError, exitCodes, usageError } from './command-error.js';
import { resolveConnection, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { simulatePolicies } from './operations.js';
import { addQuestionOptions, simulateBodyOf, type QuestionFlags } from './policy-simulate-options.js';
import { catalogueFor } from './read-catalogue.js';
import { readInput } from './read-input.js';
import { simulationText } from './simulation-text.js';
import { quote } from './text.js';

interface Flags extends ConnectionFlags, QuestionFlags {
  readonly bootstrap?: string;
  readonly output: 'text' | 'json';
}

const help = `
With --bootstrap all accounts of the file are seen, with the catalogue that comes with the program
and the services in the folder that STS_CATALOGUE_DIR names; nothing is connected to. A running
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
  addQuestionOptions(clientCommand(policy, 'simulate', io))
    .description('tell what would be decided, by which policy and statement, and which conditions failed on which values')
    .option('--bootstrap <file>', 'ask this file instead of a service')
    .addOption(new Option('--output <form>', 'text or json').choices(['text', 'json']).default('text'))
    .addHelpText('after', help)
    .action(async (flags: Flags) => await run(flags, io));
}

async function run(flags: Flags, io: CommandIo): Promise<void> {
  const body = await simulateBodyOf(flags);
  const answer = flags.bootstrap === undefined
    ? await callService(await resolveConnection(flags, io), simulatePolicies(body), io.now())
    : await simulateFile(flags.bootstrap, body, io);
  io.out(flags.output === 'json' ? `${JSON.stringify(answer, undefined, 2)}\n` : simulationText(answer));
  if (!answer.allowed) throw new CommandError(exitCodes.findings, 'not allowed');
}

async function simulateFile(file: string, body: SimulateBody, io: CommandIo): Promise<SimulateAnswer> {
  const now = io.now().getTime();
  const catalogue = await catalogueFor(io);
  try {
    const accounts = bootstrapSnapshots(parseBootstrapFile(await readInput('bootstrap file', file)), now, catalogue);
    return simulationAnswer(simulate({ accounts, catalogue, regions: defaultRegions, now }, simulationQuestion(body)));
  } catch (error) {
    if (error instanceof BootstrapError) throw usageError(`bootstrap file ${quote(file)}: ${error.message}`);
    if (error instanceof ApiError) throw usageError(error.message);
    throw error;
  }
}
