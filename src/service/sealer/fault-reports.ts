// Tells of cells whose events cannot be sealed: once in the log and every ten seconds, and in Redis for all processes.
import { ApiError } from '../../base/api-error.js';
import type { Log } from '../../http/errors.js';
import type { KeyNames } from '../../redis/cells.js';
import type { RedisConnection } from '../../redis/client.js';
import { clearSealingFault, countAlarm, setSealingFault } from '../../redis/sealing-status.js';
import type { Alarms } from '../alarms.js';
import { isAlarm } from './seal-cell.js';

export interface FaultReports {
  failed(cell: number, error: unknown): Promise<void>;
  succeeded(cell: number): Promise<void>;
  mended(cell: number, what: string): void;
}

const repeatMilliseconds = 10_000;
const told = 'events cannot be sealed';

export function faultReports(redis: RedisConnection, names: KeyNames, alarms: Alarms, log: Log): FaultReports {
  const faults = new Map<number, { readonly text: string; readonly toldAt: number }>();
  // An alarm that cannot be counted is still in the log.
  const count = (cell: number): void => void countAlarm(redis, names, cell).catch(() => undefined);
  return {
    async failed(cell, error) {
      const text = faultText(error);
      const alarm = isAlarm(error);
      const known = faults.get(cell);
      const isNew = known?.text !== text;
      if (isNew || performance.now() - known.toldAt >= repeatMilliseconds) {
        faults.set(cell, { text, toldAt: performance.now() });
        if (alarm) alarms.raise({ cell, cause: text }, told);
        else log.error({ cell, cause: text }, told);
        if (alarm && isNew) count(cell);
      }
      // Whoever asks for readiness learns by himself that Redis is away.
      if (!(error instanceof ApiError)) await setSealingFault(redis, names, cell, text).catch(() => undefined);
    },
    async succeeded(cell) {
      if (faults.delete(cell)) log.info({ cell }, 'events are sealed again');
      await clearSealingFault(redis, names, cell).catch(() => undefined);
    },
    mended(cell, what) {
      alarms.raise({ cell, cause: what }, 'the audit log was changed from outside');
      count(cell);
    },
  };
}

function faultText(error: unknown): string {
  if (error instanceof ApiError && error.cause instanceof Error) return error.cause.message;
  return error instanceof Error ? error.message : String(error);
}
