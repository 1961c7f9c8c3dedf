// The time of the service as far as it is known: the clock of this machine may be wrong, or be set while we run.

export interface ClientClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds from any beginning, by a clock that nobody sets; `now` if absent. */
  elapsed?(): number;
}

export const machineClock: ClientClock = { now: () => Date.now(), elapsed: () => performance.now() };

interface ServiceClock {
  now(): number;
  elapsed(): number;
  /** @param date when the service answered, in milliseconds since the epoch, cut to seconds as in the header `Date` */
  heard(date: number): void;
}

/** The header has whole seconds, and an answer travels: less than this is no sign of a wrong clock. */
const toleranceMilliseconds = 5_000;

export function serviceClock(clock: ClientClock): ServiceClock {
  let offset = 0;
  let anchor: { readonly time: number; readonly elapsed: number } | undefined;
  const elapsed = (): number => clock.elapsed?.() ?? clock.now();
  return {
    elapsed,
    // The later of two readings: a clock that was set back shows in the first, a machine that slept in the second.
    now: () => Math.max(anchor === undefined ? -Infinity : anchor.time + elapsed() - anchor.elapsed, clock.now() + offset),
    heard(date) {
      const difference = date + 500 - clock.now();
      offset = Math.abs(difference) < toleranceMilliseconds ? 0 : difference;
      anchor = { time: clock.now() + offset, elapsed: elapsed() };
    },
  };
}
