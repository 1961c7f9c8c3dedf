// What an operation makes of a call: the answer or the refusal, and what is to be written before either leaves.
import type { ApiError } from '../base/api-error.js';
import type { AuditEvent, EventSession } from '../audit/event.js';
import type { Session } from '../sessions/session.js';
import type { AccountChange } from '../directory/store.js';
import type { Candidate } from './candidate.js';
import type { Caller } from './caller.js';
import type { Guard, MfaStep, Revocation } from './commit.js';
import type { Reads } from './services.js';

/** The operation's part of the caller's audit event; the door adds who, when and from where. */
export interface EventDetails {
  readonly resource?: string | undefined;
  readonly resourceAccountId?: string | undefined;
  readonly decision?: string | undefined;
  readonly request?: Readonly<Record<string, unknown>> | undefined;
  readonly issuedSession?: EventSession | undefined;
}

interface Decided {
  readonly details: EventDetails;
  /** Accounts read beside the caller's own. */
  readonly guards: readonly Guard[];
  readonly mfaStep?: MfaStep | undefined;
  /** The other account's view of the call, when one is concerned: a decision of its own, and nothing else different. */
  readonly otherAccount?: { readonly accountId: string; readonly decision: string } | undefined;
  /** Whose credentials the decision stands on beside the caller's: they must still be good when it is committed. */
  readonly alsoProved?: readonly Candidate['caller'][];
  /** Whose credentials were at work beside the caller's. */
  readonly usedBy?: readonly Caller[];
  /** Of a call that decides several things: what the events of the others have that the caller's own does not, or has otherwise. */
  readonly moreEvents?: readonly Partial<AuditEvent>[];
}

interface Allowed<Body> {
  readonly body: Body;
  /** The body that names events: given the id of the caller's own one and of the `moreEvents`, in their order. */
  readonly bodyWith?: (eventIds: readonly string[]) => Body;
  /** Of the answer, beside those of every answer. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly session?: Session;
  readonly changes?: readonly AccountChange[];
  readonly revocations?: readonly Revocation[];
}

/** INVARIANT: a refusal carries no body, no session, no change and no revocation, by type. */
export type Outcome<Body> =
  | (Decided & Allowed<Body> & { readonly ok: true })
  | (Decided & { readonly ok: false; readonly error: ApiError });

/** What the door knows of every call. */
export interface CallContext {
  /** Milliseconds since the epoch: the one time of the whole call, also when it is decided again. */
  readonly now: number;
  /** What the decision may read: what this process remembers, until that turned out to be out of date. */
  readonly reads: Reads;
  /** MFA codes that this call has been charged with: one that is decided again is charged once. */
  readonly countedMfaCodes: Set<string>;
  /** Forwarded requests that this call has presented, where each may be presented once: one that is decided again is presented once. */
  readonly presentedRequests: Set<string>;
}
