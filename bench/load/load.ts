// The load generator as its owner sees it: a child process that answers one order after another.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pinned } from '../harness/machine.js';
import type { Order, Round, RoundResult } from './orders.js';
import type { RequestSource } from './source.js';

export interface Load {
  open(target: string, port: number, source: RequestSource): Promise<void>;
  round(target: string, round: Round): Promise<RoundResult>;
  close(target: string): Promise<void>;
  stop(): Promise<void>;
}

const generatorProgram = fileURLToPath(new URL('generator.js', import.meta.url));

/** @param core for `taskset`; undefined: wherever the system puts it */
export function startLoad(core: number | undefined, program = generatorProgram): Load {
  const [execPath = process.execPath, ...execArgv] = pinned(core, [process.execPath, '--expose-gc']);
  const child = fork(program, [], { execPath, execArgv, serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let last: Promise<unknown> = Promise.resolve();

  /** The order that waits for its answer; there is one at a time. */
  let waiting: { readonly resolve: (result: RoundResult | null) => void; readonly reject: (error: Error) => void } | undefined;
  child.on('message', (answer: { readonly result: RoundResult | null } | { readonly failure: string }) => {
    if ('failure' in answer) waiting?.reject(new Error(answer.failure));
    else waiting?.resolve(answer.result);
  });
  child.once('exit', () => waiting?.reject(new Error('the load generator ended')));
  const ask = (order: Order): Promise<RoundResult | null> => new Promise((resolve, reject) => {
    waiting = { resolve, reject };
    child.send(order);
  });
  const inTurn = (order: Order): Promise<RoundResult | null> => {
    const asked = last.then(() => ask(order));
    last = asked.catch(() => undefined);
    return asked;
  };
  return {
    async open(target, port, source) {
      await inTurn({ kind: 'open', target, port, source });
    },
    async round(target, round) {
      const result = await inTurn({ kind: 'round', target, ...round });
      if (result === null) throw new Error('a round has a result');
      return result;
    },
    async close(target) {
      await inTurn({ kind: 'close', target });
    },
    async stop() {
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
