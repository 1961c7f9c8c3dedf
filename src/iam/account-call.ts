// One operation on the caller's own account: authorize, decide, and leave what happened to the audit.
import { ApiError } from '../base/api-error.js';
import { accountChange, effective, type Change } from '../directory/commands/change.js';
import type { Snapshot } from '../directory/snapshot.js';
import type { SessionCaller, UserCaller, Caller } from '../sts/caller.js';
import type { MfaStep, Revocation } from '../sts/commit.js';
import type { CallContext, EventDetails, Outcome } from '../sts/outcome.js';
import type { Resource } from '../sts/own-action.js';
import type { Services } from '../sts/services.js';
import { auditedInput, type OperationInput } from './audited-input.js';
import { authorize } from './authorize.js';

/** What an operation decides upon. */
export interface Ground {
  readonly services: Services;
  readonly caller: UserCaller | SessionCaller;
  /** INVARIANT: the one account that an operation touches is the caller's own, whatever the request says. */
  readonly account: Snapshot;
  readonly call: CallContext;
}

export interface Result<Body> {
  readonly body: Body;
  readonly change?: Change;
  readonly mfaStep?: MfaStep;
  readonly revocations?: readonly Revocation[];
  /** URN of what the operation turned out to be about, where the request did not name it. */
  readonly resource?: string;
  /** Of the answer, beside those of every answer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For the event, beside the request. */
  readonly audited?: Readonly<Record<string, unknown>> | undefined;
  /** Another account that has a part in what the operation is about: it gets an event of its own. */
  readonly otherAccountId?: string | undefined;
}

export interface AccountCall<Input, Body> {
  /** Null: every principal of the account may ask. */
  readonly action: string | null;
  /** Absent: the action has no resource. What does not exist is asked for by its id: permission comes before the 404. */
  readonly resource?: ((account: Snapshot, input: Input, caller: UserCaller | SessionCaller) => Resource) | undefined;
  readonly outlasts?: boolean | undefined;
  readonly decide: (ground: Ground, input: Input) => Result<Body> | Promise<Result<Body>>;
}

export async function callOnAccount<Input extends OperationInput, Body>(
  { action, resource, outlasts = false, decide }: AccountCall<Input, Body>, services: Services, caller: Caller, input: Input, call: CallContext,
): Promise<Outcome<Body>> {
  let details: EventDetails = { request: auditedInput(input) };
  try {
    if (caller.kind === 'service') throw new ApiError('accessDenied', `access denied: \`${caller.principalUrn}\` is a service and has no account of its own`);
    const account = caller.snapshot;
    const target = resource?.(account, input, caller);
    if (target !== undefined) details = { ...details, resource: target.urn };
    if (action !== null) authorize(services, caller, { action, resource: target, outlasts }, call.now);
    const { body, change: wanted, mfaStep, revocations, otherAccountId, resource: found, audited, headers } = await decide({ services, caller, account, call }, input);
    if (found !== undefined) details = { ...details, resource: found };
    if (audited !== undefined) details = { ...details, request: { ...details.request, ...audited } };
    const change = wanted === undefined ? undefined : effective(account, wanted);
    return {
      ok: true, body, guards: [], details: action === null ? details : { ...details, decision: 'allowed' },
      ...(headers !== undefined && { headers }),
      ...(change !== undefined && { changes: [accountChange(account, change)] }),
      ...(mfaStep !== undefined && { mfaStep }),
      ...(revocations !== undefined && { revocations }),
      ...(otherAccountId !== undefined && { otherAccount: { accountId: otherAccountId, decision: 'allowed' } }),
    };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    return { ok: false, error, guards: [], details: { ...details, decision: error.auditText } };
  }
}
