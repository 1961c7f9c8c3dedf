// How far clocks are apart: of the processes among each other, and of this one from that of Redis.

/** One measurement of a process's clock against that of Redis, in milliseconds. */
export interface ClockOffset {
  /** Positive: ahead of Redis. */
  readonly offset: number;
  /** Half the time that the question took: the offset is within so much of the truth. */
  readonly error: number;
}

/** @param before, after time of this process around the answer; all in milliseconds since the epoch */
export function measuredOffset(before: number, after: number, redisTime: number): ClockOffset {
  const error = Math.max(0, after - before) / 2;
  return { offset: Math.round(before + error - redisTime), error: Math.ceil(error) };
}

/** Seconds, rounded up, that any two of the clocks may be apart; 0 for a single one. */
export function widestSkewSeconds(offsets: readonly ClockOffset[]): number {
  if (offsets.length < 2) return 0;
  // The two ends must be of two processes, and the widest pair is among those with the outermost ends.
  const byStart = [...offsets].sort((one, other) => one.offset - one.error - (other.offset - other.error));
  const byEnd = [...offsets].sort((one, other) => other.offset + other.error - (one.offset + one.error));
  const widest = byStart.slice(0, 2).flatMap((low) => byEnd.slice(0, 2).flatMap((high) => (low === high ? [] : [high.offset + high.error - (low.offset - low.error)])));
  return Math.ceil(Math.max(0, ...widest) / 1000);
}

/**
 * Why a process must not decide anything with its clock; undefined when it may.
 * @param redis the time of Redis, and the latest one that it told before, in milliseconds since the epoch
 */
export function clockRefusal({ offset, error }: ClockOffset, redis: { readonly now: number; readonly floor: number }, maximumSeconds: number): string | undefined {
  const most = maximumSeconds * 1000;
  const allowed = `\`STS_MAX_CLOCK_SKEW\` allows ${maximumSeconds} s`;
  if (Math.abs(offset) - error > most) return `the clock of this process is ${Math.round(Math.abs(offset) / 1000)} s ${offset > 0 ? 'ahead of' : 'behind'} that of Redis, and ${allowed}`;
  // What expired by the later time would live again.
  if (redis.floor - redis.now > most) return `the clock of Redis went back by ${Math.round((redis.floor - redis.now) / 1000)} s, and ${allowed}`;
  return undefined;
}
