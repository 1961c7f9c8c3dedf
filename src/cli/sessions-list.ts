// `agency-sts sessions list`: the sessions that the account is a party to, one a line.
import { Option, type Command } from 'commander';
import { jsonLine } from '../base/json-line.js';
import type { SessionSummary } from '../oversight/sessions/answers.js';
import { clientCommand } from './client-command.js';
import { resolveConnection, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { limitOf, listedSessions } from './session-calls.js';
import { printable } from './text.js';

interface Flags extends ConnectionFlags {
  readonly state: 'live' | 'ended';
  readonly limit: string;
  readonly output: 'text' | 'json';
  readonly [filter: string]: unknown;
}

/** Option, member of the query, description. */
const filters = [
  ['--agency <id or URN>', 'agency', 'only sessions of this agency'],
  ['--principal <urn>', 'principal', 'only those that this principal assumed'],
  ['--root-principal <urn>', 'root_principal', 'only those whose chain this principal began'],
  ['--access-key <id>', 'access_key_id', 'only those whose chain began with this access key'],
  ['--source-identity <name>', 'source_identity', 'only those with this source identity'],
  ['--tag <key or key=value>', 'tag', 'only those with this session tag'],
  ['--depth <hops>', 'depth', 'only those so many hops from the long-term key'],
  ['--issued-after <time>', 'issued_after', 'not issued before this time, such as 2026-01-31T08:00:00Z'],
  ['--issued-before <time>', 'issued_before', 'issued before this time'],
  ['--expires-after <time>', 'expires_after', 'not expiring before this time'],
  ['--expires-before <time>', 'expires_before', 'expiring before this time'],
] as const;

export function addSessionsListCommand(sessions: Command, io: CommandIo): void {
  const command = clientCommand(sessions, 'list', io)
    .description('list the sessions of the account\'s agencies, and those that its principals assumed elsewhere, newest first (needs sts:sessions:list)')
    .addOption(new Option('--state <state>', 'those that can be used, or those that expired or were revoked').choices(['live', 'ended']).default('live'));
  const options = filters.map(([flags, member, description]) => {
    const option = new Option(flags, description);
    command.addOption(option);
    return [option.attributeName(), member] as const;
  });
  command
    .option('--limit <number>', 'how many sessions at most', '100')
    .addOption(new Option('--output <form>', 'text, or JSON with one session a line').choices(['text', 'json']).default('text'))
    .action(async (flags: Flags) => {
      const limit = limitOf(flags.limit);
      const connection = await resolveConnection(flags, io);
      const query = Object.fromEntries(options.map(([name, member]) => [member, textOf(flags[name])]));
      const print = flags.output === 'json' ? jsonLine : sessionLine;
      for await (const session of listedSessions({ connection, io }, { state: flags.state, ...query }, limit)) io.out(`${print(session)}\n`);
    });
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Id, status, times, depth, who it is, by whom it was assumed. */
const sessionLine = (session: SessionSummary): string =>
  [session.session_id, session.status, `${session.issued_at} to ${session.expires_at}`, `depth ${session.depth}`, session.urn, `by ${session.assumed_by}`].map(printable).join('  ');
