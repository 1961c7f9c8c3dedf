// `agency-sts audit export`: the events of the account, oldest first, in the format of another system; with --follow also those to come.
import { setTimeout as sleep } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { jsonLine } from '../base/json-line.js';
import { listAuditEvents, mostEventsPerPage, type EventsPage } from './audit-calls.js';
import { addFilterOptions, filterQuery, type FilterFlags } from './audit-filters.js';
import { callService } from './call.js';
import { clientCommand } from './client-command.js';
import { CommandError, exitCodes, usageError } from './command-error.js';
import { resolveConnection, type Connection, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { quote } from './text.js';

interface Flags extends ConnectionFlags, FilterFlags {
  readonly format: 'cts' | 'ocsf' | 'jsonl';
  readonly follow?: true;
  readonly interval: string;
}

const help = `
One JSON object a line. With --follow the command asks again every few seconds, and goes on where it
was when the service could not be reached for a while: no event is printed twice, none is left out.
Reading is recorded too: each request for a page is an event of its own.`;

export function addAuditExportCommand(audit: Command, io: CommandIo): void {
  addFilterOptions(clientCommand(audit, 'export', io))
    .description('print the events of the account, oldest first (needs sts:auditEvents:list)')
    .addOption(new Option('--format <format>', 'of the cloud trace service, of OCSF, or our own').choices(['cts', 'ocsf', 'jsonl']).makeOptionMandatory())
    .option('-f, --follow', 'go on with new events until interrupted')
    .option('--interval <seconds>', 'with --follow: how long to wait before asking for new events', '5')
    .addHelpText('after', help)
    .action((flags: Flags) => exportEvents(flags, io));
}

async function exportEvents(flags: Flags, io: CommandIo): Promise<void> {
  const interval = Number(flags.interval);
  if (!(interval >= 0.1 && interval <= 3600)) throw usageError(`\`--interval\` must be from 0.1 to 3600 seconds, not ${quote(flags.interval)}`);
  const connection = await resolveConnection(flags, io);
  const query = { ...filterQuery(flags), order: 'oldest', format: flags.format, limit: String(mostEventsPerPage) };
  for (let marker: string | undefined; ; ) {
    const isFirst = marker === undefined;
    const page = await pageOf(connection, { ...query, marker }, io, flags.follow === true && !isFirst);
    for (const event of page.events) io.out(`${jsonLine(flags.format === 'cts' ? withoutState(event) : event)}\n`);
    const { next_marker: next, resume_marker: resume } = page.page_info;
    marker = next ?? (flags.follow === true ? resume : undefined);
    if (marker === undefined) return;
    if (next === undefined) await sleep(interval * 1000);
  }
}

/** Whether it is sealed is no part of an event: it would be another one a moment later. */
const withoutState = ({ sealed: _sealed, ...event }: EventsPage['events'][number]): object => event;

const longestPauseMilliseconds = 30_000;

/** @param isPatient whether to try again for as long as it takes when no usable answer comes */
async function pageOf(connection: Connection, query: Readonly<Record<string, string | undefined>>, io: CommandIo, isPatient: boolean): Promise<EventsPage> {
  for (let pause = 250; ; pause = Math.min(2 * pause, longestPauseMilliseconds)) {
    try {
      return await callService(connection, listAuditEvents(query), io.now());
    } catch (error) {
      if (!isPatient || !isTemporary(error)) throw error;
      io.err(`agency-sts: ${error.message}; trying again\n`);
      await sleep(pause);
    }
  }
}

const isTemporary = (error: unknown): error is CommandError => error instanceof CommandError && (error.exitCode === exitCodes.unreachable || error.status === 429);
