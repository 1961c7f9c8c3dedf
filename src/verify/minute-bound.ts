// So many of something within a minute, counted by name.
import { boundedMap } from './bounded-map.js';
import type { VerifierClock } from './remote.js';

export interface MinuteBound {
  /** Whether there may be one more. */
  hasRoom(name: string): boolean;
  count(name: string): void;
}

const minuteMilliseconds = 60_000;
const keptNames = 10_000;

/** Minutes begin with the first one that is counted. */
export function minuteBound(most: number, clock: VerifierClock): MinuteBound {
  const counts = boundedMap<string, { readonly since: number; readonly count: number }>(keptNames);
  const current = (name: string): { readonly since: number; readonly count: number } | undefined => {
    const found = counts.get(name);
    return found !== undefined && clock.monotonic() - found.since < minuteMilliseconds ? found : undefined;
  };
  return {
    hasRoom: (name) => (current(name)?.count ?? 0) < most,
    count(name) {
      const { since, count } = current(name) ?? { since: clock.monotonic(), count: 0 };
      counts.set(name, { since, count: count + 1 });
    },
  };
}
