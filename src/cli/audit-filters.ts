// The options that say which events of the audit are asked for.
import { Option, type Command } from 'commander';

const filters = [
  ['--from <time>', 'not before this time, such as 2026-01-31T08:00:00Z'],
  ['--to <time>', 'before this time'],
  ['--operation <name>', 'only this operation, such as AssumeAgency'],
  ['--principal <urn>', 'only calls of this principal'],
  ['--access-key <id>', 'only calls with this access key, or with sessions that descend from it'],
  ['--session <id>', 'only events of this session: calls with it, its issue, and all that descends from it'],
  ['--source-identity <identity>', 'only sessions with this source identity'],
  ['--source-ip <address>', 'only calls from this address'],
  ['--error-code <code>', 'only calls refused with this code'],
  ['--resource <urn>', 'only calls on this resource'],
  ['--request <id>', 'only the call with this request id'],
] as const;

export interface FilterFlags {
  readonly from?: string;
  readonly to?: string;
  readonly operation?: string;
  readonly principal?: string;
  readonly accessKey?: string;
  readonly session?: string;
  readonly sourceIdentity?: string;
  readonly sourceIp?: string;
  readonly errorCode?: string;
  readonly resource?: string;
  readonly request?: string;
  readonly outcome?: 'allowed' | 'refused';
}

export function addFilterOptions(command: Command): Command {
  for (const [flags, description] of filters) command.option(flags, description);
  return command.addOption(new Option('--outcome <outcome>', 'only calls that were').choices(['allowed', 'refused']));
}

/** As members of the query. */
export const filterQuery = (flags: FilterFlags): Readonly<Record<string, string | undefined>> => ({
  from: flags.from, to: flags.to, operation: flags.operation, principal: flags.principal, access_key_id: flags.accessKey, session_id: flags.session,
  source_identity: flags.sourceIdentity, source_ip: flags.sourceIp, outcome: flags.outcome, error_code: flags.errorCode, resource: flags.resource, request_id: flags.request,
});
