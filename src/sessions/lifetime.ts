// How long sessions, chains and what is remembered of them may live, in seconds.

/** Of the ways in of the older system (legacy agencies §4); AssumeAgency makes none that is longer than half of it. */
export const longestSessionSeconds = 86_400;

/** The largest `STS_MAX_CHAIN_AGE`. */
const longestChainSeconds = 604_800;

/** Records and index pages outlive their sessions by this much: clocks differ, and recent sessions stay visible. */
export const graceSeconds = 900;

/** Of the longest chain there can be: what descends from a revoked session is dead as long as it could live. */
export const markSeconds = longestChainSeconds + longestSessionSeconds + graceSeconds;

/** The same of the longest chain that an installation allows. @param maximumChainAgeSeconds `STS_MAX_CHAIN_AGE` */
export const endingSeconds = (maximumChainAgeSeconds: number): number => maximumChainAgeSeconds + longestSessionSeconds + graceSeconds;
