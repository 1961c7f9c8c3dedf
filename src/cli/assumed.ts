// What commands do with the options of a chain: assume it, from the credentials that were found.
import type { AssumeAnswer } from '../client/assume-agency.js';
import { runChain } from '../client/chain.js';
import { chainRequest, type AssumeFlags } from './assume-options.js';
import { planChain } from './chain.js';
import { asCommand } from './command-error.js';
import { resolveConnection, type Connection, type ConnectionFlags } from './connection.js';
import type { CommandIo } from './io.js';

interface Assumed {
  readonly connection: Connection;
  readonly chain: readonly AssumeAnswer[];
  /** The last of the chain. */
  readonly session: AssumeAnswer;
}

/** Throws a CommandError that names the hop that failed; the sessions obtained until then are dropped. */
export async function assumed(flags: AssumeFlags & ConnectionFlags, io: CommandIo): Promise<Assumed> {
  const request = await chainRequest(flags, io);
  const connection = await resolveConnection(flags, io);
  const chain = await asCommand(() => runChain(connection, planChain(request), { now: () => io.now() }));
  const session = chain.at(-1);
  if (session === undefined) throw new Error('a chain has at least one hop');
  return { connection, chain, session };
}
