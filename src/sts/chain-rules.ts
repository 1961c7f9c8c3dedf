// Rules of agency chains: how long, how deep, how old, and whose source identity.
import { ApiError } from '../base/api-error.js';
import { sessionDuration } from '../directory/entities.js';
import { depthOf, type Session } from '../sessions/session.js';
import type { StsSettings } from './services.js';

const maximumChainedSeconds = 3600;

/** The duration asked for, or the default; a call with temporary credentials over one hour fails, nothing is clamped (STS API §4). */
export function requestedDuration(isChained: boolean, durationSeconds: number | undefined, defaultSeconds: number = sessionDuration.defaultSeconds): number {
  const duration = durationSeconds ?? defaultSeconds;
  if (isChained && duration > maximumChainedSeconds) {
    throw new ApiError(
      'durationOverChainLimit',
      `\`duration_seconds\`: ${duration} is over ${maximumChainedSeconds}, the most that a call with temporary credentials (agency chaining) can ask for`,
    );
  }
  return duration;
}

/** What a call could ask for at most. */
export const longestDuration = (isChained: boolean, agencyMaximumSeconds: number): number => (isChained ? Math.min(maximumChainedSeconds, agencyMaximumSeconds) : agencyMaximumSeconds);

/** An agency's own maximum; equal is allowed. */
export function refuseOverAgencyMaximum(duration: number, maximumSeconds: number): void {
  if (duration <= maximumSeconds) return;
  throw new ApiError('durationOverAgencyMaximum', `\`duration_seconds\`: ${duration} is over ${maximumSeconds}, the maximum session duration of the agency`);
}

/** Depth and age of the chain that the call would make; a chain starts with its first session. */
export function refuseOverlongChain(parent: Session | undefined, now: number, settings: StsSettings): void {
  if (parent === undefined) return;
  const depth = depthOf(parent) + 1;
  if (depth > settings.maximumChainDepth) {
    throw new ApiError('chainTooDeep', `the chain would be ${depth} agencies deep; the depth limit of this service is ${settings.maximumChainDepth}`);
  }
  const age = now - parent.chainStartedAt;
  if (age >= settings.maximumChainAgeSeconds) {
    throw new ApiError(
      'chainTooOld',
      `the chain began ${age} seconds ago; the chain age limit of this service is ${settings.maximumChainAgeSeconds} seconds from the first session`,
    );
  }
}

/** The source identity of the new session: set once in a chain, never changed (STS API §6.2). */
export function sourceIdentity(parent: Pick<Session, 'sourceIdentity'> | undefined, requested: string | undefined): string | undefined {
  const inherited = parent?.sourceIdentity;
  if (inherited !== undefined && requested !== undefined && requested !== inherited) {
    throw new ApiError('accessDenied', `\`source_identity\`: the chain carries the source identity \`${inherited}\`, which cannot be changed`);
  }
  return inherited ?? requested;
}
