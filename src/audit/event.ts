// An audit event: who asked for what, how it was decided, and on which session's behalf.

/** Who called; absent parts are unknown for that kind of caller. */
export interface EventPrincipal {
  readonly accountId: string;
  readonly urn: string;
  readonly id: string;
  readonly type: 'User' | 'AssumedAgency' | 'Service';
  readonly isRootUser: boolean;
  readonly accessKeyId: string;
  readonly userName?: string;
}

/** The session that an event speaks of: the caller's own, or the one that was issued. */
export interface EventSession {
  readonly sessionId: string;
  /** Ids from the long-term access key to the parent session. */
  readonly chain: readonly string[];
  readonly sourceIdentity?: string;
  readonly tags?: readonly (readonly [key: string, value: string])[];
  readonly expiresAt?: number;
  /** Of a session that was issued: what its record knows and the rest of the event does not. */
  readonly agencyId?: string;
  readonly rootPrincipal?: string;
}

export interface AuditEvent {
  /** The account in whose log the event stands. */
  readonly accountId: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly requestId: string;
  /** Name in the operation tables, such as `AssumeAgency`. */
  readonly operation: string;
  readonly principal: EventPrincipal;
  /** Account of the resource when it is not the caller's. */
  readonly resourceAccountId?: string | undefined;
  /** URN of what was acted on. */
  readonly resource?: string | undefined;
  readonly sourceIp: string;
  readonly status: number;
  readonly errorCode?: string | undefined;
  /** Why it was decided so, as far as this account may know. */
  readonly decision?: string | undefined;
  /** What was asked for; never a secret, a token or a code. */
  readonly request?: Readonly<Record<string, unknown>> | undefined;
  readonly callerSession?: EventSession | undefined;
  readonly issuedSession?: EventSession | undefined;
}

/** A call that no account can be charged with: counted per address and second, in a bounded log of its own. */
export interface UnidentifiedCalls {
  /** Whole second of the calls, milliseconds since the epoch. */
  readonly time: number;
  readonly sourceIp: string;
  readonly operation: string;
  readonly errorCode: string;
  /** What the calls claimed to be, unproved: an access key id, or `user@account` of a login with a password. */
  readonly claimedAccessKeyId: string;
  readonly count: number;
}
