// Counts calls that no account can be charged with, per address and second, so that a flood of them stays small.
import type { Clock } from '../base/clock.js';
import type { UnidentifiedCalls } from './event.js';

/** Different callers and causes told apart within a second; further ones are counted together. */
const maximumPerSecond = 256;
const maximumNameLength = 64;

export interface UnidentifiedCounter {
  count(call: Pick<UnidentifiedCalls, 'sourceIp' | 'operation' | 'errorCode' | 'claimedAccessKeyId'>): void;
  /** What has been counted since the last time. */
  take(): readonly UnidentifiedCalls[];
}

export function unidentifiedCounter(clock: Clock): UnidentifiedCounter {
  let counts = new Map<string, UnidentifiedCalls>();
  return {
    count(call) {
      const time = Math.floor(clock.now() / 1000) * 1000;
      const claimedAccessKeyId = call.claimedAccessKeyId.slice(0, maximumNameLength);
      const exact = JSON.stringify([time, call.sourceIp, call.operation, call.errorCode, claimedAccessKeyId]);
      const full = counts.size >= maximumPerSecond && !counts.has(exact);
      const key = full ? JSON.stringify([time]) : exact;
      const entry = full ? { sourceIp: '', operation: '', errorCode: '', claimedAccessKeyId: '' } : { ...call, claimedAccessKeyId };
      counts.set(key, { time, ...entry, count: (counts.get(key)?.count ?? 0) + 1 });
    },
    take() {
      const taken = [...counts.values()];
      counts = new Map();
      return taken;
    },
  };
}
