// Structured logs on standard error, one JSON object a line.
import pino from 'pino';
import type { Log } from '../http/errors.js';

export function createLog(level: 'debug' | 'info' | 'error' | 'silent'): Log {
  return pino({ level, base: { pid: process.pid } }, pino.destination({ dest: 2, sync: false }));
}
