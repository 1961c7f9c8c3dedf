// One operation of a registered service on an account that it names: what account-call.ts is for the account's own principals.
import { ApiError } from '../base/api-error.js';
import { accountChange, effective } from '../directory/commands/change.js';
import { systemAccountId } from '../directory/entities.js';
import type { Snapshot } from '../directory/snapshot.js';
import { requestFacts } from '../sts/call-conditions.js';
import type { ServiceCaller } from '../sts/caller.js';
import type { CallContext, Outcome } from '../sts/outcome.js';
import type { Services } from '../sts/services.js';
import { isAccountId } from '../urn/urn.js';
import type { Result } from './account-call.js';
import { auditedInput, type OperationInput } from './audited-input.js';

/** What an operation of a service decides upon. */
export interface ServiceGround {
  readonly services: Services;
  readonly servicePrincipal: string;
  /** INVARIANT: the account that the signed header names; no policy of it is asked, so an operation touches only what is the service's own. */
  readonly account: Snapshot;
  readonly call: CallContext;
}

export interface ServiceCall<Input, Body> {
  /** URN of what the call is about, for both logs. */
  readonly resource: (account: Snapshot, input: Input) => string;
  /** The 404 for an account that does not exist: like the one for an account in which nothing is of the service. */
  readonly absent: (input: Input) => ApiError;
  readonly decide: (ground: ServiceGround, input: Input) => Pick<Result<Body>, 'body' | 'change'>;
}

/** The event goes to the service's own log and to that of the account. */
export async function callOnNamedAccount<Input extends OperationInput, Body>(
  { resource, absent, decide }: ServiceCall<Input, Body>, services: Services, caller: ServiceCaller, input: Input, call: CallContext,
): Promise<Outcome<Body>> {
  const request = auditedInput(input);
  const refused = (error: unknown): Outcome<Body> & { readonly ok: false } => {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    return { ok: false, error, guards: [], details: { request, decision: error.auditText } };
  };
  let account: Snapshot | undefined;
  try {
    account = await namedAccount(services, caller, call);
    if (account === undefined) throw absent(input);
  } catch (error) {
    return refused(error);
  }
  const { accountId } = account;
  const details = { request, resource: resource(account, input), resourceAccountId: accountId };
  try {
    const { body, change: wanted } = decide({ services, servicePrincipal: caller.servicePrincipal, account, call }, input);
    const change = wanted === undefined ? undefined : effective(account, wanted);
    return {
      ok: true, body, guards: [], details: { ...details, decision: 'allowed' }, otherAccount: { accountId, decision: 'allowed' },
      ...(change !== undefined && { changes: [accountChange(account, change)] }),
    };
  } catch (error) {
    const refusal = refused(error);
    const decision = refusal.error.auditText;
    return { ...refusal, details: { ...details, decision }, otherAccount: { accountId, decision } };
  }
}

/** Undefined: there is no such account; the one in which services are kept is none of those they act for. */
async function namedAccount(services: Services, caller: ServiceCaller, { now }: CallContext): Promise<Snapshot | undefined> {
  const { sourceAccount } = requestFacts(caller, now);
  if (sourceAccount === undefined) throw new ApiError('invalidField', '`X-Source-Account`: is required of a service, as a signed header');
  if (!isAccountId(sourceAccount)) throw new ApiError('invalidField', '`X-Source-Account`: must be an account id of 32 lower-case hexadecimal characters');
  if (sourceAccount === systemAccountId) return undefined;
  return (await services.directory.read(sourceAccount, () => []))?.snapshot;
}

/** What only the service may do with its agency is refused to the account's principals whatever they may do else, and so tells nothing. */
export function refusedToUsers(input: OperationInput, resource: string): Outcome<never> {
  const error = new ApiError('accessDenied', 'a service-linked agency can be changed and deleted only by its service itself, not by users or administrators');
  return { ok: false, error, guards: [], details: { request: auditedInput(input), resource, decision: error.message } };
}
