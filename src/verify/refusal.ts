// What a verifier answers where it does not accept: a reason of one table, with the status for the client.

/** Reason → HTTP status. 503 says that the verifier cannot know at the moment; it never accepts what it cannot know. */
const statuses = {
  /** The request's signature has no usable form; the message says what is wrong. */
  request_malformed: 401,
  /** Signed for another host, or for none. */
  host_foreign: 401,
  /** Signed with an algorithm that can be verified online only. */
  online_only: 401,
  /** The verifier has what it takes for this algorithm for registered services only, and is none. */
  registered_service_only: 401,
  security_token_missing: 401,
  security_token_invalid: 401,
  security_token_expired: 401,
  signature_mismatch: 401,
  /** The session, an ancestor of it, or what one of them was issued by was revoked. */
  revoked: 401,
  /** The token carries a digest of its chain: who stands in it cannot be asked about offline. */
  chain_unknown: 401,
  /** The signature is that of the principal, but the action is not allowed. */
  denied: 403,
  /** Offline nothing is known of what the principal may do. */
  permission_unknown: 403,
  keys_unavailable: 503,
  status_unavailable: 503,
  service_unavailable: 503,
} as const;

export type RefusalReason = keyof typeof statuses;

export interface Refusal {
  readonly ok: false;
  readonly reason: RefusalReason;
  /** 401, 403 or 503. */
  readonly status: number;
  /** For people: names the rule, and nothing secret. */
  readonly message: string;
}

export const refusal = (reason: RefusalReason, message: string): Refusal => ({ ok: false, reason, status: statuses[reason], message });

/** Thrown inside of the verifier, and turned into its refusal at the door. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.name = 'Refused';
    this.refusal = refusal(reason, message);
  }
}
