// `agency-sts audit search`: events of the account, those that are not sealed yet among them.
import { Option, type Command } from 'commander';
import { jsonLine } from '../base/json-line.js';
import { listAuditEvents, mostEventsPerPage, type EventsPage } from './audit-calls.js';
import { addFilterOptions, filterQuery, type FilterFlags } from './audit-filters.js';
import { callService } from './call.js';
import { clientCommand } from './client-command.js';
import { usageError } from './command-error.js';
import { resolveConnection, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { printable, quote } from './text.js';

interface Flags extends ConnectionFlags, FilterFlags {
  readonly order: 'newest' | 'oldest';
  readonly limit: string;
  readonly output: 'text' | 'json';
}

type Event = EventsPage['events'][number];

export function addAuditSearchCommand(audit: Command, io: CommandIo): void {
  addFilterOptions(clientCommand(audit, 'search', io))
    .description('find events of the account (needs sts:auditEvents:list)')
    .addOption(new Option('--order <order>', 'which come first').choices(['newest', 'oldest']).default('newest'))
    .option('--limit <number>', 'how many events at most', '100')
    .addOption(new Option('--output <form>', 'text, or JSON with one event a line').choices(['text', 'json']).default('text'))
    .action((flags: Flags) => search(flags, io));
}

async function search(flags: Flags, io: CommandIo): Promise<void> {
  const limit = Number(flags.limit);
  if (!Number.isSafeInteger(limit) || limit < 1) throw usageError(`\`--limit\` must be a whole number from 1, not ${quote(flags.limit)}`);
  const connection = await resolveConnection(flags, io);
  const print = flags.output === 'json' ? jsonLine : eventText;
  let marker: string | undefined;
  let left = limit;
  do {
    const query = { ...filterQuery(flags), order: flags.order, limit: String(Math.min(left, mostEventsPerPage)), marker };
    const { events, page_info: page } = await callService(connection, listAuditEvents(query), io.now());
    for (const event of events) io.out(`${print(event)}\n`);
    left -= events.length;
    marker = page.next_marker;
  } while (marker !== undefined && left > 0);
}

/** Time, id, outcome, operation, by whom, from where, on what; `*` marks what is not sealed yet. */
function eventText(event: Event): string {
  const time = typeof event['time'] === 'number' ? new Date(event['time']).toISOString() : '';
  const user = typeof event['user'] === 'object' && event['user'] !== null ? event['user'] as Event : {};
  const outcome = event['error_code'] === undefined ? word(event['code']) : `${word(event['code'])} ${word(event['error_code'])}`;
  const mark = event['sealed'] === true ? '' : '*';
  return [time, `${word(event['trace_id'])}${mark}`, outcome, word(event['trace_name']), word(user['principal_urn']), word(event['source_ip']), word(event['resource_id'])].filter((text) => text !== '').join('  ');
}

const word = (value: unknown): string => (typeof value === 'string' ? printable(value) : '');
