// What is asked about a request, and what is answered; what a service may ask about.
import { foldAscii } from '../policy/index.js';
import { parseUrn } from '../urn/urn.js';
import type { Principal, PrincipalTag } from './claims.js';

export interface Question {
  /** Such as `obs:object:GetObject`; begins with the code of the service. */
  readonly action: string;
  /** URN of what it is done to, `<service>:<region>:<account>:<type>:<path>`, of the service; absent for actions without a resource. */
  readonly resource?: string;
  /** Tags of the resource (`g:ResourceTag`). */
  readonly resourceTags?: readonly PrincipalTag[];
  /** Tags that the request would set (`g:RequestTag`, `g:TagKeys`). */
  readonly requestTags?: readonly PrincipalTag[];
  /** Condition keys of the service itself, such as `obs:prefix`, and their values. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
  /**
   * Where the request is made, for roles of the older system; online only. Without a project the region of the resource
   * names it. `direct`: roles granted for all projects do not count.
   */
  readonly scope?: { readonly projectId?: string; readonly enterpriseProjectId?: string; readonly direct?: boolean };
  /** Id of the operation in the catalogue, which says whether roles granted for an enterprise project count; online only. */
  readonly operationId?: string;
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

/**
 * Throws TypeError for questions that are not about the service's own actions, URNs and condition keys, as the token
 * service refuses them: a service decides nothing by what it says of the principal or of other services.
 */
export function refuseForeign(service: string, questions: readonly Question[]): void {
  if (questions.length === 0) throw new TypeError('`questions` must hold a question');
  const isOwn = (name: string): boolean => foldAscii(name).startsWith(`${service}:`);
  for (const [place, { action, resource, context = {} }] of questions.entries()) {
    const refuse = (field: string, given: string, what: string): never => {
      throw new TypeError(`\`questions[${place}].${field}\`: \`${given}\` is no ${what} of the service \`${service}\``);
    };
    if (!isOwn(action)) refuse('action', action, 'action');
    if (resource !== undefined && parseUrn(resource)?.service !== service) refuse('resource', resource, 'URN');
    const foreign = Object.keys(context).find((key) => !isOwn(key));
    if (foreign !== undefined) refuse('context', foreign, 'condition key');
  }
}
