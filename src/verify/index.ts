// `agency-sts/verify`: what a resource service imports to verify who signs its requests, and what they may do.
export type { Principal, PrincipalTag } from './claims.js';
export { expressGuard, type GuardedRequest, type GuardedResponse, type GuardOptions, type RequireAction, type ResourceFrom } from './guard.js';
export type { ServiceCredentials, VerifierOptions } from './options.js';
export type { Accepted, Answer, Answered, Question } from './question.js';
export type { Refusal, RefusalReason } from './refusal.js';
export type { Fetch, VerifierClock } from './remote.js';
export { createVerifier, type OfflineOptions, type OfflineVerifier, type OnlineOptions, type Verifier } from './verifier.js';
export type { PathReading, ReceivedRequest } from '../signing/index.js';
