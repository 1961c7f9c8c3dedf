// Asks the signing process, again and again during a comparison, since a core's speed is not the same from second to second.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pinned } from './machine.js';

export interface SigningCost {
  /** Microseconds of processor time of one signature now. */
  measure(): Promise<number>;
  stop(): Promise<void>;
}

const signatureProgram = fileURLToPath(new URL('signature.js', import.meta.url));

export function startSigningCost(core: number | undefined, program = signatureProgram): SigningCost {
  const [execPath = process.execPath, ...execArgv] = pinned(core, [process.execPath]);
  const child = fork(program, [], { execPath, execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return {
    async measure() {
      child.send('measure');
      const [microseconds] = (await once(child, 'message')) as [number];
      return microseconds;
    },
    async stop() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
