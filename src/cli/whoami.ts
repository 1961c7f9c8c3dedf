// `agency-sts whoami`: who the service takes the credentials for.
import { Option, type Command } from 'commander';
import { callService } from './call.js';
import { clientCommand } from './client-command.js';
import { resolveConnection, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';
import { getCallerIdentity } from './operations.js';
import { printable } from './text.js';

interface Flags extends ConnectionFlags {
  readonly output: 'text' | 'json';
}

export function addWhoamiCommand(program: Command, io: CommandIo): void {
  clientCommand(program, 'whoami', io)
    .description('show the account and the principal that the credentials belong to')
    .addOption(new Option('--output <form>', 'text or json').choices(['text', 'json']).default('text'))
    .action(async (flags: Flags) => {
      const identity = await callService(await resolveConnection(flags, io), getCallerIdentity, io.now());
      const { account_id: accountId, principal_urn: urn, principal_id: id } = identity;
      const lines = [`account    ${printable(accountId)}`, `principal  ${printable(urn)}`, `id         ${printable(id)}`];
      io.out(flags.output === 'json' ? `${JSON.stringify(identity, undefined, 2)}\n` : `${lines.join('\n')}\n`);
    });
}
