// Structured logs on standard error, one JSON object a line.
import pino from 'pino';
import type { Log } from '../http/errors.js';

export function createLog(level: 'debug' | 'info' | 'error' | 'silent'): Log {
  return pino({ level, base: { pid: process.pid } }, pino.destination({ dest: 2, sync: false }));
}

const repeatMilliseconds = 10_000;

/** Each failed try to connect is an error; the same one again is told every ten seconds. */
export function redisErrors(log: Log): (error: Error) => void {
  let last = { message: '', at: 0 };
  return ({ message }) => {
    const at = Date.now();
    if (message === last.message && at - last.at < repeatMilliseconds) return;
    last = { message, at };
    log.error({ cause: message }, 'the connection to Redis failed');
  };
}
