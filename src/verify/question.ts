// What is asked about a request, and what is answered.
import type { Principal, PrincipalTag } from './claims.js';

export interface Question {
  /** Such as `obs:object:GetObject`; begins with the code of the service. */
  readonly action: string;
  /** URN of what it is done to, `<service>:<region>:<account>:<type>:<path>`; absent for actions without a resource. */
  readonly resource?: string;
  /** Tags of the resource (`g:ResourceTag`). */
  readonly resourceTags?: readonly PrincipalTag[];
  /** Tags that the request would set (`g:RequestTag`, `g:TagKeys`). */
  readonly requestTags?: readonly PrincipalTag[];
  /** Condition keys of the service itself, and their values. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
  /** True: the resource is of another account than the principal, and a policy of its own lets the principal do this. */
  readonly resourcePolicyAllows?: boolean;
}

export interface Answer {
  readonly allowed: boolean;
  /** Id of the audit event in the account of the principal, which says why; online only. */
  readonly explanationId?: string;
  /** Of a denial, online: the reason, sealed for that account, to be handed to the client. */
  readonly encodedAuthorizationMessage?: string;
}

export interface Accepted {
  readonly ok: true;
  readonly principal: Principal;
}

export interface Answered extends Accepted {
  /** One per question, in their order. */
  readonly answers: readonly Answer[];
}
