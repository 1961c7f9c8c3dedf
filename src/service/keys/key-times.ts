// The spans of key rotation, from the settings and from how long sessions may live.
import type { KeyTimes } from '../../keyring/key-schedule.js';
import { graceSeconds, longestSessionSeconds } from '../../sessions/lifetime.js';
import type { Settings } from '../settings.js';

export function keyTimes({ STS_JWKS_MAX_AGE: cacheSeconds }: Pick<Settings, 'STS_JWKS_MAX_AGE'>): KeyTimes {
  // The largest `STS_MAX_CLOCK_SKEW` is as long as the grace.
  return { cache: cacheSeconds * 1000, sessions: (longestSessionSeconds + graceSeconds) * 1000 };
}
