// `agency-sts sessions revoke`: ends one session, or all that a subject issued: "this key leaked" in one command.
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { callService, type Call } from './call.js';
import { clientCommand } from './client-command.js';
import { usageError } from './command-error.js';
import { resolveConnection, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { printable, quote } from './text.js';

const oneRevocation = z.object({ revocation: z.object({ session_id: z.string(), revoked_at: z.string(), revoked_by: z.string(), reason: z.string() }) });
const manyRevocation = z.object({ revocation: z.object({ subject: z.string(), exists: z.boolean().optional(), issued_before: z.string(), revoked_at: z.string(), revoked_by: z.string(), reason: z.string() }) });

interface Flags extends ConnectionFlags {
  readonly accessKey?: string;
  readonly user?: string;
  readonly agency?: string;
  readonly sourceIdentity?: string;
  readonly wholeAccount?: true;
  readonly issuedBefore?: string;
  readonly reason?: string;
  readonly output: 'text' | 'json';
}

export function addSessionsRevokeCommand(sessions: Command, io: CommandIo): void {
  clientCommand(sessions, 'revoke', io)
    .description('end a session with all that descends from it, or all sessions that a subject issued so far (needs sts:sessions:revoke)')
    .argument('[session-id]', 'one session; or leave it out and name a subject')
    .option('--access-key <id>', 'what descends from this permanent access key, also when it is deleted')
    .option('--user <id>', 'what descends from this user')
    .option('--agency <id>', 'all sessions of this agency')
    .option('--source-identity <name>', 'what carries this source identity')
    .option('--whole-account', 'all sessions of the account and of its principals')
    .option('--issued-before <time>', 'of a subject: only what was issued before, such as 2026-01-31T08:00:00Z')
    .option('--reason <text>', 'why; the audit and the session keep it')
    .addOption(new Option('--output <form>', 'text or json').choices(['text', 'json']).default('text'))
    .action(async (sessionId: string | undefined, flags: Flags) => {
      const connection = await resolveConnection(flags, io);
      if (sessionId !== undefined) {
        const { revocation } = await callService(connection, revokeSession(sessionId, flags), io.now());
        print(io, flags, revocation, `session ${printable(revocation.session_id)} is revoked, with all that descends from it`);
      } else {
        const { revocation } = await callService(connection, revokeSessions(flags), io.now());
        print(io, flags, revocation, `${printable(revocation.subject)}: all sessions from before ${printable(revocation.issued_before)} are revoked, with all that descends from them`);
        if (revocation.exists === false) io.err(`agency-sts: note: the account has no ${printable(revocation.subject)} now; unless it was deleted, nothing has ended: ids are needed, not names\n`);
      }
    });
}

function revokeSession(sessionId: string, flags: Flags): Call<z.infer<typeof oneRevocation>> {
  if (subjectsOf(flags).length > 0) throw usageError('a session id and a subject do not go together');
  if (flags.issuedBefore !== undefined) throw usageError('`--issued-before` goes with a subject only');
  // It stands in the path.
  if (!/^[A-Z0-9]{1,40}$/.test(sessionId)) throw usageError(`${quote(sessionId)} is no session id`);
  return { method: 'POST', path: `/v1/sessions/${sessionId}/revoke`, body: { reason: flags.reason }, answer: oneRevocation };
}

function revokeSessions(flags: Flags): Call<z.infer<typeof manyRevocation>> {
  const [subject, ...others] = subjectsOf(flags);
  if (subject === undefined || others.length > 0) throw usageError('name a session id, or exactly one of --access-key, --user, --agency, --source-identity and --whole-account');
  return { method: 'POST', path: '/v1/revocations', body: { ...subject, issued_before: flags.issuedBefore, reason: flags.reason }, answer: manyRevocation };
}

function subjectsOf({ accessKey, user, agency, sourceIdentity, wholeAccount }: Flags): readonly Readonly<Record<string, string | true>>[] {
  return [
    ...(accessKey === undefined ? [] : [{ access_key_id: accessKey }]), ...(user === undefined ? [] : [{ user_id: user }]), ...(agency === undefined ? [] : [{ agency_id: agency }]),
    ...(sourceIdentity === undefined ? [] : [{ source_identity: sourceIdentity }]), ...(wholeAccount === undefined ? [] : [{ whole_account: wholeAccount }]),
  ];
}

function print(io: CommandIo, { output }: Flags, revocation: { readonly revoked_at: string; readonly revoked_by: string; readonly reason: string }, text: string): void {
  const { revoked_at: at, revoked_by: by, reason } = revocation;
  io.out(output === 'json' ? `${JSON.stringify(revocation, undefined, 2)}\n` : `${text}\nby ${printable(by)} at ${printable(at)}${reason === '' ? '' : `: ${printable(reason)}`}\n`);
}
