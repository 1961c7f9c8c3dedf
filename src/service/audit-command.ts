// `agency-sts audit tail`: the last events, of all accounts, for who runs the service.
import type { Command } from 'commander';
import { formats } from '../audit/formats/index.js';
import type { StoredEvent } from '../audit/reader.js';
import { jsonLine } from '../base/json-line.js';
import { CommandError, exitCodes } from '../cli/index.js';
import { readUnidentifiedCalls } from '../redis/audit-store.js';
import { readEvents, readLastEvents } from './audit-tail.js';
import type { Composition } from './composition.js';

const pollMilliseconds = 500;

interface TailOptions {
  readonly count: string;
  readonly follow?: true;
  readonly account?: string;
  readonly unidentified?: true;
}

/** @param withState runs work on the state that the settings name, and only reads it */
export function addAuditTailCommand(audit: Command, out: (text: string) => void, withState: (work: (composition: Composition) => Promise<void>) => Promise<void>): void {
  audit.command('tail').description('print the last events, one JSON object a line; on the machine of the service')
    .option('-n, --count <number>', 'how many events', '20').option('-f, --follow', 'go on with new events until interrupted')
    .option('--account <id>', 'only events of this account')
    .option('--unidentified', 'instead: calls that no account can be charged with, counted per address and second')
    .action((options: TailOptions) => withState((composition) => tail(composition, out, options)));
}

async function tail(composition: Composition, out: (text: string) => void, options: TailOptions): Promise<void> {
  const count = Number(options.count);
  if (!Number.isSafeInteger(count) || count < 1) throw new CommandError(exitCodes.usage, `\`--count\` must be a whole number from 1, not \`${options.count}\``);
  if (options.unidentified === true) {
    if (options.follow === true || options.account !== undefined) throw new CommandError(exitCodes.usage, '`--unidentified` goes with `--count` only');
    for (const calls of await readUnidentifiedCalls(composition.redis, count)) out(`${jsonLine(calls)}\n`);
    return;
  }
  const print = (events: readonly StoredEvent[]): void => {
    for (const { id, event } of events) out(`${formats.cts(id, event)}\n`);
  };
  let { events, position } = await readLastEvents(composition, count, options.account);
  print(events);
  while (options.follow === true) {
    const from = position;
    ({ events, position } = await readEvents(composition, from, options.account));
    print(events);
    // At the end of every cell, not when nothing matched: behind events of other accounts there may be more.
    if ([...position].every(([cell, sequence]) => from.get(cell) === sequence)) await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
  }
}
